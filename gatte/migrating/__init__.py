"""The checked migration of the database's schema, and what schema this code needs.

`flask migrate` ends in `run_command`: checks before any change, one migrator at a time, one transaction a migration, a journal
in `schema_migrations`, and no connection left behind. The current revision is kept in `schema_version`. Built on Alembic
(`flask db ...` stays for developers and shares `migrations/env.py`). Start reading in running.py. Imports nothing of the other rooms.
"""

from gatte.migrating.checks import MigrationRefused, Refusal
from gatte.migrating.failures import MigrationFailed
from gatte.migrating.fitting import require_fit
from gatte.migrating.running import migrate, run_command
from gatte.migrating.versions import SchemaState, required_revision, schema_state

__all__ = [
    "MigrationFailed",
    "MigrationRefused",
    "Refusal",
    "SchemaState",
    "migrate",
    "require_fit",
    "required_revision",
    "run_command",
    "schema_state",
]
