"""Answers that failed or became dead letters, sent again because a person says so."""

import pytest

from gatte.models import Outbox
from tests.fakes import payloads
from tests.fakes.meta import Kind


def reprocess(chat, *options):
    with chat.app.app_context():
        done = chat.app.test_cli_runner().invoke(
            args=["reprocess", "--conversation", str(chat.conversation_id), *options]
        )
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def dead_lettered(chat, meta):
    """A conversation whose two answers are dead letters, since customers complained of its
    number.
    """
    meta.fail(Kind.ERROR, to=chat.phone, status=400, code=131048, times=2)
    chat.answers("um", "dois")
    chat.is_delivered()
    chat.is_delivered()
    assert chat.states() == ["dead_letter", "dead_letter"]
    return chat


@pytest.mark.parametrize("options", [[], ["--sends"]])
def test_dead_letters_are_sent_again_once_and_in_order(dead_lettered, options):
    said = reprocess(dead_lettered, *options)
    assert (said.count("will be sent again"), reprocess(dead_lettered, *options)) == (2, "")

    dead_lettered.is_delivered()

    assert (dead_lettered.heard(), dead_lettered.states()) == (
        ["um", "dois"],
        ["accepted", "accepted"],
    )
    assert dead_lettered.rows()[0].error_code is None


@pytest.mark.parametrize("options", [["--turns"], ["--since", "2100-01-01"]])
def test_what_is_not_meant_is_left(dead_lettered, options):
    assert (reprocess(dead_lettered, *options), dead_lettered.states()) == (
        "",
        ["dead_letter", "dead_letter"],
    )


def test_an_answer_that_failed_by_a_status_is_sent_again(chat):
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()
    first = payloads.failure(chat.wamid(), 131026, outbox_id=outbox_id)
    chat.hears_of(first)

    reprocess(chat)
    chat.hears_of(first)  # the old news once more
    chat.is_delivered()
    chat.hears_of(first)

    assert (chat.heard(), chat.states()) == (["oi", "oi"], ["accepted"])


def test_what_the_bot_may_not_say_any_more_is_left(dead_lettered):
    dead_lettered.changes_hands()

    assert reprocess(dead_lettered).count("does not own") == 2
    assert dead_lettered.states() == ["dead_letter", "dead_letter"]


def test_free_text_after_the_window_is_left(dead_lettered):
    dead_lettered.last_wrote(hours=25)

    assert reprocess(dead_lettered).count("older than 24 hours") == 2


def test_an_answer_to_an_erased_contact_is_left(dead_lettered):
    dead_lettered.changes(Outbox, data_key_id=None)

    assert reprocess(dead_lettered).count("erased") == 2


def test_an_answer_in_doubt_or_on_its_way_is_not_touched(chat, meta):
    meta.fail(Kind.CUT, to=chat.phone)
    chat.answers("um", "dois")
    chat.is_delivered()

    assert (reprocess(chat), chat.states()) == ("", ["uncertain", "pending"])
