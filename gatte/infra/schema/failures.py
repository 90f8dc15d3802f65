"""A migration that failed: the real error in the log, whole, and one line for whoever waits."""

import structlog
from sqlalchemy.exc import DBAPIError

from gatte.infra.schema.signals import was_interrupted

log = structlog.get_logger(__name__)


class MigrationFailed(Exception):
    """A migration failed and was rolled back; those before it stay applied."""

    def __init__(self, revision: str | None, sqlstate: str | None, reason: str) -> None:
        code = f" (SQLSTATE {sqlstate})" if sqlstate else ""
        super().__init__(f"migration {revision or '?'} failed{code} and was rolled back: {reason}")
        self.revision = revision
        self.sqlstate = sqlstate


def logged_failure(error: BaseException, revision: str | None) -> BaseException:
    """Log the error with SQLSTATE, message, statement and stack; what is to be raised for it."""
    statement = error.statement if isinstance(error, DBAPIError) else None
    if isinstance(error, KeyboardInterrupt) or was_interrupted():
        log.error("migration_interrupted", revision=revision, statement=statement)
        return KeyboardInterrupt()
    sqlstate = _sqlstate(error)
    reason = _reason(error)
    log.error(
        "migration_failed",
        revision=revision,
        sqlstate=sqlstate,
        message=reason,
        statement=statement,
        exc_info=error,
    )
    return MigrationFailed(revision, sqlstate, reason)


def _sqlstate(error: BaseException) -> str | None:
    return getattr(error.orig, "pgcode", None) if isinstance(error, DBAPIError) else None


def _reason(error: BaseException) -> str:
    """The server's main message without its detail, which may hold values of rows."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    primary = getattr(getattr(origin, "diag", None), "message_primary", None)
    return str(primary or origin).strip()
