"""Several worker processes under one parent, with a small program in the place of the worker."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.process_system import until

ROOT = Path(__file__).parents[3]
PARENT = (
    "import runpy, sys; from gatte.jobs.worker.processes import run_processes; "
    "program = sys.argv.pop(1); "
    "sys.exit(run_processes(lambda: runpy.run_path(program), 2))"
)
WORKER = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
(folder / f"started-{os.getpid()}").touch()
while not (folder / "bad-settings").exists():
    if (folder / f"worn-out-{os.getpid()}").exists():
        sys.exit(75)
    time.sleep(0.05)
sys.exit(78)
"""


class ParentProcess:
    """A parent of two workers; which of them run."""

    def __init__(self, folder: Path) -> None:
        (folder / "worker.py").write_text(WORKER)
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(folder / "worker.py"), str(folder)],
            cwd=ROOT,
            start_new_session=True,
        )

    def started(self) -> set[int]:
        return {int(path.name.partition("-")[2]) for path in self.folder.glob("started-*")}

    def running(self) -> set[int]:
        return {pid for pid in self.started() if runs(pid)}

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pid in self.running():
            os.kill(pid, signal.SIGKILL)


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def parent(tmp_path):
    started = ParentProcess(tmp_path)
    assert until(lambda: len(started.running()) == 2)
    yield started
    started.end()


def test_a_killed_worker_is_started_again_and_leaves_no_zombie(parent):
    victim = min(parent.running())
    os.kill(victim, signal.SIGKILL)

    assert until(lambda: victim not in parent.running() and len(parent.running()) == 2)
    assert len(psutil.Process(parent.process.pid).children()) == 2


def test_a_worn_out_worker_has_a_successor(parent):
    worn_out = min(parent.running())
    (parent.folder / f"worn-out-{worn_out}").touch()

    assert until(lambda: worn_out not in parent.running() and len(parent.running()) == 2)
    assert len(parent.started()) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_workers_end_when_the_parent_is_told_to_stop(parent, number):
    parent.process.send_signal(number)

    assert parent.process.wait(20) == 0
    assert parent.running() == set()


def test_a_worker_with_bad_settings_ends_them_all_and_is_not_started_again(parent):
    (parent.folder / "bad-settings").touch()

    assert parent.process.wait(20) == 78
    assert len(parent.started()) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_no_worker_outlives_a_killed_parent(parent):
    parent.process.kill()

    assert until(lambda: parent.running() == set())
