"""What a decision can ask to be done; `gatte.turns.apply` carries each out in the transaction that
stores the answer.
"""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


class Urgency(StrEnum):
    """How pressing a ticket is, as the customer said it."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class AppointmentKind(StrEnum):
    """What an appointment is for."""

    VIDEO = "video"
    IN_PERSON = "in_person"
    TOKEN_DELIVERY = "token_delivery"  # noqa: S105 -- a device that is handed over


class EscalationReason(StrEnum):
    """Why a conversation goes to a human: what a customer tells (`Escalate`), or what the rules
    found; the label of `gatte_escalations`.

    Labelled turns and traces may hold one of `FORMER_REASONS`, which are read as today's.
    """

    REQUESTED = "requested"
    NOT_UNDERSTOOD = "not_understood"
    REVOCATION = "revocation"
    FRAUD = "fraud"
    REFUND = "refund"
    LEGAL_THREAT = "legal_threat"
    INVOICE_STOPPED = "invoice_stopped"
    SLOT_FAILED = "slot_failed"
    ERRORS = "errors"
    COMPLAINT = "complaint"
    DATA_REQUEST = "data_request"
    DATA_BREACH = "data_breach"
    DISTRESS = "distress"
    FORCED = "forced"
    PHONE_ECHO = "phone_echo"

    @classmethod
    def _missing_(cls, value: object) -> "EscalationReason | None":
        current = FORMER_REASONS.get(str(value))
        return cls(current) if current else None


FORMER_REASONS = {"legal": "legal_threat", "invoices_stopped": "invoice_stopped"}


@dataclass(frozen=True)
class QueueForHuman:
    """Hand the conversation to the desk; priority 0 is served first. `tried` says what the bot did
    so far.
    """

    reason: EscalationReason
    priority: int
    summary: str
    activity_log: str = ""


@dataclass(frozen=True)
class ForgetMemory:
    """Forget one thing that is remembered of the contact; `kind` is a `MemoryKind`."""

    kind: str


@dataclass(frozen=True)
class CaptureLead:
    """A person wants to buy or renew: contact data and product, as confirmed by the customer."""

    name: str
    product: str
    document: str | None = None
    company: str | None = None
    email: str | None = None
    renewal_of: str | None = None


@dataclass(frozen=True)
class OpenTicket:
    """A request or a complaint to be solved by the desk; `message_ids` are attachments."""

    subject: str
    description: str
    urgency: Urgency = Urgency.NORMAL
    message_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class BookAppointment:
    """The customer wants the time that was named in the summary, in the company's time zone, and
    said yes to it.
    """

    day: date
    at: time
    kind: AppointmentKind | None = None
    product: str | None = None


@dataclass(frozen=True)
class MoveAppointment:
    """The customer wants an appointment at another time, and said yes to both."""

    appointment_id: str
    day: date
    at: time


@dataclass(frozen=True)
class CancelAppointment:
    """The customer no longer wants an appointment, and said yes to its cancellation."""

    appointment_id: str


class IdentitySubject(StrEnum):
    """What somebody wants to hear that may be registered to another contact."""

    CERTIFICATES = "certificates"
    TICKET = "ticket"


@dataclass(frozen=True)
class SendIdentityCode:
    """Send a code to the contact, if there is one, to whom certificates of a document or a ticket
    are registered; `reference` is the document (digits and letters only) or the ticket's number.
    """

    subject: IdentitySubject
    reference: str


@dataclass(frozen=True)
class ExportData:
    """The customer asked for a copy of all personal data (LGPD art. 18, II)."""


@dataclass(frozen=True)
class CorrectData:
    """The customer corrected a registered value: field is name, email or document."""

    field: str
    value: str


@dataclass(frozen=True)
class EraseData:
    """The customer asked to be forgotten, and confirmed (LGPD art. 18, VI): a request that people
    carry out, or the clock, by the installation's policy.
    """


@dataclass(frozen=True)
class StopNotices:
    """No more active messages (reminders, marketing) to this contact."""


@dataclass(frozen=True)
class ResumeNotices:
    """Active messages are welcome again."""


@dataclass(frozen=True)
class EraseMessage:
    """Forget the content of one stored message: the customer deleted it, or it held a secret such
    as a key file or password.
    """

    message_id: str
    reason: str


@dataclass(frozen=True)
class AttachMedia:
    """Keep these messages' media with what the running flow makes, or with the open ticket."""

    message_ids: tuple[str, ...]


Effect = (
    QueueForHuman
    | ForgetMemory
    | CaptureLead
    | OpenTicket
    | BookAppointment
    | MoveAppointment
    | CancelAppointment
    | SendIdentityCode
    | ExportData
    | CorrectData
    | EraseData
    | StopNotices
    | ResumeNotices
    | EraseMessage
    | AttachMedia
)
