"""Keeps one process of `make run` alive: `python -m devstack.supervise SUPERVISOR_PID --
COMMAND...`.

A process that dies is started again, so that a killed worker costs a second, not the session. It
ends for good when it was asked to stop, when its settings are bad, when it keeps dying at once, or
when its supervisor is gone (kill -9 leaves nothing behind).
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from types import FrameType

import psutil

EX_CONFIG = 78
RESTART_SECONDS = 1.0
SHORT_LIFE_SECONDS = 10.0
SHORT_LIVES = 5
STOP_SECONDS = 12.0  # a worker lets its running jobs end for ten


class SignalState:
    to_stop = False


def main(arguments: list[str]) -> int:
    supervisor, separator, *command = arguments
    if separator != "--":
        raise SystemExit(__doc__)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ask_to_stop)
    return keep(int(supervisor), command)


def keep(supervisor: int, command: list[str]) -> int:
    """Run the command until there is a reason to end; its last exit code."""
    short_lives = 0
    while True:
        began = time.monotonic()
        code = _run(command, supervisor)
        if SignalState.to_stop or code in (0, EX_CONFIG) or not _exists(supervisor):
            return 0 if SignalState.to_stop else code
        lived_seconds = time.monotonic() - began
        short_lives = short_lives + 1 if lived_seconds < SHORT_LIFE_SECONDS else 0
        if short_lives == SHORT_LIVES:
            _say(
                f"ended {SHORT_LIVES} times soon after its start, "
                f"the last time with code {code}: giving up"
            )
            return code
        _say(f"ended with code {code}: starting it again")
        time.sleep(RESTART_SECONDS)


def _run(command: list[str], supervisor: int) -> int:
    child = subprocess.Popen(command)
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(0.5)
        if SignalState.to_stop or not _exists(supervisor):
            return _stop(child)


def _stop(child: subprocess.Popen[bytes]) -> int:
    child.terminate()
    try:
        return child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # The session is ours: honcho starts each process in one of its own.
        os.killpg(0, signal.SIGKILL)
        raise


def _exists(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _say(line: str) -> None:
    sys.stdout.write(f"\ndevstack: {line}\n")  # the process may have died in the middle of a line
    sys.stdout.flush()


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    SignalState.to_stop = True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
