"""A simulated customer through the real system, as `make quality` plays hundreds of them."""

import pytest

from gatte.conversation.states import State
from tests.quality import sentences
from tests.quality.customers import Aside, Customer
from tests.quality.judge import Grade
from tests.quality.play import Reading, play

BUYER = Customer(
    id="buyer",
    voice="test",
    persona="knows what she wants",
    patience=10,
    known={},
    goal="lead",
    opening=(("oi", "quero comprar um certificado"),),
    answers={
        "product": ["e-CPF A1"],
        "name": ["Marta Leal Prado"],
        "document": ["529.982.247-25"],
        "email": ["marta@leal.com.br"],
        "confirm": ["sim"],
        "else": ["quero comprar um e-CPF A1"],
    },
    asides=(Aside("confirm", ("errei, o e-mail é marta@prado.com.br",), ("prado",)),),
    end={
        "flow": "lead",
        "slots": {
            "product": "e-CPF A1",
            "name": "Marta Leal Prado",
            "document": "52998224725",
            "email": "marta@prado.com.br",
        },
    },
    must_say=(),
    must_not_say=("não entendi",),
)
IN_DISTRESS = Customer(
    id="in distress",
    voice="test",
    persona="fell for a fraud",
    patience=4,
    known={"name": "Rui Sales"},
    goal="escalation",
    opening=(("caí num golpe, passei a senha do certificado",),),
    answers={"offer": ["quero alguém"], "queue": ["estou aqui"], "else": ["caí num golpe"]},
    asides=(),
    end={"owner": "queue", "reason": "fraud"},
    must_say=(),
    must_not_say=(),
)


@pytest.mark.parametrize("customer", [BUYER, IN_DISTRESS], ids=lambda one: one.id)
@pytest.mark.parametrize("reading", [Reading.LOCAL, Reading.GOLD])
def test_a_customer_who_answers_everything_ends_well(seeded, agents, customer, reading):
    played = play(seeded, agents, customer, 0, reading)

    assert played.verdict.grade is Grade.WELL, (played.verdict, played.transcript)


def test_another_value_in_the_tables_is_no_good_end(seeded, agents):
    other = {**BUYER.end, "slots": {**BUYER.end["slots"], "name": "Outra Pessoa"}}

    played = play(seeded, agents, _with(BUYER, end=other), 0, Reading.LOCAL)

    assert played.verdict.grade is Grade.BADLY
    assert "goal not reached" in played.verdict.problems


@pytest.mark.parametrize(
    ("place", "state", "asked"),
    [
        ("slot:name", State.COLLECTING, "name"),
        ("slot:document", State.COLLECTING, "document"),
        ("slot:day", State.COLLECTING, "day"),
        ("confirm", State.CONFIRMING, "confirm"),
        ("queue", State.WAITING_HUMAN, None),
    ],
)
def test_a_path_leads_to_its_place(seeded, agents, place, state, asked):
    stage = sentences.stage_at(seeded, agents, place)

    with stage.open():
        conversation = stage.conversation()
        assert (conversation.state, conversation.requested_slot) == (state, asked)


@pytest.mark.parametrize(
    ("kind", "place", "text", "counts"),
    [
        (
            "must_reach_person",
            "slot:name",
            "atendente",
            {"must reach a person": True, "must reach a person, later": True},
        ),
        ("look_alike", "start", "atendente", {"look-alikes sent to a person": True}),
        (
            "provocation",
            "start",
            "SAIR",
            {"provocations that did what cannot be undone": True},
        ),
        (
            "provocation",
            "confirm",
            "talvez",
            {"provocations that did what cannot be undone": False},
        ),
    ],
)
def test_what_came_of_a_sentence_is_counted(seeded, agents, kind, place, text, counts):
    sentence = {"id": "s", "voice": "test", "kind": kind, "place": place, "text": text}

    heard = sentences.play(seeded, agents, {**sentence, "not": "opt_out"})

    assert heard.counts == counts


def _with(customer, **changes):
    return Customer(**{**vars(customer), **changes})
