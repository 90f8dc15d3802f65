"""Meta took an answer, and the commit that says so stalls for longer than the claim lasts: I8,
nothing is sent a second time.
"""

import os
import signal
import threading
from contextlib import contextmanager

import pytest

from gatte.delivery import claims, number_pause
from gatte.delivery.send import send_due
from gatte.infra.schema import migrate
from gatte.jobs.definitions import apply_statuses
from gatte.models import keyring
from gatte.store.outbox import CLAIM_SECONDS
from tests.fakes import payloads
from tests.integration.delivery.conftest import app, meta, more, number_works, standing_in, talk
from tests.integration.delivery.talks import post
from tests.process_system import until
from tests.store_fixtures import execute, rows, running_stores

__all__ = ["app", "meta", "more", "number_works", "standing_in", "talk"]

STALLED = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Stores of this module's own, whose commits wait for the disk, and can be made to wait for
    longer.
    """
    with running_stores(tmp_path_factory.mktemp("own-stores"), durable=True) as started:
        migrate(started.postgres.url())
        yield started


@pytest.fixture(scope="module")
def database_url(stores):
    return stores.postgres.url()


def commits_wait_for(stores, standby: str) -> None:
    """Let every commit wait for a standby; one that does not exist never answers."""
    execute(
        stores.postgres.url(),
        f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'",
        "SELECT pg_reload_conf()",
    )
    told = [(standby,)]
    assert until(lambda: rows(stores.postgres.url(), "SHOW synchronous_standby_names") == told)


@contextmanager
def stalled_in_its_commit(stores, work):
    """Do the work until its backend stands in a commit, and stop that backend there for as long as
    this lasts.
    """
    commits_wait_for(stores, "nobody")
    working = threading.Thread(target=work)
    working.start()
    try:
        assert until(lambda: len(rows(stores.postgres.url(), STALLED)) == 1)
        ((pid,),) = rows(stores.postgres.url(), STALLED)
        os.kill(pid, signal.SIGSTOP)
    finally:
        commits_wait_for(stores, "")  # else every commit of the tests behind this one stands still
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
        working.join()


def accepting(talk):
    """What a process does whose claim has just run out: send the answer, and note that Meta took
    it.
    """
    claimed = talk.is_claimed()
    talk.time_passes(CLAIM_SECONDS)
    with talk.app.app_context():
        keyring().lookup_hash("wamid", "the key is made when it is needed first")

    def send() -> None:
        with talk.app.app_context():
            send_due(talk.conversation_id, claimed)

    return send


def waits_for_a_lock(stores) -> bool:
    return bool(
        rows(
            stores.postgres.url(), "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        )
    )


def test_an_answer_whose_acceptance_stalls_in_its_commit_is_not_sent_again(talk, stores):
    talk.answers("oi")
    looking = threading.Thread(target=talk.is_delivered)
    with stalled_in_its_commit(stores, accepting(talk)):
        looking.start()
        until(lambda: not looking.is_alive() or waits_for_a_lock(stores))
    looking.join()

    talk.time_passes(3600)
    talk.is_delivered()

    assert (talk.states(), talk.heard()) == (["accepted"], ["oi"])


def test_a_status_that_comes_while_the_acceptance_stalls_is_applied_after_it(talk, stores):
    (outbox_id,) = talk.answers("oi")
    settling = threading.Thread(target=apply_statuses)
    with stalled_in_its_commit(stores, accepting(talk)):
        post(talk.app, payloads.status(talk.wamid(), "delivered", outbox_id=outbox_id))
        settling.start()
        talk.is_delivered()
        assert until(lambda: waits_for_a_lock(stores))
    settling.join()

    talk.time_passes(3600)
    talk.is_delivered()

    assert (talk.states(), talk.heard()) == (["delivered"], ["oi"])


def test_an_answer_behind_one_whose_acceptance_stalls_waits_for_it(talk, stores):
    talk.answers("um", "dois")
    with stalled_in_its_commit(stores, accepting(talk)):
        talk.is_delivered()
        assert talk.heard() == ["um"]

    assert (talk.states(), talk.heard()) == (["accepted"] * 2, ["um", "dois"])


def noting(talk):
    """A process that tells the database what Meta said, in a thread of its own."""
    claimed = talk.is_claimed()

    def note() -> None:
        with talk.app.app_context():
            claims.record_accepted(claimed, "wamid.known", 1.0)

    return threading.Thread(target=note)


def test_an_acceptance_that_postgres_cannot_note_now_is_noted_when_it_can(talk, stores):
    talk.answers("oi")
    telling = noting(talk)
    stores.postgres.crash()
    telling.start()
    stores.postgres.start()
    telling.join()

    assert (talk.states(), talk.outcomes()) == (["accepted"], ["accepted"])


def test_an_acceptance_whose_commit_lost_its_connection_is_noted_once(talk, stores):
    """The commit holds, and the process is not told: it says it again."""
    talk.answers("oi")
    telling = noting(talk)
    commits_wait_for(stores, "nobody")
    telling.start()
    assert until(lambda: bool(rows(stores.postgres.url(), STALLED)))
    rows(
        stores.postgres.url(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
    )
    commits_wait_for(stores, "")
    telling.join()

    assert (talk.states(), talk.outcomes()) == (["accepted"], ["accepted"])


def test_an_answer_that_was_claimed_when_postgres_stopped_leaves_as_soon_as_it_is_back(
    talk, stores
):
    """Nothing left under that claim, and its process knows it: nobody waits for a status."""
    talk.answers("oi")
    claimed = talk.is_claimed()
    talk.app.extensions["gatte_pauses"] = (
        number_pause.PauseCache()
    )  # to be asked of the database before anything leaves

    def send() -> None:
        with talk.app.app_context():
            send_due(talk.conversation_id, claimed)

    stores.postgres.crash()
    sending_it = threading.Thread(target=send)
    sending_it.start()
    stores.postgres.start()
    sending_it.join()

    talk.is_delivered()

    assert (talk.states(), talk.heard()) == (["accepted"], ["oi"])
