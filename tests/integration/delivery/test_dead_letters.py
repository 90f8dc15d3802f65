"""The other policy for a doubtful send: people decide."""

import pytest

from gatte.store.outbox import CLAIM_SECONDS
from tests.fakes import payloads


@pytest.fixture(scope="module")
def more():
    return {"gatte_uncertain_policy": "agent"}


def test_a_doubtful_send_without_a_status_is_left_to_an_agent(chat):
    chat.answers("um", "dois")
    chat.is_claimed()
    chat.time_passes(CLAIM_SECONDS)
    chat.is_delivered()
    chat.time_passes(1)

    chat.is_delivered()

    assert (chat.states(), chat.heard()) == (["dead_letter", "accepted"], ["dois"])


def test_a_late_status_settles_a_dead_letter(chat):
    (outbox_id,) = chat.answers("oi")
    chat.is_claimed()
    chat.time_passes(CLAIM_SECONDS)
    chat.is_delivered()
    chat.time_passes(1)
    chat.is_delivered()

    chat.hears_of(payloads.status("wamid.late", "delivered", outbox_id=outbox_id))

    assert chat.states() == ["delivered"]
