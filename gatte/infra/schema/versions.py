"""Which revision the database has, and which one this code needs."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from alembic.script import ScriptDirectory
from sqlalchemy import CursorResult, Result, TextClause, text

MIGRATIONS = Path(__file__).parents[3] / "migrations"
VERSION_TABLE = "schema_version"


class Executes(Protocol):
    """A connection or a session."""

    def execute(self, statement: TextClause, /) -> "Result[object] | CursorResult[object]": ...


@dataclass(frozen=True)
class SchemaState:
    """The revision that the database has (None: no schema at all) and the one this code needs."""

    current: str | None
    required: str | None

    @property
    def is_current(self) -> bool:
        return self.current == self.required

    def __str__(self) -> str:
        has = self.current or "none"
        needs = self.required or "none"
        return (
            f"the database has schema {has}, this version needs {needs}:"
            " run `flask migrate`, or start the version that fits"
        )


@lru_cache(maxsize=8)
def scripts(directory: Path = MIGRATIONS) -> ScriptDirectory:
    """The migrations of a folder, read once."""
    return ScriptDirectory(str(directory))


def required_revision(directory: Path = MIGRATIONS) -> str | None:
    """The newest revision; None when there is no migration at all. Two heads raise."""
    return scripts(directory).get_current_head()


def current_revision(connection: Executes) -> str | None:
    """The revision of the database; None when nothing was ever migrated."""
    if connection.execute(text(f"SELECT to_regclass('{VERSION_TABLE}')")).scalar() is None:
        return None
    revision = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return None if revision is None else str(revision)


def schema_state(connection: Executes) -> SchemaState:
    """What the database has and what this code needs."""
    return SchemaState(current_revision(connection), required_revision())
