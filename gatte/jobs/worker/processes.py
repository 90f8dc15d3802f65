"""Worker processes beside each other under one parent."""

import ctypes
import signal
import subprocess
import sys
import threading

import structlog

from gatte.settings import EX_CONFIG

log = structlog.get_logger(__name__)

RESTART_SECONDS = 1.0  # a worker that dies at its start must not keep a core busy with starting
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def run_processes(command: list[str], count: int) -> int:
    """Run a command in so many processes until SIGTERM or SIGINT, or until one of them says that
    its settings are bad (exit code 78); the highest exit code.

    One that dies is started again. On Linux none outlives this process, however it ends.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    running = [_start(command) for _ in range(count)]
    while not stopping.wait(RESTART_SECONDS):
        if any(process.poll() == EX_CONFIG for process in running):
            break
        running = [_started_again(process, command) for process in running]
    for process in running:
        process.terminate()
    return max(process.wait() for process in running)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, preexec_fn=_end_with_parent)  # noqa: S603, PLW1509 - our own command; no thread runs here


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _started_again(process: subprocess.Popen[bytes], command: list[str]) -> subprocess.Popen[bytes]:
    """The process, or another in its place when it has died."""
    if process.poll() is None:
        return process
    log.error("worker_died", pid=process.pid, status=process.returncode)
    return _start(command)
