"""The table of migrations: what was applied when, how long it took, by which version, from which
text.
"""

import hashlib
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import structlog
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from sqlalchemy import Connection, text

from gatte import __version__
from gatte.infra.schema.versions import VERSION_TABLE, Executes

log = structlog.get_logger(__name__)

HISTORY_TABLE = "schema_migrations"
CREATE = text(f"""
    CREATE TABLE IF NOT EXISTS {HISTORY_TABLE} (
        revision text PRIMARY KEY,
        description text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        duration_ms integer NOT NULL,
        app_version text NOT NULL,
        checksum text NOT NULL
    )
""")
INSERT = text(f"""
    INSERT INTO {HISTORY_TABLE} (revision, description, duration_ms, app_version, checksum)
    VALUES (:revision, :description, :duration_ms, :app_version, :checksum)
    ON CONFLICT (revision) DO UPDATE SET (applied_at, duration_ms, app_version, checksum) =
        (clock_timestamp(), excluded.duration_ms, excluded.app_version, excluded.checksum)
""")  # noqa: S608 - constants
DELETE = text(f"DELETE FROM {HISTORY_TABLE} WHERE revision = :revision")  # noqa: S608 - constants
CHECKSUMS = text(f"SELECT revision, checksum FROM {HISTORY_TABLE} ORDER BY revision")  # noqa: S608 - constants


class MigrationHistory:
    """Writes a row a migration, in the migration's own transaction."""

    def __init__(self) -> None:
        self.applied: list[str] = []
        self._began = 0.0

    def begin(self) -> None:
        """The first migration starts now."""
        self._began = time.monotonic()

    def record(
        self,
        *,
        ctx: MigrationContext,
        step: MigrationInfo,
        heads: Collection[Any],
        run_args: dict[str, Any],
    ) -> None:
        """Alembic calls this after each step, before its commit."""
        del heads, run_args  # Alembic's signature
        if ctx.as_sql or ctx.connection is None or step.is_stamp:
            return
        duration_ms, self._began = round((time.monotonic() - self._began) * 1000), time.monotonic()
        ctx.connection.execute(CREATE)
        script = _script(step)
        row = _row(script, duration_ms)
        if step.is_upgrade:
            self.applied.append(script.revision)
            ctx.connection.execute(INSERT, row)
        else:
            ctx.connection.execute(DELETE, {"revision": script.revision})
        log.info(
            "migration_applied",
            revision=script.revision,
            description=script.doc.rstrip("."),
            upgrade=step.is_upgrade,
            duration_ms=duration_ms,
        )


def changed_since_applied(connection: Executes, scripts: Collection[Script]) -> list[str]:
    """The revisions whose file is no longer the one that was applied."""
    if connection.execute(text(f"SELECT to_regclass('{HISTORY_TABLE}')")).scalar() is None:
        return []
    now = {script.revision: checksum(script) for script in scripts}
    rows: list[Any] = list(connection.execute(CHECKSUMS))
    return [
        row.revision for row in rows if row.revision in now and now[row.revision] != row.checksum
    ]


def checksum(script: Script) -> str:
    """SHA-256 of the migration's file."""
    return hashlib.sha256(Path(script.path).read_bytes()).hexdigest()


def drop_empty_version_table(connection: Connection) -> None:
    """Take away the empty table that Alembic made, in a transaction of its own, before a first
    migration that then failed.
    """
    connection.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))
    connection.commit()


def _script(step: MigrationInfo) -> Script:
    revision = step.revision_map.get_revision(step.up_revision_id)
    if not isinstance(revision, Script):
        raise TypeError(f"revision {step.up_revision_id} has no file")
    return revision


def _row(script: Script, duration_ms: int) -> dict[str, object]:
    return {
        "revision": script.revision,
        "description": script.doc.rstrip("."),
        "duration_ms": duration_ms,
        "app_version": __version__,
        "checksum": checksum(script),
    }
