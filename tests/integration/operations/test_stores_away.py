"""What machines are told while Postgres and Redis are away: that, and no zeros."""

import re

import pytest

from tests.app_fixture import application
from tests.process_system import free_port


@pytest.fixture(scope="module")
def client():
    """A web process without its stores."""
    nobody = f"127.0.0.1:{free_port()}"
    with application(f"postgresql://gatte:word@{nobody}/gatte", f"redis://{nobody}/0") as app:
        yield app.test_client()


def test_metrics_say_which_store_is_away_and_nothing_of_what_it_knows(client):
    answer = client.get("/metrics")

    shown = dict(re.findall(r"^(gatte_\S+) (\S+)$", answer.text, re.MULTILINE))
    assert answer.status_code == 200
    assert (shown["gatte_postgres_up"], shown["gatte_redis_up"]) == ("0.0", "0.0")
    assert shown['gatte_processes{kind="worker"}'] == "NaN"
    assert shown['gatte_waiting_oldest_seconds{what="message"}'] == "NaN"
    assert shown['gatte_dead_letters{kind="turn"}'] == "NaN"
    assert float(shown['gatte_messages_received_total{kind="text"}']) >= 0


def test_a_process_that_never_could_store_has_not_started(client):
    answer = client.get("/health/startup")

    assert (answer.status_code, answer.json["status"]) == (503, "starting")
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    ("scope", "asked"),
    [("store", {"database", "schema"}), ("work", {"redis", "worker", "scheduler", "gemini"})],
)
def test_readiness_tells_what_was_asked_for(client, scope, asked):
    answer = client.get(f"/health/ready?scope={scope}")

    assert (answer.status_code, set(answer.json["checks"])) == (503, asked)
