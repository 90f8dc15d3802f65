"""Audio, images, documents, key files, passwords, stickers, places, reactions, deletions."""

import pytest

from gatte.conversation.commands import Outcome, RequestHuman, Resolution, Secret, TurnReading
from gatte.conversation.effects import AttachMedia, EraseMessage
from gatte.conversation.nlu import Intent, MessageKind
from gatte.conversation.snapshot import MessagesReceived
from gatte.conversation.states import Event, State
from tests.unit.conversation.simulated_conversation import TICKET, Talk, heard


def test_audio_without_a_transcript_asks_to_type():
    talk = Talk().sends(heard(kind=MessageKind.AUDIO))

    assert "escrever" in talk.replied


def test_audio_with_a_transcript_is_heard_like_text():
    assert (
        Talk()
        .sends(heard("quero comprar", Intent.BUY_CERTIFICATE, MessageKind.AUDIO))
        .snapshot.flow
        == "lead"
    )


@pytest.mark.parametrize(
    "kind",
    [
        MessageKind.STICKER,
        MessageKind.LOCATION,
        MessageKind.CONTACTS,
        MessageKind.ORDER,
        MessageKind.UNSUPPORTED,
    ],
)
def test_what_cannot_be_read_gets_a_helpful_answer(kind):
    talk = Talk().sends(heard(kind=kind))

    assert "escr" in talk.replied.casefold()
    assert talk.state == State.MENU


def test_in_a_flow_the_question_is_repeated():
    talk = (
        Talk()
        .says("quero um e-CPF A1", Intent.BUY_CERTIFICATE)
        .sends(heard(kind=MessageKind.STICKER))
    )

    assert "nome completo" in talk.replied
    assert len(talk.decision.replies) == 1


@pytest.mark.parametrize("kind", [MessageKind.REACTION, MessageKind.SYSTEM])
def test_signs_that_ask_for_nothing_get_nothing(kind):
    talk = Talk().says("oi").sends(heard("👍", kind=kind))

    assert talk.decision.replies == ()
    assert talk.decision.steps == ()


def test_a_deleted_message_is_erased_here_too():
    talk = (
        Talk()
        .says("oi")
        .sends(heard(kind=MessageKind.REVOKE, message_id="r", referenced_message_id="m7"))
    )

    assert talk.effects == (EraseMessage("m7", "deleted by the customer"),)
    assert talk.decision.replies == ()


@pytest.mark.parametrize(
    "named",
    [{"filename": "empresa.PFX"}, {"filename": "a.p12"}, {"mime_type": "application/x-pkcs12"}],
)
def test_a_key_file_is_refused_and_erased(named):
    talk = Talk().sends(heard(kind=MessageKind.DOCUMENT, message_id="key", **named))

    assert talk.effects == (EraseMessage("key", "key_file"),)
    assert "apaguei o arquivo" in talk.replied
    assert "attachments" not in talk.snapshot.slots


def test_a_password_is_erased_and_read_no_further():
    talk = Talk().says("oi").sends(heard("a senha do certificado é Gato#77", message_id="secret"))

    assert talk.effects == (EraseMessage("secret", "password"),)
    assert "Gato" not in str((talk.snapshot, talk.decision))
    assert "apaguei a mensagem" in talk.replied


def test_what_was_a_secret_stands_in_the_trace_without_its_words():
    talk = Talk(State.MENU).sends(
        heard(kind=MessageKind.DOCUMENT, message_id="key", filename="empresa.pfx"),
        heard("a senha do certificado é Gato#77", message_id="secret"),
        heard("quero falar com atendente"),
    )

    assert talk.decision.resolutions[:2] == (
        Resolution(Secret("key_file", "key"), Outcome.DONE),
        Resolution(Secret("password", "secret"), Outcome.DONE),
    )
    assert talk.replied.count("Por segurança") == 1
    assert talk.state == State.WAITING_HUMAN


def test_a_secret_that_only_a_model_saw_is_not_said_to_be_erased():
    reading = TurnReading(commands=(Secret("password"), RequestHuman()))
    talk = Talk(State.MENU).takes(MessagesReceived((heard("é gatinho"),), reading))

    assert "apaguei" not in talk.replied
    assert talk.state == State.WAITING_HUMAN


def test_a_password_after_a_pause_is_warned_of_before_the_form_goes_on():
    talk = Talk().taps("menu:ticket").says("erro na tela").sees(Event.TIMED_OUT)
    talk.sends(heard("a senha é 123456"), heard("oi"))

    assert talk.replied.startswith("Por segurança")
    assert "continuar" in talk.replied.casefold()


def test_a_password_in_a_flow_does_not_stop_it():
    talk = Talk().taps("menu:ticket").says("a senha é 123456")

    assert talk.snapshot.requested_slot == "subject"
    assert "assunto" in talk.replied


def test_a_document_without_a_flow_goes_to_the_open_ticket():
    talk = Talk(tickets=(TICKET,)).sends(
        heard(kind=MessageKind.DOCUMENT, filename="rg.pdf", message_id="d")
    )

    assert talk.effects == (AttachMedia(("d",)),)
    assert "nº 41" in talk.replied


def test_a_document_out_of_the_blue_is_kept_for_the_ticket_that_follows():
    talk = Talk().sends(heard(kind=MessageKind.IMAGE, message_id="d"))
    assert talk.titles == ["Abrir chamado", "Falar com atendente"]

    talk.taps_titled("Abrir chamado").says("erro na tela").says("aparece isso da foto").says(
        "normal"
    ).says("sim")

    assert talk.effect.message_ids == ("d",)


def test_a_caption_is_read():
    talk = Talk().sends(heard("quero renovar", Intent.RENEW_CERTIFICATE, MessageKind.IMAGE))

    assert talk.snapshot.flow == "renewal"
