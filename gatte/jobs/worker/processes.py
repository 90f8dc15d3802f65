"""Worker processes beside each other under one parent, forked from it once its models are loaded.

So modules and models are loaded once a host and not once a process: with two processes a start
takes half the processor time, and their models' memory is shared.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.context import ForkProcess

import structlog

from gatte.settings import EX_CONFIG

log = structlog.get_logger(__name__)

Work = Callable[[], object]

RECYCLED = 75  # the exit code of a worker that is worn out and wants a successor
RESTART_SECONDS = 1.0  # a worker that dies at its start must not keep a core busy with starting
PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_fork = multiprocessing.get_context("fork")


def run_processes(work: Work, count: int) -> int:
    """Run `work` in so many processes until SIGTERM or SIGINT, or until one of them says that
    its settings are bad (exit code 78); the highest exit code.

    One that dies or is worn out is started again. On Linux none outlives this process, however it
    ends. The caller has no connection open and no thread running.
    """
    stopping = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stopping.set())
    running = [_start(work) for _ in range(count)]
    while not stopping.wait(RESTART_SECONDS):
        if any(process.exitcode == EX_CONFIG for process in running):
            break
        running = [_started_again(process, work) for process in running]
    for process in running:
        process.terminate()
    for process in running:
        process.join()
    return max(_status(process) for process in running)


def _status(process: ForkProcess) -> int:
    """The exit code of a process that ended; one that only wanted a successor ended well."""
    return 0 if process.exitcode == RECYCLED else process.exitcode or 0


def _start(work: Work) -> ForkProcess:
    process = _fork.Process(target=_run_child, args=(work, os.getpid()))
    # a signal that comes before the child has its own handlers waits until it has
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    process.start()
    signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
    return process


def _run_child(work: Work, parent: int) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    if os.getppid() == parent:
        work()


def _started_again(process: ForkProcess, work: Work) -> ForkProcess:
    """The process, or another in its place when it has ended."""
    if process.exitcode is None:
        return process
    if process.exitcode != RECYCLED:
        log.error("worker_died", pid=process.pid, status=process.exitcode)
    process.close()
    return _start(work)
