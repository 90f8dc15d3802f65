"""What the application's role may do in the database: read and write rows, and nothing else.

The migrator owns every table, sequence and function; `flask migrate` grants the rights to them at
its end, and default privileges give them for whatever the migrator makes later.
"""

import structlog
from sqlalchemy import Connection, text

from gatte.infra.schema.history import HISTORY_TABLE
from gatte.infra.schema.preflight import PreflightFailed, PreflightFailure
from gatte.infra.schema.versions import VERSION_TABLE

log = structlog.get_logger(__name__)

ROW_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
SEQUENCE_RIGHTS = "SELECT, USAGE"
OWN_BOOKS = (VERSION_TABLE, HISTORY_TABLE)
"""Tables of the migrator, which the application only reads."""
ROLE_EXISTS = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
TABLE_EXISTS = text("SELECT to_regclass(:name) IS NOT NULL")
SCHEMA = text("SELECT quote_ident(current_schema())")


def check_application_role(connection: Connection, role: str) -> None:
    """PreflightFailed when the role to which rights are to be granted does not exist."""
    if role and not connection.execute(ROLE_EXISTS, {"role": role}).scalar_one():
        message = (
            f"the role {role} of DATABASE_URL does not exist:"
            " have an administrator run `python -m deployment.database_roles`"
        )
        raise PreflightFailed(PreflightFailure.NO_APPLICATION_ROLE, message)


def grant_to_application(connection: Connection, role: str) -> None:
    """Grant and commit the rights of the application's role; nothing when it is the migrator itself
    or is not named.
    """
    migrator = str(connection.execute(text("SELECT current_user")).scalar_one())
    if role in {"", migrator}:
        return
    schema = str(connection.execute(SCHEMA).scalar_one())
    application = connection.dialect.identifier_preparer.quote(role)
    for statement in _statements(schema, application):
        connection.execute(text(statement))
    for table in OWN_BOOKS:
        if connection.execute(TABLE_EXISTS, {"name": table}).scalar_one():
            connection.execute(
                text(f"REVOKE INSERT, UPDATE, DELETE ON TABLE {table} FROM {application}")
            )
    connection.commit()
    log.info("rights_granted", role=role, migrator=migrator)


def _statements(schema: str, role: str) -> tuple[str, ...]:
    """The grants, of a schema to a role, both quoted."""
    later = f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT"
    return (
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT {ROW_RIGHTS} ON ALL TABLES IN SCHEMA {schema} TO {role}",
        f"GRANT {SEQUENCE_RIGHTS} ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        f"{later} {ROW_RIGHTS} ON TABLES TO {role}",
        f"{later} {SEQUENCE_RIGHTS} ON SEQUENCES TO {role}",
    )
