"""Which facts a text asks for, on wordings of several voices; every second one was kept apart while
the expressions were written.
"""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gatte.conversation.fact_questions import FactQuestion, QuestionContext, find

NOW = datetime(2026, 3, 11, 10, 20, tzinfo=ZoneInfo("America/Sao_Paulo"))
LINES = (
    (Path(__file__).parent / "data" / "fact_wordings.txt").read_text(encoding="utf-8").splitlines()
)


def context(former: str = "", **more: bool) -> QuestionContext:
    topic, _, product = former.partition(":")
    return QuestionContext(NOW, topic, (product,) if product else (), **more)


def topics(text: str, **more: bool) -> list[str]:
    return [one.topic.value for one in find(text, context(**more)).questions]


def is_read_rightly(line: str) -> bool:
    """Whether a line (voice, text, what it asks, what was asked before) is read as it says."""
    _, text, wanted, *former = line.split("|")
    expected = [] if wanted == "none" else [one.partition(":") for one in wanted.split("+")]
    found = find(text, context(*former)).questions
    by_topic = {one.topic.value: one for one in found}
    return sorted(by_topic) == sorted(topic for topic, _, _ in expected) and all(
        not detail or detail in named_in(by_topic[topic]) for topic, _, detail in expected
    )


def named_in(question: FactQuestion) -> set[str]:
    return {str(question.day), question.detail, *question.products}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("vocês abrem sábado de manhã?", "2026-03-14"),
        ("abrem amanhã ou sábado?", "None"),
        ("que horas vocês abrem essa semana?", "None"),
        ("amanhã não, sexta vocês abrem?", "2026-03-13"),
    ],
)
def test_hours_are_asked_of_one_day_or_of_the_week(text, day):
    [asked] = find(text, context()).questions

    assert (asked.topic.value, str(asked.day)) == ("hours", day)


@pytest.mark.parametrize(("first", "floor"), [(0, 0.95), (1, 0.92)])
def test_wordings_of_many_voices_are_read_rightly(first, floor):
    lines = LINES[first::2]
    wrong = [line for line in lines if not is_read_rightly(line)]

    assert len(lines) >= 80
    assert 1 - len(wrong) / len(lines) >= floor, wrong


@pytest.mark.parametrize(
    "text",
    [
        "o horário da videoconferência pode mudar?",
        "abre um chamado pra mim",
        "quero marcar sábado de manhã",
        "paguei no pix e não recebi nada",
        "mudei de endereço, preciso de outro certificado?",
        "por quanto tempo vale o certificado?",
    ],
)
def test_look_alikes_ask_for_no_fact(text):
    assert topics(text) == []


def test_a_name_of_a_company_in_a_form_is_no_question():
    assert topics("Preço Bom Calçados", in_form=True) == []
    assert topics("Boleto Fácil Serviços", in_form=True) == []


def test_the_queue_is_asked_for_only_by_who_waits():
    assert topics("tem alguém aí?", waiting=True) == ["queue"]
    assert topics("tem alguém aí?") == []


def test_a_clause_that_asks_something_else_is_left_over():
    read = find("vocês abrem sábado? e quais documentos eu levo?", context())

    assert [one.topic.value for one in read.questions] == ["hours"]
    assert read.rest == ("e quais documentos eu levo?",)
