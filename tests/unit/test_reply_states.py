"""Which state of a reply may follow which: `store/outbox.py` moves rows by its table alone."""

import pytest

from gatte.models import DeliveryState, Outbox
from gatte.models.message import UNFINISHED_STATES
from gatte.store import outbox

REACHED = (
    DeliveryState.ACCEPTED,
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
)


@pytest.mark.parametrize("state", UNFINISHED_STATES)
def test_an_unfinished_reply_can_be_claimed(state):
    row = Outbox(state=state, attempts=1)
    outbox.claim(row)

    assert (row.state, row.attempts) == (DeliveryState.SENDING, 2)


@pytest.mark.parametrize("state", outbox.RESENDABLE_STATES)
def test_a_reply_that_failed_or_was_parked_can_be_sent_again_with_all_its_attempts(state):
    row = Outbox(state=state, attempts=6, error_code=131026)
    outbox.resend(row)

    assert (row.state, row.attempts, row.error_code) == (DeliveryState.PENDING, 0, None)


@pytest.mark.parametrize("state", [*REACHED, DeliveryState.CANCELLED])
def test_what_meta_took_or_nobody_wants_is_not_sent_again(state):
    with pytest.raises(outbox.InvalidDeliveryTransition):
        outbox.resend(Outbox(state=state))


@pytest.mark.parametrize("state", [*REACHED, *outbox.GIVEN_UP_STATES])
def test_a_finished_reply_cannot_be_claimed(state):
    with pytest.raises(outbox.InvalidDeliveryTransition):
        outbox.claim(Outbox(state=state, attempts=1))
