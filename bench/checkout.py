"""Versions of GATTE that a bench can run: the files beside this one, or those of any commit."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.process_system import BIN, MODELS, PROJECT, process_environment

REQUIREMENTS = "requirements.txt"


class NoSuchCommit(Exception):
    """Git knows nothing by this name."""


@dataclass(frozen=True)
class Checkout:
    """One version: its files, the programs of its packages, and the folder for what it trains."""

    project: Path = PROJECT
    binaries: Path = BIN
    models: Path = MODELS

    def flask(self, environment: dict[str, str], *arguments: str) -> None:
        """Run a flask command of this version; RuntimeError with its output when it fails."""
        command = [str(self.binaries / "flask"), *arguments]
        clean = process_environment(environment, self.project)
        _run(command, self.project, clean)


HERE = Checkout()


@contextmanager
def checked_out(commit: str) -> Iterator[Checkout]:
    """A commit in a git worktree that lasts as long as this does.

    Where its pinned packages are not ours, it gets a virtual environment of its own.
    """
    with tempfile.TemporaryDirectory(prefix="gatte-bench-commit-") as name:
        folder = Path(name) / "gatte"
        _git("worktree", "add", "--detach", str(folder), _hash(commit))
        try:
            yield Checkout(folder, _binaries(folder), _models(folder))
        finally:
            _git("worktree", "remove", "--force", str(folder))


def _models(folder: Path) -> Path:
    """A folder with what we trained: files are named by what they were made from, so that an equal
    version need not train.
    """
    made = folder / ".gatte"
    if MODELS.exists():
        shutil.copytree(MODELS, made)
    return made


def _hash(commit: str) -> str:
    try:
        return _git("rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}").strip()
    except RuntimeError as error:
        raise NoSuchCommit(commit) from error


def _git(*arguments: str) -> str:
    return _run(["git", *arguments], PROJECT, dict(os.environ))


def _binaries(folder: Path) -> Path:
    """Our programs when the packages are the same, else those of a new virtual environment."""
    if _pins(folder / REQUIREMENTS) == _pins(PROJECT / REQUIREMENTS):
        return BIN
    made = folder.parent / "venv"
    _run([sys.executable, "-m", "venv", str(made)], folder, dict(os.environ))
    newest = ["-m", "pip", "install", "--quiet", "--upgrade", "pip"]
    _run([str(made / "bin" / "python"), *newest], folder, dict(os.environ))
    install = ["-m", "pip", "install", "--quiet", "--no-compile", "--require-hashes"]
    _run([str(made / "bin" / "python"), *install, "-r", REQUIREMENTS], folder, dict(os.environ))
    return made / "bin"


def _pins(requirements: Path) -> set[str]:
    """Packages with their versions; how extras and hashes are written makes no other package."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    pins = [line.partition(" ")[0] for line in lines if "==" in line]
    return {re.sub(r"\[.*\]", "", pin) for pin in pins}


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout
