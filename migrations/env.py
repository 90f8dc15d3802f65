"""How Alembic runs here: for `flask migrate` on its connection, for `flask db ...` on one of the
same kind.
"""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrationScript
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Connection, LargeBinary, String
from sqlalchemy.types import TypeDecorator

import gatte.models  # noqa: F401 - importing the models fills the metadata
from gatte.extensions import db
from gatte.infra.schema.history import HISTORY_TABLE, MigrationHistory
from gatte.infra.schema.runner import connected, migration_lock
from gatte.infra.schema.versions import VERSION_TABLE, scripts
from gatte.settings import settings_or_exit

OURS = {VERSION_TABLE, HISTORY_TABLE}


def included(_: object, name: str | None, kind: str, *__: object) -> bool:
    """The bookkeeping tables are no models."""
    return not (kind == "table" and name in OURS)


def rendered(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """A migration imports no model: our own column types are written as what they are in the
    database.
    """
    if kind == "type" and isinstance(item, VECTOR):
        autogen.imports.add("import pgvector.sqlalchemy")
        return f"pgvector.sqlalchemy.VECTOR(dim={item.dim})"
    if (
        kind == "type"
        and isinstance(item, TypeDecorator)
        and type(item).__module__.startswith("gatte.")
    ):
        plain = item.impl_instance
        return (
            f"sa.{type(plain).__name__}()"
            if isinstance(plain, LargeBinary | String)
            else f"sa.{plain!r}"
        )
    return False


def numbered(_: object, __: object, directives: list[MigrationScript]) -> None:
    """Revisions are numbered 0001, 0002, ...; none is written when nothing changed."""
    script = directives[0]
    if (
        getattr(context.config.cmd_opts, "autogenerate", False)
        and script.upgrade_ops is not None
        and script.upgrade_ops.is_empty()
    ):
        directives.clear()
        return
    script.rev_id = f"{int(scripts().get_current_head() or 0) + 1:04d}"


OPTIONS: dict[str, Any] = {
    "target_metadata": db.metadata,
    "version_table": VERSION_TABLE,
    "transaction_per_migration": True,
    "compare_type": True,
    "compare_server_default": False,
    "include_object": included,
    "render_item": rendered,
    "process_revision_directives": numbered,
}


def run(connection: Connection, journal: MigrationHistory) -> None:
    """Run what the command asked for; nothing may be open on the connection, or Alembic would leave
    the commit to us.
    """
    context.configure(connection=connection, on_version_apply=journal.record, **OPTIONS)
    journal.begin()
    with context.begin_transaction():
        context.run_migrations()


def run_as_developer() -> None:
    """For `flask db ...`: a connection with the same time limits and the same lock."""
    with (
        connected(settings_or_exit().migration_database_url) as connection,
        migration_lock(connection),
    ):
        run(connection, MigrationHistory())


if context.is_offline_mode():
    context.configure(
        url="postgresql://", literal_binds=True, dialect_opts={"paramstyle": "named"}, **OPTIONS
    )
    with context.begin_transaction():
        context.run_migrations()
elif "connection" in context.config.attributes:
    run(context.config.attributes["connection"], context.config.attributes["journal"])
else:
    run_as_developer()
