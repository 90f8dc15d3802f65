"""A message that cannot be processed: tried later and later, a dead letter in the end, and never in
the way of the next ones for ever.
"""

import time

import pytest
from sqlalchemy import select, text

from gatte.extensions import db
from gatte.intake import contact_identity, inbox_retry
from gatte.models import InboxMessage
from gatte.whatsapp.events import Sender
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody
from tests.integration.turns.test_failing import LASTING, PASSING, change, refusing
from tests.slow_machines import left_of


@pytest.fixture
def customer(app):
    return somebody(app)


def stickers_refused(app, code):
    return refusing(app, "message", "NEW.kind = 'sticker'", code)


def tries(customer, times: int) -> None:
    """Let jobs run, each when the pause before it is over."""
    for _ in range(times):
        customer.is_answered()
        change(
            customer.app,
            "UPDATE inbox_message SET retry_at = clock_timestamp() WHERE retry_at IS NOT NULL",
        )


def unprocessed(customer) -> list[int]:
    """The attempts at a customer's messages that wait in the inbox, the oldest first."""
    with customer.app.app_context():
        sender = contact_identity.sender_hash(Sender(customer.person.phone, customer.person.bsuid))
        waiting = (
            select(InboxMessage.attempts)
            .filter_by(processed_at=None, sender_hash=sender)
            .order_by(InboxMessage.id)
        )
        return list(db.session.scalars(waiting))


def test_a_failure_is_followed_by_a_pause_that_grows(app, customer):
    customer.delivers(payloads.sticker())
    with stickers_refused(app, LASTING):
        tries(customer, 3)
        started = time.monotonic()
        customer.is_answered()
        customer.is_answered()

        with app.app_context():
            wait = db.session.scalar(
                text(
                    "SELECT extract(epoch FROM retry_at - clock_timestamp()) "
                    "FROM inbox_message WHERE processed_at IS NULL"
                )
            )
        assert (unprocessed(customer), float(wait)) == ([4], left_of(8, started))
    tries(customer, 2)
    assert (unprocessed(customer), len(customer.heard())) == ([], 1)


def test_the_one_at_fault_is_a_dead_letter_and_the_others_are_answered(app, customer):
    customer.delivers(payloads.text("oi"))
    customer.delivers(payloads.sticker())
    customer.delivers(payloads.text("quanto custa o e-CPF?"))
    with stickers_refused(app, LASTING):
        tries(customer, 2)
        assert len(customer.heard()) == 1
        tries(customer, inbox_retry.ATTEMPTS + 1)

        assert (unprocessed(customer), len(customer.heard())) == ([], 2)


def test_a_dead_letter_is_kept_and_tried_again_when_a_person_says_so(app, customer):
    wamid = customer.delivers(payloads.sticker())
    with stickers_refused(app, LASTING):
        tries(customer, inbox_retry.ATTEMPTS)
    assert unprocessed(customer) == []

    with app.app_context():
        done = app.test_cli_runner().invoke(args=["reprocess", "--turns"])
    customer.is_answered()

    assert "messages that could not be processed" in done.output
    with app.app_context():
        assert customer.message(wamid).kind == "sticker"


def test_a_fault_that_passes_makes_no_dead_letter_however_long_it_lasts(app, customer):
    customer.delivers(payloads.sticker())
    with stickers_refused(app, PASSING):
        tries(customer, inbox_retry.ATTEMPTS + 3)
        assert unprocessed(customer) == [inbox_retry.ATTEMPTS + 3]

    tries(customer, 2)
    assert len(customer.heard()) == 1
