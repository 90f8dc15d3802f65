"""What a customer does with a turn: the closed set of commands, who read them, and their order.

A generator (rules, the local model, Gemini) proposes commands; the core alone decides what follows
from each. The term is Rasa's.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from gatte.conversation.effects import EscalationReason
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.nlu import Intent, PredictionSource
from gatte.conversation.refusal_policy import RefusalTopic

Slot = str
SecretKind = Literal["password", "key_file"]
FlowWish = Literal[
    "lead",
    "renewal",
    "certificate_status",
    "ticket",
    "ticket_status",
    "schedule",
    "move_appointment",
    "cancel_appointment",
    "appointment_status",
    "data_rights",
]


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
    that may do what cannot be undone without a further question. `command` is the name of the
    class, by which a recorded command is told from others.
    """

    source: PredictionSource = PredictionSource.RULE
    confidence: float = 1.0
    span: str = ""
    literal: bool = False
    command: str = ""

    def __init_subclass__(cls) -> None:
        name = cls.__name__
        cls.__annotations__["command"] = Literal[name]
        cls.command = field(default=name, kw_only=True)


@dataclass(frozen=True)
class SetSlot(_Read):
    """A value, asked for or not; `value` is as the slot's parser takes it."""

    slot: Slot
    value: str


@dataclass(frozen=True)
class CorrectSlot(_Read):
    """Something given before is wrong; the right value, or nothing when it was not told."""

    slot: Slot
    value: str = ""


@dataclass(frozen=True)
class Affirm(_Read):
    """Yes to what was just asked or offered."""


@dataclass(frozen=True)
class Deny(_Read):
    """No to what was just asked or offered."""


@dataclass(frozen=True)
class Skip(_Read):
    """Has none of what was asked, or does not give it."""

    slot: Slot = ""


@dataclass(frozen=True)
class StartFlow(_Read):
    """Wants something that a flow does."""

    flow: FlowWish


@dataclass(frozen=True)
class ResumeFlow(_Read):
    """Wants to go on with what was put aside."""


@dataclass(frozen=True)
class CancelFlow(_Read):
    """Gives up what runs."""


@dataclass(frozen=True)
class ShowMenu(_Read):
    """Wants to see the options."""


@dataclass(frozen=True)
class Question(_Read):
    """Asks something; `text` can be understood alone, `intent` says of what kind it is, where that
    is known. `facts` are what facts may answer of it; then all of it is about them.
    """

    text: str
    intent: Intent | None = None
    facts: tuple[FactQuestion, ...] = ()


@dataclass(frozen=True)
class RequestHuman(_Read):
    """Wants a person."""


@dataclass(frozen=True)
class LeaveQueue(_Read):
    """Waits for a person and no longer wants to."""


@dataclass(frozen=True)
class Escalate(_Read):
    """Tells of something that a person must handle."""

    reason: EscalationReason


@dataclass(frozen=True)
class Complain(_Read):
    """Is dissatisfied with the service or with the bot."""


@dataclass(frozen=True)
class WrongPerson(_Read):
    """Is no customer of this number: a wrong number, a supplier, a job seeker, the press."""


@dataclass(frozen=True)
class OptOut(_Read):
    """Wants no more notices."""


@dataclass(frozen=True)
class OptIn(_Read):
    """Wants notices again."""


@dataclass(frozen=True)
class Secret(_Read):
    """Sent a password (also a PIN or PUK) or a key file, in the message of this id; its words are
    never kept, so the span is empty.
    """

    kind: SecretKind
    message_id: str = ""


@dataclass(frozen=True)
class SmallTalk(_Read):
    """Courtesy, or an acknowledgement, with nothing in it."""

    kind: Courtesy = Courtesy.OTHER


@dataclass(frozen=True)
class OtherLanguage(_Read):
    """Writes in another language than Portuguese: "es", "en", or "" when it is not known."""

    language: str = ""


@dataclass(frozen=True)
class OffTopic(_Read):
    """Speaks of what the company has nothing to do with; `topic` names the refusal policy's topic
    where one is known.
    """

    topic: RefusalTopic | None = None


@dataclass(frozen=True)
class Hostile(_Read):
    """Insults, or tries to manipulate the bot."""


@dataclass(frozen=True)
class Unclear(_Read):
    """Nobody could tell what is meant; `between` names two guesses that are close."""

    between: tuple[Intent, Intent] | None = None


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
    "appointment_status": Intent.SCHEDULE,
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


COMMAND_OF_INTENT: dict[Intent, Command] = {
    Intent.GREETING: SmallTalk(kind=Courtesy.GREETING),
    Intent.THANKS: SmallTalk(kind=Courtesy.THANKS),
    Intent.GOODBYE: SmallTalk(kind=Courtesy.GOODBYE),
    Intent.FAQ: Question("", Intent.FAQ),
    Intent.PRICE: Question("", Intent.PRICE),
    Intent.DOCUMENTS: Question("", Intent.DOCUMENTS),
    Intent.TECHNICAL_SUPPORT: Question("", Intent.TECHNICAL_SUPPORT),
    Intent.INVOICE_OR_PAYMENT: Question("", Intent.INVOICE_OR_PAYMENT),
    Intent.BUY_CERTIFICATE: StartFlow("lead"),
    Intent.RENEW_CERTIFICATE: StartFlow("renewal"),
    Intent.CERTIFICATE_STATUS: StartFlow("certificate_status"),
    Intent.SCHEDULE: StartFlow("schedule"),
    Intent.TICKET_STATUS: StartFlow("ticket_status"),
    Intent.DATA_RIGHTS: StartFlow("data_rights"),
    Intent.REVOKE_CERTIFICATE: Escalate(EscalationReason.REVOCATION),
    Intent.COMPLAINT: Complain(),
    Intent.TALK_TO_HUMAN: RequestHuman(),
    Intent.OPT_OUT: OptOut(),
    Intent.OUT_OF_SCOPE: OffTopic(),
}
"""What a customer does whose words, or whose tap, have this intent; a question's text is what was
said.
"""

INTENT_OF_COURTESY = {
    command.kind: intent
    for intent, command in COMMAND_OF_INTENT.items()
    if isinstance(command, SmallTalk)
}


def command_of(intent: Intent, text: str) -> Command:
    """The command that an intent of a text stands for."""
    command: Command = replace(COMMAND_OF_INTENT[intent], span=text)
    return replace(command, text=text) if isinstance(command, Question) else command


def intent_of(command: Command) -> Intent | None:
    """The intent that `message.intent` and the metrics show for a command; None where it is only an
    answer to the bot.
    """
    match command:
        case StartFlow():
            return INTENT_OF_FLOW[command.flow]
        case Escalate():
            revokes = command.reason is EscalationReason.REVOCATION
            return Intent.REVOKE_CERTIFICATE if revokes else Intent.COMPLAINT
        case Question():
            return command.intent or Intent.FAQ
        case SmallTalk():
            return INTENT_OF_COURTESY.get(command.kind)
        case _:
            return INTENT_OF_COMMAND.get(type(command))


def label_of(command: Command) -> str:
    """The label of a model that stands for a command: its name, with what tells it from others of
    its kind (`Escalate:refund`).
    """
    match command:
        case StartFlow():
            return f"StartFlow:{command.flow}"
        case Escalate():
            return f"Escalate:{command.reason}"
        case SmallTalk():
            return f"SmallTalk:{command.kind}"
        case _:
            return command.command


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
    """A turn as a model read it, before rules and checks: labels, and spans by slot. `call` is how
    surely a call for a person was heard by itself, None where that was not listened for.
    """

    labels: tuple[LabelScore, ...] = ()
    spans: tuple[tuple[Slot, str], ...] = ()
    model: str = ""
    commands: tuple[Command, ...] = field(default=())
    call: float | None = None

    def probability(self, label: str) -> float:
        """The probability of one label, 0 when the model does not know it."""
        return next((one.probability for one in self.labels if one.label == label), 0.0)

    def heard(self, score: LabelScore) -> float:
        """How surely a label is meant; for the likeliest reason to escalate, how surely there is
        any.
        """
        reasons = self._reasons_to_escalate()
        if reasons and score is reasons[0]:
            return self.escalation
        return score.probability

    def likelihood(self, name: str) -> float:
        """How surely a command of this name is meant, whatever its detail."""
        named = (one.probability for one in self.labels if one.label.partition(":")[0] == name)
        return max(named, default=0.0)

    @property
    def escalation(self) -> float:
        """How surely there is any reason to escalate."""
        return min(1.0, sum(one.probability for one in self._reasons_to_escalate()))

    @property
    def call_for_person(self) -> float:
        """How surely a person is called for: a reason to escalate, a request or a complaint."""
        asked = sum(self.probability(name) for name in ("RequestHuman", "Complain"))
        return min(1.0, self.escalation + asked)

    def _reasons_to_escalate(self) -> list[LabelScore]:
        return [one for one in self.labels if one.label.startswith("Escalate:")]
