import pytest
from sqlalchemy import select

from gatte.conversation.replies import Buttons, Menu, Option
from gatte.extensions import db
from gatte.intake import filing, identity, inbox
from gatte.models import Conversation, DeliveryState, InboxMessage, Message
from gatte.whatsapp.events import Sender

MARINA, ROGERIO, BEATRIZ = "5511970000101", "5521970000102", "5531970000103"


def arrived(app):
    """What lies in the inbox, oldest first, as Meta's messages."""
    with app.app_context():
        rows = db.session.scalars(select(InboxMessage).where(InboxMessage.filed_at.is_(None)).order_by(InboxMessage.id))
        return [inbox.open_payload(row.wamid_hash, row.payload)["raw"]["message"] for row in rows]


def file_all(app, phone):
    """File what lies in the inbox, as a worker would; the conversation of the customer with this phone."""
    with app.app_context():
        ours = identity.sender_hash(Sender(phone))
        waiting = db.session.execute(select(InboxMessage.phone_number_id, InboxMessage.sender_hash).where(InboxMessage.filed_at.is_(None)))
        filed = {sender: filing.file_sender(number, sender).conversation_id for number, sender in {tuple(row) for row in waiting}}
        db.session.commit()
        return filed.get(ours)


def test_what_is_written_goes_the_way_of_a_message(app, agent):
    answer = agent.press("/panel/simulador/mensagens?cliente=0", texto="oi, *tudo bem*?")

    assert "<strong>tudo bem</strong>" in answer.text
    assert "digitando…" in answer.text
    message = arrived(app)[-1]
    assert (message["from"], message["text"]["body"]) == ("5511970000101", "oi, *tudo bem*?")


def test_an_empty_message_sends_nothing(app, agent):
    before = len(arrived(app))
    agent.press("/panel/simulador/mensagens?cliente=0", texto="  ")

    assert len(arrived(app)) == before


@pytest.mark.parametrize(
    ("attachment", "kind"),
    [("imagem", "image"), ("audio", "audio"), ("documento", "document"), ("localizacao", "location"), ("figurinha", "sticker")],
)
def test_attachments_are_sent_by_kind(app, agent, attachment, kind):
    agent.press("/panel/simulador/mensagens?cliente=1", anexo=attachment)

    assert arrived(app)[-1]["type"] == kind


def test_buttons_and_rows_can_be_tapped(app, agent, desk):
    agent.press("/panel/simulador/mensagens?cliente=2", texto="oi")
    conversation = file_all(app, BEATRIZ)
    buttons = desk.answers(conversation, Buttons("Confirma?", (Option("yes", "Sim, confirmo"),)))
    menu = desk.answers(conversation, Menu("O que deseja?", "Ver opções", (Option("buy", "Comprar", "e-CPF e e-CNPJ"),)))

    page = agent.get("/panel/simulador?cliente=2").text
    assert "Sim, confirmo" in page
    assert "Ver opções" in page
    agent.press("/panel/simulador/mensagens?cliente=2", escolha="yes", resposta=str(buttons))
    agent.press("/panel/simulador/mensagens?cliente=2", escolha="buy", resposta=str(menu))
    taps = [message["interactive"] for message in arrived(app)[-2:]]
    assert taps[0] == {"type": "button_reply", "button_reply": {"id": "yes", "title": "Sim, confirmo"}}
    assert taps[1]["list_reply"] == {"id": "buy", "title": "Comprar", "description": "e-CPF e e-CNPJ"}


def test_a_tap_on_what_was_not_offered_is_refused(app, agent, desk):
    agent.press("/panel/simulador/mensagens?cliente=2", texto="oi")
    answer = desk.answers(file_all(app, BEATRIZ), Buttons("Confirma?", (Option("yes", "Sim"),)))

    assert agent.press("/panel/simulador/mensagens?cliente=2", escolha="other", resposta=str(answer)).status_code == 404
    assert agent.press("/panel/simulador/mensagens?cliente=0", escolha="yes", resposta=str(answer)).status_code == 404
    assert agent.press("/panel/simulador/mensagens?cliente=2", escolha="yes", resposta="nada").status_code == 404


def test_an_answer_shows_when_it_has_arrived_and_is_then_read(app, agent, desk):
    agent.press("/panel/simulador/mensagens?cliente=0", texto="oi")
    conversation = file_all(app, MARINA)
    desk.answers(conversation, "ainda na fila", DeliveryState.PENDING)
    answer = desk.answers(conversation, "já chegou", DeliveryState.ACCEPTED, wamid="wamid.SIMx")

    page = agent.get("/panel/simulador?cliente=0").text
    assert "já chegou" in page
    assert "ainda na fila" not in page
    with app.app_context():
        news = db.session.execute(db.text("SELECT outbox_id::text, status FROM status_event")).all()
    assert (str(answer), "read") in [tuple(row) for row in news]


def test_a_new_customer_has_a_name_and_a_number_of_its_own(agent):
    agent.get("/panel/simulador")
    answer = agent.post("/panel/simulador/clientes", nome="  Dona <b>Zuleica</b>  ")

    page = agent.get(answer.location).text
    assert "Celular de Dona bZuleicab" in page


def test_two_messages_of_one_customer_stand_in_one_conversation(app, agent):
    for text in ("um", "dois"):
        agent.press("/panel/simulador/mensagens?cliente=1", texto=text)
        file_all(app, ROGERIO)
    with app.app_context():
        found = [row.conversation_id for row in db.session.scalars(select(Message)) if row.body in {"um", "dois"}]
        assert len(set(found)) == 1
        assert db.session.get(Conversation, found[0]).phone_number_id == "simulator"
