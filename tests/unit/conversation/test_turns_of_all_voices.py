"""What people write in every place is handled: the gold commands beside it are not compared, but no
turn of the teaching voices makes the core raise or leaves its customer without a word.
"""

import json
from datetime import timedelta

import pytest

from gatte.conversation import fact_answers
from gatte.conversation.commands import LabelScore, TurnReading
from gatte.conversation.company_facts import CompanyFacts
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.snapshot import AppointmentFacts, MessagesReceived
from gatte.conversation.states import State
from gatte.intelligence.understanding.turn_examples import TURNS
from tests.unit.conversation.simulated_conversation import CPF, MONDAY, Talk, heard

VOICES = sorted(path.stem for path in TURNS.glob("*.jsonl"))
BOOKED = AppointmentFacts("a1", 1001, MONDAY + timedelta(days=2))
BUYER = {"name": "Iara Costa", "document": CPF, "email": "iara@x.com", "product": "e-CPF A1"}
FILLED = {
    "lead": BUYER,
    "renewal": BUYER,
    "ticket": {"subject": "Token", "description": "Não aparece", "urgency": "normal"},
    "schedule": {"day": "2026-11-24", "period": "10h", "settled": "2026-11-24@10h"},
    "move_appointment": {
        "appointment": "a1",
        "day": "2026-11-24",
        "period": "10h",
        "settled": "2026-11-24@10h",
    },
    "cancel_appointment": {"appointment": "a1"},
    "data_rights": {"request": "see"},
}
A_QUESTION = TurnReading(labels=(LabelScore("Question", 0.6),))
WISHES = (
    "lead",
    "renewal",
    "certificate_status",
    "ticket",
    "ticket_status",
    "schedule",
    "move_appointment",
    "cancel_appointment",
    "data_rights",
)


def turns_of(voice: str) -> list[dict]:
    lines = (TURNS / f"{voice}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def place_of(turn: dict) -> Talk:
    """Where the turn was written: a form with nothing filled in yet, or all of it at the end."""
    if turn["owner"] == "queue":
        return Talk(State.WAITING_HUMAN)
    flow = FLOWS.get(turn["flow"])
    if flow is None or not (turn["slot"] == "confirm" or flow.slot(turn["slot"])):
        return Talk(State.MENU)
    if turn["slot"] == "confirm":
        slots = FILLED[turn["flow"]]
        return Talk(
            State.CONFIRMING,
            flow=turn["flow"],
            requested_slot="confirm",
            slots=slots,
            appointments=(BOOKED,),
        )
    return Talk(
        State.COLLECTING,
        flow=turn["flow"],
        requested_slot=turn["slot"],
        appointments=(BOOKED,),
    )


def rules_alone(_number: int) -> TurnReading:
    return TurnReading()


def a_question(_number: int) -> TurnReading:
    return A_QUESTION


def a_wish_and_a_question(number: int) -> TurnReading:
    """Each turn with another wish."""
    wish = LabelScore(f"StartFlow:{WISHES[number % len(WISHES)]}", 0.95)
    return TurnReading(labels=(wish, LabelScore("Question", 0.9)))


@pytest.mark.parametrize("read", [rules_alone, a_question, a_wish_and_a_question])
@pytest.mark.parametrize("voice", VOICES)
def test_no_turn_makes_the_core_raise_or_is_left_unanswered(voice, read):
    for number, turn in enumerate(turns_of(voice)):
        reading = read(number)
        messages = tuple(heard(text) for text in turn["messages"])
        talk = place_of(turn).takes(MessagesReceived(messages, reading))
        decision = talk.decision
        fact_answers.answer(
            decision.fact_questions, CompanyFacts(), talk.snapshot.hours, talk.snapshot.now
        )
        acts = decision.replies or decision.question or decision.effects or decision.fact_questions
        assert acts or turn["owner"] == "queue", turn["id"]
