"""The application's role reads and writes rows; the migrator's owns the tables."""

import subprocess
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege, ReadOnlySqlTransaction
from sqlalchemy.engine import make_url

from deployment.database_roles import Login, prepare_roles
from devstack.postgres import BINARIES
from gatte.infra.schema import PreflightFailed, PreflightFailure, migrate
from tests.process_system import System
from tests.store_fixtures import database, execute, rows

MIGRATOR, APPLICATION = Login("owner", "owner-7f1d"), Login('"uses" it', "uses-3c9a")
FORBIDDEN = [
    "CREATE TABLE mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "CREATE INDEX ON ticket (id)",
    "ALTER TABLE ticket ADD COLUMN mine int",
    "ALTER TABLE ticket DISABLE TRIGGER ALL",
    "ALTER FUNCTION bump_knowledge_version() RENAME TO mine",
    "ALTER SEQUENCE ticket_number_seq RESTART",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER SYSTEM SET fsync = off",
    "DROP TABLE ticket",
    "DROP EXTENSION vector",
    "TRUNCATE ticket CASCADE",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('PG_VERSION')",
    "COPY ticket TO PROGRAM 'cat'",
    "UPDATE schema_version SET version_num = '0001'",
    "DELETE FROM schema_migrations",
    "SET session_replication_role = replica",
    "SET ROLE owner",
]


def as_login(url: str, login: Login) -> str:
    changed = make_url(url).set(username=login.role, password=login.password)
    return changed.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def superuser_url(stores, template_database, redis_url, tmp_path_factory) -> Iterator[str]:
    """A database whose tables the superuser made, then handed over, and migrated by the command."""
    with database(stores, template_database) as url:
        prepare_roles(url, MIGRATOR, APPLICATION)
        environment = {
            "DATABASE_URL": as_login(url, APPLICATION),
            "GATTE_MIGRATION_DATABASE_URL": as_login(url, MIGRATOR),
            "REDIS_URL": redis_url,
        }
        folder = tmp_path_factory.mktemp("migrate")
        environment["GATTE_DATA_DIR"] = str(folder)
        done = System(folder, environment).command("migrate")
        assert done.returncode == 0, done.stderr
        yield url
    for role in ('"owner"', '"""uses"" it"'):
        execute(stores.postgres.url(), f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@pytest.fixture(scope="module")
def application_url(superuser_url: str) -> str:
    return as_login(superuser_url, APPLICATION)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_may_not(application_url, statement):
    with pytest.raises(InsufficientPrivilege):
        execute(application_url, statement)


def test_the_application_owns_nothing(superuser_url):
    owned = rows(
        superuser_url,
        "SELECT DISTINCT rolname FROM pg_shdepend JOIN pg_roles AS role ON role.oid = refobjid"
        " WHERE deptype = 'o'",
    )

    assert (MIGRATOR.role,) in owned
    assert (APPLICATION.role,) not in owned


def test_every_table_and_sequence_and_function_is_the_migrator_s(superuser_url):
    owners = rows(
        superuser_url,
        "SELECT relname, pg_get_userbyid(relowner) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'i')"
        " UNION SELECT proname, pg_get_userbyid(proowner) FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND proname ~ '^(record|bump)_'",
    )

    assert {name for name, owner in owners if owner != MIGRATOR.role} == set()


def test_the_application_reads_and_writes_every_table_but_the_migrator_s_books(application_url):
    tables = rows(
        application_url,
        "SELECT relname, has_table_privilege(oid, 'SELECT'), has_table_privilege(oid, 'INSERT')"
        " AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')"
        " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    )

    assert len(tables) > 30
    assert [name for name, reads, _ in tables if not reads] == []
    assert {name for name, _, writes in tables if not writes} == {
        "schema_version",
        "schema_migrations",
    }


def test_it_may_do_what_the_processes_do_beside_rows(application_url):
    execute(
        application_url,
        "SELECT nextval('ticket_number_seq')",
        "SELECT pg_try_advisory_lock(1)",
        "LISTEN anything",
        "NOTIFY anything",
        "SET hnsw.ef_search = 100",
        "SET statement_timeout = 1000",
        "SELECT pg_size_pretty(pg_database_size(current_database()))",
    )


def test_it_uses_what_the_migrator_makes_later(superuser_url, application_url):
    owner_url = as_login(superuser_url, MIGRATOR)
    execute(owner_url, "CREATE TABLE later (id serial, word text)")
    execute(application_url, "INSERT INTO later (word) VALUES ('a')", "DELETE FROM later")
    execute(owner_url, "DROP TABLE later")


def test_another_role_of_the_cluster_cannot_even_connect(superuser_url):
    stranger = Login("stranger", "stranger")
    execute(superuser_url, "CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    try:
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            psycopg2.connect(as_login(superuser_url, stranger)).close()
    finally:
        execute(superuser_url, "DROP ROLE stranger")


def test_a_changed_password_is_taken_over(superuser_url):
    changed = Login(APPLICATION.role, "another-5521")
    prepare_roles(superuser_url, MIGRATOR, changed)
    try:
        with closing(psycopg2.connect(as_login(superuser_url, changed))) as connection:
            assert connection.info.user == APPLICATION.role
    finally:
        prepare_roles(superuser_url, MIGRATOR, APPLICATION)


def test_a_role_for_copies_reads_and_replicates_everything_and_changes_nothing(
    superuser_url, tmp_path
):
    backup = Login("copier", "copier-91aa")
    prepare_roles(superuser_url, MIGRATOR, APPLICATION, backup)
    url = as_login(superuser_url, backup)
    copies = {
        "pg_dump": ["--format=custom", f"--file={tmp_path}/dump", url],
        "pg_basebackup": ["--checkpoint=fast", f"--pgdata={tmp_path}/base", f"--dbname={url}"],
    }
    try:
        for program, arguments in copies.items():
            command = [BINARIES / program, *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        with pytest.raises(ReadOnlySqlTransaction):
            execute(url, "DELETE FROM ticket")
        with pytest.raises(InsufficientPrivilege):
            execute(url, "SET default_transaction_read_only = off", "DELETE FROM ticket")
    finally:
        execute(superuser_url, "DROP OWNED BY copier", "DROP ROLE copier")


def test_a_role_that_is_missing_is_told_before_anything_is_changed(empty_database_url, logged):
    with pytest.raises(
        PreflightFailed, match=r"role nobody .* deployment\.database_roles"
    ) as caught:
        migrate(empty_database_url, application_role="nobody")

    assert caught.value.refusal is PreflightFailure.NO_APPLICATION_ROLE
    assert rows(empty_database_url, "SELECT FROM pg_tables WHERE schemaname = 'public'") == []
