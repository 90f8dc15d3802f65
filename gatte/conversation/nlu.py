"""What a message means: the closed set of intents, and one message as it was understood."""

from dataclasses import dataclass
from enum import StrEnum


class Intent(StrEnum):
    """What a customer wants, by one message."""

    GREETING = "greeting"
    FAQ = "faq"
    BUY_CERTIFICATE = "buy_certificate"
    RENEW_CERTIFICATE = "renew_certificate"
    CERTIFICATE_STATUS = "certificate_status"
    PRICE = "price"
    DOCUMENTS = "documents"
    SCHEDULE = "schedule"
    TECHNICAL_SUPPORT = "technical_support"
    TICKET_STATUS = "ticket_status"
    INVOICE_OR_PAYMENT = "invoice_or_payment"
    REVOKE_CERTIFICATE = "revoke_certificate"
    COMPLAINT = "complaint"
    TALK_TO_HUMAN = "talk_to_human"
    DATA_RIGHTS = "data_rights"
    OPT_OUT = "opt_out"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    OUT_OF_SCOPE = "out_of_scope"


class PredictionSource(StrEnum):
    """Who decided an intent."""

    RULE = "rule"
    LOCAL = "local"
    GEMINI = "gemini"


class MessageKind(StrEnum):
    """What a customer sent, as far as the conversation tells kinds apart."""

    TEXT = "text"
    CHOICE = "choice"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    ORDER = "order"
    REACTION = "reaction"
    EDIT = "edit"
    REVOKE = "revoke"
    SYSTEM = "system"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class IntentScore:
    """One intent with its calibrated probability, 0 to 1."""

    intent: Intent
    confidence: float


@dataclass(frozen=True)
class IntentPrediction:
    """The intent of one text: the best guess, the next ones (best first), and who decided with
    what.
    """

    intent: Intent
    confidence: float
    source: PredictionSource
    alternatives: tuple[IntentScore, ...] = ()
    model: str | None = None
    prompt_version: str | None = None


@dataclass(frozen=True)
class Utterance:
    """One message of the customer as it was understood.

    `text` is sanitised (a caption for media; empty where there are no words). `choice` is the id of
    the button or list row that was tapped. `understanding` is None where there was nothing to
    understand (a choice, a sticker). `filename` and `mime_type` describe an attachment.
    `referenced_message_id` is the earlier message that an edit, a reaction or a deletion is about.
    `doubtful` are words of a voice message that were not heard for sure.
    """

    message_id: str
    kind: MessageKind
    text: str = ""
    choice: str | None = None
    understanding: IntentPrediction | None = None
    filename: str | None = None
    mime_type: str | None = None
    referenced_message_id: str | None = None
    doubtful: tuple[str, ...] = ()
