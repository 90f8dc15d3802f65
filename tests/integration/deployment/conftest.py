"""The supervisor of `make run` around a tiny application, so that its own behaviour is what is
tested.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from devstack.local_state import free_port
from tests.process_system import MODELS

PROJECT = Path(__file__).parents[3]
TINY_APPLICATION = """
import os, pathlib, sys, time
import click, flask

app = flask.Flask(__name__)
app.get("/health/ready")(lambda: "ready")
app.cli.command("migrate")(lambda: None)
demo = flask.cli.AppGroup("demo")
demo.command("load")(lambda: None)
app.cli.add_command(demo)


def work():
    if pathlib.Path("bad-settings").exists():
        sys.stderr.write("gatte: bad setting: DATABASE_URL: is required\\n")
        sys.exit(78)
    pathlib.Path("worker.pid").write_text(str(os.getpid()))
    while True:
        print("2026-01-01 12:00:00 [info     ] working", flush=True)
        time.sleep(0.5)


app.cli.command("worker")(work)
app.cli.command("scheduler")(lambda: time.sleep(600))
"""


class Running:
    """One `make run`, and what it printed."""

    def __init__(self, project: Path, **environment: str) -> None:
        self.project = project
        self.output = project / f"terminal-{time.monotonic_ns()}.txt"
        clean = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL"}
        }
        clean |= {
            "PYTHONPATH": str(PROJECT),
            "FLASK_APP": "wsgi.py",
            "PORT": str(free_port()),
            **environment,
        }
        with self.output.open("w") as output:
            command = [sys.executable, "-m", "devstack.run"]
            self.process = subprocess.Popen(
                command,
                cwd=project,
                env=clean,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def printed(self) -> list[str]:
        return self.output.read_text().splitlines()

    def wait_for(self, words: str, seconds: float = 60) -> str:
        """The first line with these words, once it is there."""
        self.wait_until(lambda: any(words in line for line in self.printed), words, seconds)
        return next(line for line in self.printed if words in line)

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, (
                f"waited too long for {what}; printed: {self.printed}"
            )
            time.sleep(0.05)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)

    def left_behind(self) -> list[psutil.Process]:
        """Processes that still work in this project's folder."""
        return [process for process in psutil.process_iter() if self._works_here(process)]

    def _works_here(self, process: psutil.Process) -> bool:
        try:
            return (
                Path(process.cwd()).is_relative_to(self.project)
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wsgi.py").write_text(TINY_APPLICATION)
    shutil.copy(PROJECT / "Procfile", tmp_path)
    shutil.copytree(
        MODELS / "models", tmp_path / ".gatte" / "models"
    )  # made once, and not two minutes for each test
    return tmp_path


@pytest.fixture
def make_run(project: Path) -> Iterator[Callable[..., Running]]:
    """Starts `make run` in the project; what is still there at the end of the test is killed."""
    started: list[Running] = []

    def start(**environment: str) -> Running:
        started.append(Running(project, **environment))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.wait()
        for process in running.left_behind():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
