"""The refusal of a process to start over a schema that is not the one it was written for."""

import sys

import structlog

from gatte.migrating.checks import MigrationRefused
from gatte.migrating.running import connected
from gatte.migrating.versions import schema_state
from gatte.settings import EX_CONFIG

log = structlog.get_logger(__name__)


def require_fit(url: str) -> None:
    """End the process with one clear line when the database has another schema; one that is away now is waited for by whoever needs it."""
    try:
        with connected(url) as connection:
            state = schema_state(connection)
    except MigrationRefused:
        log.warning("database_away_at_start")
        return
    if not state.fits:
        log.error("schema_does_not_fit", current=state.current, required=state.required)
        sys.stderr.write(f"gatte: {state}\n")
        raise SystemExit(EX_CONFIG)
