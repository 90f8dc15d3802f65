"""One checkout and its folder `.gatte/`: who runs it, where its stores are, who logs in."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from devstack.local_state import kept_password, port_is_free
from devstack.stores import Stores

PORTS_TRIED = 50
HIGHEST_PORT = 65535 - PORTS_TRIED
STORE_URLS = ("DATABASE_URL", "REDIS_URL")
STORES_FILE = "stores.env"  # gatte/running_stores.py reads it


class AlreadyRunning(Exception):
    """Another `make run` holds this folder; the message says which, and where it answers."""


class BadPort(Exception):
    """The port that was asked for is none."""


@dataclass(frozen=True)
class Workspace:
    """A folder to run from, and the settings it was given from outside (.env and environment; the
    environment wins).
    """

    project: Path
    given: dict[str, str]

    @classmethod
    def here(cls) -> "Workspace":
        project = Path.cwd()
        written = {name: value for name, value in dotenv_values(project / ".env").items() if value}
        return cls(project, written | {name: value for name, value in os.environ.items() if value})

    @property
    def folder(self) -> Path:
        # the second is its former name, read for one release more
        named = self.given.get("GATTE_DATA_DIR") or self.given.get("GATTE_FOLDER")
        return self.project / (named or ".gatte")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold this folder; AlreadyRunning when another does. A record lock, which a forked child
        does not inherit, and kill -9 frees.
        """
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                known = self._holder.exists()
                holder = self._holder.read_text() if known else "another process"
                raise AlreadyRunning(holder) from None
            self.note(f"process {os.getpid()}")
            yield

    @property
    def _holder(self) -> Path:
        # Not the lock itself: closing any descriptor of that would free it.
        return self.folder / "running"

    def note(self, line: str) -> None:
        """Say who holds this folder, for a second `make run` to tell."""
        self._holder.write_text(line)

    @contextmanager
    def stores(self) -> Iterator[dict[str, str]]:
        """DATABASE_URL and REDIS_URL: as given, or those of embedded stores, which are stopped at
        the end; of an embedded Postgres also the migrator's URL.
        """
        stores = Stores(self.folder)
        urls: dict[str, str] = {name: self.given[name] for name in STORE_URLS if name in self.given}
        try:
            if "DATABASE_URL" not in urls and "DATABASE_URL_FILE" not in self.given:
                stores.postgres.start()
                urls["DATABASE_URL"] = stores.postgres.application_url()
                urls["GATTE_MIGRATION_DATABASE_URL"] = stores.postgres.migrator_url()
                urls["GATTE_BACKUP_DATABASE_URL"] = stores.postgres.url()
            if "REDIS_URL" not in urls and "REDIS_URL_FILE" not in self.given:
                urls["REDIS_URL"] = stores.valkey.start()
            self._tell_neighbours(urls)
            yield urls
        finally:
            self._stores_file.unlink(missing_ok=True)
            stores.stop()

    @property
    def _stores_file(self) -> Path:
        return self.folder / STORES_FILE

    def _tell_neighbours(self, urls: dict[str, str]) -> None:
        """Let commands of this folder find the stores; only we can read the passwords in it."""
        draft = self._stores_file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text("".join(f"{name}='{url}'\n" for name, url in urls.items()))
        draft.rename(self._stores_file)

    def panel_password(self) -> str:
        """The password of the panel's first user, made once."""
        return kept_password(self.folder / "panel-password")

    def web_port(self) -> tuple[int, int]:
        """The port asked for, and the one to use: the next that is free."""
        wanted = self._wanted_port()
        candidates = range(wanted, wanted + PORTS_TRIED)
        return wanted, next(port for port in candidates if port_is_free(port))

    def _wanted_port(self) -> int:
        spelled = self.given.get("PORT", "8000")
        if not spelled.isdecimal() or not 1 <= int(spelled) <= HIGHEST_PORT:
            raise BadPort(f"PORT: must be a number between 1 and {HIGHEST_PORT}")
        return int(spelled)
