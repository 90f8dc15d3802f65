"""The commands that a perfect reader gives for a line of a simulated customer, derived from where
the line comes from; and a noisy reader, who loses or mistakes some of them.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from gatte.conversation.commands import (
    Affirm,
    CancelFlow,
    Command,
    Complain,
    CorrectSlot,
    Courtesy,
    Deny,
    Escalate,
    FlowWish,
    LeaveQueue,
    OffTopic,
    OptOut,
    Question,
    RequestHuman,
    SetSlot,
    ShowMenu,
    Skip,
    SmallTalk,
    StartFlow,
    Unclear,
    WrongPerson,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.parsing.documents import find_document
from gatte.conversation.parsing.names import find_email
from tests.quality.customers import PLACES_WITHOUT_SLOT, Customer
from tests.quality.judge import same

NOISE = 0.2
OPTIONAL = frozenset({"email", "company", "document"})
CHECKED_BY = {"email": "@", "document": "0123456789"}
"""Marks without which a text is no value of these slots."""
TOLD_ANYWHERE = {"email": find_email, "document": find_document}
"""Values that a perfect reader knows by their form, wherever they are told."""
READ_IN_ASIDES = frozenset({"day", "period", "product", "certificate"})
"""Slots whose values are asked with options: an aside that asks nothing there names one."""
BY_ID = frozenset({"certificate"})
"""Slots that hold our id of a thing, not what a customer calls it."""
STORY_LENGTH = 6
"""Words from which on what should be a value is the alarm that an escalation is about."""
SHORT = 4
"""Words up to which what is no question only closes one."""
REFUSALS = ("não", "nao", "n ", "agora não", "agora nao", "nada", "obrigad", "depois")
SLOT_NAMES = {"ticket": "number"}
FLOW_OF_ANSWER = {"product": "lead", "certificate": "renewal", "day": "schedule"}
URGENT = frozenset({"escalation", "human"})
OTHERS: tuple[Command, ...] = (
    OptOut(),
    CancelFlow(),
    ShowMenu(),
    Affirm(),
    Deny(),
    LeaveQueue(),
    Complain(),
    OffTopic(),
    Unclear(),
    Skip(),
    SmallTalk(Courtesy.ACK),
    StartFlow("data_rights"),
    StartFlow("lead"),
    StartFlow("schedule"),
    StartFlow("ticket"),
    SetSlot("request", "erase"),
    Question("quanto custa?"),
    Escalate(EscalationReason.REFUND),
)


@dataclass(frozen=True)
class Line:
    """What a customer says in a turn, and the entry of its file that it comes from: `opening`,
    `aside`, a slot, or one of `confirm`, `offer`, `queue`, `else`; `must_say` is what an aside
    wants to hear.
    """

    messages: tuple[str, ...]
    entry: str
    place: str = ""
    must_say: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All that is said."""
        return "\n".join(self.messages)


def commands(
    customer: Customer, line: Line, stored: Mapping[str, str], asides_left: Sequence[str]
) -> tuple[Command, ...]:
    """The commands of a line; `stored` holds the slots as they stand, `asides_left` the places of
    the asides that are still to be said.
    """
    return tuple(_commands(customer, line, stored, asides_left))


def _commands(
    customer: Customer, line: Line, stored: Mapping[str, str], asides_left: Sequence[str]
) -> Iterator[Command]:
    match line.entry:
        case "opening" | "else":
            yield _goal(customer, line, opening=line.entry == "opening")
        case "aside":
            yield from _aside(customer, line, stored)
        case "confirm":
            yield _goal(customer, line) if customer.goal in URGENT else Affirm(span=line.text)
        case "offer":
            yield _to_offer(customer, line)
        case "queue":
            yield SmallTalk(Courtesy.ACK, span=line.text)
        case slot:
            yield _value(customer, slot, line.text, asides_left)


def _goal(  # noqa: PLR0911 - one line a goal
    customer: Customer, line: Line, *, opening: bool = False
) -> Command:
    text = line.text
    match customer.goal:
        case "question" if not opening and "?" not in text and len(text.split()) <= SHORT:
            return SmallTalk(Courtesy.ACK, span=text)
        case "question":
            return Question(text, span=text)
        case "escalation" if opening and _begins_with_a_form(customer):
            return StartFlow(_first_form(customer), span=text)
        case "escalation":
            return Escalate(EscalationReason(customer.end["reason"]), span=text)
        case "human":
            return RequestHuman(span=text)
        case "opt_out":
            return OptOut(span=text)
        case "wrong_person":
            return WrongPerson(span=text)
        case flow if flow in get_args(FlowWish):
            return StartFlow(flow, span=text)
    raise ValueError(f"no command for the goal {customer.goal!r}")


def _begins_with_a_form(customer: Customer) -> bool:
    """Whether the alarm of an escalation comes only in a form: in an aside, or as a long answer."""
    told_in_answers = any(
        len(text.split()) > STORY_LENGTH
        for slot, texts in customer.answers.items()
        if slot not in PLACES_WITHOUT_SLOT
        for text in texts
    )
    values = any(
        len(texts[0].split()) <= STORY_LENGTH
        for slot, texts in customer.answers.items()
        if slot in FLOW_OF_ANSWER
    )
    return bool(customer.asides) or (told_in_answers and values)


def _first_form(customer: Customer) -> FlowWish:
    order = ("certificate", "day", "product")
    slot = next((one for one in order if one in customer.answers), "product")
    flow: FlowWish = FLOW_OF_ANSWER[slot]  # type: ignore[assignment]
    return flow


def _aside(customer: Customer, line: Line, stored: Mapping[str, str]) -> Iterator[Command]:
    """The alarm of an escalation, else a document in pieces, else values that are stored otherwise
    than the end has them, else what the aside tells, or asks.
    """
    if customer.goal in URGENT:
        yield _goal(customer, line)
        return
    document = customer.wanted_slots.get("document", "")
    if line.place == "document" and not any(mark.isalpha() for mark in line.text):
        whole = same(document, "".join(line.messages))
        yield SetSlot("document", document if whole else line.text, span=line.text)
        return
    asks = "?" in line.text
    wrong = [
        CorrectSlot(SLOT_NAMES.get(slot, slot), value, span=line.text)
        for slot, value in customer.wanted_slots.items()
        if slot not in BY_ID and stored.get(slot) and not same(value, stored[slot])
    ]
    if wrong and (not asks or (line.place == "confirm" and not line.must_say)):
        yield from wrong
    elif asks or line.must_say:
        yield Question(line.text, span=line.text)
    else:
        yield from _told(line)


def _told(line: Line) -> Iterator[Command]:
    """The values that an aside tells which asks nothing; else it only gains time."""
    found = [(slot, find(line.text).value) for slot, find in TOLD_ANYWHERE.items()]
    told = [SetSlot(slot, value, span=line.text) for slot, value in found if value]
    if not told and line.place in READ_IN_ASIDES:
        told = [SetSlot(line.place, line.text, span=line.text)]
    yield from told or [SmallTalk(Courtesy.OTHER, span=line.text)]


def _to_offer(customer: Customer, line: Line) -> Command:
    if customer.goal in URGENT:
        return _goal(customer, line)
    refuses = line.text.casefold().startswith(REFUSALS)
    return Deny(span=line.text) if refuses else Affirm(span=line.text)


def _value(customer: Customer, slot: str, text: str, asides_left: Sequence[str]) -> Command:
    """The value as the end has it; as it is told where an aside may still correct it, since the
    first value is then another.
    """
    if customer.goal in URGENT and len(text.split()) > STORY_LENGTH:
        return _goal(customer, Line((text,), slot))
    name = SLOT_NAMES.get(slot, slot)
    wanted = customer.wanted_slots.get(slot)
    given = slot not in CHECKED_BY or any(mark in CHECKED_BY[slot] for mark in text)
    refuses = text.casefold().startswith(REFUSALS)
    if wanted is None and slot in OPTIONAL and (refuses or not given):
        return Skip(slot=name, span=text)
    if wanted is None or slot == "certificate":
        return SetSlot(name, text, span=text)
    if "confirm" in asides_left:
        return SetSlot(name, text, span=wanted)  # the core reads the span when the value is none
    return SetSlot(name, wanted, span=text)


def disturb(given: Sequence[Command], rng: random.Random) -> tuple[Command, ...]:
    """The commands of a noisy reader: of five, one is lost or is another one."""
    heard: list[Command] = []
    for command in given:
        if rng.random() >= NOISE:
            heard.append(command)
        elif rng.random() < 0.5:
            heard.append(rng.choice(OTHERS))
    return tuple(heard) or (Unclear(),)
