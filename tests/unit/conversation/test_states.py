"""The transition table: every pair is allowed by a row or refused, every row can be taken, and its
drawing shows all of it.
"""

import re

import pytest

from gatte.conversation.nlu import Intent
from gatte.conversation.snapshot import (
    AnswerFound,
    AnswerNotFound,
    ExternalEvent,
    IdentityFacts,
    IdentityState,
    Input,
    MessagesReceived,
    Owner,
)
from gatte.conversation.state_diagram import NAMES, mermaid
from gatte.conversation.states import TRANSITIONS, Event, InvalidTransition, State, next_state
from tests.unit.conversation.simulated_conversation import MONDAY, Talk, guess, heard

FLOW = {
    "flow": "ticket",
    "requested_slot": "urgency",
    "slots": {"subject": "token", "description": "não abre"},
}
CONFIRMING = {
    "flow": "ticket",
    "requested_slot": "confirm",
    "slots": {**FLOW["slots"], "urgency": "high"},
}
PUT_ASIDE = {
    "suspended_flow": "lead",
    "slots": {"suspended.product": "e-CPF"},
    "flags": {"kept_at": MONDAY.isoformat(), "introduced": "1"},
}
FACTS: dict[State, dict] = {
    State.COLLECTING: FLOW,
    State.CONFIRMING: CONFIRMING,
    State.WITH_HUMAN: {"owner": Owner.HUMAN},
}
UNCLEAR = guess(Intent.SCHEDULE, 0.45, (Intent.CERTIFICATE_STATUS, 0.4))


def said(text: str, intent: Intent | None = None) -> MessagesReceived:
    return MessagesReceived((heard(text, intent),))


CAUSES: dict[Event, Input] = {
    Event.GREETED: said("oi", Intent.GREETING),
    Event.MENU_SHOWN: said("menu"),
    Event.QUESTION_ASKED: said("quanto custa o certificado?", Intent.PRICE),
    Event.QUESTION_ANSWERED: AnswerFound("Depende do modelo."),
    Event.NOT_UNDERSTOOD: MessagesReceived((heard("ver aquilo", UNCLEAR),)),
    Event.FLOW_STARTED: said("comprar"),
    Event.SLOT_FILLED: said("urgente"),
    Event.SLOTS_COMPLETE: said("urgente"),
    Event.CORRECTED: said("a urgência é normal"),
    Event.CONFIRMED: said("sim"),
    Event.CANCELLED: said("cancelar"),
    Event.ESCALATED: said("quero falar com um atendente"),
    Event.RESUMED: said("continuar"),
    Event.REOPENED: said("oi", Intent.GREETING),
}
SPECIAL: dict[tuple[State, Event], tuple[Input, dict]] = {
    (State.WAITING_HUMAN, Event.ESCALATED): (said("vou ao procon"), {"flags": {"priority": "4"}}),
    (State.WAITING_HUMAN, Event.NOT_UNDERSTOOD): (AnswerNotFound(), {}),
    (State.COLLECTING, Event.NOT_UNDERSTOOD): (said("xpto"), FLOW),
    (State.COLLECTING, Event.CORRECTED): (said("errei, o assunto é cartão"), FLOW),
    (State.ANSWERING, Event.RESUMED): (AnswerFound("Depende."), FLOW),
    (State.ERROR, Event.RESUMED): (said("urgente"), FLOW),
    (State.START, Event.RESUMED): (said("continuar"), PUT_ASIDE),
    (State.MENU, Event.RESUMED): (said("continuar"), PUT_ASIDE),
}
SPECIAL[(State.COLLECTING, Event.FLOW_FINISHED)] = (
    said("123456"),
    {
        "flow": "certificate_status",
        "requested_slot": "identity_code",
        "slots": {"document": "52998224725"},
        "identity": IdentityFacts(IdentityState.OVER),
    },
)


@pytest.mark.parametrize(("state", "event"), list(TRANSITIONS), ids=lambda one: one.value)
def test_the_core_takes_every_row_of_the_table(state, event):
    happening, facts = SPECIAL.get(
        (state, event), (CAUSES.get(event, ExternalEvent(event)), FACTS.get(state, {}))
    )

    decision = Talk(state, **facts).takes(happening).decision

    assert (state, event) in [(step.from_state, step.event) for step in decision.steps]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_pair_is_a_row_or_refused(state, event):
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) in State
    else:
        with pytest.raises(InvalidTransition):
            next_state(state, event)


@pytest.mark.parametrize(
    "event",
    sorted(set(Event) - {event for state, event in TRANSITIONS if state == State.WITH_HUMAN}),
)
def test_an_event_that_the_table_refuses_raises_when_it_happens(event):
    with pytest.raises(InvalidTransition):
        Talk(State.WITH_HUMAN, owner=Owner.HUMAN).sees(event)


@pytest.mark.parametrize(
    "event", [Event.GREETED, Event.CONFIRMED, Event.SLOT_FILLED, Event.FLOW_STARTED]
)
def test_what_only_a_customer_can_cause_cannot_be_forced_from_outside(event):
    with pytest.raises(InvalidTransition):
        Talk(State.COLLECTING, **FLOW).sees(event)


def test_the_slower_of_two_agents_is_refused():
    talk = Talk(State.WAITING_HUMAN).sees(Event.AGENT_TOOK)

    with pytest.raises(InvalidTransition):
        talk.sees(Event.AGENT_TOOK)


def reachable(state: State) -> set[State]:
    seen, ahead = set(), {state}
    while ahead:
        seen |= ahead
        ahead = {target for (source, _), target in TRANSITIONS.items() if source in ahead} - seen
    return seen


@pytest.mark.parametrize("state", State)
def test_every_state_leads_to_every_other(state):
    assert reachable(state) == set(State)


def test_the_drawing_shows_every_row_and_nothing_else():
    drawn = set()
    for source, target, events in re.findall(
        r"^    (\w+) --> (\w+): (.+)$", mermaid(), re.MULTILINE
    ):
        drawn |= {(State[source], Event(event), State[target]) for event in events.split(", ")}

    assert drawn == {(source, event, target) for (source, event), target in TRANSITIONS.items()}
    assert set(NAMES) == set(State)
