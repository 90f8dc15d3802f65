"""Programs that read or write a stream of bytes: Postgres' tools, and tar."""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gatte.operations.backup import BackupFailed

LONGEST_REASON = 500


class ProgramFailed(BackupFailed):
    """A program ended with an error; the message has the last that it said."""


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end; what it wrote to its standard output. ProgramFailed."""
    done = subprocess.run(  # noqa: S603 - Postgres' tools and tar
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ProgramFailed(_reason(command, done.returncode, done.stderr))
    return done.stdout


@contextmanager
def output_of(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    accepted: Sequence[int] = (0,),
) -> Iterator[IO[bytes]]:
    """What a program writes, as a stream that must be read to its end. ProgramFailed after that,
    unless the exit code is an accepted one; the program is killed when the reader fails.
    """
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - Postgres' tools and tar
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise
        if process.wait() not in accepted:
            raise ProgramFailed(_reason(command, process.returncode, _text(errors)))


@contextmanager
def input_of(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
) -> Iterator[IO[bytes]]:
    """What a program reads, as a stream to be written; its own output goes to `output`.
    ProgramFailed when it ends with an error, also before it has read everything; it is killed when
    the writer fails.
    """
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - Postgres' tools and tar
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output or subprocess.DEVNULL,
            stderr=errors,
        ) as process,
    ):
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended early, and says why
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            raise ProgramFailed(_reason(command, process.returncode, _text(errors)))


def _text(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode(errors="replace")


def _reason(command: Sequence[str | Path], code: int, said: str) -> str:
    name = Path(command[0]).name
    told = said.strip()[-LONGEST_REASON:] or "it said nothing"
    return f"{name} ended with code {code}: {told}"
