"""The id that the log lines of a conversation share tells nothing of who writes."""

import pytest

from gatte.models import Conversation
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody


@pytest.fixture
def customer(app):
    return somebody(app)


def correlation_id(customer):
    with customer.app.app_context():
        return customer.conversation().correlation_id


def test_every_conversation_of_a_customer_has_an_id_of_its_own(customer):
    customer.sends(payloads.text("oi"))
    first = correlation_id(customer)
    customer.close()
    customer.sends(payloads.text("oi de novo"))

    assert first != correlation_id(customer)
    assert {len(first), len(correlation_id(customer))} == {32}


def test_the_id_is_not_made_of_what_the_customer_is_known_by(customer):
    customer.sends(payloads.text("oi"))
    _, sender_hash = customer.due()

    assert correlation_id(customer)[:24] != sender_hash[:24]
    with customer.app.app_context():
        assert isinstance(customer.conversation(), Conversation)
