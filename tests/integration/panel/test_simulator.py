import pytest
from sqlalchemy import select

from gatte.conversation.replies import ButtonsReply, MenuReply, ReplyOption
from gatte.delivery import SIMULATOR_NUMBER, client_for
from gatte.extensions import db
from gatte.intake import contact_identity, inbox_processor
from gatte.intake import receive as inbox
from gatte.models import Conversation, DeliveryState, IdentityKind, InboxMessage, Message
from gatte.web.panel.simulator import DEFAULT_CONTACTS
from gatte.whatsapp import simulator
from gatte.whatsapp.events import Sender
from gatte.whatsapp.simulator import SimulatedContact, SimulatorClient
from tests.app_fixture import application
from tests.integration.panel.conftest import Browser, forget_attempts

MARINA, ROGERIO, BEATRIZ, CAIO = DEFAULT_CONTACTS
REAL_NUMBER = "106540352242922"


def arrived(app):
    """What lies in the inbox, oldest first, as Meta's messages."""
    with app.app_context():
        rows = db.session.scalars(
            select(InboxMessage)
            .where(InboxMessage.processed_at.is_(None))
            .order_by(InboxMessage.id)
        )
        return [
            inbox.decrypt_payload(row.wamid_hash, row.payload)["raw"]["message"] for row in rows
        ]


def file_all(app, customer, number=SIMULATOR_NUMBER):
    """File what lies in the inbox, as a worker would; the conversation of this customer."""
    with app.app_context():
        ours = contact_identity.sender_hash(
            Sender(customer.phone, customer.user_id), phone_number_id=number
        )
        waiting = db.session.execute(
            select(InboxMessage.phone_number_id, InboxMessage.sender_hash).where(
                InboxMessage.processed_at.is_(None)
            )
        )
        filed = {
            sender: inbox_processor.process_sender(number, sender).conversation_id
            for number, sender in {tuple(row) for row in waiting}
        }
        db.session.commit()
        return filed.get(ours)


def test_what_is_written_goes_the_way_of_a_message(app, agent):
    answer = agent.press("/panel/simulador/mensagens?cliente=0", texto="oi, *tudo bem*?")

    assert "<strong>tudo bem</strong>" in answer.text
    assert "digitando…" in answer.text
    message = arrived(app)[-1]
    assert (message["from"], message["text"]["body"]) == (MARINA.phone, "oi, *tudo bem*?")


def test_an_empty_message_sends_nothing(app, agent):
    before = len(arrived(app))
    agent.press("/panel/simulador/mensagens?cliente=0", texto="  ")

    assert len(arrived(app)) == before


@pytest.mark.parametrize(
    ("attachment", "kind"),
    [
        ("imagem", "image"),
        ("audio", "audio"),
        ("documento", "document"),
        ("localizacao", "location"),
        ("figurinha", "sticker"),
    ],
)
def test_attachments_are_sent_by_kind(app, agent, attachment, kind):
    agent.press("/panel/simulador/mensagens?cliente=1", anexo=attachment)

    assert arrived(app)[-1]["type"] == kind


def test_buttons_and_rows_can_be_tapped(app, agent, desk):
    agent.press("/panel/simulador/mensagens?cliente=2", texto="oi")
    conversation = file_all(app, BEATRIZ)
    buttons = desk.answers(
        conversation, ButtonsReply("Confirma?", (ReplyOption("yes", "Sim, confirmo"),))
    )
    row = ReplyOption("buy", "Comprar", "e-CPF e e-CNPJ")
    menu = desk.answers(
        conversation, MenuReply("O que deseja?", "Ver opções", (row,)), wamid="wamid.SIMmenu"
    )

    page = agent.get("/panel/simulador?cliente=2").text
    assert "Sim, confirmo" in page
    assert "Ver opções" in page
    agent.press("/panel/simulador/mensagens?cliente=2", escolha="yes", resposta=str(buttons))
    agent.press("/panel/simulador/mensagens?cliente=2", escolha="buy", resposta=str(menu))
    taps = [message["interactive"] for message in arrived(app)[-2:]]
    assert taps[0] == {
        "type": "button_reply",
        "button_reply": {"id": "yes", "title": "Sim, confirmo"},
    }
    assert taps[1]["list_reply"] == {
        "id": "buy",
        "title": "Comprar",
        "description": "e-CPF e e-CNPJ",
    }
    assert arrived(app)[-1]["context"] == {"from": simulator.COMPANY_PHONE, "id": "wamid.SIMmenu"}


def test_a_tap_on_what_was_not_offered_is_refused(app, agent, desk):
    agent.press("/panel/simulador/mensagens?cliente=2", texto="oi")
    answer = desk.answers(
        file_all(app, BEATRIZ), ButtonsReply("Confirma?", (ReplyOption("yes", "Sim"),))
    )

    assert (
        agent.press(
            "/panel/simulador/mensagens?cliente=2", escolha="other", resposta=str(answer)
        ).status_code
        == 404
    )
    assert (
        agent.press(
            "/panel/simulador/mensagens?cliente=0", escolha="yes", resposta=str(answer)
        ).status_code
        == 404
    )
    assert (
        agent.press(
            "/panel/simulador/mensagens?cliente=2", escolha="yes", resposta="nada"
        ).status_code
        == 404
    )


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
        found = [
            row.conversation_id
            for row in db.session.scalars(select(Message))
            if row.body in {"um", "dois"}
        ]
        assert len(set(found)) == 1
        assert db.session.get(Conversation, found[0]).phone_number_id == "simulator"


def receive(app, customer, number):
    """The contact to whom a message of Meta's from this customer is filed."""
    with app.app_context():
        inbox.store_webhook(
            simulator.encode(
                simulator.customer_message_body(number, customer, simulator.text_message("oi"))
            )
        )
    conversation = file_all(app, customer, number)
    with app.app_context():
        return db.session.get(Conversation, conversation).contact_id


@pytest.mark.parametrize("customer", [MARINA, CAIO, SimulatedContact(MARINA.phone, "Só telefone")])
def test_a_real_message_of_the_same_phone_or_id_is_another_person(app, customer):
    simulated = receive(app, customer, SIMULATOR_NUMBER)
    real = receive(app, customer, REAL_NUMBER)

    assert real != simulated
    assert receive(app, customer, SIMULATOR_NUMBER) == simulated
    assert receive(app, customer, REAL_NUMBER) == real


def test_the_simulator_shows_nothing_of_a_real_conversation(app, agent):
    secret = simulator.customer_message_body(
        REAL_NUMBER, MARINA, simulator.text_message("só para a empresa")
    )
    with app.app_context():
        inbox.store_webhook(simulator.encode(secret))
    file_all(app, MARINA, REAL_NUMBER)

    assert "só para a empresa" not in agent.get("/panel/simulador?cliente=0").text


def test_a_document_told_in_the_simulator_is_not_that_of_a_real_person(context):
    told = [
        contact_identity.hash_of(IdentityKind.DOCUMENT, "52998224725", number)
        for number in (SIMULATOR_NUMBER, REAL_NUMBER)
    ]

    assert told[0] != told[1]


def test_with_a_token_only_the_simulators_own_number_stays_here(database_url, redis_url):
    with (
        application(database_url, redis_url, whatsapp_access_token="token") as app,
        app.app_context(),
    ):
        assert isinstance(client_for(SIMULATOR_NUMBER), SimulatorClient)
        assert not isinstance(client_for(REAL_NUMBER), SimulatorClient)


def test_no_customer_of_the_simulator_has_a_phone_that_can_exist(agent, app):
    made = agent.post("/panel/simulador/clientes", nome="Zuleica")
    agent.press(f"/panel/simulador/mensagens{made.location.partition('simulador')[2]}", texto="oi")

    phones = [customer.phone for customer in DEFAULT_CONTACTS if customer.phone] + [
        arrived(app)[-1]["from"]
    ]
    assert all(phone.startswith("5500") for phone in phones)


def test_a_customer_without_a_phone_is_served_too(app, agent, desk):
    agent.press("/panel/simulador/mensagens?cliente=3", texto="oi, sou o Caio")
    conversation = file_all(app, CAIO)
    desk.answers(conversation, "olá, Caio", DeliveryState.ACCEPTED, wamid="wamid.SIMcaio")

    page = agent.get("/panel/simulador?cliente=3").text
    assert "oi, sou o Caio" in page
    assert "olá, Caio" in page
    assert "sem telefone" in page


PRODUCTION = {
    "gatte_env": "production",
    "secret_key": "pZ4vR8nKq2WxT7mYc1LdJ5sHf9BgE3uA-oQ6iXyN",
}


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        (PRODUCTION, False),
        ({**PRODUCTION, "gatte_simulator": True}, True),
        ({"gatte_simulator": False}, False),
    ],
)
def test_in_production_there_is_no_simulator_unless_it_is_asked_for(
    database_url, redis_url, users, settings, there
):
    with application(database_url, redis_url, **settings) as app:
        forget_attempts(app)
        app.config["SESSION_COOKIE_SECURE"] = False
        if app.extensions["gatte_settings"].production:
            app.config["PREFERRED_URL_SCHEME"] = "https"
            app.config["WTF_CSRF_SSL_STRICT"] = False  # the test's client sends no Referer
        person = Browser(app.test_client())
        assert person.log_in("ana@empresa.example").status_code == 303

        assert ("Simulador" in person.get("/panel/sessoes").text) is there
        assert (person.get("/panel/simulador").status_code == 200) is there
        assert (person.post("/panel/simulador/mensagens", texto="oi").status_code != 404) is there
