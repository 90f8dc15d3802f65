"""`python -m deployment.database_roles`: the roles of an installation in its Postgres.

The migrator (GATTE_MIGRATION_DATABASE_URL) owns the database and its tables; the application
(DATABASE_URL) may only read and write rows, which `flask migrate` grants to it. A third
(GATTE_BACKUP_DATABASE_URL, which may be left out) reads everything and replicates, and changes
nothing. Each gets the password of its URL. A superuser (GATTE_ADMIN_DATABASE_URL, a URL of the
same database) does it. Each URL may stand in a file, named by the same variable with _FILE. Safe
to repeat: a changed password is taken over, and what another role owned in the schema `public`
becomes the migrator's.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in small letters
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.extensions import encrypt_password
from psycopg2.sql import SQL, Composable, Identifier, Literal
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gatte.secret_files import UnusableFile, read_secret_files
from gatte.settings import EX_CONFIG

ADMINISTRATOR = "gatte_admin_database_url"
MIGRATOR = "gatte_migration_database_url"
APPLICATION = "database_url"
BACKUP = "gatte_backup_database_url"
EX_FAILED = 1

LOGIN_ONLY = SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")
VECTOR_IS_INSTALLED = "SELECT FROM pg_available_extensions WHERE name = 'vector'"
# Relations (a sequence of a serial column follows its table) and functions in `public` that neither
# the migrator owns nor an extension.
FOREIGN_RELATIONS = """
    SELECT relation.relkind = 'S', relation.relname
    FROM pg_class AS relation
    WHERE relation.relnamespace = 'public'::regnamespace
        AND relation.relkind IN ('r', 'p', 'v', 'm', 'S')
        AND pg_get_userbyid(relation.relowner) <> %(migrator)s
        AND NOT EXISTS (
            SELECT FROM pg_depend AS dependency
            WHERE dependency.classid = 'pg_class'::regclass
                AND dependency.objid = relation.oid
                AND dependency.deptype IN ('a', 'e', 'i')
        )
    ORDER BY relation.relname
"""
FOREIGN_FUNCTIONS = """
    SELECT routine.oid::regprocedure::text
    FROM pg_proc AS routine
    WHERE routine.pronamespace = 'public'::regnamespace
        AND pg_get_userbyid(routine.proowner) <> %(migrator)s
        AND NOT EXISTS (
            SELECT FROM pg_depend AS dependency
            WHERE dependency.classid = 'pg_proc'::regclass
                AND dependency.objid = routine.oid
                AND dependency.deptype = 'e'
        )
    ORDER BY 1
"""


class BadRoles(Exception):
    """The URLs do not give the roles of one database; the message says what to do."""


@dataclass(frozen=True)
class Login:
    """A role and its password."""

    role: str
    password: str


def prepare_roles(
    administrator: str, migrator: Login, application: Login, backup: Login | None = None
) -> None:
    """Make the roles in the cluster, and the migrator the owner of the administrator's database.

    One transaction: all of it or nothing. psycopg2.Error when the server refuses.
    """
    with (
        closing(psycopg2.connect(administrator, connect_timeout=10)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        for login in (migrator, application):
            _make_login(connection, cursor, login)
        cursor.execute(VECTOR_IS_INSTALLED)
        if cursor.rowcount:  # else `flask migrate` says what the server lacks
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        _hand_over(cursor, connection.info.dbname, migrator.role)
        _close_to_others(cursor, connection.info.dbname, application.role)
        if backup is not None:
            _make_login(connection, cursor, backup)
            _let_read_everything(cursor, connection.info.dbname, backup.role)


def _make_login(connection: Connection, cursor: Cursor, login: Login) -> None:
    """A role with its password, which travels and is logged as its SCRAM verifier alone."""
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (login.role,))
    verb = SQL("ALTER") if cursor.rowcount else SQL("CREATE")
    verifier = encrypt_password(login.password, login.role, connection, "scram-sha-256")
    role = Identifier(login.role)
    parts = (verb, SQL("ROLE"), role, LOGIN_ONLY, SQL("PASSWORD"), Literal(verifier))
    cursor.execute(SQL(" ").join(parts))


def _hand_over(cursor: Cursor, database: str, migrator: str) -> None:
    """Make the migrator the owner of the database, and of what others own in its schema."""
    owner = Identifier(migrator)
    cursor.execute(SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(database), owner))
    cursor.execute(SQL("ALTER SCHEMA public OWNER TO pg_database_owner"))
    cursor.execute(FOREIGN_RELATIONS, {"migrator": migrator})
    changes: list[Composable] = []
    for is_sequence, name in cursor.fetchall():
        kind = SQL("SEQUENCE") if is_sequence else SQL("TABLE")
        changes.append(SQL("ALTER {} public.{} OWNER TO {}").format(kind, Identifier(name), owner))
    cursor.execute(FOREIGN_FUNCTIONS, {"migrator": migrator})
    for (signature,) in cursor.fetchall():
        changes.append(SQL("ALTER FUNCTION {} OWNER TO {}").format(SQL(signature), owner))
    for change in changes:
        cursor.execute(change)


def _close_to_others(cursor: Cursor, database: str, application: str) -> None:
    """Nobody but owner and application connects, and only the owner makes anything, temporary
    tables included.
    """
    place = Identifier(database)
    cursor.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(place))
    cursor.execute(SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    cursor.execute(SQL("GRANT CONNECT ON DATABASE {} TO {}").format(place, Identifier(application)))


def _let_read_everything(cursor: Cursor, database: str, backup: str) -> None:
    """What pg_dump, pg_basebackup and pg_receivewal need, and no right to change anything."""
    role = Identifier(backup)
    cursor.execute(SQL("ALTER ROLE {} REPLICATION").format(role))
    cursor.execute(SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(role))
    cursor.execute(SQL("GRANT pg_read_all_data TO {}").format(role))
    cursor.execute(SQL("GRANT CONNECT ON DATABASE {} TO {}").format(Identifier(database), role))


def login_of(url: URL, setting: str) -> Login:
    """Role and password of a URL; BadRoles when it lacks one."""
    if not url.username or not url.password:
        raise BadRoles(f"{setting.upper()}: must name a user and a password")
    return Login(url.username, str(url.password))


def main() -> int:
    given = {name.lower(): value for name, value in os.environ.items()}
    try:
        administrator, *logins = _read_logins(given)
    except BadRoles as problem:
        sys.stderr.write(f"gatte: bad setting: {problem}\n")
        return EX_CONFIG
    plain = administrator.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        prepare_roles(plain, *logins)
    except psycopg2.Error as error:
        sys.stderr.write(f"gatte: the roles were not made: {' '.join(str(error).split())}\n")
        return EX_FAILED
    sys.stdout.write(f"{logins[0].role} owns {administrator.database}; {logins[1].role} uses it.\n")
    return 0


def _read_logins(given: Mapping[str, str]) -> tuple[URL, *tuple[Login, ...]]:
    """The administrator's URL, and the logins of migrator, application and, where it is named,
    backup; BadRoles when one cannot be used or two are the same role.
    """
    names = (ADMINISTRATOR, MIGRATOR, APPLICATION, BACKUP)
    found = {**given, **read_secret_files(names, given)}
    urls = {
        name: _url(name, found.get(name)) for name in names if name != BACKUP or found.get(name)
    }
    administrator = urls.pop(ADMINISTRATOR)
    logins = [login_of(url, name) for name, url in urls.items()]
    roles = {administrator.username, *(login.role for login in logins)}
    if len(roles) <= len(logins):
        spelled = ", ".join(name.upper() for name in (ADMINISTRATOR, *urls))
        raise BadRoles(f"{spelled} must name different users: one would have the rights of both")
    return administrator, *logins


def _url(name: str, value: str | UnusableFile | None) -> URL:
    if isinstance(value, UnusableFile):
        raise BadRoles(f"{name.upper()}: {value.problem}")
    if not value:
        raise BadRoles(f"{name.upper()}: is required")
    try:
        return make_url(value)
    except ArgumentError:
        raise BadRoles(f"{name.upper()}: must be a postgresql:// URL") from None


if __name__ == "__main__":
    sys.exit(main())
