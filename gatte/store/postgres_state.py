"""How the Postgres under us is set up: what it promises, as whom we are there, and its clock."""

from dataclasses import dataclass

from sqlalchemy import text

from gatte.extensions import db

DURABILITY_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")
STATE_SQL = text("""
    SELECT
        current_setting('fsync') AS fsync,
        current_setting('full_page_writes') AS full_page_writes,
        current_setting('synchronous_commit') AS synchronous_commit,
        current_setting('autovacuum') AS autovacuum,
        current_setting('track_counts') AS track_counts,
        current_user AS role,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
        (SELECT count(*)
            FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace
                AND relkind IN ('r', 'p')
                AND pg_get_userbyid(relowner) = current_user) AS owned_tables,
        coalesce(
            (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), FALSE) AS has_tls,
        coalesce(
            inet_client_addr() <<= inet '127.0.0.0/8' OR inet_client_addr() = inet '::1',
            TRUE) AS is_local
""")
CLOCK_SQL = text("SELECT extract(epoch FROM clock_timestamp())")


@dataclass(frozen=True)
class PostgresState:
    """What Postgres says of itself and of our connection; `settings_off` are those of
    DURABILITY_SETTINGS that are off, and a connection is local over loopback or a socket.
    """

    settings_off: tuple[str, ...]
    vacuums: bool
    role: str
    is_superuser: bool
    owned_tables: int
    has_tls: bool
    is_local: bool


def load_state() -> PostgresState:
    """The settings as they hold for our connection."""
    row = db.session.execute(STATE_SQL).one()
    values = row._mapping  # noqa: SLF001 - a public name
    off = tuple(name for name in DURABILITY_SETTINGS if values[name] == "off")
    return PostgresState(
        settings_off=off,
        vacuums=row.autovacuum == "on" and row.track_counts == "on",
        role=row.role,
        is_superuser=row.is_superuser,
        owned_tables=row.owned_tables,
        has_tls=row.has_tls,
        is_local=row.is_local,
    )


def read_clock() -> float:
    """The time of Postgres, in seconds since 1970."""
    return float(db.session.scalar(CLOCK_SQL) or 0)
