"""An admin carries out what a person asks of their data: a copy, a hold, erasure."""

import json

import pytest

from gatte.extensions import db
from gatte.models import AuditEntry, Contact, Conversation
from tests.app_fixture import application


@pytest.fixture(scope="module")
def app(database_url, redis_url, tmp_path_factory):
    ledger = tmp_path_factory.mktemp("ledger") / "erasures.jsonl"
    with application(database_url, redis_url, gatte_erasure_ledger=str(ledger)) as made:
        yield made


@pytest.fixture
def admin(log_in):
    return log_in("chefe")


def place(conversation, action=""):
    return f"/panel/sessoes/{conversation}/dados{action}"


def contact_of(app, conversation):
    with app.app_context():
        return db.session.get_one(Conversation, conversation).contact_id


def test_an_admin_erases_a_contact_after_typing_the_word(app, admin, desk, users):
    conversation = desk.conversation(name="Zilda Moraes", says=["oi"])
    contact = contact_of(app, conversation)
    page = admin.get(place(conversation)).text
    assert "Mensagens" in page
    refused = admin.post(place(conversation, "/apagar"), confirmacao="sim")
    assert refused.status_code == 422
    assert "Nada foi apagado" in refused.text

    erased = admin.post(place(conversation, "/apagar"), confirmacao="apagar")

    assert erased.status_code == 303
    assert "foram apagados (registro nº" in admin.get("/panel/sessoes").text
    assert admin.get(place(conversation)).status_code == 404
    with app.app_context():
        assert db.session.get(Contact, contact) is None
        entry = db.session.query(AuditEntry).filter_by(action="contact_erased").one()
        assert (entry.user_id, entry.subject) == (users["chefe"], "erasure:1")


def test_a_contact_under_a_hold_is_not_erased_until_it_is_lifted(app, admin, desk):
    conversation = desk.conversation(name="Olga Reis")
    admin.get(place(conversation))
    admin.post(place(conversation, "/guarda"), motivo="processo 0001")
    assert "processo 0001" in admin.get(place(conversation)).text

    refused = admin.post(place(conversation, "/apagar"), confirmacao="APAGAR")

    assert refused.status_code == 409
    assert "sob guarda legal" in refused.text
    admin.post(place(conversation, "/liberar"))
    assert "Apagar para sempre" in admin.get(place(conversation)).text


def test_an_admin_hands_out_a_copy_and_it_is_written_down(app, admin, desk):
    conversation = desk.conversation(name="Nair Lopes", says=["meu pedido atrasou"])
    admin.get(place(conversation))

    page = admin.post(place(conversation, "/copia"), formato="html")
    copy = admin.post(place(conversation, "/copia"), formato="json")

    assert page.headers["Content-Disposition"] == "attachment; filename=dados.html"
    assert "meu pedido atrasou" in page.text
    assert json.loads(copy.text)["data"]["contact"][0]["name"] == "Nair Lopes"
    assert "exportou os dados do contato" in admin.get(f"/panel/sessoes/{conversation}").text


@pytest.mark.parametrize("action", ["/copia", "/guarda", "/liberar", "/apagar"])
def test_an_agent_may_do_none_of_it(agent, desk, action):
    conversation = desk.conversation()

    assert agent.get(place(conversation)).status_code == 403
    assert agent.post(place(conversation, action), confirmacao="APAGAR").status_code == 403


def test_an_admin_sees_the_routines_and_starts_one(app, admin):
    from gatte.jobs import cron
    from gatte.store import scheduled_jobs

    with app.app_context():
        cron.sync()
        before = {job.name: job.next_run_at for job in scheduled_jobs.list_all()}
        db.session.rollback()
    assert "Apagar o que passou do prazo" in admin.get("/panel/rotinas").text

    assert admin.post("/panel/rotinas/apply_retention").status_code == 303
    assert admin.post("/panel/rotinas/nothing").status_code == 404
    with app.app_context():
        after = {job.name: job.next_run_at for job in scheduled_jobs.list_all()}
    assert after["apply_retention"] < before["apply_retention"]


def test_an_agent_sees_no_routines(agent):
    assert agent.get("/panel/rotinas").status_code == 403
