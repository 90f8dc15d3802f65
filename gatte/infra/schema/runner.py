"""One migration run: connect, check, lock, apply what is missing, close."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.script import Script
from sqlalchemy import Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from gatte.infra.schema.failures import MigrationFailed, logged_failure
from gatte.infra.schema.grants import check_application_role, grant_to_application
from gatte.infra.schema.history import (
    MigrationHistory,
    changed_since_applied,
    drop_empty_version_table,
)
from gatte.infra.schema.preflight import (
    MINIMUM_SERVER,
    PreflightFailed,
    PreflightFailure,
    check_target,
    connection_refusal,
)
from gatte.infra.schema.signals import interruptible
from gatte.infra.schema.versions import MIGRATIONS, current_revision, scripts

log = structlog.get_logger(__name__)

ADVISORY_LOCK = 0x6761747465  # "gatte": one migrator at a time a database
LOCK_WAIT_SECONDS = 600.0
LOCK_POLL_SECONDS = 0.25
LOCK_TIMEOUT = "5s"  # a migration that waits for a table makes everything after it wait too
STATEMENT_TIMEOUT = "15min"
EX_FAILED = 1
EX_INTERRUPTED = 130


def run_command(url: str, application_role: str = "") -> int:
    """`flask migrate`: the exit code, after one clear line on standard error when it is not 0."""
    try:
        with interruptible():
            applied = migrate(url, application_role=application_role)
    except (PreflightFailed, MigrationFailed) as problem:
        return _ended(str(problem), EX_FAILED)
    except KeyboardInterrupt:
        return _ended("interrupted; the migration that ran was rolled back", EX_INTERRUPTED)
    log.info("schema_current", applied=applied)
    return 0


def _ended(line: str, code: int) -> int:
    sys.stderr.write(f"gatte: {line}\n")
    return code


def migrate(
    url: str,
    directory: Path = MIGRATIONS,
    minimum_server: int = MINIMUM_SERVER,
    application_role: str = "",
) -> list[str]:
    """Bring the database to the newest revision and grant the application's role its rights; the
    revisions that this run applied.

    PreflightFailed before any change, MigrationFailed when one failed and was rolled back. No
    connection stays open, whatever happens.
    """
    journal = MigrationHistory()
    with connected(url) as connection:
        try:
            check_target(connection, minimum_server)
            check_application_role(connection, application_role)
            with migration_lock(connection):
                _upgrade(connection, directory, journal)
                grant_to_application(connection, application_role)
        except PreflightFailed as refused:
            raise _logged(refused) from None
        except (Exception, KeyboardInterrupt) as error:
            revision = _after_rollback(connection, directory)
            raise logged_failure(error, revision) from error
    return journal.applied


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection of its own, outside any pool, with time limits; always closed at the end."""
    options = (
        f"-c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT} -c timezone=UTC"
    )
    arguments = {"connect_timeout": 10, "application_name": "gatte-migrate", "options": options}
    # a bare postgresql:// would mean psycopg 3
    psycopg2 = make_url(url).set(drivername="postgresql+psycopg2")
    engine = create_engine(
        psycopg2, poolclass=NullPool, hide_parameters=True, connect_args=arguments
    )
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise _logged(connection_refusal(error, psycopg2)) from None
    try:
        yield connection
    finally:
        connection.close()
        engine.dispose()


@contextmanager
def migration_lock(connection: Connection) -> Iterator[None]:
    """Hold the advisory lock; wait while another migrator holds it. It falls with the session,
    however that ends.
    """
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    waited = False
    while not _try_lock(connection):
        if time.monotonic() > deadline:
            raise PreflightFailed(
                PreflightFailure.LOCKED,
                f"another migration has been running for over {LOCK_WAIT_SECONDS:.0f} s",
            )
        if not waited:
            log.info("migration_lock_waiting")
        waited = True
        time.sleep(LOCK_POLL_SECONDS)
    yield


def _try_lock(connection: Connection) -> bool:
    got = connection.execute(
        text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}
    ).scalar_one()
    # the lock is the session's; an open transaction would keep Alembic from committing
    connection.commit()
    return bool(got)


def _upgrade(connection: Connection, directory: Path, journal: MigrationHistory) -> None:
    history = _history(directory)
    _check_known(current_revision(connection), history)
    for revision in changed_since_applied(connection, history):
        log.warning("migration_checksum_mismatch", revision=revision)
    connection.commit()
    command.upgrade(_alembic(connection, directory, journal), "head")


def _history(directory: Path) -> list[Script]:
    """All migrations, oldest first."""
    newest_first = list(scripts(directory).walk_revisions())
    return newest_first[::-1]


def _check_known(current: str | None, history: list[Script]) -> None:
    known = [script.revision for script in history]
    if current is not None and current not in known:
        newest = known[-1] if known else "none"
        message = (
            f"the database has schema {current}, and this version knows none after {newest}:"
            " it is older than the database"
        )
        raise PreflightFailed(PreflightFailure.SCHEMA_UNKNOWN, message)


def _alembic(connection: Connection, directory: Path, journal: MigrationHistory) -> Config:
    config = Config()
    config.set_main_option("script_location", str(directory).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["journal"] = journal
    return config


def _after_rollback(connection: Connection, directory: Path) -> str | None:
    """Leave the database as before the migration that failed, and name that one; None when that
    cannot be known.
    """
    try:
        connection.rollback()
        current = current_revision(connection)
        if current is None:
            drop_empty_version_table(connection)
    except DBAPIError:  # the server is gone; it rolls back by itself
        return None
    revisions = [script.revision for script in _history(directory)]
    position = revisions.index(current) + 1 if current in revisions else 0
    return revisions[position] if position < len(revisions) else None


def _logged(refused: PreflightFailed) -> PreflightFailed:
    log.error("migration_refused", reason=refused.refusal.value, message=str(refused))
    return refused
