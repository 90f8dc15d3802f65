"""The checked migration of the database's schema, and what schema this code needs.

`flask migrate` ends in `run_command`: checks before any change, one migrator at a time, one
transaction a migration, a journal in `schema_migrations`, and no connection left behind. The
current revision is kept in `schema_version`. Built on Alembic (`flask db ...` stays for developers
and shares `migrations/env.py`). Start reading in `runner`. Imports nothing of the other rooms.
"""

from gatte.infra.schema.failures import MigrationFailed
from gatte.infra.schema.preflight import PreflightFailed, PreflightFailure
from gatte.infra.schema.runner import migrate, run_command
from gatte.infra.schema.startup_check import require_current_schema
from gatte.infra.schema.versions import SchemaState, required_revision, schema_state

__all__ = [
    "MigrationFailed",
    "PreflightFailed",
    "PreflightFailure",
    "SchemaState",
    "migrate",
    "require_current_schema",
    "required_revision",
    "run_command",
    "schema_state",
]
