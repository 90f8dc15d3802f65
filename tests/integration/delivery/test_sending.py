"""One answer on its way: order, one sender at a time, crashes, refusals, and what becomes of a
doubtful send.
"""

import json
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
from tests.integration.delivery.delivery_scenario import new_talk, post
from tests.slow_machines import left_of

THREADS = 12


def in_threads(count, work):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: work(), range(count)))


def test_answers_leave_in_the_order_of_writing(chat):
    ids = chat.answers("um", "dois", "três")

    chat.is_delivered()

    assert (chat.heard(), chat.sent_ids(), chat.states()) == (
        ["um", "dois", "três"],
        ids,
        ["accepted"] * 3,
    )


def test_an_answer_that_waits_holds_back_those_behind_it_and_nobody_else(chat, meta, app):
    other = new_talk(app, meta)
    meta.fail(Kind.ERROR, to=chat.phone, status=503, code=131016)
    chat.answers("um", "dois")
    other.answers("oi")

    chat.is_delivered()
    chat.is_delivered()
    other.is_delivered()

    assert (chat.heard(), chat.states(), other.heard()) == (
        [],
        ["pending", "pending"],
        ["oi"],
    )


def test_many_at_once_send_each_answer_once_and_in_order(chat, meta):
    said = [f"resposta {number}" for number in range(8)]
    chat.answers(*said)
    meta.graph.delay = 0.02

    in_threads(THREADS, chat.is_delivered)
    chat.is_delivered()

    assert chat.heard() == said


def test_one_of_many_claims(chat, app):
    chat.answers("oi")

    def claim():
        with app.app_context():
            claimed = claims.claim_next(chat.conversation_id)
            db.session.commit()
            return claimed is not None

    assert in_threads(THREADS, claim).count(True) == 1


@pytest.mark.parametrize(
    ("status", "code", "state"), [(400, 131026, "failed"), (500, 2, "uncertain")]
)
def test_of_an_error_of_meta_the_code_is_kept_and_no_word(chat, meta, capfd, status, code, state):
    told = {"code": code, "message": "(#2) To Zuleica", "error_data": {"details": "Zuleica is out"}}
    meta.fail(Kind.ERROR, to=chat.phone, status=status, body=json.dumps({"error": told}))
    chat.answers("oi")

    chat.is_delivered()

    assert chat.states() == [state]
    assert chat.rows()[0].error_details is None
    assert "Zuleica" not in capfd.readouterr().err


def test_a_send_that_crashed_is_doubtful_and_not_sent_before_the_grace_is_over(chat):
    chat.answers("oi")
    chat.is_claimed()
    chat.is_delivered()
    assert chat.states() == ["sending"]

    chat.time_passes(CLAIM_SECONDS)
    chat.is_delivered()
    chat.is_delivered()

    assert (chat.states(), chat.heard()) == (["uncertain"], [])


@pytest.mark.parametrize("word", ["sent", "delivered", "read"])
def test_a_status_settles_a_doubtful_send(chat, word):
    (outbox_id,) = chat.answers("oi")
    chat.is_claimed()
    chat.time_passes(CLAIM_SECONDS)
    chat.is_delivered()

    chat.hears_of(payloads.status("wamid.nobody-noted-it", word, outbox_id=outbox_id))
    chat.time_passes(3600)
    chat.is_delivered()

    assert (chat.states(), chat.heard()) == ([word], [])


def test_a_doubtful_send_whose_status_is_stored_and_not_applied_yet_is_not_sent_again(chat):
    (outbox_id,) = chat.answers("oi")
    chat.is_claimed()
    chat.time_passes(CLAIM_SECONDS)
    chat.is_delivered()

    post(chat.app, payloads.status("wamid.nobody-noted-it", "delivered", outbox_id=outbox_id))
    chat.time_passes(3600)
    chat.is_delivered()
    assert (chat.states(), chat.heard()) == (["uncertain"], [])

    apply_statuses()
    chat.time_passes(3600)
    chat.is_delivered()
    assert (chat.states(), chat.heard()) == (["delivered"], [])


def test_a_doubtful_send_without_a_status_is_sent_again(chat):
    chat.answers("oi")
    chat.is_claimed()
    chat.time_passes(CLAIM_SECONDS)
    chat.is_delivered()

    chat.time_passes(1)
    chat.is_delivered()

    assert (chat.states(), chat.heard()) == (["accepted"], ["oi"])


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": Kind.CUT},
        {"kind": Kind.NONSENSE},
        {"kind": Kind.ERROR, "accept": True},
        {"kind": Kind.ERROR, "code": 131000},
    ],
)
def test_a_send_that_nobody_knows_the_end_of_is_doubtful(chat, meta, fault):
    meta.fail(to=chat.phone, **fault)
    chat.answers("um", "dois")

    chat.is_delivered()

    assert (chat.states(), chat.outcomes()) == (["uncertain", "pending"], ["uncertain"])


def test_a_cut_connection_after_the_message_was_taken_sends_nothing_twice(chat, meta):
    meta.fail(Kind.CUT, to=chat.phone)
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()
    assert chat.heard() == ["oi"]

    chat.hears_of(payloads.status("wamid.cut", "sent", outbox_id=outbox_id))
    chat.time_passes(60)
    chat.is_delivered()

    assert (chat.heard(), chat.states()) == (["oi"], ["sent"])


def test_doubts_come_to_an_end_and_the_answer_is_a_dead_letter(chat, meta):
    meta.fail(Kind.CUT, to=chat.phone, times=-1, accept=False)
    chat.answers("oi")

    for _ in range(claims.MAX_UNCERTAIN_ATTEMPTS + 3):
        chat.is_delivered()
        chat.time_passes(3600)

    assert (chat.states(), len(chat.outcomes())) == (
        ["dead_letter"],
        claims.MAX_UNCERTAIN_ATTEMPTS,
    )


def test_each_doubt_waits_longer_than_the_one_before(chat, meta):
    meta.fail(Kind.CUT, to=chat.phone, times=-1, accept=False)
    chat.answers("oi")

    for seconds in (0.5, 1.0, 2.0):
        started = time.monotonic()
        chat.is_delivered()
        assert chat.waits_seconds()[0] == left_of(seconds, started, tolerance=0.2)
        chat.time_passes(10)


def test_a_refusal_for_good_fails_and_lets_the_next_one_go(chat, meta):
    meta.fail(Kind.ERROR, to=chat.phone, status=400, code=131026)
    chat.answers("um", "dois")

    chat.is_delivered()
    chat.is_delivered()

    assert (chat.states(), chat.heard()) == (["failed", "accepted"], ["dois"])
    assert chat.rows()[0].error_code == 131026


def test_a_passing_refusal_is_tried_again_later_and_later(chat, meta):
    meta.fail(Kind.ERROR, to=chat.phone, status=503, code=131016, times=3)
    chat.answers("oi")
    least, most = [], []
    for _ in range(3):
        started = time.monotonic()
        chat.is_delivered()
        least += chat.waits_seconds()
        most += [least[-1] + time.monotonic() - started]
        chat.time_passes(600)
    chat.is_delivered()

    assert (chat.heard(), chat.states(), chat.outcomes()) == (
        ["oi"],
        ["accepted"],
        ["refused"] * 3 + ["accepted"],
    )
    assert (most[0] > 1, least[0] < most[1], least[1] < most[2], least[2] < 11) == (True,) * 4


def test_refusals_that_do_not_pass_are_dead_letters(chat, meta):
    meta.fail(Kind.ERROR, to=chat.phone, status=503, code=131016, times=-1)
    chat.answers("oi")

    for _ in range(30):
        chat.is_delivered()
        chat.time_passes(3600)

    assert chat.states() == ["dead_letter"]
    assert 5 <= len(chat.outcomes()) <= 10


def test_a_fault_that_people_must_mend_is_a_dead_letter_at_once(chat, meta):
    meta.fail(Kind.ERROR, to=chat.phone, status=400, code=131048)
    chat.answers("oi")

    chat.is_delivered()

    assert (chat.states(), chat.rows()[0].error_code) == (["dead_letter"], 131048)


def test_the_bot_is_silent_once_the_owner_changed(chat):
    chat.answers("do robô", "do robô também")
    chat.changes_hands()
    chat.answers("da atendente", author="agent")

    chat.is_delivered()

    assert (chat.heard(), chat.states()) == (
        ["da atendente"],
        ["cancelled", "cancelled", "accepted"],
    )


def test_an_answer_to_an_erased_contact_is_not_sent(chat):
    chat.answers("oi")
    with chat.app.app_context():
        contact_id = db.session.get_one(Conversation, chat.conversation_id).contact_id
        db.session.execute(
            db.update(Contact).where(Contact.id == contact_id).values(phone_sealed=None)
        )
        db.session.commit()

    chat.is_delivered()

    assert (chat.states(), chat.heard()) == (["cancelled"], [])


def test_an_answer_that_whatsapp_would_refuse_is_never_sent(chat):
    chat.answers("x" * 5000, "curta")

    chat.is_delivered()
    chat.is_delivered()

    assert (chat.states(), chat.heard()) == (["failed", "accepted"], ["curta"])


def test_a_process_that_slept_through_its_claim_sends_nothing_and_lets_another_send_at_once(
    chat, app
):
    from gatte.delivery import send

    chat.answers("oi")
    claimed = chat.is_claimed()
    stale = type(claimed)(
        **{**vars(claimed), "claimed_at": claimed.claimed_at - claims.CLAIM_USABLE_SECONDS}
    )

    with app.app_context():
        send.send_due(chat.conversation_id, stale)
    assert (chat.heard(), chat.states()) == ([], ["pending"])

    chat.is_delivered()

    assert (chat.heard(), chat.states()) == (["oi"], ["accepted"])


def test_who_slept_through_its_claim_leaves_the_claim_of_another_alone(chat):
    chat.answers("oi")
    slept = chat.is_claimed()
    chat.time_passes(CLAIM_SECONDS)
    chat.is_delivered()
    chat.time_passes(1)
    chat.is_claimed()

    with chat.app.app_context():
        claims.put_back(slept)

    assert chat.states() == ["sending"]


def test_a_late_answer_of_meta_does_not_undo_what_a_later_attempt_did(chat, app):
    chat.answers("oi")
    first = chat.is_claimed()
    chat.time_passes(CLAIM_SECONDS)
    chat.is_delivered()
    chat.time_passes(1)
    second = chat.is_claimed()

    with app.app_context():
        claims.record_rejected(first, 131026, None, 1.0, retry_in=None, permanent=True)
        db.session.commit()
    assert chat.states() == ["sending"]

    with app.app_context():
        claims.record_accepted(second, "wamid.second", 1.0)
        db.session.commit()
    assert chat.states() == ["accepted"]


def test_the_job_runs_for_a_conversation_that_is_gone(app):
    deliver("01890000-0000-7000-8000-000000000000")
