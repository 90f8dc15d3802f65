"""Signs of life of workers and schedulers, as health and containers read them."""

import socket
import subprocess
import sys

import pytest

from gatte.queue import ALIVE_SECONDS, Kind, beat, list_alive, redis
from tests import running


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        redis().flushdb()
        yield


def commands_called() -> set[str]:
    """The commands that Redis served since its statistics were reset."""
    return {name.removeprefix("cmdstat_") for name in redis().info("commandstats")}


def test_a_sign_of_life_of_one_kind_is_none_of_another():
    beat(Kind.WORKER, "host-a:1")

    assert list_alive(Kind.WORKER) == ["host-a:1"]
    assert list_alive(Kind.SCHEDULER) == []


def test_who_gave_no_sign_for_long_is_not_alive_and_is_forgotten():
    beat(Kind.WORKER, "host-a:1")
    redis().zincrby("gatte:alive:worker", -ALIVE_SECONDS - 1, "host-a:1")
    assert list_alive(Kind.WORKER) == []

    beat(Kind.WORKER, "host-b:2")
    assert redis().zcard("gatte:alive:worker") == 1


def test_health_reads_signs_of_life_without_a_walk_over_all_keys(app):
    redis().config_resetstat()
    beat(Kind.SCHEDULER, "host-a:1")
    checks = app.test_client().get("/health/ready").json["checks"]

    assert (checks["worker"]["ok"], checks["scheduler"]["ok"]) == (False, True)
    assert not commands_called() & {"scan", "keys"}


@pytest.mark.parametrize(("kind", "code"), [("worker", 0), ("scheduler", 1)])
def test_a_container_is_healthy_while_a_process_of_its_kind_lives_on_this_host(database_url, redis_url, kind, code):
    beat(Kind.WORKER, f"{socket.gethostname()}:1")
    beat(Kind.SCHEDULER, "another-host:1")
    environment = running.process_environment(running.settings(database_url, redis_url))
    done = subprocess.run([sys.executable, "-m", "deployment.alive", kind], env=environment, cwd=running.PROJECT, check=False)

    assert done.returncode == code
