"""Plays one simulated customer against the real system: it reads which value is asked and what is
offered, and nothing of the rules.
"""

import random
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from flask import Flask

from gatte.conversation.commands import TurnReading
from gatte.conversation.option_ids import NOTICES_OFF
from gatte.conversation.replies import ButtonsReply
from gatte.conversation.states import State
from gatte.extensions import db
from gatte.intelligence.service import TurnReader
from gatte.models import Ticket, TicketState
from tests.quality import customers, gold, judge
from tests.quality.customers import Aside, Customer
from tests.quality.gold import Line
from tests.quality.judge import Grade, Verdict
from tests.stage.script import SAO_PAULO, Act, Doing, Script
from tests.stage.stage import Stage

NOW = datetime(2026, 3, 11, 10, 20, tzinfo=SAO_PAULO)
SLOTS_OF_VOICES = {"number": "ticket"}
UNDOES = ("parar de receber", "parar avisos", "apag", "elimin", "exclu", "quer mesmo cancelar")
"""Words of a bubble with buttons to which no simulated customer says yes, unless it came for
that.
"""
READER = "gatte_turn_reader"
GREETS = re.compile(r"(?:ol[áa]|oi|bom dia|boa tarde|boa noite)\b", re.IGNORECASE)
"""How a bubble begins that greets."""


class Reading(StrEnum):
    """Who reads the turns: the system alone, a perfect reader, or one who makes mistakes."""

    LOCAL = "local"
    GOLD = "gold"
    NOISY = "noisy"


@dataclass(frozen=True)
class Played:
    """How a dialogue went; `verdict` is None when the system cannot play it yet. `bubbles` holds
    the characters of each, `crowded_turns` counts turns with more than one.
    """

    customer: str
    voice: str
    goal: str
    seed: int
    reading: Reading
    verdict: Verdict | None
    turns: int = 0
    silent_turns: int = 0
    bubbles: tuple[int, ...] = ()
    crowded_turns: int = 0
    greetings: int = 0
    transcript: tuple[str, ...] = ()


@dataclass
class Dialogue:
    """A dialogue under way."""

    stage: Stage
    customer: Customer
    seed: int
    reading: Reading
    rng: random.Random
    turns: int = 0
    silent_turns: int = 0
    crowded_turns: int = 0
    asked: set[str] = field(default_factory=set)
    answered: dict[str, int] = field(default_factory=dict)
    asides_left: list[Aside] = field(default_factory=list)
    said_asides: list[tuple[Aside, int]] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)


def play(
    app: Flask, agents: tuple[int, int], customer: Customer, seed: int, reading: Reading
) -> Played:
    """Play a customer to its goal, into the queue, or to the end of its patience."""
    dialogue = Dialogue(
        stage=Stage(app, agents, script_of(customer)),
        customer=customer,
        seed=seed,
        reading=reading,
        rng=random.Random(f"{customer.id}:{seed}:{reading}"),
        asides_left=list(customer.asides),
    )
    _add_tickets(dialogue)
    try:
        _converse(dialogue)
    finally:
        app.extensions[READER] = None
    verdict = judge.judge(dialogue.stage, customer, frozenset(dialogue.asked), dialogue.said_asides)
    return Played(
        customer.id,
        customer.voice,
        customer.goal,
        seed,
        reading,
        verdict,
        dialogue.turns,
        dialogue.silent_turns,
        tuple(len(one.body) for one in dialogue.stage.received),
        dialogue.crowded_turns,
        sum(bool(GREETS.match(one.body)) for one in dialogue.stage.received),
        () if verdict.grade is Grade.WELL else tuple(dialogue.transcript),
    )


def script_of(customer: Customer) -> Script:
    """What is set up before the customer writes."""
    name = customer.known.get("name", "")
    return Script(
        name=customer.id,
        customer=name,
        at=NOW,
        known={"nome": name} if name else {},
        certificates=[
            _certificate(one["product"], name or "Titular", one["valid_until"])
            for one in customer.known.get("certificates", ())
        ],
        appointments=_appointments(customer),
    )


def _appointments(customer: Customer) -> list[str]:
    """The time that the customer has, as a script tells it; a half of a day is its first hour."""
    known = customer.known.get("appointment")
    if not known:
        return []
    day = date.fromisoformat(known["day"])
    hours = {"manhã": "9h", "tarde": "14h"}
    return [f"{day:%d/%m/%Y} {hours.get(known['period'], known['period'])}"]


def _certificate(product: str, holder: str, valid_until: str) -> str:
    days = (date.fromisoformat(valid_until) - NOW.date()).days
    validity = f"vence em {days} dias" if days >= 0 else f"venceu há {-days} dias"
    return f"{product}, {holder.replace(',', '')}, {validity}"


def _add_tickets(dialogue: Dialogue) -> None:
    known = dialogue.customer.known.get("tickets", ())
    if not known:
        return
    with dialogue.stage.open():
        contact = dialogue.stage.contact()
        for one in known:
            db.session.add(
                Ticket(
                    data_key_id=contact.data_key_id,
                    contact_id=contact.id,
                    number=one["number"],
                    subject="Instalação do certificado",
                    description="Instalação do certificado",
                    state=TicketState(one["state"]),
                )
            )
        db.session.commit()


def _converse(dialogue: Dialogue) -> None:
    customer = dialogue.customer
    _say(dialogue, Line(customers.opening(customer, dialogue.seed), "opening"))
    waited = False
    while dialogue.turns < customer.patience:
        place = _place(dialogue)
        if _satisfied(dialogue, place):
            return
        if place == "queue" and waited:
            return
        waited = place == "queue"
        line = _next_line(dialogue, place)
        if line is None:
            return
        _say(dialogue, line)


def _satisfied(dialogue: Dialogue, place: str) -> bool:
    """Whether the goal is reached; a customer who only asks says its further questions first."""
    asides_here = any(one.at in {place, "offer", "else"} for one in dialogue.asides_left)
    if dialogue.customer.end.get("answered") and asides_here:
        return False
    return judge.reached(dialogue.stage, dialogue.customer, frozenset(dialogue.asked))


def _place(dialogue: Dialogue) -> str:
    """Where the customer is: a slot that is asked, `confirm`, `offer`, `queue`, or `else`."""
    stage = dialogue.stage
    with stage.open():
        conversation = stage.conversation()
        state, asked = State(conversation.state), conversation.requested_slot
    if state in {State.WAITING_HUMAN, State.WITH_HUMAN}:
        return "queue"
    if stage.received and _undoes(dialogue):
        return "else"
    if state is State.CONFIRMING:
        return "confirm"
    if _asks_for_goal(dialogue):
        return "confirm"
    if state is State.COLLECTING and asked:
        slot = SLOTS_OF_VOICES.get(asked, asked)
        dialogue.asked.add(slot)
        return slot
    last = stage.received[-1] if stage.received else None
    offers = last is not None and isinstance(last.reply, ButtonsReply)
    return "offer" if offers else "else"


def _asks_for_goal(dialogue: Dialogue) -> bool:
    """Whether the last bubble asks a customer who wants no more notices if that is so."""
    if dialogue.customer.goal != "opt_out" or not dialogue.stage.received:
        return False
    return any(one.id == NOTICES_OFF().id for one in dialogue.stage.received[-1].options)


def _undoes(dialogue: Dialogue) -> bool:
    """Whether the last bubble offers to undo what this customer wants to keep."""
    last = dialogue.stage.received[-1]
    shown = " ".join([last.body, *(one.title for one in last.options)]).casefold()
    wanted = dialogue.customer.goal in {"opt_out", "data_rights", "cancel_appointment"}
    return bool(last.options) and not wanted and any(word in shown for word in UNDOES)


def _next_line(dialogue: Dialogue, place: str) -> Line | None:
    """What the customer says at a place; None when it has nothing to say there."""
    aside = _aside_for(dialogue, place)
    if aside is not None:
        dialogue.asides_left.remove(aside)
        dialogue.said_asides.append((aside, len(dialogue.stage.received)))
        return Line(aside.messages, "aside", place, aside.must_say)
    entry = place if place in dialogue.customer.answers else "else"
    answers = dialogue.customer.answers.get(entry)
    if not answers:
        return None
    number = dialogue.answered.get(entry, 0)
    dialogue.answered[entry] = number + 1
    return Line((answers[min(number, len(answers) - 1)],), entry, place)


def _aside_for(dialogue: Dialogue, place: str) -> Aside | None:
    """The aside of a place; at the summary also a question that was to be asked at a slot for which
    nobody asked: who wants to know asks before saying yes.
    """
    here = next((one for one in dialogue.asides_left if one.at == place), None)
    if here is not None or place != "confirm":
        return here
    return next((one for one in dialogue.asides_left if one.must_say), None)


def _say(dialogue: Dialogue, line: Line) -> None:
    stage = dialogue.stage
    dialogue.turns += 1
    stage.app.extensions[READER] = _reader(dialogue, line)
    messages = customers.vary(line.messages, dialogue.seed, dialogue.rng)
    for text in messages:
        stage.do(Doing(Act.TEXT, text))
        dialogue.transcript.append(f"{line.entry:>12} > {text}")
    stage.settle()
    answers = stage.new_answers()
    for one in answers:
        titles = " | ".join(option.title for option in one.options)
        buttons = f" [{titles}]" if titles else ""
        dialogue.transcript.append(f"{'bot':>12} < {one.body}{buttons}")
    dialogue.crowded_turns += len(answers) > 1
    if not answers and judge.state(stage) not in {State.WAITING_HUMAN, State.WITH_HUMAN}:
        dialogue.silent_turns += 1


def _reader(dialogue: Dialogue, line: Line) -> TurnReader | None:
    """The reader of this turn, as the application calls it."""
    if dialogue.reading is Reading.LOCAL:
        return None
    stored: dict[str, str] = {}
    if dialogue.turns > 1:
        with dialogue.stage.open():
            stored = dict(dialogue.stage.conversation().slots or {})
    left = [one.at for one in dialogue.asides_left]
    given = gold.commands(dialogue.customer, line, stored, left)
    if dialogue.reading is Reading.NOISY:
        given = gold.disturb(given, dialogue.rng)
    dialogue.transcript.append(f"{'read as':>12} : {', '.join(one.command for one in given)}")
    reading = TurnReading(commands=given, model=str(dialogue.reading))
    return lambda _snapshot, _texts: reading
