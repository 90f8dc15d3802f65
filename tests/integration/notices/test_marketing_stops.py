"""What customers tell Meta on marketing messages, and what Meta tells us of it."""

import json

import pytest

from gatte import services
from gatte.extensions import db
from gatte.intake import contact_identity
from gatte.jobs.cron import apply_marketing_choices
from gatte.jobs.definitions import apply_statuses
from gatte.models import ConsentKind, IdentityKind
from gatte.store import consents, contacts
from gatte.whatsapp.events import Status
from gatte.whatsapp.simulator import SimulatedContact, encode, status_body
from tests.integration.notices.conftest import NOW, certificate, contact_with_phone
from tests.integration.notices.many_certificates import run_at
from tests.integration.notices.test_who_is_reminded import contact_of, outbox_rows

PHONE = "5511988887777"


def tell(value, **more):
    choice = {"wa_id": PHONE, "category": "marketing_messages", "value": value, "timestamp": 17}
    content = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": "106540352242922"},
        "user_preferences": [{**choice, **more}],
    }
    change = {"field": "user_preferences", "value": content}
    entry = {"id": "1", "changes": [change]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    services.webhook_store()(json.dumps(body).encode())


@pytest.fixture
def contact(context):
    made = contact_with_phone(PHONE)
    phone = contact_identity.canonical_phone(PHONE)
    hashed = contact_identity.hash_of(IdentityKind.PHONE, phone, "")
    contacts.add_identity(made.id, IdentityKind.PHONE, hashed)
    db.session.commit()
    return made


def marketing(contact):
    return consents.find_granted(contact.id, ConsentKind.MARKETING)


def test_a_stop_is_obeyed_once_and_a_resume_lifts_it(contact):
    tell("stop")
    assert apply_marketing_choices() == {"applied": 1}
    assert apply_marketing_choices() == {"applied": 0}
    assert marketing(contact) is False

    tell("resume")
    apply_marketing_choices()
    assert marketing(contact) is True
    assert [row.source for row in consents.list_of_contact(contact.id)] == ["meta", "meta"]


@pytest.mark.parametrize(
    "more",
    [{"category": "something_new"}, {"value": "maybe"}, {"wa_id": "5599911112222"}, {"wa_id": 7}],
)
def test_what_we_do_not_know_changes_nothing(contact, more):
    tell(**{"value": "stop", **more})

    assert apply_marketing_choices() == {"applied": 1}
    assert marketing(contact) is None


def test_the_error_of_a_stopped_customer_is_a_withdrawal(context):
    one = certificate(7)
    run_at(NOW)
    row = outbox_rows()[0]
    row.state = "accepted"
    db.session.commit()
    services.webhook_store()(encode(_failed(row)))

    apply_statuses()

    assert outbox_rows()[0].state == "failed"
    assert marketing(contact_of(one)) is False
    assert consents.find_granted(one.contact_id, ConsentKind.SERVICE) is None


def _failed(row):
    customer = SimulatedContact("5511900000000", "")
    body = status_body("simulator", customer, "wamid.X", Status.FAILED, outbox_id=str(row.id))
    news = body["entry"][0]["changes"][0]["value"]["statuses"][0]
    news["errors"] = [{"code": 131050, "title": "stopped"}]
    return body
