"""What the person at the terminal sees: little. Every line goes to a file; errors, and what the
supervisor says, come through.
"""

import re
import sys
import time
from pathlib import Path
from typing import TextIO

from honcho.printer import Message

ERROR = re.compile(r"\[(error|critical)\s*\]|\"level\": ?\"(error|critical)\"|^gatte: |^devstack: ")
KEPT_BYTES = 10_000_000
SHOWN_EVERY_SECONDS = 1.0
WIDTH = 300
SUPERVISOR = "system"


class Console:
    """Honcho's printer: writes each process's lines to its own log, and at most one error a second
    to the terminal.
    """

    width = 0  # honcho sets it

    def __init__(self, folder: Path, out: TextIO = sys.stdout) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._out = out
        self._files: dict[str, TextIO] = {}
        self._shown_at: dict[str, float] = {}

    def write(self, message: Message) -> None:
        """Take one line; honcho calls this."""
        line = (
            message.data.decode(errors="replace")
            if isinstance(message.data, bytes)
            else message.data
        )
        if not line.strip():
            return
        name = message.name or SUPERVISOR
        file = self._files.get(name) or self._open(name)
        file.write(line if line.endswith("\n") else f"{line}\n")
        file.flush()
        if ERROR.search(line):
            self._show(name, line.strip())

    def say(self, text: str = "") -> None:
        """Tell the person something."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def _show(self, name: str, line: str) -> None:
        now = time.monotonic()
        if now - self._shown_at.get(name, 0.0) >= SHOWN_EVERY_SECONDS:
            self._shown_at[name] = now
            self.say(f"{name}: {line[:WIDTH]}")

    def _open(self, name: str) -> TextIO:
        path = self.folder / f"{name}.log"
        if path.exists() and path.stat().st_size > KEPT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return self._files.setdefault(name, path.open("a", encoding="utf-8"))
