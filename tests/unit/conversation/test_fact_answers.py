"""What facts say, put together by code."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from gatte.conversation.company_facts import (
    CompanyFacts,
    CompanyValue,
    Fact,
    FactKind,
    HolidayValue,
    HoursValue,
    PaymentValue,
    PriceValue,
)
from gatte.conversation.fact_answers import LONGEST_ANSWER, FactAnswer, answer
from gatte.conversation.fact_questions import QuestionContext, find
from gatte.conversation.price_answers import show_money

NOW = datetime(2026, 3, 11, 10, 20, tzinfo=ZoneInfo("America/Sao_Paulo"))
OPEN, CLOSED = HoursValue(spans=("08:00-12:00", "13:00-18:00")), HoursValue(spans=())
NEXT_YEAR = date(2027, 1, 1)
FACTS = (
    Fact(FactKind.COMPANY, "holidays_state", CompanyValue(text="SP")),
    *(Fact(FactKind.HOURS, day, OPEN) for day in ("seg", "ter", "qua", "qui", "sex")),
    Fact(FactKind.HOURS, "sab", CLOSED),
    Fact(FactKind.HOLIDAY, "2026-03-13", HolidayValue(name="Aniversário da cidade")),
    Fact(FactKind.PRICE, "a", PriceValue(product="e-CPF A1", amount=Decimal(150)), 4),
    Fact(
        FactKind.PRICE,
        "a",
        PriceValue(product="e-CPF A1", amount=Decimal(170)),
        valid_from=NEXT_YEAR,
    ),
    Fact(FactKind.PRICE, "b", PriceValue(product="e-CPF A3", amount=Decimal("219.90"))),
    Fact(
        FactKind.PAYMENT,
        "credit",
        PaymentValue(name="cartão", installments=3, interest_free=True),
    ),
    Fact(FactKind.PAYMENT, "cheque", PaymentValue(name="cheque", accepted=False)),
)


def told(text: str, now: datetime = NOW, facts: tuple[Fact, ...] = FACTS) -> FactAnswer:
    known = CompanyFacts(facts, seeded=True)
    questions = find(text, QuestionContext(now)).questions
    return answer(questions, known, known.business_hours(now.date()), now)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("vocês abrem amanhã?", "Amanhã atendemos das 8h às 12h e das 13h às 18h."),
        ("abre sexta?", "Sexta-feira (13/03) é feriado (Aniversário da cidade) e não abrimos."),
        ("abrem sábado?", "Sábado (14/03) não abrimos. Voltamos segunda-feira (16/03) às 8h."),
        ("fecha pro almoço?", "Fechamos para o almoço, das 12h às 13h."),
        ("tá aberto agora?", "Estamos abertos agora, até as 12h."),
        ("quanto custa o e-cpf a1?", "O e-CPF A1 custa R$ 150."),
        ("qual a diferença de preço do e-cpf a1 pro a3?", "a diferença é de R$ 69,90"),
        ("parcela em quantas vezes?", "No cartão você pode pagar em até 3 vezes sem juros."),
        ("em 3x quanto fica o e-cpf a1 no cartão?", "em 3 vezes fica R$ 50 por mês"),
        ("aceita cheque?", "Não aceitamos cheque. Aceitamos cartão."),
    ],
)
def test_the_shortest_sentence_answers(asked, sentence):
    assert sentence in told(asked).text


def test_a_price_of_a_later_day_holds_from_that_day():
    later = datetime(2027, 1, 2, 9, tzinfo=NOW.tzinfo)

    assert told("quanto custa o e-cpf a1?", later).text == "O e-CPF A1 custa R$ 170."


def test_the_rows_that_answered_are_told_with_their_versions():
    [used] = told("quanto custa o e-cpf a1?").used

    assert (used.kind, used.key, used.version) == (FactKind.PRICE, "a", 4)


def test_a_price_that_nobody_wrote_down_brings_a_person():
    unknown = told("quanto custa o e-cnpj a1?")

    assert "O preço de e-CNPJ A1 eu não tenho aqui" in unknown.text
    assert unknown.offers_person


def test_what_no_row_answers_is_left_to_the_articles():
    left = told("quanto tempo demora pra ficar pronto?")

    assert left.text == ""
    assert [one.topic for one in left.open_questions] == ["issue_time"]


def test_several_questions_are_one_short_answer():
    both = told("vocês abrem amanhã? quanto custa o e-cpf a1? aceita cheque? tá aberto agora?")

    assert "Amanhã atendemos" in both.text
    assert "R$ 150" in both.text
    assert len(both.text) <= LONGEST_ANSWER


def test_without_hours_the_company_never_closes():
    assert (
        told("abrem domingo?", facts=FACTS[:1]).text == "Atendemos todos os dias, a qualquer hora."
    )


def test_money_is_written_as_people_write_it():
    assert show_money(Decimal("1199")) == "R$ 1.199"
    assert show_money(Decimal("149.90")) == "R$ 149,90"
