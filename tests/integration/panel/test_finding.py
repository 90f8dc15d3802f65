"""Finding a conversation: every one is on some page, closed ones have a tab, and people are found
by what they are known by.
"""

import base64
import re
import time
from urllib.parse import unquote

import pytest

from gatte.extensions import db
from gatte.intake import contact_identity
from gatte.models import Contact, ContactIdentity, Conversation, IdentityKind, Ticket, keyring
from gatte.web.panel import search
from gatte.web.panel.paging import PAGE
from tests.integration.panel.factories import minutes_ago


def names(page):
    return re.findall(r'class="row-name">([^<]+)<', page.text)


def all_names(agent, path):
    found = []
    while path:
        page = agent.get(path)
        found += names(page)
        assert len(names(page)) <= PAGE
        more = re.search(r'id="page-more"[^>]*href="([^"]+)"', page.text)
        path = more and more[1].replace("&amp;", "&")
    return found


@pytest.mark.parametrize("waiting", [PAGE, PAGE + 7])
def test_all_who_wait_are_on_some_page_before_all_others(agent, desk, waiting):
    for number in range(waiting):
        desk.conversation(
            f"Espera {waiting} {number}", "STATE_WAITING_HUMAN", waiting_minutes=500 - number
        )
    others = [f"Outra {waiting} {number}" for number in range(3)]
    for name in others:
        desk.conversation(name)

    found = [name for name in all_names(agent, "/panel/sessoes") if f" {waiting} " in name]
    assert found[:waiting] == [f"Espera {waiting} {number}" for number in range(waiting)]
    assert sorted(found[waiting:]) == others


def test_a_page_of_the_queue_goes_on_when_its_last_one_was_taken(app, agent, desk):
    for number in range(PAGE + 2):
        desk.conversation(f"Fila {number}", "STATE_WAITING_HUMAN", waiting_minutes=9000 - number)
    page = agent.get("/panel/sessoes?filtro=aguardando")
    last = re.findall(r'id="session-([^"]+)"', page.text)[-1]
    agent.press(f"/panel/sessoes/{last}/assumir")

    more = re.search(r'id="page-more"[^>]*href="([^"]+)"', page.text)[1].replace("&amp;", "&")
    assert names(agent.get(more))[:2] == [f"Fila {PAGE}", f"Fila {PAGE + 1}"]


def test_closed_conversations_have_a_tab_the_latest_first(agent, desk):
    desk.conversation("Encerrada antes", "STATE_CLOSED", closed_at=minutes_ago(9), active_minutes=1)
    desk.conversation("Encerrada agora", "STATE_CLOSED", closed_at=minutes_ago(1), active_minutes=9)
    desk.conversation("Ainda aberta")

    page = agent.get("/panel/sessoes?filtro=encerradas")
    assert names(page) == ["Encerrada agora", "Encerrada antes"]
    assert (
        'id="tab-encerradas" class="tab" href="/panel/sessoes?filtro=encerradas" '
        'aria-current="true"' in page.text
    )


def test_closed_conversations_are_read_in_pages(agent, desk):
    for number in range(PAGE + 3):
        desk.conversation(f"Fim {number}", "STATE_CLOSED", closed_at=minutes_ago(100 + number))

    found = [
        name
        for name in all_names(agent, "/panel/sessoes?filtro=encerradas")
        if name.startswith("Fim ")
    ]
    assert found == [f"Fim {number}" for number in range(PAGE + 3)]


@pytest.fixture
def known(app, desk):
    """A closed conversation of Íris Conceição, known by phone and CPF, in which ticket 700123 was
    opened.
    """
    conversation_id = desk.conversation(
        "Íris Conceição Lima", "STATE_CLOSED", closed_at=minutes_ago(1)
    )
    with app.app_context():
        conversation = db.session.get_one(Conversation, conversation_id)
        contact, ring = conversation.contact, keyring()
        phone = contact_identity.canonical_phone("5548991234567")
        by = [(IdentityKind.PHONE, phone), (IdentityKind.DOCUMENT, "52998224725")]
        contact.identities = [
            ContactIdentity(kind=kind, hash=ring.lookup_hash(kind, value)) for kind, value in by
        ]
        ids = {
            "data_key_id": contact.data_key_id,
            "contact_id": contact.id,
            "conversation_id": conversation.id,
        }
        db.session.add(Ticket(**ids, number=700123, subject="Token", description="Token"))
        db.session.commit()
    yield conversation_id
    with app.app_context():
        db.session.delete(db.session.get_one(Contact, contact.id))
        db.session.commit()


@pytest.mark.parametrize(
    "sought",
    [
        "íris conceição",
        "LIMA iris",
        "Iris",
        "5548991234567",
        "+55 (48) 99123-4567",
        "48 99123-4567",
        "48 9123-4567",
        "529.982.247-25",
        "700123",
    ],
)
def test_a_contact_is_found_in_open_and_closed_conversations(agent, desk, known, sought):
    desk.conversation("Outra Pessoa")

    assert names(agent.search(sought)) == ["Íris Conceição Lima"]


@pytest.mark.parametrize(
    "sought",
    ["Íris Souza", "Ir", "48 99123-4568", "99123-4567", "52998224724", "700124", "!?", "'", "%"],
)
def test_what_does_not_fit_finds_nothing_and_says_so(agent, known, sought):
    page = agent.search(sought)

    assert names(page) == []
    assert "Nada encontrado" in page.text


def test_what_was_found_is_read_in_pages(agent, desk):
    for number in range(PAGE + 4):
        desk.conversation(f"Repetida {number:03}", active_minutes=number)

    agent.get("/panel/sessoes")
    found = all_names(agent, agent.post("/panel/sessoes/busca", busca="repetida").location)
    assert found == [f"Repetida {number:03}" for number in range(PAGE + 4)]


def test_nothing_that_is_sought_stands_in_an_address(agent, desk):
    desk.conversation("Zenaide Marmota")
    agent.get("/panel/sessoes")
    led = agent.post("/panel/sessoes/busca", busca="zenaide").location

    page = agent.get(led)
    assert names(page) == ["Zenaide Marmota"]
    addresses = [led, *re.findall(r'(?:href|action|hx-get)="([^"]+)"', page.text)]
    readable = [unquote(address) for address in addresses] + [decoded(led)]
    assert [one for one in readable if "zenaide" in one.lower()] == []
    assert agent.poll(led, shown="").status_code == 200


def decoded(address):
    """What an address holds to whoever tries base64."""
    return base64.urlsafe_b64decode(address.partition("achar=")[2] + "==").decode("latin-1")


def test_the_address_of_a_search_holds_for_its_writer_alone(agent, log_in, desk):
    desk.conversation("Zenaide Segunda")
    agent.get("/panel/sessoes")
    led = agent.post("/panel/sessoes/busca", busca="segunda").location

    assert names(agent.get(led)) == ["Zenaide Segunda"]
    for other in (
        log_in("bruno").get(led),
        agent.get(led[:-9]),
        agent.get("/panel/sessoes?achar=é"),
    ):
        assert other.status_code == 200
        assert "Esta busca já venceu" in other.text


def test_the_address_of_a_search_holds_for_a_day_at_the_desk(context, monkeypatch):
    sealed = search.seal_query("segunda", 7)
    assert search.open_query(sealed, 7) == "segunda"

    later = time.time() + search.KEPT_SECONDS + 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert search.open_query(sealed, 7) is None


def test_a_search_for_nothing_leads_to_the_list(agent):
    agent.get("/panel/sessoes")

    assert agent.post("/panel/sessoes/busca", busca="   ").location == "/panel/sessoes"


def test_a_name_that_came_with_the_first_message_can_be_sought(app):
    with app.app_context():
        contact = contact_identity.find_or_create_contact(
            contact_identity.Sender("5511912345678", name="Zuleica Primeira")
        )
        assert len(contact.name_words) == 2
        contact.name = None
        assert contact.name_words is None
        db.session.rollback()


def test_names_that_were_stored_before_can_be_indexed(app, agent, desk):
    contact_id = older_contact(app, desk.conversation("Quitéria Antiga"))
    assert names(agent.search("quiteria")) == []

    with app.app_context():
        done = app.test_cli_runner().invoke(args=["contacts", "index-names"])
    assert "1 names can be found now." in done.output
    assert names(agent.search("quiteria")) == ["Quitéria Antiga"]
    with app.app_context():
        assert db.session.get_one(Contact, contact_id).name == "Quitéria Antiga"


def older_contact(app, conversation_id):
    """The contact of a conversation, as it was before names could be sought."""
    with app.app_context():
        contact = db.session.get_one(Conversation, conversation_id).contact
        contact.name_words = None
        db.session.commit()
        return contact.id
