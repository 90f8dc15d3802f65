"""A real gunicorn with two processes beside a real worker: one page of metrics, and no line that is
not JSON.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests import process_system
from tests.fakes import payloads
from tests.fakes.people import Person, new_wamid
from tests.process_system import System, until

POSTS, SCRAPES = 7, 30
PHONE = "5541999998888"


def installation(folder: Path, database_url: str, redis_url: str, **more: str) -> System:
    """As an operator starts it: nothing says where the metrics are."""
    (folder / "own").mkdir()
    (folder / "own" / "models").symlink_to(process_system.MODELS / "models")
    given = {
        "GATTE_DATA_DIR": str(folder / "own"),
        "PROMETHEUS_MULTIPROC_DIR": "",
        "WEB_CONCURRENCY": "2",
    }
    return System(folder, process_system.settings(database_url, redis_url, **given, **more))


@pytest.fixture(scope="module")
def system(tmp_path_factory, database_url, redis_url) -> Iterator[System]:
    made = installation(
        tmp_path_factory.mktemp("system"), database_url, redis_url, GATTE_QUIET_SECONDS="0"
    )
    try:
        made.start()
        made.wait_until_ready()
        yield made
    finally:
        made.stop()


def post(system: System) -> None:
    person = Person(PHONE)
    body, headers = payloads.signed(
        payloads.body(payloads.text("oi"), person, wamid=new_wamid(PHONE)),
        process_system.APP_SECRET,
    )
    assert (
        httpx.post(f"{system.url}/webhook/whatsapp", content=body, headers=headers).status_code
        == 200
    )


def scraped(system: System, sample: str) -> float | None:
    """The value on the page of whichever process answers."""
    page = httpx.get(f"{system.url}/metrics", headers={"Connection": "close"}).text
    found = re.search(rf"^{re.escape(sample)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else None


def lines(system: System) -> list[str]:
    return [line for line in system.log("web").splitlines() if line]


def are_json(said: list[str]) -> bool:
    """Whether each line is an object with its time, level and event."""
    return all({"timestamp", "level", "event"} <= json.loads(line).keys() for line in said)


def test_every_process_answers_with_the_counts_of_all(system):
    for _ in range(POSTS):
        post(system)
    stored, turns = (
        'gatte_webhook_requests_total{outcome="stored"}',
        'gatte_turn_seconds_count{step="total"}',
    )

    assert until(lambda: (scraped(system, turns) or 0) > 0)
    assert {scraped(system, stored) for _ in range(SCRAPES)} == {float(POSTS)}
    assert len({scraped(system, turns) for _ in range(SCRAPES)}) == 1


def test_the_master_says_in_json_that_a_worker_was_killed(system):
    victim = psutil.Process(system.processes["web"].pid).children()[0]
    victim.kill()

    assert until(lambda: "SIGKILL" in system.log("web"))
    assert are_json(lines(system))
    [told] = [line for line in lines(system) if "SIGKILL" in line]
    assert str(victim.pid) in json.loads(told)["event"]


def test_the_master_tells_of_start_and_stop_in_json(tmp_path, database_url, redis_url):
    system = installation(tmp_path, database_url, redis_url)
    system.start("web")
    assert until(
        lambda: system.log("web").count('"Booting worker') == 2, process_system.READY_PATIENCE
    ), system.log_tail()

    assert system.terminate("web") == 0
    assert are_json(lines(system))
    assert [
        event
        for event in ("Starting gunicorn", "Listening at", "Shutting down: Master")
        if event not in system.log("web")
    ] == []


def test_what_the_master_says_is_masked(tmp_path, database_url, redis_url):
    system = installation(
        tmp_path, database_url, redis_url, GUNICORN_CMD_ARGS=f"--name {PHONE} --log-level debug"
    )
    system.start("web")
    assert until(
        lambda: system.log("web").count('"Booting worker') == 2, process_system.READY_PATIENCE
    ), system.log_tail()
    system.stop()

    assert are_json(lines(system))
    assert PHONE not in system.log("web")


@pytest.mark.parametrize("process", ["web", "worker"])
def test_bad_settings_are_one_line_a_problem_and_nothing_else(tmp_path, redis_url, process):
    system = System(tmp_path, {"REDIS_URL": "nonsense", "GATTE_DATA_DIR": str(tmp_path)})
    system.start(process)

    assert system.processes[process].wait(60) == 78
    said = system.log(process).splitlines()
    assert len(said) == 2
    assert all(line.startswith("gatte: bad setting: ") for line in said)


def test_a_folder_for_metrics_that_cannot_be_written_to_is_told_at_the_start(
    tmp_path, database_url, redis_url
):
    (tmp_path / "file").write_text("")
    given = process_system.settings(
        database_url, redis_url, PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "file")
    )
    program, *arguments = process_system.COMMANDS["web"]
    command = [str(process_system.BIN / program), *arguments, "wsgi:app"]
    done = subprocess.run(
        command,
        cwd=process_system.PROJECT,
        env=process_system.process_environment(
            given | {"GATTE_BIND": f"127.0.0.1:{process_system.free_port()}"}
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == os.EX_CONFIG
    assert done.stderr.splitlines()[-1].startswith("gatte: bad setting: PROMETHEUS_MULTIPROC_DIR: ")
