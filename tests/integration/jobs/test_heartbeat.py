"""Signs of life of workers and schedulers, as health and containers read them."""

import socket
import subprocess
import sys

import pytest

from gatte import services
from gatte.infra.rq_queue import HEARTBEAT_TTL_SECONDS, ProcessKind, list_alive, send_heartbeat
from tests import process_system


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        services.redis().flushdb()
        yield


def commands_called() -> set[str]:
    """The commands that Redis served since its statistics were reset."""
    return {name.removeprefix("cmdstat_") for name in services.redis().info("commandstats")}


def test_a_sign_of_life_of_one_kind_is_none_of_another():
    send_heartbeat(ProcessKind.WORKER, "host-a:1")

    assert list_alive(ProcessKind.WORKER) == ["host-a:1"]
    assert list_alive(ProcessKind.SCHEDULER) == []


def test_who_gave_no_sign_for_long_is_not_alive_and_is_forgotten():
    send_heartbeat(ProcessKind.WORKER, "host-a:1")
    services.redis().zincrby("gatte:heartbeat:worker", -HEARTBEAT_TTL_SECONDS - 1, "host-a:1")
    assert list_alive(ProcessKind.WORKER) == []

    send_heartbeat(ProcessKind.WORKER, "host-b:2")
    assert services.redis().zcard("gatte:heartbeat:worker") == 1


def test_health_reads_signs_of_life_without_a_walk_over_all_keys(app):
    services.redis().config_resetstat()
    send_heartbeat(ProcessKind.SCHEDULER, "host-a:1")
    checks = app.test_client().get("/health/ready").json["checks"]

    assert (checks["worker"]["ok"], checks["scheduler"]["ok"]) == (False, True)
    assert not commands_called() & {"scan", "keys"}


@pytest.mark.parametrize(("kind", "code"), [("worker", 0), ("scheduler", 1)])
def test_a_container_is_healthy_while_a_process_of_its_kind_lives_on_this_host(
    database_url, redis_url, kind, code
):
    send_heartbeat(ProcessKind.WORKER, f"{socket.gethostname()}:1")
    send_heartbeat(ProcessKind.SCHEDULER, "another-host:1")
    environment = process_system.process_environment(
        process_system.settings(database_url, redis_url)
    )
    done = subprocess.run(
        [sys.executable, "-m", "deployment.healthcheck", kind],
        env=environment,
        cwd=process_system.PROJECT,
        check=False,
    )

    assert done.returncode == code
