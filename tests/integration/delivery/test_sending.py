"""One answer on its way: order, one sender at a time, crashes, refusals, and what becomes of a
doubtful send.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gatte.delivery import claims
from gatte.extensions import db
from gatte.jobs.definitions import apply_statuses, deliver
from gatte.models import Contact, Conversation
from gatte.store.outbox import CLAIM_SECONDS
from tests.fakes import payloads
from tests.fakes.meta import Kind
from tests.integration.delivery.talks import new_talk, post
from tests.slow_machines import left_of

THREADS = 12


def in_threads(count, work):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: work(), range(count)))


def test_answers_leave_in_the_order_of_writing(talk):
    ids = talk.answers("um", "dois", "três")

    talk.is_delivered()

    assert (talk.heard(), talk.sent_ids(), talk.states()) == (
        ["um", "dois", "três"],
        ids,
        ["accepted"] * 3,
    )


def test_an_answer_that_waits_holds_back_those_behind_it_and_nobody_else(talk, meta, app):
    other = new_talk(app, meta)
    meta.fail(Kind.ERROR, to=talk.phone, status=503, code=131016)
    talk.answers("um", "dois")
    other.answers("oi")

    talk.is_delivered()
    talk.is_delivered()
    other.is_delivered()

    assert (talk.heard(), talk.states(), other.heard()) == ([], ["pending", "pending"], ["oi"])


def test_many_at_once_send_each_answer_once_and_in_order(talk, meta):
    said = [f"resposta {number}" for number in range(8)]
    talk.answers(*said)
    meta.graph.delay = 0.02

    in_threads(THREADS, talk.is_delivered)
    talk.is_delivered()

    assert talk.heard() == said


def test_one_of_many_claims(talk, app):
    talk.answers("oi")

    def claim():
        with app.app_context():
            claimed = claims.claim_next(talk.conversation_id)
            db.session.commit()
            return claimed is not None

    assert in_threads(THREADS, claim).count(True) == 1


def test_a_send_that_crashed_is_doubtful_and_not_sent_before_the_grace_is_over(talk):
    talk.answers("oi")
    talk.is_claimed()
    talk.is_delivered()
    assert talk.states() == ["sending"]

    talk.time_passes(CLAIM_SECONDS)
    talk.is_delivered()
    talk.is_delivered()

    assert (talk.states(), talk.heard()) == (["uncertain"], [])


@pytest.mark.parametrize("word", ["sent", "delivered", "read"])
def test_a_status_settles_a_doubtful_send(talk, word):
    (outbox_id,) = talk.answers("oi")
    talk.is_claimed()
    talk.time_passes(CLAIM_SECONDS)
    talk.is_delivered()

    talk.hears_of(payloads.status("wamid.nobody-noted-it", word, outbox_id=outbox_id))
    talk.time_passes(3600)
    talk.is_delivered()

    assert (talk.states(), talk.heard()) == ([word], [])


def test_a_doubtful_send_whose_status_is_stored_and_not_applied_yet_is_not_sent_again(talk):
    (outbox_id,) = talk.answers("oi")
    talk.is_claimed()
    talk.time_passes(CLAIM_SECONDS)
    talk.is_delivered()

    post(talk.app, payloads.status("wamid.nobody-noted-it", "delivered", outbox_id=outbox_id))
    talk.time_passes(3600)
    talk.is_delivered()
    assert (talk.states(), talk.heard()) == (["uncertain"], [])

    apply_statuses()
    talk.time_passes(3600)
    talk.is_delivered()
    assert (talk.states(), talk.heard()) == (["delivered"], [])


def test_a_doubtful_send_without_a_status_is_sent_again(talk):
    talk.answers("oi")
    talk.is_claimed()
    talk.time_passes(CLAIM_SECONDS)
    talk.is_delivered()

    talk.time_passes(1)
    talk.is_delivered()

    assert (talk.states(), talk.heard()) == (["accepted"], ["oi"])


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": Kind.CUT},
        {"kind": Kind.NONSENSE},
        {"kind": Kind.ERROR, "accept": True},
        {"kind": Kind.ERROR, "code": 131000},
    ],
)
def test_a_send_that_nobody_knows_the_end_of_is_doubtful(talk, meta, fault):
    meta.fail(to=talk.phone, **fault)
    talk.answers("um", "dois")

    talk.is_delivered()

    assert (talk.states(), talk.outcomes()) == (["uncertain", "pending"], ["uncertain"])


def test_a_cut_connection_after_the_message_was_taken_sends_nothing_twice(talk, meta):
    meta.fail(Kind.CUT, to=talk.phone)
    (outbox_id,) = talk.answers("oi")
    talk.is_delivered()
    assert talk.heard() == ["oi"]

    talk.hears_of(payloads.status("wamid.cut", "sent", outbox_id=outbox_id))
    talk.time_passes(60)
    talk.is_delivered()

    assert (talk.heard(), talk.states()) == (["oi"], ["sent"])


def test_doubts_come_to_an_end_and_the_answer_is_a_dead_letter(talk, meta):
    meta.fail(Kind.CUT, to=talk.phone, times=-1, accept=False)
    talk.answers("oi")

    for _ in range(claims.MAX_UNCERTAIN_ATTEMPTS + 3):
        talk.is_delivered()
        talk.time_passes(3600)

    assert (talk.states(), len(talk.outcomes())) == (["dead_letter"], claims.MAX_UNCERTAIN_ATTEMPTS)


def test_each_doubt_waits_longer_than_the_one_before(talk, meta):
    meta.fail(Kind.CUT, to=talk.phone, times=-1, accept=False)
    talk.answers("oi")

    for seconds in (0.5, 1.0, 2.0):
        started = time.monotonic()
        talk.is_delivered()
        assert talk.waits_seconds()[0] == left_of(seconds, started, tolerance=0.2)
        talk.time_passes(10)


def test_a_refusal_for_good_fails_and_lets_the_next_one_go(talk, meta):
    meta.fail(Kind.ERROR, to=talk.phone, status=400, code=131026)
    talk.answers("um", "dois")

    talk.is_delivered()
    talk.is_delivered()

    assert (talk.states(), talk.heard()) == (["failed", "accepted"], ["dois"])
    assert talk.rows()[0].error_code == 131026


def test_a_passing_refusal_is_tried_again_later_and_later(talk, meta):
    meta.fail(Kind.ERROR, to=talk.phone, status=503, code=131016, times=3)
    talk.answers("oi")
    least, most = [], []
    for _ in range(3):
        started = time.monotonic()
        talk.is_delivered()
        least += talk.waits_seconds()
        most += [least[-1] + time.monotonic() - started]
        talk.time_passes(600)
    talk.is_delivered()

    assert (talk.heard(), talk.states(), talk.outcomes()) == (
        ["oi"],
        ["accepted"],
        ["refused"] * 3 + ["accepted"],
    )
    assert (most[0] > 1, least[0] < most[1], least[1] < most[2], least[2] < 11) == (True,) * 4


def test_refusals_that_do_not_pass_are_dead_letters(talk, meta):
    meta.fail(Kind.ERROR, to=talk.phone, status=503, code=131016, times=-1)
    talk.answers("oi")

    for _ in range(30):
        talk.is_delivered()
        talk.time_passes(3600)

    assert talk.states() == ["dead_letter"]
    assert 5 <= len(talk.outcomes()) <= 10


def test_a_fault_that_people_must_mend_is_a_dead_letter_at_once(talk, meta):
    meta.fail(Kind.ERROR, to=talk.phone, status=400, code=131048)
    talk.answers("oi")

    talk.is_delivered()

    assert (talk.states(), talk.rows()[0].error_code) == (["dead_letter"], 131048)


def test_the_bot_is_silent_once_the_owner_changed(talk):
    talk.answers("do robô", "do robô também")
    talk.changes_hands()
    talk.answers("da atendente", author="agent")

    talk.is_delivered()

    assert (talk.heard(), talk.states()) == (
        ["da atendente"],
        ["cancelled", "cancelled", "accepted"],
    )


def test_an_answer_to_an_erased_contact_is_not_sent(talk):
    talk.answers("oi")
    with talk.app.app_context():
        contact_id = db.session.get_one(Conversation, talk.conversation_id).contact_id
        db.session.execute(
            db.update(Contact).where(Contact.id == contact_id).values(phone_sealed=None)
        )
        db.session.commit()

    talk.is_delivered()

    assert (talk.states(), talk.heard()) == (["cancelled"], [])


def test_an_answer_that_whatsapp_would_refuse_is_never_sent(talk):
    talk.answers("x" * 5000, "curta")

    talk.is_delivered()
    talk.is_delivered()

    assert (talk.states(), talk.heard()) == (["failed", "accepted"], ["curta"])


def test_a_process_that_slept_through_its_claim_sends_nothing_and_lets_another_send_at_once(
    talk, app
):
    from gatte.delivery import send

    talk.answers("oi")
    claimed = talk.is_claimed()
    stale = type(claimed)(
        **{**vars(claimed), "claimed_at": claimed.claimed_at - claims.CLAIM_USABLE_SECONDS}
    )

    with app.app_context():
        send.send_due(talk.conversation_id, stale)
    assert (talk.heard(), talk.states()) == ([], ["pending"])

    talk.is_delivered()

    assert (talk.heard(), talk.states()) == (["oi"], ["accepted"])


def test_who_slept_through_its_claim_leaves_the_claim_of_another_alone(talk):
    talk.answers("oi")
    slept = talk.is_claimed()
    talk.time_passes(CLAIM_SECONDS)
    talk.is_delivered()
    talk.time_passes(1)
    talk.is_claimed()

    with talk.app.app_context():
        claims.put_back(slept)

    assert talk.states() == ["sending"]


def test_a_late_answer_of_meta_does_not_undo_what_a_later_attempt_did(talk, app):
    talk.answers("oi")
    first = talk.is_claimed()
    talk.time_passes(CLAIM_SECONDS)
    talk.is_delivered()
    talk.time_passes(1)
    second = talk.is_claimed()

    with app.app_context():
        claims.record_rejected(first, 131026, "too late", 1.0, retry_in=None, permanent=True)
        db.session.commit()
    assert talk.states() == ["sending"]

    with app.app_context():
        claims.record_accepted(second, "wamid.second", 1.0)
        db.session.commit()
    assert talk.states() == ["accepted"]


def test_the_job_runs_for_a_conversation_that_is_gone(app):
    deliver("01890000-0000-7000-8000-000000000000")
