"""What a customer asks of their data in the conversation is true: what happens, and when."""

import json

import pytest
from sqlalchemy import update

from gatte.extensions import db
from gatte.jobs import cron
from gatte.models import AuditEntry, Contact, Ticket, TicketState
from gatte.store import contacts
from tests.app_fixture import application
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

WISH = "quero que apaguem meus dados"


@pytest.fixture(scope="module")
def app(database_url, redis_url, ledger_path):
    with application(
        database_url,
        redis_url,
        gatte_erasure_ledger=str(ledger_path),
        gatte_erasure_policy="automatic",
        gatte_erasure_delay_hours=24,
    ) as made:
        yield made


@pytest.fixture
def customer(app):
    customer = somebody(app)
    customer.sends(payloads.text(WISH))
    return customer


def asks(customer) -> None:
    customer.sends(payloads.text("apagar tudo"))
    customer.sends(payloads.text("sim"))


def contact_of(app, customer):
    with app.app_context():
        return customer.conversation().contact_id


def pass_the_delay(app) -> None:
    with app.app_context():
        due = update(Ticket).where(Ticket.erasure_due_at.is_not(None))
        db.session.execute(due.values(erasure_due_at=Ticket.created_at))
        db.session.commit()


def run_due(app):
    with app.app_context():
        return cron.erase_due_contacts()


def is_there(app, contact_id) -> bool:
    with app.app_context():
        return db.session.get(Contact, contact_id) is not None


def test_it_is_carried_out_by_itself_after_words_that_name_it(app, customer):
    assert "escreva *APAGAR TUDO*" in customer.heard()[-1]
    asks(customer)
    told = customer.heard()[-1]
    assert "Nada foi apagado ainda: daqui a 24 h apagamos" in told
    contact_id = contact_of(app, customer)

    assert run_due(app) == {"erased": 0, "held": 0}
    pass_the_delay(app)
    assert run_due(app) == {"erased": 1, "held": 0}

    assert not is_there(app, contact_id)


@pytest.mark.parametrize("word", ["sim", "ok", "pode apagar", "apagar tudo não"])
def test_other_words_do_not_do(app, customer, word):
    customer.sends(payloads.text(word))

    with app.app_context():
        contact_id = customer.conversation().contact_id
        assert db.session.query(Ticket).filter_by(contact_id=contact_id).count() == 0


def test_a_ticket_that_is_cancelled_takes_it_back(app, customer):
    asks(customer)
    contact_id = contact_of(app, customer)
    with app.app_context():
        db.session.execute(
            update(Ticket).filter_by(contact_id=contact_id).values(state=TicketState.CANCELLED)
        )
        db.session.commit()
    pass_the_delay(app)

    assert run_due(app) == {"erased": 0, "held": 0}
    assert is_there(app, contact_id)


def test_a_contact_under_a_hold_is_left_to_people(app, customer):
    asks(customer)
    contact_id = contact_of(app, customer)
    with app.app_context():
        contacts.hold(contacts.get_contact(contact_id), "processo")
        db.session.commit()
    pass_the_delay(app)

    assert run_due(app) == {"erased": 0, "held": 1}
    assert run_due(app) == {"erased": 0, "held": 0}
    assert is_there(app, contact_id)


def test_a_correction_leaves_a_trace_without_the_value(app):
    customer = somebody(app)
    customer.sends(payloads.text("quero atualizar meu email no cadastro de vocês"))
    customer.sends(payloads.text("marina@novo.com.br"))
    customer.sends(payloads.text("sim"))

    with app.app_context():
        contact_id = customer.conversation().contact_id
        entry = db.session.query(AuditEntry).filter_by(subject=f"contact:{contact_id}").one()
        assert (entry.action, entry.details) == ("data_corrected", {"field": "email"})


def test_a_contact_is_exported_held_and_erased_by_command(app, tmp_path):
    customer = somebody(app)
    customer.sends(payloads.text("quero comprar um e-CPF"))
    phone = f"+{customer.person.phone}"
    contact_id = contact_of(app, customer)
    runner = app.test_cli_runner()

    def run(*arguments, **more):
        return runner.invoke(args=["contacts", *arguments, "--phone", phone], **more)

    for kind in ("json", "html"):
        output = str(tmp_path / f"copy.{kind}")
        assert run("export", "--format", kind, "--output", output).exit_code == 0
    copy = json.loads((tmp_path / "copy.json").read_text())
    assert copy["data"]["contact"][0]["phone"] == customer.person.phone
    assert "quero comprar um e-CPF" in {one.get("body") for one in copy["data"]["message"]}
    assert "quero comprar um e-CPF" in (tmp_path / "copy.html").read_text()

    assert run("hold", "--reason", "processo").exit_code == 0
    refused = run("erase", "--yes")
    assert (refused.exit_code, "legal hold" in refused.output) == (1, True)
    assert run("release").exit_code == 0
    dry = run("erase", "--dry-run")
    assert "2 message" in dry.output
    assert run("erase", input="n\n").exit_code == 1
    assert is_there(app, contact_id)
    assert run("erase", "--yes").exit_code == 0
    assert not is_there(app, contact_id)
    assert "no contact has this phone" in run("erase", "--yes").output


def test_one_contact_must_be_named(app):
    refused = app.test_cli_runner().invoke(args=["contacts", "erase"])

    assert refused.exit_code == 2
    assert "--phone or by --id" in refused.output
