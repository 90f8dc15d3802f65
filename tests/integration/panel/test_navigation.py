"""The navigation at the top of every page, and what stands beside a conversation."""

import re
from datetime import date

import pytest

from gatte.extensions import db
from gatte.models import ConsentKind, ConsentSource
from gatte.store import certificates, consents, contacts
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

CURRENT = re.compile(r'<a class="(?:topbar-tab|menu-link)" href="([^"]+)" aria-current="page"')
LINK = re.compile(r'<a class="(?:topbar-tab|menu-link)" href="([^"]+)"')


@pytest.fixture
def admin(log_in):
    return log_in("chefe")


def links(browser) -> list[str]:
    return LINK.findall(browser.get("/panel/sessoes").text)


def test_daily_work_comes_first(agent):
    daily = ["sessoes", "chamados", "leads", "agenda", "certificados"]

    assert links(agent)[:5] == [f"/panel/{name}" for name in daily]


def test_every_page_of_the_navigation_opens_and_is_marked_there_alone(admin):
    for address in links(admin):
        page = admin.get(address)

        assert (address, page.status_code) == (address, 200)
        assert CURRENT.findall(page.text) == [address]


def test_an_agent_is_shown_nothing_that_is_refused(agent):
    assert "Administração" not in agent.get("/panel/sessoes").text
    for address in links(agent):
        assert (address, agent.get(address).status_code) == (address, 200)


@pytest.mark.parametrize(
    ("address", "belongs_to"),
    [
        ("/panel/base/novo", "/panel/base"),
        ("/panel/base/teste", "/panel/base/teste"),
        ("/panel/aprendizado/exemplos", "/panel/aprendizado"),
        ("/panel/certificados/importar", "/panel/certificados"),
    ],
)
def test_a_page_within_another_marks_where_it_belongs(admin, address, belongs_to):
    assert CURRENT.findall(admin.get(address).text)[:1] == [belongs_to]


def test_a_conversation_shows_what_is_known_of_its_contact(app, agent):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    last_day = date(2030, 5, 17)
    with app.app_context():
        talk = customer.conversation()
        contact = contacts.get_contact(talk.contact_id)
        certificates.add_certificate(contact, kind="e-CNPJ A3", valid_until=last_day)
        consents.record(
            contact.id,
            ConsentKind.MARKETING,
            granted=True,
            source=ConsentSource.CUSTOMER,
            text_version="t1",
        )
        db.session.commit()
        address = f"/panel/sessoes/{talk.id}"

    page = agent.get(address).text

    assert "e-CNPJ A3" in page
    assert "17/05/2030" in page
    assert re.search(r"Ofertas e novidades:</strong>\s*aceita", page)
    assert "O que o robô lembra" in page
    assert "Nenhum chamado nem lead deste contato." in page
