"""What a customer does with a turn: the closed set of commands, who read them, and their order.

A generator (rules, the local model, Gemini) proposes commands; the core alone decides what follows
from each. The term is Rasa's.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.nlu import Intent, PredictionSource

Slot = str
FlowWish = Literal[
    "lead",
    "renewal",
    "certificate_status",
    "ticket",
    "ticket_status",
    "schedule",
    "move_appointment",
    "cancel_appointment",
    "data_rights",
]


class EscalateReason(StrEnum):
    """What a person must handle, as the customer tells it."""

    INVOICES_STOPPED = "invoices_stopped"
    REVOCATION = "revocation"
    FRAUD = "fraud"
    REFUND = "refund"
    LEGAL = "legal"
    DATA_BREACH = "data_breach"
    DISTRESS = "distress"


class Courtesy(StrEnum):
    """Kinds of small talk."""

    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    ACK = "ack"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class _Read:
    """How a command was read: by whom, how surely (0 to 1), and from which stretch of text.

    `literal` marks what the customer said in exactly the words that stand for it, or tapped: only
    that may do what cannot be undone without a further question.
    """

    source: PredictionSource = PredictionSource.RULE
    confidence: float = 1.0
    span: str = ""
    literal: bool = False


@dataclass(frozen=True)
class SetSlot(_Read):
    """A value, asked for or not; `value` is as the slot's parser takes it."""

    slot: Slot
    value: str
    command: Literal["SetSlot"] = "SetSlot"


@dataclass(frozen=True)
class CorrectSlot(_Read):
    """Something given before is wrong; the right value, or nothing when it was not told."""

    slot: Slot
    value: str = ""
    command: Literal["CorrectSlot"] = "CorrectSlot"


@dataclass(frozen=True)
class Affirm(_Read):
    """Yes to what was just asked or offered."""

    command: Literal["Affirm"] = "Affirm"


@dataclass(frozen=True)
class Deny(_Read):
    """No to what was just asked or offered."""

    command: Literal["Deny"] = "Deny"


@dataclass(frozen=True)
class Skip(_Read):
    """Has none of what was asked, or does not give it."""

    slot: Slot = ""
    command: Literal["Skip"] = "Skip"


@dataclass(frozen=True)
class StartFlow(_Read):
    """Wants something that a flow does."""

    flow: FlowWish
    command: Literal["StartFlow"] = "StartFlow"


@dataclass(frozen=True)
class ResumeFlow(_Read):
    """Wants to go on with what was put aside."""

    command: Literal["ResumeFlow"] = "ResumeFlow"


@dataclass(frozen=True)
class CancelFlow(_Read):
    """Gives up what runs."""

    command: Literal["CancelFlow"] = "CancelFlow"


@dataclass(frozen=True)
class ShowMenu(_Read):
    """Wants to see the options."""

    command: Literal["ShowMenu"] = "ShowMenu"


@dataclass(frozen=True)
class Question(_Read):
    """Asks something; `text` can be understood alone, `intent` says of what kind it is, where that
    is known. `facts` are what facts may answer of it; then all of it is about them.
    """

    text: str
    intent: Intent | None = None
    facts: tuple[FactQuestion, ...] = ()
    command: Literal["Question"] = "Question"


@dataclass(frozen=True)
class RequestHuman(_Read):
    """Wants a person."""

    command: Literal["RequestHuman"] = "RequestHuman"


@dataclass(frozen=True)
class LeaveQueue(_Read):
    """Waits for a person and no longer wants to."""

    command: Literal["LeaveQueue"] = "LeaveQueue"


@dataclass(frozen=True)
class Escalate(_Read):
    """Tells of something that a person must handle."""

    reason: EscalateReason
    command: Literal["Escalate"] = "Escalate"


@dataclass(frozen=True)
class Complain(_Read):
    """Is dissatisfied with the service or with the bot."""

    command: Literal["Complain"] = "Complain"


@dataclass(frozen=True)
class WrongPerson(_Read):
    """Is no customer of this number: a wrong number, a supplier, a job seeker, the press."""

    command: Literal["WrongPerson"] = "WrongPerson"


@dataclass(frozen=True)
class OptOut(_Read):
    """Wants no more notices."""

    command: Literal["OptOut"] = "OptOut"


@dataclass(frozen=True)
class OptIn(_Read):
    """Wants notices again."""

    command: Literal["OptIn"] = "OptIn"


@dataclass(frozen=True)
class Secret(_Read):
    """Sent a password, PIN, PUK or key, in the message of this id."""

    message_id: str = ""
    command: Literal["Secret"] = "Secret"


@dataclass(frozen=True)
class SmallTalk(_Read):
    """Courtesy, or an acknowledgement, with nothing in it."""

    kind: Courtesy = Courtesy.OTHER
    command: Literal["SmallTalk"] = "SmallTalk"


@dataclass(frozen=True)
class OtherLanguage(_Read):
    """Writes in another language than Portuguese: "es", "en", or "" when it is not known."""

    language: str = ""
    command: Literal["OtherLanguage"] = "OtherLanguage"


@dataclass(frozen=True)
class OffTopic(_Read):
    """Speaks of what the company has nothing to do with."""

    command: Literal["OffTopic"] = "OffTopic"


@dataclass(frozen=True)
class Hostile(_Read):
    """Insults, or tries to manipulate the bot."""

    command: Literal["Hostile"] = "Hostile"


@dataclass(frozen=True)
class Unclear(_Read):
    """Nobody could tell what is meant; `between` names two guesses that are close."""

    between: tuple[Intent, Intent] | None = None
    command: Literal["Unclear"] = "Unclear"


Command = (
    SetSlot
    | CorrectSlot
    | Affirm
    | Deny
    | Skip
    | StartFlow
    | ResumeFlow
    | CancelFlow
    | ShowMenu
    | Question
    | RequestHuman
    | LeaveQueue
    | Escalate
    | Complain
    | WrongPerson
    | OptOut
    | OptIn
    | Secret
    | SmallTalk
    | OtherLanguage
    | OffTopic
    | Hostile
    | Unclear
)

PRECEDENCE: tuple[tuple[type[Command], ...], ...] = (
    (Secret, Hostile),
    (Escalate,),
    (RequestHuman, Complain, WrongPerson, OtherLanguage),
    (OptOut, OptIn, LeaveQueue, CancelFlow, ShowMenu),
    (CorrectSlot, SetSlot, Affirm, Deny, Skip),
    (StartFlow, ResumeFlow),
    (Question,),
    (SmallTalk, OffTopic),
    (Unclear,),
)
"""The order in which the commands of a turn are handled, the same in every state; within a group,
as they stand in the text.
"""

INTENT_OF_FLOW: dict[str, Intent] = {
    "lead": Intent.BUY_CERTIFICATE,
    "renewal": Intent.RENEW_CERTIFICATE,
    "certificate_status": Intent.CERTIFICATE_STATUS,
    "ticket": Intent.TECHNICAL_SUPPORT,
    "ticket_status": Intent.TICKET_STATUS,
    "schedule": Intent.SCHEDULE,
    "move_appointment": Intent.SCHEDULE,
    "cancel_appointment": Intent.SCHEDULE,
    "data_rights": Intent.DATA_RIGHTS,
}
INTENT_OF_COMMAND: dict[type[Command], Intent] = {
    RequestHuman: Intent.TALK_TO_HUMAN,
    Complain: Intent.COMPLAINT,
    OptOut: Intent.OPT_OUT,
    OffTopic: Intent.OUT_OF_SCOPE,
    WrongPerson: Intent.OUT_OF_SCOPE,
    OtherLanguage: Intent.OUT_OF_SCOPE,
    Hostile: Intent.OUT_OF_SCOPE,
}
INTENT_OF_COURTESY = {
    Courtesy.GREETING: Intent.GREETING,
    Courtesy.THANKS: Intent.THANKS,
    Courtesy.GOODBYE: Intent.GOODBYE,
}


def intent_of(command: Command) -> Intent | None:
    """The intent that `message.intent` and the metrics show for a command; None where it is only an
    answer to the bot.
    """
    match command:
        case StartFlow():
            return INTENT_OF_FLOW[command.flow]
        case Escalate():
            revokes = command.reason is EscalateReason.REVOCATION
            return Intent.REVOKE_CERTIFICATE if revokes else Intent.COMPLAINT
        case Question():
            return command.intent or Intent.FAQ
        case SmallTalk():
            return INTENT_OF_COURTESY.get(command.kind)
        case _:
            return INTENT_OF_COMMAND.get(type(command))


class Outcome(StrEnum):
    """What became of a command."""

    DONE = "done"
    KEPT = "kept for later"
    ASKED_BACK = "asked back"
    OVERRULED = "overruled"


@dataclass(frozen=True)
class Resolution:
    """A command and what became of it; `by` names what overruled it, or why it was asked back."""

    command: Command
    outcome: Outcome
    by: str = ""


@dataclass(frozen=True)
class LabelScore:
    """What the local model says of a turn: one label with its calibrated probability, 0 to 1.

    Labels are the commands' names; `StartFlow:<flow>`, `Escalate:<reason>` and `SmallTalk:<kind>`
    say which.
    """

    label: str
    probability: float


@dataclass(frozen=True)
class TurnReading:
    """A turn as a model read it, before rules and checks: labels, and spans by slot."""

    labels: tuple[LabelScore, ...] = ()
    spans: tuple[tuple[Slot, str], ...] = ()
    model: str = ""
    commands: tuple[Command, ...] = field(default=())

    def probability(self, label: str) -> float:
        """The probability of one label, 0 when the model does not know it."""
        return next((one.probability for one in self.labels if one.label == label), 0.0)
