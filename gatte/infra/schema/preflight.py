"""What must hold before the first change: each thing that can be wrong is told apart, and none of
them has touched the schema.
"""

from enum import StrEnum

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

MINIMUM_SERVER = 15
DEFAULT_PORT = 5432
MINIMUM_VECTOR = (0, 5)  # the first pgvector with HNSW indexes
BUSY = (
    "starting up",
    "shutting down",
    "recovery",
    "too many clients",
    "remaining connection slots",
)


class PreflightFailure(StrEnum):
    """Why no migration was tried."""

    UNREACHABLE = "unreachable"
    BUSY = "busy"
    NO_TLS = "no_tls"
    LOGIN_REFUSED = "login_refused"
    NO_DATABASE = "no_database"
    READ_ONLY = "read_only"
    SERVER_TOO_OLD = "server_too_old"
    VECTOR_MISSING = "vector_missing"
    VECTOR_TOO_OLD = "vector_too_old"
    NO_RIGHTS = "no_rights"
    NO_APPLICATION_ROLE = "no_application_role"
    SCHEMA_UNKNOWN = "schema_unknown"
    LOCKED = "locked"


class PreflightFailed(Exception):
    """No migration was tried, and the database was not changed; the message is one clear line."""

    def __init__(self, refusal: PreflightFailure, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal


def connection_refusal(error: DBAPIError, url: URL) -> PreflightFailed:
    """Why connecting failed, and where. libpq gives no SQLSTATE for that, so its text is read: only
    a server that answered says FATAL.
    """
    reason = " ".join(str(error.orig).split())
    refusal, problem = _connection_problem(reason)
    return PreflightFailed(refusal, f"{problem}: {place_of(url)}: {reason}")


def place_of(url: URL) -> str:
    """Host and port of a database, without user and password; several hosts in libpq's form."""
    named = url.query.get("host") or url.host or "the local socket"
    ports = url.query.get("port") or url.port or DEFAULT_PORT
    hosts = [named] if isinstance(named, str) else named
    port = ports if isinstance(ports, str | int) else ",".join(ports)
    return f"{','.join(hosts)}, port {port}"


def _connection_problem(reason: str) -> tuple[PreflightFailure, str]:
    if "SSL" in reason or "certificate" in reason:
        return PreflightFailure.NO_TLS, "no TLS connection to the database"
    if "FATAL" not in reason:
        return PreflightFailure.UNREACHABLE, "the database cannot be reached"
    if any(words in reason for words in BUSY):
        return PreflightFailure.BUSY, "the database takes no connection now"
    if "database" in reason.partition("FATAL")[2] and (
        "does not exist" in reason or "não existe" in reason
    ):
        return PreflightFailure.NO_DATABASE, "there is no such database"
    return (
        PreflightFailure.LOGIN_REFUSED,
        "the database refused the login (user, password or pg_hba.conf)",
    )


def check_target(connection: Connection, minimum_server: int = MINIMUM_SERVER) -> None:
    """PreflightFailed unless this is a writable, recent enough server with pgvector, on which we
    may make tables.
    """
    _check_server(connection, minimum_server)
    _check_writable(connection)
    _check_vector(connection)
    _check_rights(connection)


def _check_server(connection: Connection, minimum: int) -> None:
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if number < minimum * 10_000:
        version = f"{number // 10_000}.{number % 10_000}"
        message = f"Postgres {version} is too old: version {minimum} or newer is needed"
        raise PreflightFailed(PreflightFailure.SERVER_TOO_OLD, message)


def _check_writable(connection: Connection) -> None:
    if connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
        raise PreflightFailed(
            PreflightFailure.READ_ONLY,
            "the database is a read-only standby: DATABASE_URL must name the primary",
        )
    if connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
        message = "the database is read-only for this user (default_transaction_read_only is on)"
        raise PreflightFailed(PreflightFailure.READ_ONLY, message)


VECTOR = text("""
    SELECT version.version,
        extension.installed_version,
        version.superuser AND NOT version.trusted AS needs_superuser
    FROM pg_available_extensions AS extension
    JOIN pg_available_extension_versions AS version USING (name)
    WHERE name = 'vector'
        AND version.version = coalesce(extension.installed_version, extension.default_version)
""")


def _check_vector(connection: Connection) -> None:
    row = connection.execute(VECTOR).one_or_none()
    if row is None:
        raise PreflightFailed(
            PreflightFailure.VECTOR_MISSING,
            "the server lacks the extension `vector`: install pgvector on it",
        )
    major_and_minor = tuple(int(part) for part in row.version.split(".")[:2])
    if major_and_minor < MINIMUM_VECTOR:
        needed = ".".join(str(part) for part in MINIMUM_VECTOR)
        raise PreflightFailed(
            PreflightFailure.VECTOR_TOO_OLD,
            f"the extension `vector` is {row.version}: {needed} or newer is needed",
        )
    if row.installed_version is None and row.needs_superuser and not _is_superuser(connection):
        message = (
            "this user may not create the extension `vector`:"
            " have an administrator run CREATE EXTENSION vector in this database"
        )
        raise PreflightFailed(PreflightFailure.NO_RIGHTS, message)


def _check_rights(connection: Connection) -> None:
    if not connection.execute(
        text("SELECT has_schema_privilege(current_schema(), 'CREATE')")
    ).scalar():
        raise PreflightFailed(
            PreflightFailure.NO_RIGHTS,
            "this user may not create tables: GRANT CREATE ON SCHEMA public",
        )


def _is_superuser(connection: Connection) -> bool:
    return str(connection.execute(text("SHOW is_superuser")).scalar_one()) == "on"
