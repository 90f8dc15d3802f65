"""The parts of `make quality` that need no system: files, gold commands, grades, figures."""

import random
from functools import partial

import pytest

from gatte.conversation.commands import Affirm, CorrectSlot, Escalate, Question, SetSlot, Skip
from tests.quality import customers, gold, judge, sentences, turns, voice_files
from tests.quality.figures import of, share
from tests.quality.gold import Line
from tests.quality.judge import Grade, Verdict
from tests.quality.play import Played, Reading, script_of
from tests.quality.run import Results
from tests.quality.slot_values import ReadValue
from tests.quality.turns import ReadTurn

WELL = Verdict(Grade.WELL)


@pytest.mark.parametrize("voice", voice_files.names())
def test_every_line_of_a_voice_can_be_played(voice):
    for customer in customers.read(voice):
        script_of(customer)
        for entry in ("opening", "else", "offer", "confirm", "queue", *customer.answers):
            assert gold.commands(customer, Line(("oi",), entry), {}, ())
        assert customer.end.get("reason", "") in judge.REASONS
    for sentence in sentences.read(voice):
        assert sentence["place"] in sentences.PATHS
        known = sentences.ARTICLES.keys() | sentences.FACTS.keys() | {sentences.NO_ANSWER}
        assert sentence["kind"] != "question" or sentence["topic"] in known
    assert all(turns.gold_labels(turn) for turn in turns.read(voice))


def customer(**changes):
    usual = {
        "id": "c",
        "voice": "v",
        "persona": "",
        "patience": 5,
        "known": {},
        "goal": "lead",
        "opening": (("oi",),),
        "answers": {},
        "asides": (),
        "end": {"flow": "lead", "slots": {"name": "Ana Sá", "document": "52998224725"}},
        "must_say": (),
        "must_not_say": (),
    }
    return customers.Customer(**{**usual, **changes})


def bare(commands):
    return [(type(one), getattr(one, "slot", ""), getattr(one, "value", "")) for one in commands]


@pytest.mark.parametrize(
    ("line", "stored", "expected"),
    [
        (Line(("sou a ana sá",), "name"), {}, (SetSlot, "name", "Ana Sá")),
        (Line(("não uso",), "email"), {}, (Skip, "email", "")),
        (Line(("isso",), "confirm"), {}, (Affirm, "", "")),
        (Line(("é seguro?",), "aside", "document"), {}, (Question, "", "")),
        (
            Line(("529.982", "247-25"), "aside", "document"),
            {},
            (SetSlot, "document", "52998224725"),
        ),
        (
            Line(("é Sá com acento",), "aside", "confirm"),
            {"name": "Ana Só"},
            (CorrectSlot, "name", "Ana Sá"),
        ),
    ],
)
def test_a_perfect_reader_gives_the_command_of_the_entry_that_a_line_comes_from(
    line, stored, expected
):
    assert bare(gold.commands(customer(), line, stored, ())) == [expected]


def test_a_perfect_reader_hears_an_alarm_in_the_place_of_a_value():
    alarmed = customer(goal="escalation", end={"owner": "queue", "reason": "fraud"})
    line = Line(("espera, alguém ligou e eu dei a senha do certificado",), "document")

    assert bare(gold.commands(alarmed, line, {}, ())) == [(Escalate, "", "")]


def test_a_noisy_reader_mistakes_about_one_command_of_five():
    rng = random.Random(1)
    heard = [gold.disturb((Affirm(span="sim"),), rng) for _ in range(1000)]

    assert 750 < sum(one == (Affirm(span="sim"),) for one in heard) < 850


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        ("e-CPF A1", "e-cpf a1", True),
        ("Ana Sá", "ana sa", True),
        ("14h", "14h00", True),
        ("e-CPF A1", "e-CPF", False),
        ("10h", "tarde", False),
    ],
)
def test_values_are_compared_without_case_accents_and_punctuation(wanted, found, expected):
    assert judge.same(wanted, found) is expected


def test_seed_zero_writes_as_the_file_has_it_and_others_keep_numbers():
    messages = ("quero comprar certificado", "12.345")

    assert customers.vary(messages, 0, random.Random(0)) == messages
    varied = [customers.vary(messages, 1, random.Random(seed)) for seed in range(50)]
    assert all("12.345" in "\n".join(one) for one in varied)
    assert len(set(varied)) > 3


def test_the_seeds_of_one_customer_are_no_independent_cases():
    once = share([("a", 1.0), ("b", 0.0), ("c", 1.0), ("d", 0.0)])
    often = share([("a", 1.0), ("b", 0.0), ("c", 1.0), ("d", 0.0)] * 3)

    assert (often.value, often.low, often.high) == (once.value, once.low, once.high)


def test_figures_of_turns():
    read = [
        ReadTurn("1", "v", frozenset({"Affirm"}), {"Affirm": 0.9}),
        ReadTurn("2", "v", frozenset({"Affirm", "Question"}), {"Affirm": 0.7}),
        ReadTurn("3", "v", frozenset({"Deny"}), {"Affirm": 0.5}),
    ]

    assert turns.exact_match(read) == pytest.approx(1 / 3)
    assert turns.micro_f1(read) == pytest.approx(4 / 7)
    assert turns.calibration_error(read) == pytest.approx((0.1 + 0.3 + 0.5) / 3)


def test_a_value_that_was_not_stored_is_not_misread():
    name = partial(ReadValue, "t1", "voz", "name", "Ana Souza")

    assert [name(stored).is_misread for stored in ("ana souza", "Souza", None)] == [
        False,
        True,
        False,
    ]
    assert [name(stored).is_right for stored in ("ana souza", "Souza", None)] == [
        True,
        False,
        False,
    ]


def test_figures_of_bubbles_count_lengths_crowds_and_second_greetings():
    played = [
        Played("c1", "voz", "lead", 0, Reading.GOLD, WELL, 4, 0, (10,) * 9 + (500,), 1, 2),
        Played("c2", "voz", "lead", 0, Reading.GOLD, WELL, 6, 0, (10,) * 10, 0, 1),
    ]

    found = of(Results(played=played), ["voz"])

    longest = found["customers, gold: characters that nine of ten bubbles do not pass"]
    crowded = found["customers, gold: turns with more than one bubble"]
    greeted = found["customers, gold: dialogues with a second greeting"]
    assert (longest.value, longest.cases) == (10, 20)
    assert (crowded.value, crowded.cases) == (1, 10)
    assert (greeted.value, greeted.cases) == (1, 2)
