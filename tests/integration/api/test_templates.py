"""Templates sent by programs: to whom, from which conversation, and what keeps one back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from gatte.extensions import db
from gatte.models import (
    AuditEntry,
    ConsentKind,
    ConsentSource,
    Contact,
    Conversation,
    Message,
    MessageTemplate,
    Outbox,
)
from gatte.store import consents
from tests.app_fixture import application
from tests.integration.api.test_changes import count, kind_of
from tests.integration.notices.many_certificates import sync_templates

REMINDER = {
    "name": "lembrete_atendimento",
    "values": {"1": "Joana", "2": "terça-feira", "3": "9h", "4": "1002"},
}
OFFER = {"name": "oferta_renovacao", "values": {"1": "Joana"}}


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url) as made:
        with made.app_context():
            sync_templates()
        yield made


def send(program, contact, body):
    return program.post(f"/contacts/{contact}/template-messages", body)


def change(app, statement):
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


def test_a_template_goes_to_a_contact_who_wrote_long_ago(app, program, desk, users):
    long_ago = datetime.now(UTC) - timedelta(days=20)
    talk = desk.conversation(last_inbound_at=long_ago)
    contact = program.get(f"/conversations/{talk}").get_json()["contact_id"]

    sent = send(program, contact, REMINDER)

    message = program.get(sent.headers["Location"].removeprefix("/api/v1")).get_json()
    assert (sent.status_code, message["conversation_id"]) == (201, str(talk))
    assert (message["kind"], message["author"]) == ("template", "agent")
    assert message["text"].startswith("Olá, Joana! Lembrete do seu atendimento número 1002")
    with app.app_context():
        row = db.session.get_one(Outbox, message["id"])
        assert (row.state, row.reply["parameters"]) == (
            "pending",
            ["Joana", "terça-feira", "9h", "1002"],
        )
        entry = db.session.scalars(
            select(AuditEntry).filter_by(action="template.send", subject=f"contact:{contact}")
        ).one()
        assert entry.user_id == users["ana"]
        assert entry.details["token"]


def test_without_a_conversation_it_stands_in_one_that_holds_notices_alone(app, program, desk):
    contact = desk.contact()

    send(program, contact, REMINDER)

    with app.app_context():
        row = db.session.scalars(select(Conversation).filter_by(contact_id=contact)).one()
        assert (row.state, row.closed_at) == ("STATE_CLOSED", row.opened_at)


def test_sent_again_with_the_same_key_it_leaves_once(app, program, desk):
    contact = desk.contact()
    path = f"/contacts/{contact}/template-messages"
    answers = [program.post(path, REMINDER, Idempotency_Key="aviso-7") for _ in range(2)]

    assert answers[0].get_json() == answers[1].get_json()
    with app.app_context():
        mine = select(Message).filter_by(contact_id=contact)
        assert len(db.session.scalars(mine).all()) == 1


def test_who_wants_no_notices_gets_none_and_offers_only_go_to_who_allowed_them(app, program, desk):
    contact, other = desk.contact(), desk.contact()
    change(app, update(Contact).where(Contact.id == other).values(opted_out_at=datetime.now(UTC)))
    before = count(app, Outbox)

    assert kind_of(send(program, other, REMINDER)) == "contact-opted-out"
    assert kind_of(send(program, contact, OFFER)) == "no-marketing-consent"
    assert count(app, Outbox) == before
    with app.app_context():
        consents.record(
            contact,
            ConsentKind.MARKETING,
            granted=True,
            source=ConsentSource.CUSTOMER,
            text_version="1",
        )
        db.session.commit()
    assert send(program, contact, OFFER).status_code == 201


def test_nobody_speaks_past_the_agent_who_has_the_conversation(program, desk, users):
    talk = desk.with_agent(users["bruno"])
    contact = program.get(f"/conversations/{talk}").get_json()["contact_id"]
    mine = desk.with_agent(users["ana"])
    my_contact = program.get(f"/conversations/{mine}").get_json()["contact_id"]

    assert kind_of(send(program, contact, REMINDER)) == "served-by-another"
    assert send(program, my_contact, REMINDER).status_code == 201


def test_what_cannot_be_sent_is_refused_with_its_reason(app, program, desk):
    contact = desk.contact()
    few = REMINDER | {"values": {"1": "Joana", "9": "x", "2": " "}}

    answer = send(program, contact, few)
    pointers = {error["pointer"] for error in answer.get_json()["errors"]}
    assert (answer.status_code, kind_of(answer)) == (422, "bad-template-values")
    assert pointers == {"/values/2", "/values/3", "/values/4", "/values/9"}
    assert kind_of(send(program, contact, {"name": "nao_existe"})) == "no-template"
    rejected = {"name": "promocao_do_mes", "values": {}}
    assert kind_of(send(program, contact, rejected)) == "template-not-approved"


def test_templates_are_listed_with_their_variables(app, program):
    listed = program.get("/message-templates").get_json()["items"]
    with app.app_context():
        assert len(listed) == count(app, MessageTemplate)
    [reminder] = [one for one in listed if one["name"] == "lembrete_atendimento"]
    assert [one["name"] for one in reminder["variables"]] == ["1", "2", "3", "4"]
