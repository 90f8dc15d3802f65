"""Whether a simulated customer got what it wanted, by the tables and by what the bot said."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from gatte.conversation.effects import AppointmentKind, EscalationReason
from gatte.conversation.parsing.times import show_time
from gatte.conversation.states import Event, State
from gatte.extensions import db
from gatte.models import (
    Appointment,
    AppointmentState,
    Certificate,
    Lead,
    Ticket,
    TicketKind,
    Transition,
)
from tests.quality.customers import Aside, Customer
from tests.stage.script import SAO_PAULO
from tests.stage.stage import Stage

REASONS: dict[str, frozenset[EscalationReason]] = {
    "invoices_stopped": frozenset({EscalationReason.INVOICE_STOPPED}),
    "revocation": frozenset({EscalationReason.REVOCATION}),
    "fraud": frozenset({EscalationReason.FRAUD}),
    "refund": frozenset({EscalationReason.REFUND}),
    "legal": frozenset({EscalationReason.LEGAL_THREAT}),
    "data_breach": frozenset({EscalationReason.DATA_BREACH}),
    "distress": frozenset({EscalationReason.DISTRESS}),
    "complaint": frozenset({EscalationReason.COMPLAINT, EscalationReason.REQUESTED}),
    "human": frozenset({EscalationReason.REQUESTED, EscalationReason.COMPLAINT}),
    "": frozenset(EscalationReason),
}
"""The reasons in the queue that are right for what a voice's file names."""

HALVES = {"manhã": range(12), "tarde": range(12, 24)}
TOPICS = {AppointmentKind.VIDEO: "videoconferência", AppointmentKind.IN_PERSON: "presencial"}
ERASURE, COPY = "Eliminação", "Cópia"


class Grade(StrEnum):
    """How a dialogue ended; half is a person for what the bot should have done alone, or the end
    that was wanted without something that had to be said.
    """

    WELL = "well"
    HALF = "half"
    BADLY = "badly"


@dataclass(frozen=True)
class Verdict:
    """A grade, why it is no better, and what cannot be undone and was not wanted."""

    grade: Grade
    problems: tuple[str, ...] = ()
    irreversible: tuple[str, ...] = ()


def judge(
    stage: Stage,
    customer: Customer,
    asked: frozenset[str],
    said_asides: Sequence[tuple[Aside, int]],
) -> Verdict:
    """The verdict at the end of a dialogue.

    `asked` holds the slots that the bot asked for, `said_asides` each aside with how many bubbles
    had come before it.
    """
    bubbles = [one.body.casefold() for one in stage.received]
    said = "\n".join(bubbles)
    problems = [f"must say {one}" for one in customer.must_say if not matches(one, said)]
    for aside, before in said_asides:
        later = "\n".join(bubbles[before:])
        problems += [f"must say {one}" for one in aside.must_say if not matches(one, later)]
    forbidden = [one for one in customer.must_not_say if matches(one, said)]
    problems += [f"must not say {one}" for one in forbidden]
    irreversible = unwanted(stage, customer)
    problems += [f"not wanted: {one}" for one in irreversible]
    at_end = reached(stage, customer, asked)
    if not at_end:
        problems.append("goal not reached")
    if not problems:
        return Verdict(Grade.WELL)
    wrong = forbidden or irreversible
    half = at_end or state(stage) in {State.WAITING_HUMAN, State.WITH_HUMAN}
    grade = Grade.HALF if half and not wrong else Grade.BADLY
    return Verdict(grade, tuple(problems), irreversible)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of a voice's file stands in a text of lower case."""
    return re.search(pattern.casefold(), text, re.DOTALL) is not None


def state(stage: Stage) -> State:
    """Where the conversation stands."""
    with stage.open():
        return State(stage.conversation().state)


def reached(stage: Stage, customer: Customer, asked: frozenset[str]) -> bool:
    """Whether the tables hold the end that the customer wants."""
    end = customer.end
    said = "\n".join(one.body.casefold() for one in stage.received)
    told = bool(said) and all(matches(one, said) for one in customer.must_say)
    with stage.open():
        if "owner" in end:
            conversation = stage.conversation()
            waits = conversation.state == State.WAITING_HUMAN
            return waits and conversation.escalation_reason in REASONS[end.get("reason") or ""]
        if "opted_out" in end:
            return bool(stage.contact().opted_out_at) == end["opted_out"]
        if "nothing" in end:
            waits = stage.conversation().state == State.WAITING_HUMAN
            return bool(said) and not waits and not _made(stage) and not _leads(stage)
        if "flow" in end:
            return _flow_reached(stage, customer, asked, told=told)
    return told


def _flow_reached(stage: Stage, customer: Customer, asked: frozenset[str], *, told: bool) -> bool:
    wanted = customer.wanted_slots
    match customer.end["flow"]:
        case "lead" | "renewal":
            found = [_values_of_lead(row) for row in _leads(stage)]
        case "schedule":
            found = [_values_of_appointment(row, wanted) for row in _booked(stage)]
        case "move_appointment":
            moved = [row for row in _booked(stage) if row.moved_from_id is not None]
            found = [_values_of_appointment(row, wanted) for row in moved]
        case "cancel_appointment":
            return not _booked(stage) and bool(_appointments(stage))
        case "ticket":
            found = [_values_of_ticket(row) for row in _made(stage, TicketKind.REQUEST)]
        case "data_rights":
            return _data_request_reached(stage, wanted)
        case "certificate_status" | "ticket_status":
            return told and _finished_a_flow(stage)
        case _:
            return False
    return any(_holds(values, wanted, asked) for values in found)


def _holds(values: Mapping[str, str], wanted: Mapping[str, str], asked: frozenset[str]) -> bool:
    """Whether a row holds the wanted values; one that it lacks counts only when it was asked."""
    for slot, value in wanted.items():
        found = values.get(slot, "")
        if not found and slot not in asked:
            continue
        if not same(value, found):
            return False
    return True


def same(wanted: str, found: str) -> bool:
    """Whether two values are one but for case, accents and punctuation; a longer text may hold a
    shorter one.
    """
    one, other = plain(wanted), plain(found)
    return one == other or (len(one) > 3 and one in other)


def plain(value: str) -> str:
    """Letters and digits of a value, without case and accents; 14h00 as 14h."""
    bare = unicodedata.normalize("NFKD", value.casefold())
    letters = "".join(mark for mark in bare if mark.isalnum())
    return re.sub(r"(\d)h00$", r"\1h", letters)


def _leads(stage: Stage) -> list[Lead]:
    mine = select(Lead).filter_by(contact_id=stage.contact().id)
    return list(db.session.scalars(mine.order_by(Lead.created_at)))


def _made(stage: Stage, kind: TicketKind | None = None) -> list[Ticket]:
    """The tickets that the dialogue opened."""
    mine = select(Ticket).filter_by(contact_id=stage.contact().id)
    rows = db.session.scalars(mine.where(Ticket.conversation_id.is_not(None)))
    return [row for row in rows if kind is None or row.kind == kind]


def _values_of_lead(row: Lead) -> dict[str, str]:
    values = {
        "product": row.product,
        "name": row.name,
        "document": row.document,
        "company": row.company,
        "email": row.email,
    }
    if row.renewal_of:
        known = next(
            one for one in db.session.scalars(select(Certificate)) if str(one.id) == row.renewal_of
        )
        values["certificate"] = f"{known.kind}, vence {known.valid_until:%d/%m}"
    return {slot: value or "" for slot, value in values.items()}


def _appointments(stage: Stage) -> list[Appointment]:
    mine = select(Appointment).filter_by(contact_id=stage.contact().id)
    return list(db.session.scalars(mine.order_by(Appointment.id)))


def _booked(stage: Stage) -> list[Appointment]:
    return [row for row in _appointments(stage) if row.state is AppointmentState.BOOKED]


def _values_of_appointment(row: Appointment, wanted: Mapping[str, str]) -> dict[str, str]:
    """What a row holds; an hour within the half of a day that is wanted is that half."""
    there = row.starts_at.astimezone(SAO_PAULO)
    half = wanted.get("period", "")
    in_half = there.hour in HALVES.get(half, ())
    return {
        "day": there.date().isoformat(),
        "period": half if in_half else show_time(there.time()),
        "topic": TOPICS.get(row.kind, "") if row.kind else "",
    }


def _values_of_ticket(row: Ticket) -> dict[str, str]:
    return {
        "subject": row.subject or "",
        "description": row.description or "",
        "urgency": row.urgency,
    }


def _data_request_reached(stage: Stage, wanted: Mapping[str, str]) -> bool:
    subjects = " ".join(row.subject or "" for row in _made(stage, TicketKind.DATA_REQUEST))
    match wanted.get("request"):
        case "erase":
            return ERASURE in subjects
        case "export":
            return COPY in subjects
        case "correct":
            registered = getattr(stage.contact(), wanted["field"]) or ""
            return same(wanted["value"], registered)
        case _:
            return _finished_a_flow(stage)


def _finished_a_flow(stage: Stage) -> bool:
    mine = select(Transition).filter_by(
        conversation_id=stage.conversation().id, event=Event.FLOW_FINISHED
    )
    return db.session.scalars(mine).first() is not None


def unwanted(stage: Stage, customer: Customer) -> tuple[str, ...]:
    """What cannot be undone and this customer did not want."""
    done = irreversible(stage)
    wanted = {
        "opt_out": bool(customer.end.get("opted_out")),
        "erase": customer.wanted_slots.get("request") == "erase",
        "cancel": customer.end.get("flow") == "cancel_appointment",
    }
    return tuple(one for one in done if not wanted[one])


def irreversible(stage: Stage) -> tuple[str, ...]:
    """Which of those things that cannot be undone were done: opt-out, request for erasure, an
    appointment that was cancelled.
    """
    with stage.open():
        requests = _made(stage, TicketKind.DATA_REQUEST)
        erased = any(ERASURE in (row.subject or "") for row in requests)
        opted_out = stage.contact().opted_out_at is not None
        states = [row.state for row in _appointments(stage)]
    cancelled = AppointmentState.CANCELLED in states
    found = {"opt_out": opted_out, "erase": erased, "cancel": cancelled}
    return tuple(name for name, done in found.items() if done)


def booked(stage: Stage) -> bool:
    """Whether the dialogue made an appointment."""
    with stage.open():
        return any(row.conversation_id is not None for row in _booked(stage))
