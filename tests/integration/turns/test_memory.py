"""What a customer told in one conversation is used in the next, corrected, forgotten, erased."""

import pytest
from sqlalchemy import select, text

from gatte.conversation.memory_kinds import MemoryKind
from gatte.data_rights import erasure, export
from gatte.desk import memory_changes, users
from gatte.extensions import db
from gatte.jobs import cron
from gatte.models import Contact, ContactMemory, Role
from gatte.store import memories
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

CNPJ = "11.222.333/0001-81"
COMPANY = "Padaria Estrela do Norte"
MARKED = "Confeitaria Girassol Marcada"


@pytest.fixture
def customer(app):
    return somebody(app)


def buys(customer, company=COMPANY):
    for words in (
        "quero comprar um e-CNPJ A1",
        "Marina Alves Souza",
        CNPJ,
        company,
        "marina@padaria.example",
        "sim",
    ):
        customer.sends(payloads.text(words))


def remember(app, customer):
    customer.close()
    with app.app_context():
        assert cron.remember_contacts()["failed"] == 0


def remembered(app, customer):
    with app.app_context():
        contact_id = customer.conversation().contact_id
        return {one.kind: one.value for one in memories.list_of_contact(contact_id)}


def test_what_was_told_is_remembered_with_its_message(app, customer):
    buys(customer)
    remember(app, customer)

    found = remembered(app, customer)
    assert found[MemoryKind.COMPANY] == COMPANY
    assert found[MemoryKind.EMAIL] == "marina@padaria.example"
    assert found[MemoryKind.PRODUCT] == "e-CNPJ A1"
    with app.app_context():
        company = memories.find(customer.conversation().contact_id, MemoryKind.COMPANY)
        assert db.session.get(ContactMemory, company.id).message_id is not None
        assert company.expires_at > company.learned_at
        assert COMPANY.encode() not in company.value_sealed


def test_the_next_conversation_greets_with_it_and_has_it_confirmed(app, customer):
    buys(customer)
    remember(app, customer)

    customer.sends(payloads.text("oi"))
    assert "Da última vez falamos sobre a compra do e-CNPJ A1." in customer.heard()[-1]
    customer.sends(payloads.text("quero comprar um e-CNPJ A1"))
    customer.sends(payloads.text(CNPJ))
    assert f"Continua sendo para a empresa *{COMPANY}*?" in customer.heard()[-1]
    customer.sends(payloads.text("sim"))
    assert COMPANY in customer.heard()[-1]
    assert "marina@padaria.example" in customer.heard()[-1]


def test_another_company_takes_the_place_of_the_one_remembered(app, customer):
    buys(customer)
    remember(app, customer)

    customer.sends(payloads.text("quero comprar um e-CNPJ A1"))
    customer.sends(payloads.text(CNPJ))
    customer.sends(payloads.text("não"))
    assert "nome da empresa agora" in customer.heard()[-1]
    customer.sends(payloads.text(MARKED))
    customer.sends(payloads.text("sim"))
    remember(app, customer)

    assert remembered(app, customer)[MemoryKind.COMPANY] == MARKED


def test_a_correction_by_the_desk_holds_and_older_words_do_not_undo_it(app, customer):
    buys(customer)
    remember(app, customer)
    with app.app_context():
        agent = users.create_user("memo@empresa.example", "Rita", "uma senha comprida", Role.AGENT)
        contact_id = customer.conversation().contact_id
        memory = memories.find(contact_id, MemoryKind.COMPANY)
        memory_changes.correct(contact_id, memory.id, MARKED, agent.id, memory.version)
        db.session.execute(text("UPDATE conversation SET remembered_at = NULL"))
        db.session.commit()
        cron.remember_contacts()

    assert remembered(app, customer)[MemoryKind.COMPANY] == MARKED


def test_the_customer_lets_one_thing_be_forgotten_in_their_own_words(app, customer):
    buys(customer)
    remember(app, customer)

    customer.sends(payloads.text("esquece minha empresa"))
    assert "Vou esquecer só isto" in customer.heard()[-1]
    customer.sends(payloads.text("sim"))
    assert "esqueci a sua empresa" in customer.heard()[-1]
    remember(app, customer)

    found = remembered(app, customer)
    assert MemoryKind.COMPANY not in found
    assert MemoryKind.EMAIL in found


def test_an_erasure_leaves_nothing_of_a_memory_in_any_table(app, customer):
    buys(customer, MARKED)
    remember(app, customer)
    with app.app_context():
        contact_id = customer.conversation().contact_id
        memory = memories.find(contact_id, MemoryKind.COMPANY)
        sealed = bytes(memory.value_sealed).hex()
        assert MARKED in export.to_json(export.collect(contact_id))
        assert sealed in everything_stored()
        erasure.erase(contact_id)
        db.session.commit()

        assert db.session.get(Contact, contact_id) is None
        left = everything_stored()
        assert sealed not in left
        assert MARKED not in left
        assert not db.session.scalars(select(ContactMemory).filter_by(contact_id=contact_id)).all()


def everything_stored():
    """All rows of all tables as text, bytes in hexadecimal."""
    names = db.session.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    ).all()
    rows = (
        db.session.scalars(text(f'SELECT t::text FROM "{name}" t')).all()  # noqa: S608
        for name in names
    )
    return "\n".join(row for table in rows for row in table)
