"""What Postgres says of itself and of its tables: version, snapshot, counts, WAL. Connections are
the caller's: backups look at other databases than the application's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from gatte.infra.schema.versions import VERSION_TABLE

BACKUP_LOCK = 7_100
TABLES_SQL = """
    SELECT quote_ident(tablename) AS quoted, tablename
    FROM pg_tables
    WHERE schemaname = 'public'
    ORDER BY tablename
"""
SYSTEM_IDENTIFIER_SQL = "SELECT system_identifier FROM pg_control_system()"
BIN_DIR_SQL = "SELECT setting FROM pg_config() WHERE name = 'BINDIR'"
MAY_READ_CONFIG_SQL = "SELECT has_function_privilege('pg_config()', 'EXECUTE')"
NO_LIMITS_SQL = """
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0
"""


@dataclass(frozen=True)
class ServerFacts:
    """A server: its version, the number that tells its data folder from all others, the folder of
    its programs as it sees it (empty when it does not tell), and whether it keeps summaries of its
    WAL, which incremental backups need.
    """

    version: str
    major: int
    system_identifier: str
    bin_dir: str
    summarizes_wal: bool


def get_server_facts(connection: Connection) -> ServerFacts:
    """What kind of server this is."""
    version: str = connection.execute(text("SHOW server_version")).scalar_one()
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    summarizes = connection.execute(text("SELECT current_setting('summarize_wal', true)")).scalar()
    identifier = connection.execute(text(SYSTEM_IDENTIFIER_SQL)).scalar_one()
    may_read = connection.execute(text(MAY_READ_CONFIG_SQL)).scalar_one()
    bin_dir = connection.execute(text(BIN_DIR_SQL)).scalar() if may_read else None
    return ServerFacts(
        version=version.split(maxsplit=1)[0],
        major=number // 10_000,
        system_identifier=str(identifier),
        bin_dir=bin_dir or "",
        summarizes_wal=summarizes == "on",
    )


def lift_time_limits(connection: Connection) -> None:
    """Let statements and pauses of this connection take as long as they take."""
    connection.execute(text(NO_LIMITS_SQL))
    connection.commit()


def lock_backups(connection: Connection) -> bool:
    """Whether this connection got the lock of backups, which it keeps until it ends."""
    got = connection.execute(
        text("SELECT pg_try_advisory_lock(:lock)"), {"lock": BACKUP_LOCK}
    ).scalar_one()
    connection.commit()
    return bool(got)


def export_snapshot(connection: Connection) -> str:
    """Hold this moment of the database in the transaction that begins now; the name by which
    pg_dump sees the same.
    """
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    return str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())


def count_rows(connection: Connection) -> Mapping[str, int]:
    """The exact number of rows of every table, as the transaction sees them, by name."""
    counts: dict[str, int] = {}
    for table in connection.execute(text(TABLES_SQL)).all():
        counted = connection.execute(text(f"SELECT count(*) FROM {table.quoted}"))  # noqa: S608 - quoted by Postgres
        counts[table.tablename] = counted.scalar_one()
    return counts


def has_tables(connection: Connection) -> bool:
    """Whether the database holds any table of ours, or of anybody."""
    return connection.execute(text(TABLES_SQL)).first() is not None


def get_revision(connection: Connection) -> str:
    """The revision of the schema; empty when nothing was ever migrated."""
    if connection.execute(text(f"SELECT to_regclass('{VERSION_TABLE}')")).scalar() is None:
        return ""
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
    return str(found.scalar() or "")


def get_applied_erasures(connection: Connection) -> int:
    """The highest entry of the erasure ledger that this database carried out; 0 for none."""
    found = connection.execute(text("SELECT coalesce(max(sequence), 0) FROM applied_erasure"))
    return int(found.scalar_one())


def get_wal_segment(connection: Connection, lsn: str) -> str:
    """The name of the WAL segment in which a position lies."""
    found = connection.execute(text("SELECT pg_walfile_name(CAST(:lsn AS pg_lsn))"), {"lsn": lsn})
    return str(found.scalar_one())


def create_database(connection: Connection, name: str) -> None:
    """Make an empty database beside the others; the connection must be in autocommit."""
    connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))


def drop_database(connection: Connection, name: str) -> None:
    """Drop a database and end all its connections; the connection must be in autocommit."""
    connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
