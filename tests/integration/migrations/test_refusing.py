import shutil
import socket
from pathlib import Path

import pytest

from devstack.local_state import free_port
from devstack.postgres import BINARIES, Postgres
from gatte.infra.schema import PreflightFailed, PreflightFailure, migrate
from tests.store_fixtures import execute, rows

MAKE = 'op.execute("CREATE TABLE a (id int)")'
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def refusal(url: str, folder: Path, **options: int) -> PreflightFailure:
    with pytest.raises(PreflightFailed) as caught:
        migrate(url, folder, **options)
    assert "\n" not in str(caught.value)
    return caught.value.refusal


def with_login(url: str, user: str, password: str) -> str:
    return f"postgresql://{user}:{password}@{url.partition('@')[2]}"


def test_a_server_that_cannot_be_reached(migrations):
    assert (
        refusal(f"postgresql://gatte:x@127.0.0.1:{free_port()}/gatte", migrations(MAKE))
        is PreflightFailure.UNREACHABLE
    )


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("127.0.0.1:{port}", "127.0.0.1, port {port}"),
        ("db.invalid:{port}", "db.invalid, port {port}"),
        ("db.invalid", "db.invalid, port 5432"),
    ],
)
def test_who_waits_is_told_which_server_cannot_be_reached_and_no_password(migrations, place, told):
    port = free_port()

    with pytest.raises(PreflightFailed) as caught:
        migrate(f"postgresql://gatte:hunter2@{place.format(port=port)}/gatte", migrations(MAKE))

    assert f"cannot be reached: {told.format(port=port)}: " in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_never_answers_is_named_too(migrations):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        with pytest.raises(PreflightFailed) as caught:
            migrate(
                f"postgresql://gatte:hunter2@127.0.0.1:{port}/gatte?connect_timeout=2",
                migrations(MAKE),
            )

    assert f"127.0.0.1, port {port}: " in str(caught.value)


def test_a_wrong_password_is_told_apart_and_not_repeated(empty_database_url, migrations, logged):
    assert (
        refusal(with_login(empty_database_url, "gatte", "not-this-one"), migrations(MAKE))
        is PreflightFailure.LOGIN_REFUSED
    )
    assert "not-this-one" not in str(logged)


def test_a_database_that_does_not_exist(stores, migrations):
    assert refusal(stores.postgres.url("nowhere"), migrations(MAKE)) is PreflightFailure.NO_DATABASE


def test_a_server_without_tls_where_tls_is_wanted(empty_database_url, migrations):
    assert (
        refusal(f"{empty_database_url}?sslmode=require", migrations(MAKE))
        is PreflightFailure.NO_TLS
    )


def test_a_read_only_database(empty_database_url, migrations):
    name = empty_database_url.rpartition("/")[2]
    execute(empty_database_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    assert refusal(empty_database_url, migrations(MAKE)) is PreflightFailure.READ_ONLY


def test_a_server_that_is_too_old(empty_database_url, migrations):
    assert (
        refusal(empty_database_url, migrations(MAKE), minimum_server=99)
        is PreflightFailure.SERVER_TOO_OLD
    )


def test_a_user_who_may_not_make_tables(empty_database_url, migrations):
    execute(
        empty_database_url, "CREATE ROLE reader LOGIN PASSWORD 'reader'", "CREATE EXTENSION vector"
    )
    try:
        assert (
            refusal(with_login(empty_database_url, "reader", "reader"), migrations(MAKE))
            is PreflightFailure.NO_RIGHTS
        )
    finally:
        execute(empty_database_url, "DROP ROLE reader")


def test_a_user_who_may_not_make_the_extension(empty_database_url, migrations):
    execute(
        empty_database_url,
        "CREATE ROLE maker LOGIN PASSWORD 'maker'",
        "GRANT CREATE ON SCHEMA public TO maker",
    )
    try:
        assert (
            refusal(with_login(empty_database_url, "maker", "maker"), migrations(MAKE))
            is PreflightFailure.NO_RIGHTS
        )
    finally:
        execute(empty_database_url, "DROP OWNED BY maker", "DROP ROLE maker")


def test_a_schema_that_this_version_does_not_know(empty_database_url, migrations):
    folder = migrations(MAKE, 'op.execute("CREATE TABLE b (id int)")')
    migrate(empty_database_url, folder)
    execute(empty_database_url, "UPDATE schema_version SET version_num = '0009'")

    assert refusal(empty_database_url, folder) is PreflightFailure.SCHEMA_UNKNOWN


def test_a_server_without_pgvector_gets_no_ddl_at_all(tmp_path, migrations):
    binaries = installation_without_pgvector(tmp_path)
    server = Postgres(
        tmp_path / "postgres", durable=False, settings={"log_statement": "ddl"}, binaries=binaries
    )
    url = server.start()
    try:
        execute(url, "CREATE TABLE seen_in_the_log (id int)", "DROP TABLE seen_in_the_log")
        assert refusal(url, migrations(MAKE)) is PreflightFailure.VECTOR_MISSING
        assert rows(url, TABLES) == []
        assert server.log.read_text().count("CREATE TABLE") == 1
    finally:
        server.stop()


def installation_without_pgvector(folder: Path) -> Path:
    """A copy of the installed server, its libraries where its binaries look for them; the path of
    its binaries.
    """
    package = BINARIES.parents[1]
    (folder / f"{package.name}.libs").symlink_to(package.with_name(f"{package.name}.libs"))
    copy = folder / package.name / BINARIES.parent.name
    shutil.copytree(BINARIES.parent, copy, copy_function=linked, symlinks=True)
    for control in copy.rglob("vector.control"):
        control.unlink()
    return copy / "bin"


def linked(source: str, target: str) -> None:
    """A hard link where that can be, else a copy."""
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
