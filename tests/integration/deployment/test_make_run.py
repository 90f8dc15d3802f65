import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from devstack.local_state import free_port
from tests.integration.deployment.conftest import PROJECT


def test_it_says_in_at_most_twelve_lines_where_everything_is(make_run, project):
    running = make_run()
    address = running.wait_for("GATTE is running at").split()[-1]
    running.wait_for("Ctrl-C")

    assert len(running.printed) <= 12
    assert httpx.get(f"{address}health/ready").status_code == 200
    assert (project / ".gatte" / "panel-password").read_text() in running.output.read_text()


def test_ctrl_c_ends_it_cleanly_and_leaves_nothing_behind(make_run):
    running = make_run()
    running.wait_for("GATTE is running at")

    assert running.end(signal.SIGINT) == 0
    assert running.printed[-1] == "Stopped."
    assert running.left_behind() == []


def test_a_second_one_says_that_one_is_running_and_where(make_run):
    first = make_run()
    address = first.wait_for("GATTE is running at").split()[-1]
    second = make_run()

    assert second.process.wait(60) == 1
    assert "running already" in second.printed[0]
    assert address in second.printed[0]


def test_a_killed_worker_is_started_again(make_run, project):
    running = make_run()
    running.wait_until(lambda: worker_of(project) > 0, "the worker")
    before = worker_of(project)
    os.kill(before, signal.SIGKILL)

    assert (
        running.wait_for("starting it again")
        == "worker: devstack: ended with code -9: starting it again"
    )
    running.wait_until(lambda: worker_of(project) not in {0, before}, "another worker")


def test_bad_settings_end_it_with_a_clear_line(make_run, project):
    (project / "bad-settings").touch()
    running = make_run()

    assert running.process.wait(60) == 1
    assert "worker: gatte: bad setting: DATABASE_URL: is required" in running.printed
    assert running.printed[-1].startswith("GATTE ended with code 78")


def test_the_model_is_made_before_any_worker_starts(make_run, project):
    shutil.rmtree(project / ".gatte" / "models")
    (project / ".gatte" / "models").touch()  # no folder, so it cannot be made
    running = make_run()

    assert running.process.wait(60) == 1
    assert any(
        "GATTE did not start" in line and "gatte.intelligence.build" in line
        for line in running.printed
    )
    assert not (project / "worker.pid").exists()


def test_after_kill_nine_nothing_is_left_and_the_data_is_kept(make_run, project):
    first = make_run()
    first.wait_for("GATTE is running at")
    cluster = (project / ".gatte" / "postgres" / "data" / "global" / "pg_control").stat().st_ino
    first.process.kill()
    first.wait_until(lambda: not first.left_behind(), "the end of every process")
    second = make_run()
    second.wait_for("GATTE is running at")

    assert (
        project / ".gatte" / "postgres" / "data" / "global" / "pg_control"
    ).stat().st_ino == cluster
    assert second.end() == 0


def test_a_taken_port_gives_the_next_one_and_says_so(make_run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        line = make_run(PORT=str(port)).wait_for("GATTE is running at")

    assert f"(port {port} is taken)" in line
    assert f":{port}/" not in line


def test_given_stores_are_used_instead_of_embedded_ones(make_run, project, stores):
    running = make_run(DATABASE_URL=stores.postgres.url(), REDIS_URL=stores.valkey.url())
    running.wait_for("from DATABASE_URL and REDIS_URL")

    assert not (project / ".gatte" / "postgres").exists()
    assert running.end() == 0
    assert stores.postgres.pid
    assert stores.valkey.pid


def worker_of(project: Path) -> int:
    path = project / "worker.pid"
    return int(path.read_text() or 0) if path.exists() else 0


def test_a_port_that_is_none_is_told_in_one_line(make_run):
    running = make_run(PORT="http")

    assert running.process.wait(60) == 78
    assert running.printed[-1].endswith(
        "GATTE did not start: bad setting: PORT: must be a number between 1 and 65485"
    )


def command(project, *arguments, typed=""):
    """A command of the real application, from the same folder, told nothing about the stores."""
    kept = {
        name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TZ"}
    }
    environment = {**kept, "PYTHONPATH": str(PROJECT), "FLASK_APP": str(PROJECT / "wsgi.py")}
    flask = [sys.executable, "-m", "flask", *arguments]
    return subprocess.run(
        flask,
        check=False,
        cwd=project,
        env=environment,
        input=typed,
        text=True,
        capture_output=True,
        timeout=120,
    )


def test_the_commands_for_users_work_beside_it(make_run, project):
    running = make_run()
    running.wait_for("GATTE is running at")
    assert command(project, "migrate").returncode == 0

    made = command(
        project,
        "users",
        "create",
        "ana@empresa.example",
        "--name",
        "Ana",
        typed="uma senha comprida\n",
    )
    assert made.returncode == 0
    assert made.stdout.endswith("ana@empresa.example may log in as agent.\n")
    assert "ana@empresa.example" in command(project, "users", "list").stdout

    running.end()
    ended = command(project, "users", "list")
    assert (ended.returncode, "DATABASE_URL: is required" in ended.stderr) == (78, True)


def test_the_addresses_of_its_stores_are_for_their_owner_alone(make_run, project):
    make_run().wait_for("GATTE is running at")

    assert (project / ".gatte" / "stores.env").stat().st_mode & 0o777 == 0o600
