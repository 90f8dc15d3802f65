"""What the orchestrator knows when an event arrives (`Snapshot`), what can happen (`Happening`),
and what it decides (`Decision`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gatte.business_hours import BusinessHours
from gatte.conversation.appointment_calendar import AppointmentCalendar
from gatte.conversation.commands import Resolution, TurnReading
from gatte.conversation.company_facts import FactReference
from gatte.conversation.effects import AppointmentKind, Effect
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.nlu import Utterance
from gatte.conversation.replies import Reply
from gatte.conversation.states import Event, State


class Owner(StrEnum):
    """Who speaks for the company in a conversation."""

    BOT = "bot"
    HUMAN = "human"


@dataclass(frozen=True)
class ContactFacts:
    """What is known of the contact: name as last given, e-mail and document (digits and letters
    only) when registered.
    """

    name: str | None = None
    email: str | None = None
    document: str | None = None
    phone: str | None = None
    opted_out: bool = False
    returning: bool = False


@dataclass(frozen=True)
class CertificateFacts:
    """A certificate registered to this contact: its kind (e-CNPJ A1 ...), holder's name, last day
    of validity, status, and whether the contact was reminded of its end lately. `document` is set
    where the certificate is another contact's.
    """

    id: str
    kind: str
    holder: str
    valid_until: date
    status: str
    reminded: bool = False
    document: str = ""


@dataclass(frozen=True)
class TicketFacts:
    """A ticket of this contact: its number as the customer knows it, subject, status in words, and
    the desk's name of its kind.
    """

    number: int
    subject: str
    status: str
    kind: str = ""


class IdentityState(StrEnum):
    """How the identity check of a conversation stands: none; a code is out; it came back, lately;
    it is too late for it, or it was guessed at too often.
    """

    NONE = "none"
    PENDING = "pending"
    PROVEN = "proven"
    OVER = "over"


@dataclass(frozen=True)
class IdentityFacts:
    """Whether the customer proved to be another contact, and then what is registered to that."""

    state: IdentityState = IdentityState.NONE
    certificates: tuple[CertificateFacts, ...] = ()
    tickets: tuple[TicketFacts, ...] = ()


@dataclass(frozen=True)
class AppointmentFacts:
    """An appointment of this contact that is still to come: its number as the customer knows it and
    its start, in the company's time zone.
    """

    id: str
    number: int
    starts_at: datetime
    kind: AppointmentKind | None = None


LONGEST_WAIT_MINUTES = 120  # beyond this the pace of the last hours says nothing


@dataclass(frozen=True)
class DeskFacts:
    """The human desk now: open by business hours, when it opens next, and its queue as a customer
    of each priority would meet it.

    `ahead_by_priority`: how many are served before a customer of that priority. `minutes_each`: how
    long the whole desk takes for one customer, by what it lately did; None when that is not known.
    """

    open: bool = True
    opens_at: datetime | None = None
    ahead_by_priority: tuple[int, ...] = ()
    minutes_each: float | None = None

    def queue_position(self, priority: int) -> int:
        """How many are served before a customer of this priority."""
        return self.ahead_by_priority[priority] if priority < len(self.ahead_by_priority) else 0

    def wait_minutes(self, ahead: int) -> int | None:
        """The wait of a customer with so many ahead; None when nobody can say it honestly."""
        if self.minutes_each is None:
            return None
        minutes = math.ceil((ahead + 1) * self.minutes_each)
        return minutes if minutes <= LONGEST_WAIT_MINUTES else None


@dataclass(frozen=True)
class Snapshot:
    """Everything that a decision may depend on; `now` is aware and in the company's time zone.

    `flow` and `requested_slot` name the running flow and the slot it asked for; `suspended_flow` is
    a flow left for another, to come back to. `fallback_count`, `invalid_slot_count` and
    `consecutive_errors` count in a row. `flags` keeps small marks of the core between turns.
    """

    state: State
    now: datetime
    owner: Owner = Owner.BOT
    flow: str | None = None
    requested_slot: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    suspended_flow: str | None = None
    fallback_count: int = 0
    invalid_slot_count: int = 0
    consecutive_errors: int = 0
    flags: Mapping[str, str] = field(default_factory=dict)
    company: str = "GATTE"
    contact: ContactFacts = field(default_factory=ContactFacts)
    certificates: tuple[CertificateFacts, ...] = ()
    tickets: tuple[TicketFacts, ...] = ()
    identity: IdentityFacts = field(default_factory=IdentityFacts)
    appointments: tuple[AppointmentFacts, ...] = ()
    calendar: AppointmentCalendar = field(default_factory=AppointmentCalendar)
    desk: DeskFacts = field(default_factory=DeskFacts)
    erasure_hours: int | None = None
    """After how many hours a confirmed request to be erased is carried out; None: people do it."""
    hours: BusinessHours = field(default_factory=BusinessHours)
    memory: Mapping[str, str] = field(default_factory=dict)
    """What is remembered of the contact from earlier conversations, by `MemoryKind`."""


@dataclass(frozen=True)
class MessagesReceived:
    """All unread messages of the customer, in order, never empty; and how a model read them
    together (nothing where none was asked).
    """

    utterances: tuple[Utterance, ...]
    reading: TurnReading = field(default_factory=TurnReading)


@dataclass(frozen=True)
class AnswerFound:
    """The question that the last decision asked is answered: by an article (`text`, grounded in
    `sources`; `short` is its short form, if any), by facts of the company (`fact_text`, from the
    rows `facts`), or both.

    `offers_person` when facts said that a person knows more.
    """

    text: str
    sources: tuple[str, ...] = ()
    short: str = ""
    fact_text: str = ""
    facts: tuple[FactReference, ...] = ()
    offers_person: bool = False


@dataclass(frozen=True)
class AnswerNotFound:
    """The knowledge base holds no grounded answer to the question that the last decision asked."""


@dataclass(frozen=True)
class ExternalEvent:
    """An event of an agent, the clock or a failure: see `states.Event`; `reason` says why, for
    people.

    `said`: the customer's words that a failure left without an answer.
    """

    event: Event
    reason: str = ""
    said: str = ""


Input = MessagesReceived | AnswerFound | AnswerNotFound | ExternalEvent


@dataclass(frozen=True)
class TransitionStep:
    """One transition that was made, with its cause (an intent, a choice, a slot, a rule) in a few
    words.
    """

    from_state: State
    to_state: State
    event: Event
    cause: str


@dataclass(frozen=True)
class Decision:
    """What follows from a happening: the new snapshot, the transitions on the way, what to say,
    what to do.

    When `question` is set, the caller looks for an answer to it and calls `advance` again with
    `Answered` or `NotAnswered` and this decision's snapshot; replies of both decisions are sent
    together. `resolutions` tells what became of each command that was read. `fact_questions` are
    what facts may answer; their texts are lines of `question`. `whole_article` names the article
    that is wanted whole.
    """

    snapshot: Snapshot
    steps: tuple[TransitionStep, ...] = ()
    replies: tuple[Reply, ...] = ()
    effects: tuple[Effect, ...] = ()
    question: str | None = None
    resolutions: tuple[Resolution, ...] = ()
    fact_questions: tuple[FactQuestion, ...] = ()
    whole_article: str = ""
