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
from tests.integration.delivery.conftest import app, chat, fake_server, meta, more, number_works
from tests.integration.delivery.delivery_scenario import post
from tests.process_system import until
from tests.store_fixtures import execute, rows, running_stores

__all__ = ["app", "chat", "fake_server", "meta", "more", "number_works"]

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


def accepting(chat):
    """What a process does whose claim has just run out: send the answer, and note that Meta took
    it.
    """
    claimed = chat.is_claimed()
    chat.time_passes(CLAIM_SECONDS)
    with chat.app.app_context():
        keyring().lookup_hash("wamid", "the key is made when it is needed first")

    def send() -> None:
        with chat.app.app_context():
            send_due(chat.conversation_id, claimed)

    return send


def waits_for_a_lock(stores) -> bool:
    return bool(
        rows(
            stores.postgres.url(), "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        )
    )


def test_an_answer_whose_acceptance_stalls_in_its_commit_is_not_sent_again(chat, stores):
    chat.answers("oi")
    looking = threading.Thread(target=chat.is_delivered)
    with stalled_in_its_commit(stores, accepting(chat)):
        looking.start()
        until(lambda: not looking.is_alive() or waits_for_a_lock(stores))
    looking.join()

    chat.time_passes(3600)
    chat.is_delivered()

    assert (chat.states(), chat.heard()) == (["accepted"], ["oi"])


def test_a_status_that_comes_while_the_acceptance_stalls_is_applied_after_it(chat, stores):
    (outbox_id,) = chat.answers("oi")
    settling = threading.Thread(target=apply_statuses)
    with stalled_in_its_commit(stores, accepting(chat)):
        post(chat.app, payloads.status(chat.wamid(), "delivered", outbox_id=outbox_id))
        settling.start()
        chat.is_delivered()
        assert until(lambda: waits_for_a_lock(stores))
    settling.join()

    chat.time_passes(3600)
    chat.is_delivered()

    assert (chat.states(), chat.heard()) == (["delivered"], ["oi"])


def test_an_answer_behind_one_whose_acceptance_stalls_waits_for_it(chat, stores):
    chat.answers("um", "dois")
    with stalled_in_its_commit(stores, accepting(chat)):
        chat.is_delivered()
        assert chat.heard() == ["um"]

    assert (chat.states(), chat.heard()) == (["accepted"] * 2, ["um", "dois"])


def noting(chat):
    """A process that tells the database what Meta said, in a thread of its own."""
    claimed = chat.is_claimed()

    def note() -> None:
        with chat.app.app_context():
            claims.record_accepted(claimed, "wamid.known", 1.0)

    return threading.Thread(target=note)


def test_an_acceptance_that_postgres_cannot_note_now_is_noted_when_it_can(chat, stores):
    chat.answers("oi")
    telling = noting(chat)
    stores.postgres.crash()
    telling.start()
    stores.postgres.start()
    telling.join()

    assert (chat.states(), chat.outcomes()) == (["accepted"], ["accepted"])


def test_an_acceptance_whose_commit_lost_its_connection_is_noted_once(chat, stores):
    """The commit holds, and the process is not told: it says it again."""
    chat.answers("oi")
    telling = noting(chat)
    commits_wait_for(stores, "nobody")
    telling.start()
    assert until(lambda: bool(rows(stores.postgres.url(), STALLED)))
    rows(
        stores.postgres.url(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
    )
    commits_wait_for(stores, "")
    telling.join()

    assert (chat.states(), chat.outcomes()) == (["accepted"], ["accepted"])


def test_an_answer_that_was_claimed_when_postgres_stopped_leaves_as_soon_as_it_is_back(
    chat, stores
):
    """Nothing left under that claim, and its process knows it: nobody waits for a status."""
    chat.answers("oi")
    claimed = chat.is_claimed()
    chat.app.extensions["gatte_pauses"] = (
        number_pause.PauseCache()
    )  # to be asked of the database before anything leaves

    def send() -> None:
        with chat.app.app_context():
            send_due(chat.conversation_id, claimed)

    stores.postgres.crash()
    sending_it = threading.Thread(target=send)
    sending_it.start()
    stores.postgres.start()
    sending_it.join()

    chat.is_delivered()

    assert (chat.states(), chat.heard()) == (["accepted"], ["oi"])
