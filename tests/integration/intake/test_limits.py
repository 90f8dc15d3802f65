"""Messages beyond a contact's limit are kept and not answered; the customer is told once."""

from datetime import timedelta

import pytest

from gatte.extensions import db
from gatte.intake import contact_identity
from gatte.models import InboxMessage, SkipReason
from gatte.observability import metrics
from gatte.turns import arrival
from gatte.whatsapp.events import Sender
from tests.app_fixture import application
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody
from tests.process_system import NUMBER

LIMIT = 3
TOO_FAST = "Recebi muitas mensagens de uma vez"


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url, gatte_contact_rate_per_minute=LIMIT) as made:
        yield made


@pytest.fixture
def customer(app):
    return somebody(app)


def texts(*words):
    return [payloads.text(word) for word in words]


def skip_reasons(customer, wamids):
    with customer.app.app_context():
        return [customer.message(wamid).skip_reason for wamid in wamids]


def told(customer):
    return sum(TOO_FAST in said for said in customer.heard())


def test_the_messages_within_the_limit_are_read_and_the_others_are_kept(customer):
    wamids = customer.sends(*texts("oi", "quero um certificado", "para empresa", "e-CNPJ", "A1"))

    assert skip_reasons(customer, wamids) == [
        None,
        None,
        None,
        SkipReason.RATE_LIMITED,
        SkipReason.RATE_LIMITED,
    ]
    with customer.app.app_context():
        assert customer.message(wamids[4]).body == "A1"
        assert [customer.message(wamid).turn_id is None for wamid in wamids] == [
            False,
            False,
            False,
            True,
            True,
        ]
        assert db.session.query(InboxMessage).filter_by(processed_at=None).count() == 0


def test_no_word_is_weighed_of_what_goes_beyond(customer):
    *_, beyond = customer.sends(
        *texts("oi", "b", "c", "Ganhe dinheiro em casa: https://bit.ly/3xYz")
    )

    assert skip_reasons(customer, [beyond]) == [SkipReason.RATE_LIMITED]
    with customer.app.app_context():
        assert customer.conversation().contact.muted_until is None


def test_the_customer_is_told_once_in_a_window(customer):
    customer.sends(*texts("oi", "b", "c", "d"))
    customer.sends(*texts("e"))
    customer.sends(*texts("f"))

    assert told(customer) == 1


def test_the_customer_is_told_again_in_the_next_window(customer):
    customer.sends(*texts("oi", "b", "c", "d"))
    with customer.app.app_context():
        customer.conversation().rate_limit_notified_at -= timedelta(seconds=61)
        db.session.commit()
    customer.sends(*texts("e"))

    assert told(customer) == 2


def test_what_goes_beyond_is_counted(customer):
    before = metrics.RATE_LIMITED._value.get()
    customer.sends(*texts("oi", "b", "c", "d", "e"))

    assert metrics.RATE_LIMITED._value.get() == before + 2


def test_nothing_is_due_when_all_was_set_aside(customer):
    customer.sends(*texts("oi", "b", "c"))
    answers = len(customer.heard())
    customer.sends(*texts("d"))

    assert len(customer.heard()) == answers + 1  # that it was too fast
    with customer.app.app_context():
        assert customer.conversation().turn_due_at is None


def test_taps_are_not_limited(customer):
    customer.sends(*texts("oi", "b", "c"))
    (wamid,) = customer.sends(payloads.button_reply("menu", "Ver o menu"))

    assert skip_reasons(customer, [wamid]) == [None]


def test_who_refuses_notices_is_heard_beyond_the_limit_too(customer):
    wamids = customer.sends(*texts("oi", "b", "c", "d", "PARAR"))

    assert skip_reasons(customer, wamids)[3:] == [SkipReason.RATE_LIMITED, None]


def test_a_deletion_is_not_limited(customer):
    wamids = customer.sends(*texts("meu gato roxo", "b", "c", "d"))
    customer.sends(payloads.revoke(wamids[3]))

    with customer.app.app_context():
        assert customer.message(wamids[3]).body is None


def test_a_conversation_that_a_human_owns_is_not_limited(customer):
    customer.sends(*texts("oi"))
    with customer.app.app_context():
        customer.conversation().state, customer.conversation().owner = "STATE_WITH_HUMAN", "human"
        db.session.commit()
    wamids = customer.sends(*texts("oi", "b", "c", "d", "e"))

    assert set(skip_reasons(customer, wamids)) == {None}
    assert told(customer) == 0


def test_each_contact_has_a_limit_of_its_own(app):
    first, second = somebody(app), somebody(app)
    first.sends(*texts("oi", "b", "c", "d"))
    wamids = second.sends(*texts("oi", "b", "c"))

    assert set(skip_reasons(second, wamids)) == {None}


def test_a_password_beyond_the_limit_is_forgotten(customer):
    wamids = customer.sends(*texts("oi", "b", "c", "a senha é Gato#7755"))

    assert skip_reasons(customer, wamids)[3] is SkipReason.RATE_LIMITED
    assert "Gato#7755" not in customer.everything_stored()


def test_a_filing_that_is_tried_again_counts_once(customer):
    wamids = [customer.delivers(one) for one in texts("oi", "b", "c")]
    for _ in range(3):
        with customer.app.app_context():
            arrival.process_inbox_and_lease(
                NUMBER, contact_identity.sender_hash(Sender(customer.person.phone))
            )
            db.session.rollback()
    customer.is_answered()

    assert skip_reasons(customer, wamids) == [None, None, None]
