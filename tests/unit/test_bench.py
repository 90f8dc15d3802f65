"""What the bench relies on: loads that no memory helps with, counts that are right, and ratios that
say what they say.
"""

import os
import re
import signal
import subprocess

import psycopg2
import pytest
import redis

from bench.checkout import HERE, NoSuchCommit, checked_out
from bench.customers import Load, requests
from bench.pairs import Measure, ratios, table, take_pairs, worse
from bench.proxy import Statements, proxies
from bench.texts import distinct
from bench.time_limit import Stopped, bounded
from tests.process_system import PROJECT

FAST = Measure("webhook", "messages/s", more_is_better=True)
CHEAP = Measure("a turn", "CPU ms")
URL = "http://127.0.0.1:1"


def words_of(requests_made: list[bytes]) -> set[bytes]:
    """The texts of some messages, without their numbers."""
    texts = (re.search(rb'"text":\{"body":"(.*?)"\}', one) for one in requests_made)
    return {re.sub(rb"\d", b"", text[1]) for text in texts if text}


def test_texts_of_new_customers_differ_in_their_words():
    assert len(words_of(requests(Load.NEW, URL, 0, 5_000))) == 5_000


def test_who_comes_back_says_nothing_that_was_said_before():
    first, again = (
        words_of(requests(load, URL, 0, 500, 500)) for load in (Load.NEW, Load.RETURNING)
    )

    assert len(again) == 500
    assert not first & again


def test_a_text_is_the_same_in_every_run():
    assert distinct(7) == distinct(7)


def test_customers_who_repeat_themselves_have_few_texts():
    assert len(words_of(requests(Load.REPEATING, URL, 0, 500))) < 30


def test_statements_and_round_trips_are_counted_on_their_way(database_url):
    with proxies(database_url) as (door,):
        connection = psycopg2.connect(door.url)
        before = (door.counts.trips, door.counts.statements)
        connection.cursor().execute("SELECT 1; SELECT repeat('x', 200000); SELECT 3")
        connection.commit()
        connection.close()

    assert (door.counts.trips - before[0], door.counts.statements - before[1]) == (
        3,
        5,
    )  # BEGIN and COMMIT too


def test_round_trips_to_valkey_are_counted_a_pipeline_once(redis_url):
    with proxies(redis_url) as (door,), redis.Redis.from_url(door.url) as client:
        client.ping()
        before = door.counts.trips
        with client.pipeline(transaction=False) as pipe:
            pipe.get("a").get("b").execute()

        assert door.counts.trips - before == 1


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_statements_are_counted_however_the_bytes_are_cut(size):
    done = b"C\0\0\0\x0dSELECT 1\0"
    stream = b"N" + b"R\0\0\0\x08\0\0\0\0" + done + b"Z\0\0\0\x05I" + done
    statements = Statements()

    assert (
        sum(statements.completed_in(stream[at : at + size]) for at in range(0, len(stream), size))
        == 2
    )


def test_a_ratio_above_one_is_better_here():
    pairs = [({FAST: 120.0, CHEAP: 8.0}, {FAST: 100.0, CHEAP: 10.0})]

    assert ratios(FAST, pairs) == [1.2]
    assert ratios(CHEAP, pairs) == [1.25]


def test_what_is_worse_is_named():
    pairs = [({FAST: 90.0, CHEAP: 10.0}, {FAST: 100.0, CHEAP: 10.0})]

    assert worse(pairs) == "Below 0.95: webhook, messages/s (0.90)."


def test_a_table_of_too_few_pairs_says_so():
    pair = ({CHEAP: 8.0}, {CHEAP: 10.0})

    assert "after 4 pairs" in table([pair] * 4, "other")
    assert "after" not in table([pair] * 5, "other")


def test_each_side_is_the_first_as_often():
    order: list[str] = []

    def step(side: str, _: int) -> dict[Measure, float]:
        order.append(side)
        return {CHEAP: float(side == "here")}

    pairs = take_pairs(("here", "there"), step, 4, ends=float("inf"))

    assert order == ["here", "there", "there", "here"] * 2
    assert pairs == [({CHEAP: 1.0}, {CHEAP: 0.0})] * 4


def test_no_pair_begins_when_the_time_is_up():
    assert take_pairs(("here", "there"), lambda *_: {CHEAP: 1.0}, 4, ends=0.0) == []


def test_a_signal_ends_a_bounded_run_and_does_not_disturb_its_cleaning_up():
    cleaned = []

    def run() -> None:
        with bounded(60):
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os.kill(os.getpid(), signal.SIGINT)
                cleaned.append(True)

    with pytest.raises(Stopped, match="SIGTERM"):
        run()
    assert cleaned


@pytest.mark.skipif(
    not (PROJECT / ".git").exists(), reason="an archive of the files has no commits"
)
def test_a_commit_is_checked_out_for_as_long_as_it_is_measured():
    with checked_out("HEAD") as other:
        assert (other.project / "wsgi.py").exists()
        assert other.project != HERE.project

    listed = subprocess.run(
        ["git", "worktree", "list"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert str(other.project) not in listed.stdout


@pytest.mark.skipif(
    not (PROJECT / ".git").exists(), reason="an archive of the files has no commits"
)
def test_a_commit_that_is_none_is_refused_by_name():
    with pytest.raises(NoSuchCommit, match="--no-such"), checked_out("--no-such"):
        pass
