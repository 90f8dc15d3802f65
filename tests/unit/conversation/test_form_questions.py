"""What customers say in a form beside its values: questions about what is asked, proposals, a
moment that they need, and that they have no code.
"""

from datetime import datetime

import pytest

from gatte.conversation.commands import OptOut, Question, SetSlot, StartFlow, TurnReading
from gatte.conversation.flows.identity import has_no_code
from gatte.conversation.parsing.answers import asks_for_a_moment
from gatte.conversation.parsing.names import parse_name
from gatte.conversation.rules import CommandWord, command_in, is_explicit
from gatte.conversation.snapshot import AppointmentFacts, MessagesReceived
from gatte.conversation.states import State
from tests.unit.conversation.simulated_conversation import (
    CNPJ,
    ECNPJ,
    ECPF,
    MONDAY,
    Talk,
    heard,
    tapped,
)

FRIDAY_14H = AppointmentFacts("a1", 1001, datetime(2026, 11, 27, 14, tzinfo=MONDAY.tzinfo))


def read_as(talk, text, *commands):
    return talk.takes(MessagesReceived((heard(text),), TurnReading(commands=commands)))


def buying():
    talk = Talk().sends(tapped("menu:buy"))
    return read_as(talk, "e-cnpj a1", SetSlot("product", "e-CNPJ A1"))


@pytest.mark.parametrize(
    "text",
    ["o meu ou o do meu pai?", "como assim nome completo, o meu ou da firma?", "pra que o nome?"],
)
def test_whose_name_it_is_is_told_and_the_name_asked_again(text):
    talk = read_as(buying(), text, Question(text))

    assert "quem vai usar o certificado" in talk.replied
    assert talk.replied.endswith("Qual é o seu nome completo?")
    assert talk.decision.question is None


def test_another_question_goes_to_the_knowledge_base():
    talk = read_as(buying(), "por que o A3 é mais caro?", Question("por que o A3 é mais caro?"))

    assert talk.decision.question == "por que o A3 é mais caro?"


@pytest.mark.parametrize("text", ["perai q saiu uma calabresa", "so um minutinho", "vou procurar"])
def test_who_asks_for_a_moment_gives_no_value(text):
    talk = read_as(buying(), "Ana Reis", SetSlot("name", "Ana Reis"))
    talk = read_as(talk, CNPJ, SetSlot("document", CNPJ))

    assert talk.snapshot.requested_slot == "company"
    assert "Sem pressa" in talk.says(text).replied
    assert "company" not in talk.snapshot.slots


def test_names_that_only_begin_like_a_wait_are_values():
    assert not asks_for_a_moment("Peralta Moura")
    assert not asks_for_a_moment("Espera Feliz Ltda")


def test_a_name_that_is_said_to_be_somebody_elses():
    assert parse_name("o nome dele é Sebastião Alves").value == "Sebastião Alves"
    assert parse_name("o nome do meu pai é José da Silva").value == "José da Silva"


@pytest.mark.parametrize(
    "text",
    ["não chegou código nenhum", "ninguém mandou nada", "esse telefone é o antigo", "perdi o chip"],
)
def test_who_has_no_code_gets_a_person_at_once(text):
    asked = Talk(State.COLLECTING, flow="certificate_status", requested_slot="identity_code")

    assert asked.says(text).state == State.WAITING_HUMAN


@pytest.mark.parametrize("text", ["123456", "calma, não achei ainda", "qual código?"])
def test_who_may_still_have_a_code_is_not_sent_away(text):
    assert not has_no_code(text)


def booking(day="2026-11-27"):
    slots = {"day": day}
    return Talk(State.COLLECTING, flow="schedule", requested_slot="period", slots=slots)


def test_a_question_that_names_an_hour_takes_it():
    talk = read_as(booking(), "posso ir às 10h?", Question("posso ir às 10h?"))

    assert talk.state == State.CONFIRMING
    assert talk.snapshot.slots["period"] == "10h"


def test_a_question_for_a_closed_day_is_told_so():
    talk = read_as(booking(), "tem domingo?", Question("tem domingo?"))

    assert "não atendemos" in talk.replied


def test_the_hours_of_the_chosen_day_are_told():
    talk = read_as(booking(), "que horas tem?", Question("que horas tem?"))

    assert "Sexta-feira, 27/11: atendemos das 8h às 18h" in talk.replied


def test_an_earlier_hour_keeps_the_chosen_day():
    talk = read_as(booking(), "15h", SetSlot("period", "15h"))

    talk.says("não, mais cedo, 10h")

    assert (talk.snapshot.slots["day"], talk.snapshot.slots["period"]) == ("2026-11-27", "10h")


def moving():
    return Talk(appointments=(FRIDAY_14H,)).says("quero remarcar meu horário")


def test_another_hour_alone_keeps_the_day_of_the_appointment():
    talk = moving().says("às 16h")

    assert talk.state == State.CONFIRMING
    assert talk.snapshot.slots["day"] == "2026-11-27"


def test_to_cancel_while_moving_asks_whether_the_appointment_shall_be_cancelled():
    talk = moving().says("não, é pra cancelar mesmo, remarco depois")

    assert talk.snapshot.flow == "cancel_appointment"
    assert not talk.effects


@pytest.mark.parametrize(
    "text",
    [
        "cancelar não hein, é só mudar",
        "não cancela, só muda o dia",
        "Ou será melhor cancelar? ... não, mantenho, só mudo a data. Dia 18.",
    ],
)
def test_a_cancellation_that_is_refused_while_moving_is_none(text):
    assert moving().says(text).snapshot.flow == "move_appointment"


@pytest.mark.parametrize("text", ["tá, desmarca", "pode tirar", "isso, cancela por favor"])
def test_a_cancellation_is_agreed_to_in_its_own_verb(text):
    talk = Talk(appointments=(FRIDAY_14H,)).says("quero desmarcar meu horário").says(text)

    assert talk.effect.appointment_id == "a1"


@pytest.mark.parametrize("text", ["melhor deixar, dou um jeito", "deixa ele aí", "eu vou sim"])
def test_a_cancellation_is_taken_back_in_ones_own_words(text):
    talk = Talk(appointments=(FRIDAY_14H,)).says("quero desmarcar meu horário").says(text)

    assert not talk.effects
    assert "continua marcado" in talk.replied


@pytest.mark.parametrize(
    "text",
    [
        "podem parar de me mandar aviso por favor",
        "só quero parar de receber os avisos",
        "me tira dos avisos",
        "para de me mandar aviso de vencimento por favor",
        "isso, não quero mais avisos",
    ],
)
def test_notices_are_left_in_so_many_words(text):
    assert command_in(text) is CommandWord.LEAVE
    assert is_explicit(text, CommandWord.LEAVE)


@pytest.mark.parametrize(
    "text", ["para de me mandar o menu", "não quero parar de receber avisos", "quero os avisos"]
)
def test_other_words_leave_no_notices(text):
    assert not is_explicit(text, CommandWord.LEAVE)


@pytest.mark.parametrize("text", ["isso, quero parar", "não, só parar os avisos", "sim pode tirar"])
def test_who_was_asked_leaves_the_notices_and_comes_back_to_the_form(text):
    talk = read_as(buying(), "chega disso", OptOut()).says(text)

    assert "não vai mais receber avisos" in talk.replied
    assert talk.replied.endswith("Qual é o seu nome completo?")


def test_who_keeps_the_notices_keeps_them():
    talk = read_as(buying(), "chega disso", OptOut()).says("não quero parar não")

    assert not talk.effects


def renewing(text, *certificates):
    talk = Talk(certificates=certificates)
    return read_as(talk, text, StartFlow("renewal"))


def test_a_renewal_names_the_certificate_that_the_wish_named():
    assert "e-CPF A3, que vale até 05/01/2028" in renewing("renovar o e-cpf", ECNPJ, ECPF).replied


def test_a_renewal_of_another_kind_is_none_of_the_known_certificates():
    assert renewing("renovar o e-cpf", ECNPJ).snapshot.slots["certificate"] == "other"


def test_a_renewal_for_somebody_else_asks_which_certificate():
    talk = renewing("quero renovar o do meu marido", ECNPJ)

    assert talk.snapshot.requested_slot == "certificate"


def test_who_renews_hears_when_it_ends():
    talk = renewing("renovar", ECNPJ)

    assert "10/12/2026" in read_as(talk, "que dia vence?", Question("que dia vence?")).replied


def test_a_ticket_keeps_the_story_that_was_told_with_the_wish():
    talk = Talk().says("formatei o pc e o certificado sumiu, quero abrir um chamado")

    assert talk.snapshot.slots["description"].startswith("formatei o pc")
    assert talk.says("abre um chamado").snapshot.requested_slot == "subject"
