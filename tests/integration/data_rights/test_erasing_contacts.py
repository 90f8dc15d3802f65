"""After an erasure nothing in any table can be tied to the person: searched by somebody who has all
keys and knows the person.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from gatte import services
from gatte.data_rights import erasure, erasure_ledger, retention
from gatte.extensions import db
from gatte.intake import receive
from gatte.jobs import cron
from gatte.models import AuditEntry, Certificate, Contact, InboxMessage, Lead, Ticket, WebhookEvent
from gatte.store import audit, contacts, daily_figures
from tests.fakes import payloads
from tests.integration.data_rights.traces import found_in_rows, found_in_sealed, traces_of
from tests.integration.turns.simulated_customer import Customer, somebody

CPF = "52998224725"
SAID = [
    "oi",
    "quero comprar um e-CPF A1",
    "Joana Prado",
    "529.982.247-25",
    "joana@prado.example",
    "sim",
    "quero que apaguem meus dados",
    "sim",
]


def talked(app) -> tuple[Customer, list[str]]:
    """A customer who left a lead and a request, wrote what could not be read, and is named in a
    webhook event; and the ids of all that they sent.
    """
    customer = somebody(app)
    wamids = [customer.sends(payloads.text(words))[0] for words in SAID]
    with app.app_context():
        conversation = customer.conversation()
        audit.record(None, "agent_took", f"conversation:{conversation.id}")
        body = payloads.body(payloads.text("x"), customer.person, number=customer.number)
        db.session.add(
            WebhookEvent(
                field="unstorable",
                phone_number_id=None,
                payload=receive.seal_event(payloads.encode(body)),
            )
        )
        db.session.commit()
    wamids.append(customer.delivers(payloads.text("isto ninguém leu ainda")))
    return customer, wamids


def contact_id(app, customer):
    with app.app_context():
        return customer.conversation().contact_id


def erase(app, customer) -> erasure.ErasedContact:
    with app.app_context():
        done = erasure.erase(customer.conversation().contact_id)
        db.session.commit()
        erasure.clear_caches(done)
        return done


def pass_the_horizon(app) -> None:
    """Let the redelivery horizon be over: retention as of eight days from now."""
    with app.app_context():
        later = datetime.now(UTC) + timedelta(days=8)
        for _ in retention.remove_expired(later):
            db.session.commit()


def test_nothing_of_the_person_is_left(app, database_url):
    customer, wamids = talked(app)
    with app.app_context():
        traces = traces_of(customer.person, wamids, CPF)
        assert db.session.scalar(select(func.count(Lead.id))) == 1
        assert db.session.scalar(select(func.count(Ticket.id))) == 1
    assert found_in_rows(database_url, traces)
    assert found_in_sealed(app, traces)

    erase(app, customer)
    bare = {table for table, _ in found_in_rows(database_url, traces)}
    assert bare == {"inbox_message"}  # the bare hashes of Meta's ids, until the horizon
    pass_the_horizon(app)

    assert found_in_rows(database_url, traces) == set()
    assert found_in_sealed(app, traces) == set()
    assert not [
        key for key in services_keys(app) if any(one in key for one in traces.ids | traces.hashes)
    ]


def services_keys(app) -> list[str]:
    with app.app_context():
        return [key.decode() for key in services.redis().scan_iter("*")]


def test_a_message_that_meta_delivers_again_is_not_taken_for_a_new_one(app):
    customer = somebody(app)
    wamid = customer.sends(payloads.text("oi"))[0]
    erase(app, customer)

    customer.delivers(payloads.text("oi"), wamid=wamid)

    with app.app_context():
        unprocessed = select(func.count(InboxMessage.id)).filter_by(processed_at=None)
        assert db.session.scalar(unprocessed) == 0


def test_a_person_who_writes_again_is_a_new_person(app):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    before = contact_id(app, customer)
    erase(app, customer)

    customer.sends(payloads.text("oi"))

    assert contact_id(app, customer) != before
    assert "Como posso ajudar" in customer.heard()[0]


def test_what_others_wrote_in_the_same_webhook_body_stays(app):
    customer, other = somebody(app), somebody(app)
    for one in (customer, other):
        one.sends(payloads.text("oi"))
    parts = [("minha parte", customer.person), ("a outra", other.person)]
    both = payloads.envelope(
        payloads.entry(
            payloads.change(
                payloads.value(
                    contacts=[payloads.contact(person) for _, person in parts],
                    messages=[payloads.message(payloads.text(said), who) for said, who in parts],
                )
            )
        )
    )
    with app.app_context():
        event = WebhookEvent(
            field="unstorable",
            phone_number_id=None,
            payload=receive.seal_event(payloads.encode(both)),
        )
        db.session.add(event)
        db.session.commit()
        event_id = event.id
    erase(app, customer)

    with app.app_context():
        rest = receive.open_event(db.session.get_one(WebhookEvent, event_id).payload).decode()
    assert "a outra" in rest
    assert "minha parte" not in rest
    assert customer.person.phone not in rest


def test_a_contact_under_a_hold_stays(app, ledger_path):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    with app.app_context():
        contacts.hold(contacts.get_contact(customer.conversation().contact_id), "processo 1")
        db.session.commit()
    before = erasure_ledger.read(ledger_path)

    with app.app_context(), pytest.raises(erasure.ContactHeld):
        erasure.erase(customer.conversation().contact_id)

    assert contact_id(app, customer)
    after = erasure_ledger.read(ledger_path)
    assert (after and after.entries) == (before and before.entries)


def test_no_figure_of_a_day_changes(app):
    customer = somebody(app)
    customer.sends(payloads.text("quero comprar um e-CPF A1"))
    today = datetime.now(UTC).date()
    span = today - timedelta(days=2), today + timedelta(days=1)

    def figures():
        with app.app_context():
            return {
                (one.figure, one.label): one.amount for one in daily_figures.list_figures(*span)
            }

    count(app)
    before = figures()
    erase(app, customer)
    right_after = figures()
    count(app)

    assert before["conversations", ""] > 0
    assert before["messages", "customer"] > 0
    assert right_after == before
    assert figures() == before


def count(app) -> None:
    with app.app_context():
        cron.count_daily_figures()


def test_the_audit_trail_keeps_the_action_and_not_its_subject(app):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    with app.app_context():
        subject = f"conversation:{customer.conversation().id}"
        entry = audit.record(None, "agent_took", subject, {"from": 7})
        db.session.commit()
        entry_id = entry.id
    done = erase(app, customer)

    with app.app_context():
        entry = db.session.get_one(AuditEntry, entry_id)
        assert entry.action == "agent_took"
        assert entry.subject.startswith("erased:")
        assert entry.details == {}
        noted = db.session.query(AuditEntry).filter_by(subject=f"erasure:{done.sequence}").one()
        assert noted.action == "contact_erased"


def test_a_certificates_entries_lose_their_subject_too(app):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    with app.app_context():
        contact = customer.conversation().contact
        certificate = Certificate(
            contact_id=contact.id,
            data_key_id=contact.data_key_id,
            kind="e-CPF A1",
            valid_until=date(2027, 1, 5),
        )
        db.session.add(certificate)
        db.session.flush()
        entry = audit.record(None, "certificate.create", f"certificate:{certificate.id}")
        db.session.commit()
        entry_id = entry.id
    erase(app, customer)

    with app.app_context():
        assert db.session.get_one(AuditEntry, entry_id).subject.startswith("erased:")


def test_what_would_go_is_listed_and_nothing_is_changed(app):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    with app.app_context():
        contact = customer.conversation().contact_id
        rows = erasure.preview(contact).rows
        assert rows["message"] == 2
        assert (rows["conversation"], rows["contact"], rows["inbox_message"]) == (1, 1, 1)
        assert db.session.get(Contact, contact) is not None
        assert not db.session.scalar(
            text("SELECT count(*) FROM audit_entry WHERE subject = :s"), {"s": f"contact:{contact}"}
        )


def test_vectors_of_what_the_person_asked_are_dropped(app):
    def vectors():
        with app.app_context():
            return set(services.redis().scan_iter("gatte:embedding:*"))

    customer = somebody(app)
    before = vectors()
    customer.sends(payloads.text("quanto tempo demora a emissão na segunda-feira de carnaval?"))
    assert vectors() - before
    erase(app, customer)

    assert vectors() - before == set()
