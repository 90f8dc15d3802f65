"""Who asks from another number: a code is asked for, and only its return tells anything."""

from dataclasses import replace

import pytest

from gatte.conversation.effects import IdentitySubject, SendIdentityCode
from gatte.conversation.flows.identity import code_in
from gatte.conversation.nlu import Intent
from gatte.conversation.snapshot import IdentityFacts, IdentityState, TicketFacts
from gatte.conversation.states import State
from tests.unit.conversation.simulated_conversation import CNPJ, CPF, ECNPJ, ECPF, KNOWN, Talk

STATUS = Intent.CERTIFICATE_STATUS
THEIRS = replace(ECPF, document=CPF)


def asked(document: str = CPF) -> Talk:
    return Talk().says("quando vence meu certificado?", STATUS).says(document)


def checked(talk: Talk, state: IdentityState, *certificates, tickets=()) -> Talk:
    """The conversation once the tables say this of the code."""
    talk.snapshot = replace(talk.snapshot, identity=IdentityFacts(state, certificates, tickets))
    return talk


def test_a_code_is_sent_and_asked_for_and_nothing_is_told():
    talk = asked()

    assert talk.effect == SendIdentityCode(IdentitySubject.CERTIFICATES, CPF)
    assert "código de 6 números" in talk.replied
    assert (talk.state, talk.snapshot.requested_slot) == (State.COLLECTING, "identity_code")
    assert talk.titles == ["Falar com atendente"]


def test_the_right_code_tells_the_certificates_of_that_document_alone():
    other = replace(ECNPJ, document=CNPJ)
    talk = checked(asked(), IdentityState.PROVEN, THEIRS, other).says("123 456")

    assert "05/01/2028" in talk.replied
    assert "Padaria" not in talk.replied
    assert talk.state == State.MENU


def test_a_proof_holds_for_the_next_question_too():
    talk = checked(asked(), IdentityState.PROVEN, THEIRS).says("123456")

    again = talk.says("quando vence meu certificado?", STATUS).says(CPF)

    assert "05/01/2028" in again.replied
    assert not again.decision.effects


def test_a_wrong_code_is_refused_and_in_the_end_a_person_comes():
    talk = checked(asked(), IdentityState.PENDING)

    assert "Esse código não confere" in talk.says("111111").replied
    for guess in ("222222", "333333", "444444", "555555"):
        talk.says(guess)
    assert talk.state == State.WAITING_HUMAN


def test_a_code_that_came_too_late_tells_nothing_and_offers_a_person():
    talk = checked(asked(), IdentityState.OVER).says("123456")

    assert "Não consegui confirmar" in talk.replied
    assert talk.titles == ["Falar com atendente", "Ver menu"]


def test_another_document_is_asked_for_with_another_code():
    talk = checked(asked(), IdentityState.PENDING)

    talk.says(f"na verdade o documento é {CNPJ}")

    assert talk.effect == SendIdentityCode(IdentitySubject.CERTIFICATES, CNPJ)


def test_a_ticket_of_another_number_needs_a_code():
    talk = Talk(tickets=(TicketFacts(41, "Token", "open"),)).says(
        "quero acompanhar o chamado nº 99", Intent.TICKET_STATUS
    )
    assert talk.effect == SendIdentityCode(IdentitySubject.TICKET, "99")

    known = (TicketFacts(98, "Boleto", "open"), TicketFacts(99, "Instalação", "solved"))
    checked(talk, IdentityState.PROVEN, tickets=known).says("654321")

    assert "Instalação: resolvido" in talk.replied
    assert "Boleto" not in talk.replied


def test_the_registered_contact_needs_none():
    talk = Talk(contact=KNOWN, certificates=(ECPF,)).says("quando vence meu certificado?", STATUS)

    assert "05/01/2028" in talk.replied
    assert not talk.decision.effects


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("123456", "123456"),
        ("o código é 123 456.", "123456"),
        ("123-456", "123456"),
        ("007001 e de novo 007001", "007001"),
        ("123456 ou 654321", None),
        ("529.982.247-25", None),
        ("5541999990000", None),
        ("12345", None),
        ("R$ 123.456,00", None),
        ("", None),
    ],
)
def test_a_code_in_a_text(text, code):
    assert code_in(text) == code
