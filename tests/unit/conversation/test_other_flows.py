"""Renewal, status of a certificate, tickets, appointments, data rights, notices."""

from datetime import date, time

import pytest

from gatte.conversation.effects import (
    AppointmentKind,
    BookAppointment,
    CaptureLead,
    CorrectData,
    EraseData,
    ExportData,
    OpenTicket,
    ResumeNotices,
    StopNotices,
    Urgency,
)
from gatte.conversation.nlu import Intent, MessageKind
from gatte.conversation.replies import TICKET_NUMBER
from gatte.conversation.snapshot import ContactFacts, TicketFacts
from gatte.conversation.states import State
from tests.unit.conversation.simulated_conversation import (
    CNPJ,
    CPF,
    ECNPJ,
    ECPF,
    EXPIRED,
    KNOWN,
    TICKET,
    Talk,
    heard,
)

RENEW, STATUS = Intent.RENEW_CERTIFICATE, Intent.CERTIFICATE_STATUS


def test_the_only_certificate_of_a_known_contact_is_renewed_with_one_yes():
    talk = Talk(contact=KNOWN, certificates=(ECNPJ,)).says("quero renovar", RENEW)
    assert talk.state == State.CONFIRMING

    talk.says("isso")

    assert talk.effect == CaptureLead(
        "João da Silva", "e-CNPJ A1", CPF, None, "joao@x.com", renewal_of="c1"
    )


def test_of_several_certificates_the_customer_picks_one():
    talk = Talk(contact=KNOWN, certificates=(ECNPJ, ECPF)).says("quero renovar", RENEW)
    assert talk.titles == ["e-CNPJ A1 · 10/12/26", "e-CPF A3 · 05/01/28", "Outro certificado"]

    talk.says("o e-CPF").says("sim")

    assert talk.effect.renewal_of == "c2"


def test_a_certificate_that_we_do_not_know_is_described():
    talk = (
        Talk()
        .says("quero renovar meu e-CPF A3", RENEW)
        .says("Ana Lima")
        .says(CPF)
        .says("ana@x.com")
        .says("sim")
    )

    assert talk.effect == CaptureLead("Ana Lima", "e-CPF A3", CPF, None, "ana@x.com", None)


def test_the_registered_contact_hears_when_the_certificate_ends():
    talk = Talk(certificates=(ECPF,)).says("quando vence meu certificado?", STATUS)

    assert "05/01/2028" in talk.replied
    assert talk.state == State.MENU


def test_a_certificate_near_its_end_comes_with_an_offer_to_renew():
    talk = Talk(certificates=(ECNPJ,)).says("quando vence?", STATUS)
    assert "faltam 17 dias" in talk.replied

    talk.taps_titled("Quero renovar")

    assert talk.snapshot.flow == "renewal"


def test_an_expired_certificate_is_called_so():
    assert (
        "venceu em 20/11/2026"
        in Talk(certificates=(EXPIRED,)).says("quando vence?", STATUS).replied
    )


@pytest.mark.parametrize("contact", [ContactFacts(), KNOWN])
def test_nobody_else_hears_anything_of_a_certificate_not_even_that_it_exists(contact):
    answers = {
        Talk(contact=contact).says("quando vence meu certificado?", STATUS).says(document).replied
        for document in (CPF, CNPJ)
    }

    assert len(answers) == 1
    assert "Por segurança" in answers.pop()


def test_a_registered_contact_who_asks_for_another_document_hears_nothing():
    talk = Talk(contact=KNOWN, certificates=(ECPF,)).says(
        f"quando vence o certificado do cnpj {CNPJ}?", STATUS
    )

    assert "Por segurança" in talk.replied
    assert "2028" not in talk.replied


def test_an_unknown_document_is_told_apart_from_an_invalid_one():
    talk = Talk().says("quando vence meu certificado?", STATUS).says("529.982.247-26")
    assert "não confere" in talk.replied

    talk.says(CPF)

    assert "só informo os dados" in talk.replied


def ticket() -> Talk:
    return (
        Talk()
        .taps("menu:ticket")
        .says("token não reconhecido")
        .says("o computador não mostra o token")
    )


def test_a_ticket_is_opened_after_a_yes():
    talk = ticket().says("urgente").says("sim")

    assert talk.effect == OpenTicket(
        "token não reconhecido", "o computador não mostra o token", Urgency.HIGH
    )


def test_who_tells_it_all_at_once_is_not_asked_again():
    story = (
        "O token não é reconhecido pelo computador desde ontem, "
        "já reinstalei o driver e nada mudou."
    )
    talk = Talk().taps("menu:ticket").says(story)

    assert talk.snapshot.requested_slot == "urgency"
    assert talk.snapshot.slots["description"] == story
    assert len(talk.snapshot.slots["subject"]) <= 80


def test_a_story_may_hold_what_looks_like_another_wish():
    talk = Talk().taps("menu:ticket").sends(heard("preciso renovar e o site dá erro", RENEW))

    assert talk.snapshot.flow == "ticket"
    assert talk.snapshot.slots["subject"] == "preciso renovar e o site dá erro"


def test_a_photo_goes_with_the_ticket():
    talk = ticket().sends(heard(kind=MessageKind.IMAGE, message_id="photo"))
    assert "Recebi o arquivo" in talk.replied
    assert talk.snapshot.requested_slot == "urgency"

    talk.says("normal").says("sim")

    assert talk.effect.message_ids == ("photo",)


def test_a_ticket_is_asked_for_in_words():
    assert Talk().says("quero abrir um chamado").snapshot.flow == "ticket"


def test_the_contact_hears_of_the_own_tickets_only():
    talk = Talk(tickets=(TICKET, TicketFacts(40, "Boleto", "solved"))).says(
        "como está meu chamado?", Intent.TICKET_STATUS
    )
    assert "Nº 41" in talk.replied
    assert "resolvido" in talk.replied

    talk.says("e o chamado 99?", Intent.TICKET_STATUS)

    assert "Não encontrei esse chamado neste contato" in talk.replied


def test_without_a_ticket_one_can_be_opened():
    talk = Talk().says("meu chamado").taps_titled("Abrir chamado")

    assert talk.snapshot.flow == "ticket"


def test_an_appointment_in_one_sentence():
    talk = Talk().says("quero agendar videoconferência sexta 14h", Intent.SCHEDULE)
    assert "sexta-feira, 27/11" in talk.replied

    talk.says("pode ser")

    assert talk.effect == BookAppointment(date(2026, 11, 27), time(14), AppointmentKind.VIDEO)


def test_day_and_period_are_asked_for_one_by_one():
    talk = Talk().taps("menu:schedule")
    assert talk.titles == ["Terça, 24/11", "Quarta, 25/11", "Quinta, 26/11"]

    talk.says("amanhã").taps_titled("À tarde").says("sim")

    assert talk.effect == BookAppointment(date(2026, 11, 24), time(13))


def test_a_day_that_cannot_be_is_explained():
    assert "já passou" in Talk().taps("menu:schedule").says("ontem").replied
    assert "domingo" in Talk().taps("menu:schedule").says("domingo que vem").replied


def test_an_hour_of_today_that_has_passed_is_explained():
    assert "já é tarde" in Talk().taps("menu:schedule").says("hoje").says("9h").replied


def test_the_day_is_changed_while_confirming():
    talk = Talk().taps("menu:schedule").says("sexta 14h").says("melhor quinta")

    assert talk.snapshot.slots["day"] == "2026-11-26"
    assert talk.state == State.CONFIRMING


def test_a_contact_sees_the_own_data_masked():
    talk = Talk(contact=KNOWN, certificates=(ECPF,)).taps("menu:data").says("ver meus dados")

    assert "João da Silva" in talk.replied
    assert CPF not in talk.replied
    assert CPF[-4:] in talk.replied


def test_data_is_erased_only_after_a_yes():
    talk = Talk().says("quero apagar meus dados", Intent.DATA_RIGHTS)
    assert talk.effects == ()
    assert "não pode ser desfeito" in talk.replied

    assert talk.says("sim").effect == EraseData()


def test_no_erasure_is_promised_but_a_request_with_its_number_and_term():
    talk = Talk().says("quero apagar meus dados", Intent.DATA_RIGHTS).says("sim")

    assert f"nº *{TICKET_NUMBER}*" in talk.replied
    assert "15 dias" in talk.replied
    assert "serão apagados" not in talk.replied


def test_a_no_to_the_erasure_ends_it():
    talk = Talk().says("quero apagar meus dados", Intent.DATA_RIGHTS).says("não")

    assert talk.effects == ()
    assert talk.state == State.MENU
    assert talk.snapshot.flow is None


def test_a_copy_is_asked_for():
    assert Talk().taps("menu:data").says("quero uma cópia").says("sim").effect == ExportData()


def test_a_registered_value_is_corrected():
    talk = Talk().taps("menu:data").says("corrigir").says("o e-mail").says("novo@y.com").says("sim")

    assert talk.effect == CorrectData("email", "novo@y.com")


def test_another_field_needs_another_value():
    talk = (
        Talk()
        .taps("menu:data")
        .says("corrigir")
        .says("o e-mail")
        .says("novo@y.com")
        .taps("fix:field")
        .says("cpf")
    )

    assert talk.snapshot.requested_slot == "value"
    assert talk.says(CPF).says("sim").effect == CorrectData("document", CPF)


def test_leaving_and_coming_back():
    talk = Talk().says("SAIR")
    assert talk.effect == StopNotices()

    assert talk.taps_titled("Voltar a receber").effect == ResumeNotices()
