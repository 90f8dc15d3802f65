"""After an erasure nothing in any table can be tied to the person: searched by somebody who has all
keys and knows the person.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from gatte import services
from gatte.data_rights import erasure, retention
from gatte.extensions import db
from gatte.intake import receive
from gatte.models import (
    Lead,
    Ticket,
    WebhookEvent,
)
from gatte.store import audit
from tests.fakes import payloads
from tests.integration.data_rights.traces import found_in_rows, found_in_sealed, traces_of
from tests.integration.turns.customers import Customer, somebody

CPF = "52998224725"
SAID = [
    "oi",
    "quero comprar um e-CPF",
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
