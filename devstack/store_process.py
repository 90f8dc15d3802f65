"""A server process that we start, watch until it answers, stop, and sometimes crash on purpose."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from devstack.process_spawn import guarded, runs_as_root, store_owner

START_SECONDS = 60
STOP_SECONDS = 20
ATTEMPTS = 5


class StoreFailed(Exception):
    """A store did not start; the message ends with the last lines of its log."""


def owned_folder(folder: Path, mode: int = 0o700) -> Path:
    """The folder, made when missing, belonging to whoever runs the stores."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    if runs_as_root():
        owner = store_owner()
        shutil.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


def owned_file(path: Path, text: str) -> Path:
    """The file with this text, readable by whoever runs the stores and by nobody else."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
    if runs_as_root():
        owner = store_owner()
        shutil.chown(path, owner.pw_uid, owner.pw_gid)
    return path


def launch(command: Sequence[str | Path], death_signal: str, log: Path) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that Ctrl-C reaches it only through us."""
    with log.open("ab") as output:
        return subprocess.Popen(
            guarded(command, death_signal),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=log.parent,
        )


def wait_until_answering(
    process: subprocess.Popen[bytes], answers: Callable[[], bool], log: Path
) -> None:
    """Return when the server answers; StoreFailed when it ended or took too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StoreFailed(
                f"{_name(process)} ended with code {process.returncode}:\n{last_lines(log)}"
            )
        if answers():
            return
        time.sleep(0.02)
    process.kill()
    raise StoreFailed(
        f"{_name(process)} did not answer within {START_SECONDS} s:\n{last_lines(log)}"
    )


def end(process: subprocess.Popen[bytes], gently: signal.Signals) -> None:
    """Stop the server in its own way; kill it when that takes too long."""
    if process.poll() is not None:
        return
    process.send_signal(gently)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        kill_tree(process.pid)
        process.wait()


def kill_tree(pid: int) -> None:
    """Kill a process and all below it at once, as when the machine loses power."""
    try:
        parent = psutil.Process(pid)
        doomed = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in doomed:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(doomed[1:], timeout=STOP_SECONDS)


def end_left_behind(pid: int, name: str, folder: Path, gently: signal.Signals) -> None:
    """Stop a server of this folder that outlived a starter who was killed; leave a stranger with
    its old pid alone.
    """
    if not pid:
        return
    try:
        process = psutil.Process(pid)
        ours = process.name() == name and Path(process.cwd()) == folder.resolve()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return
    if not ours:
        return
    os.kill(pid, gently)
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        kill_tree(pid)


def pid_in(file: Path) -> int:
    """The process id that a pid file begins with; 0 when there is none."""
    words = file.read_text().split() if file.exists() else []
    return int(words[0]) if words and words[0].isdigit() else 0


def last_lines(log: Path, count: int = 8) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:]) if log.exists() else ""


def _name(process: subprocess.Popen[bytes]) -> str:
    arguments = process.args if isinstance(process.args, list) else [process.args]
    command = arguments[arguments.index("--") + 1] if "--" in arguments else arguments[0]
    return Path(str(command)).name
