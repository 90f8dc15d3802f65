"""The other policy for a doubtful send: people decide."""

import pytest

from gatte.store.outbox import CLAIM_SECONDS
from tests.fakes import payloads


@pytest.fixture(scope="module")
def more():
    return {"gatte_uncertain_policy": "agent"}


def test_a_doubtful_send_without_a_status_is_left_to_an_agent(talk):
    talk.answers("um", "dois")
    talk.is_claimed()
    talk.time_passes(CLAIM_SECONDS)
    talk.is_delivered()
    talk.time_passes(1)

    talk.is_delivered()

    assert (talk.states(), talk.heard()) == (["dead_letter", "accepted"], ["dois"])


def test_a_late_status_settles_a_dead_letter(talk):
    (outbox_id,) = talk.answers("oi")
    talk.is_claimed()
    talk.time_passes(CLAIM_SECONDS)
    talk.is_delivered()
    talk.time_passes(1)
    talk.is_delivered()

    talk.hears_of(payloads.status("wamid.late", "delivered", outbox_id=outbox_id))

    assert talk.states() == ["delivered"]
