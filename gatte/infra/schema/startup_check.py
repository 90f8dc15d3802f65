"""The refusal of a process to start over a schema that is not the one it was written for."""

import sys

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from gatte.infra.schema.preflight import PreflightFailed
from gatte.infra.schema.runner import connected
from gatte.infra.schema.versions import schema_state
from gatte.settings import EX_CONFIG

log = structlog.get_logger(__name__)


def require_current_schema(url: str) -> None:
    """End the process with one clear line when the database has another schema; one that is away
    now is waited for by whoever needs it.
    """
    try:
        with connected(url) as connection:
            state = schema_state(connection)
    except (PreflightFailed, OperationalError, InterfaceError):
        # The last two: the database went away while it was asked, or while the connection ended.
        log.warning("database_unavailable_at_start")
        return
    if not state.is_current:
        log.error("schema_mismatch", current=state.current, required=state.required)
        sys.stderr.write(f"gatte: {state}\n")
        raise SystemExit(EX_CONFIG)
