"""Postgres' own tools, of the server's version, and how they connect."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from gatte.operations.backup import BackupFailed, programs
from gatte.settings import Settings
from gatte.store.catalog import ServerFacts


class ToolMissing(BackupFailed):
    """No tool of the server's version is on this host; the message says what to install."""


@dataclass(frozen=True)
class PostgresTools:
    """The tools of one folder, speaking to one database."""

    folder: Path
    url: str

    def command(self, name: str, *arguments: str | Path) -> list[str | Path]:
        """The command line of a tool that needs no connection."""
        return [self.folder / name, *arguments]

    def connected(self, name: str, *arguments: str | Path) -> list[str | Path]:
        """The command line of a tool that connects. The password is not in it: every user of the
        host can read command lines.
        """
        without_password = make_url(self.url).set(drivername="postgresql", password=None)
        target = without_password.render_as_string(hide_password=False)
        return [self.folder / name, f"--dbname={target}", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a tool that connects, with the password."""
        password = make_url(self.url).password or ""
        given = {"PGPASSWORD": password} if password else {}
        return {**os.environ, "PGAPPNAME": "gatte-backup", **given}

    def can_run(self, name: str) -> bool:
        """Whether a tool is there, and starts: pg_verifybackup of the embedded server does not."""
        return _major_version(self.folder / name) is not None


def find_tools(settings: Settings, server: ServerFacts, url: str) -> PostgresTools:
    """The tools that fit a server; ToolMissing when this host has none of its major version."""
    for folder in _candidates(settings, server):
        if _major_version(folder / "pg_dump") == server.major:
            return PostgresTools(folder, url)
    raise ToolMissing(
        f"the server is Postgres {server.version}, and this host has no pg_dump {server.major}:"
        f" install postgresql-client-{server.major}, or name its folder in GATTE_POSTGRES_BIN_DIR"
    )


def _candidates(settings: Settings, server: ServerFacts) -> Iterator[Path]:
    """Folders to look in, the surest first."""
    if settings.gatte_postgres_bin_dir:
        yield Path(settings.gatte_postgres_bin_dir)
    if server.bin_dir:
        yield Path(server.bin_dir)
    yield Path(f"/usr/lib/postgresql/{server.major}/bin")
    yield Path(f"/usr/pgsql-{server.major}/bin")
    on_path = shutil.which("pg_dump")
    if on_path:
        yield Path(on_path).parent


def _major_version(program: Path) -> int | None:
    """The major version of a tool; None when it is not there or does not run."""
    try:
        told = programs.run([program, "--version"])
    except (OSError, programs.ProgramFailed):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", told)
    return int(found[1]) if found else None
