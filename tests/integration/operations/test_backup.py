"""Backups by the commands of an operator: made, proved, damaged, restored; in a folder and in a
bucket.
"""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bench.seeding import SAID, seed
from gatte.jobs import cron
from gatte.operations import backup_status
from gatte.operations.backup import encryption
from tests.app_fixture import application
from tests.process_system import process_environment
from tests.stage.script import SAO_PAULO
from tests.store_fixtures import database, rows

CONTACTS = 20
ONE_AND_ANOTHER = "SELECT contact_id::text FROM conversation ORDER BY id LIMIT 2"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where everything of these tests lies, with a folder of media and an identity."""
    folder = tmp_path_factory.mktemp("backup")
    (folder / "media").mkdir()
    (folder / "media" / "áudio 1.ogg").write_bytes(b"OggS" * 500)
    recipient = encryption.write_identity(folder / "identity.txt")
    return folder, {
        "gatte_erasure_ledger": str(folder / "erasures.jsonl"),
        "gatte_backup_destination": str(folder / "destination"),
        "gatte_backup_recipient": recipient,
        "gatte_backup_folders": str(folder / "media"),
    }


def logins(database_url):
    """The roles that read a database for backups, and that own what is restored."""
    return {
        "gatte_backup_database_url": database_url,
        "gatte_migration_database_url": database_url,
    }


@pytest.fixture(scope="module")
def app(database_url, redis_url, place):
    """An application with backups and some contacts."""
    with application(database_url, redis_url, **place[1], **logins(database_url)) as made:
        with made.app_context():
            seed(database_url, CONTACTS)
        yield made


@pytest.fixture(scope="module")
def operator(app):
    """Runs commands of flask."""
    return runner(app)


def runner(app):
    def run(*arguments, code=0):
        done = app.test_cli_runner().invoke(args=list(arguments))
        assert done.exit_code == code, (done.output, done.exception)
        return done.output

    return run


@pytest.fixture(scope="module")
def made(operator, place):
    """The folder of a dump."""
    operator("backup", "create")
    return newest(place)


def newest(place):
    return sorted((place[0] / "destination").glob("dump-*"))[-1]


@pytest.fixture
def identity(place):
    return "--identity", str(place[0] / "identity.txt")


def test_a_dump_is_proved_by_restoring_it(operator, made, identity, database_url):
    said = operator("backup", "verify", *identity)

    held = json.loads((made / "manifest.json").read_text())
    assert f"{made.name} is good" in said
    assert "20 messages opened" in said
    assert held["row_counts"]["contact"] == CONTACTS
    assert held["row_counts"]["message"] == 10 * CONTACTS
    assert rows(database_url, "SELECT datname FROM pg_database WHERE datname ~ 'verify'") == []
    assert made.name in operator("backup", "list")


def test_how_old_the_last_backup_and_its_proof_are_can_be_watched(app, operator, made, identity):
    operator("backup", "verify", *identity)

    with app.app_context():
        status = backup_status.find_status()

    for moment in (status.backed_up_at, status.verified_at):
        assert timedelta(0) < datetime.now(UTC) - moment < timedelta(minutes=10)


def test_nothing_in_the_destination_can_be_read_without_the_identity(made):
    stored = b"".join(file.read_bytes() for file in made.iterdir() if file.suffix == ".age")

    assert stored.startswith(b"age-encryption.org/v1")
    assert b"PGDMP" not in stored
    assert b"OggS" not in stored


def with_one_bit_changed(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut(file):
    file.write_bytes(file.read_bytes()[:-1000])


@pytest.mark.parametrize("damage", [with_one_bit_changed, cut, lambda file: file.unlink()])
@pytest.mark.parametrize("name", ["database.dump.age", "folder-1.tar.age"])
def test_a_damaged_file_is_found_and_named(operator, made, identity, damage, name):
    whole = (made / name).read_bytes()
    damage(made / name)

    said = operator("backup", "verify", made.name, *identity, code=1)

    (made / name).write_bytes(whole)
    assert f"{made.name}/{name}" in said


def test_a_file_that_was_swapped_with_its_checksum_does_not_decrypt(operator, made, identity):
    manifest, file = made / "manifest.json", made / "database.dump.age"
    before = manifest.read_text(), file.read_bytes()
    with_one_bit_changed(file)
    digest = encryption.sha256(file.read_bytes()).hexdigest()
    held = json.loads(before[0])
    held["files"][0]["sha256"] = digest
    manifest.write_text(json.dumps(held))

    said = operator("backup", "verify", made.name, *identity, code=1)

    manifest.write_text(before[0])
    file.write_bytes(before[1])
    assert f"{made.name}/database.dump.age cannot be decrypted" in said


def test_rows_that_are_not_those_of_the_manifest_are_told(operator, made, identity):
    manifest = made / "manifest.json"
    before = manifest.read_text()
    manifest.write_text(before.replace(f'"contact": {CONTACTS}', '"contact": 21'))

    said = operator("backup", "verify", made.name, *identity, code=1)

    manifest.write_text(before)
    assert f"contact has {CONTACTS} rows, not 21" in said


def test_a_damaged_manifest_is_told_and_keeps_nobody_from_the_others(operator, made, identity):
    operator("backup", "create")
    manifest = made / "manifest.json"
    before = manifest.read_text()
    manifest.write_text(before[:100])

    said = operator("backup", "verify", made.name, *identity, code=1)
    others = operator("backup", "verify", *identity)

    manifest.write_text(before)
    assert f"{made.name}/manifest.json is damaged" in said
    assert "is good" in others


def test_another_identity_or_a_file_that_is_none_is_told(operator, made, place, tmp_path):
    encryption.write_identity(tmp_path / "other.txt")
    (tmp_path / "none.txt").write_text("age-encryption.org/v1\n")

    other = operator("backup", "verify", "--identity", str(tmp_path / "other.txt"), code=1)
    none = operator("backup", "verify", "--identity", str(tmp_path / "none.txt"), code=1)

    assert "the identity opens not" in other
    assert "no identity of age" in none


def test_what_cannot_be_made_leaves_nothing_and_says_what_to_do(database_url, redis_url, place):
    before = set((place[0] / "destination").iterdir())
    bad = {"gatte_backup_destination": "/proc/nowhere"}

    with application(database_url, redis_url, **place[1] | bad) as app:
        said = runner(app)("backup", "create", code=1)

    assert "GATTE_BACKUP_DESTINATION" in said
    assert set((place[0] / "destination").iterdir()) == before


def test_a_second_backup_at_the_same_time_is_refused(operator, database_url, place):
    from gatte.operations.backup.dump import backup_connection

    with backup_connection(database_url):
        said = operator("backup", "create", code=1)

    assert "another process makes a backup" in said


def test_a_database_with_tables_is_not_restored_over(operator, made, identity, database_url):
    said = operator("backup", "restore", *identity, code=1)

    assert "createdb" in said
    assert rows(database_url, "SELECT count(*) FROM contact") == [(CONTACTS,)]


def test_whoever_was_erased_since_is_not_readable_after_a_restore(
    stores, redis_url, operator, made, database_url, place, tmp_path
):
    identity = ("--identity", str(place[0] / "identity.txt"))
    kept, erased = (found for (found,) in rows(database_url, ONE_AND_ANOTHER))
    operator("contacts", "erase", "--id", erased, "--yes")
    (place[0] / "media" / "áudio 1.ogg").unlink()

    with (
        database(stores) as url,
        application(url, redis_url, **place[1], **logins(url)) as app,
    ):
        restored = runner(app)
        said = restored("backup", "restore", made.name, *identity)

        copy = tmp_path / "copy.json"
        restored("contacts", "export", "--id", kept, "--output", str(copy))
        restored("contacts", "export", "--id", erased, "--output", str(copy), code=1)
        assert rows(url, "SELECT count(*) FROM contact") == [(CONTACTS - 1,)]
    assert "1 erasures were carried out again" in said
    assert all(sentence in copy.read_text() for sentence in SAID)
    assert (place[0] / "media" / "áudio 1.ogg").read_bytes() == b"OggS" * 500


def test_an_older_ledger_than_a_backup_has_seen_is_refused(
    stores, redis_url, operator, database_url, place, tmp_path
):
    identity = ("--identity", str(place[0] / "identity.txt"))
    ((contact,), *_) = rows(database_url, ONE_AND_ANOTHER)
    shutil.copy(place[0] / "erasures.jsonl", tmp_path / "old.jsonl")
    operator("contacts", "erase", "--id", contact, "--yes")
    operator("backup", "create")
    older = {"gatte_erasure_ledger": str(tmp_path / "old.jsonl")}
    below = ("--folders-below", str(tmp_path / "folders"))

    with database(stores) as url, application(url, redis_url, **place[1] | older) as app:
        said = runner(app)("backup", "restore", *identity, *below, code=78)

        assert rows(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    assert "put its newest copy there" in said


def test_the_clock_makes_a_backup_in_a_process_of_its_own(
    app, made, database_url, redis_url, place, monkeypatch
):
    given = {name.upper(): value for name, value in place[1].items()}
    given |= {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    given["GATTE_ENCRYPTION_KEYS"] = "test:3q2+7wAR8L0dPz5nWm9YhJ4sTtVbUcXkQeRgIoOpLqA="
    for name, value in process_environment(given).items():
        monkeypatch.setenv(name, value)
    before = newest(place)

    with app.app_context():
        cron.sync()
        assert cron.run("create_backup", only_if_due=False)

    assert newest(place) != before
    finished = "SELECT succeeded, result->>'dump' FROM scheduled_job WHERE name = 'create_backup'"
    ((succeeded, said),) = rows(database_url, finished)
    assert succeeded
    assert re.match(rf"{newest(place).name}: \d+\.\d MB", said)


@pytest.fixture
def bucket():
    """An S3-compatible storage with an empty bucket; the settings that lead to it."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="backups")
    yield (
        client,
        {
            "gatte_backup_destination": "s3://backups/gatte",
            "gatte_backup_s3_endpoint": endpoint,
            "gatte_backup_s3_access_key_id": "key",
            "gatte_backup_s3_secret_access_key": "secret",
        },
    )
    client.close()
    server.stop()


def test_a_bucket_takes_backups_as_a_folder_does(
    operator, database_url, redis_url, place, bucket, identity
):
    client, settings = bucket
    given = place[1] | logins(database_url) | settings
    with application(database_url, redis_url, **given) as app:
        flask = runner(app)
        flask("backup", "create")
        said = flask("backup", "verify", *identity)
        stored = client.list_objects_v2(Bucket="backups")["Contents"]
        pruned = flask("backup", "prune")

    assert "is good" in said
    assert {one["Key"].split("/")[0] for one in stored} == {"gatte"}
    assert {one["Key"].split("/")[-1] for one in stored} == {
        "database.dump.age",
        "folder-1.tar.age",
        "manifest.json",
    }
    assert "0 backups and 0 WAL segments are deleted" in pruned


def _month(name: str) -> str:
    """The month of a backup where the company is, by its name."""
    at = datetime.strptime(name, "dump-%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return f"{at.astimezone(SAO_PAULO):%Y%m}"


def test_what_has_had_its_time_goes_and_the_rest_stays(operator, made, place, redis_url):
    destination = place[0] / "years"
    now = datetime.now(UTC)
    for days in range(400):
        at = now - timedelta(days=days, hours=1)
        folder = destination / f"dump-{at:%Y%m%dT%H%M%SZ}"
        shutil.copytree(made, folder)
        held = json.loads((folder / "manifest.json").read_text())
        held |= {"name": folder.name, "started_at": at.isoformat(), "finished_at": at.isoformat()}
        (folder / "manifest.json").write_text(json.dumps(held))
    unfinished = destination / f"dump-{now - timedelta(days=3):%Y%m%dT%H%M%SZ}"
    unfinished.mkdir()
    (unfinished / "database.dump.age").write_bytes(b"the beginning")

    with application(
        "postgresql://a@127.0.0.1:1/b",
        redis_url,
        **place[1]
        | {
            "gatte_backup_destination": str(destination),
            "gatte_backup_keep_daily": 7,
            "gatte_backup_keep_weekly": 4,
            "gatte_backup_keep_monthly": 12,
        },
    ) as app:
        wanted = runner(app)("backup", "prune", "--dry-run")
        assert len(list(destination.iterdir())) == 401
        runner(app)("backup", "prune")

    left = sorted(file.name[5:13] for file in destination.iterdir())
    newest_week = [f"{now - timedelta(days=days, hours=1):%Y%m%d}" for days in range(7)]
    assert unfinished.name in wanted
    assert set(newest_week) <= set(left)
    assert len({_month(file.name) for file in destination.iterdir()}) == 12
    assert 7 + 11 <= len(left) <= 7 + 4 + 12


def test_settings_that_would_make_no_backup_are_refused(place):
    from pydantic import ValidationError

    from gatte.settings import Settings

    def refused(**given):
        url = "postgresql://a@127.0.0.1:1/b"
        with pytest.raises(ValidationError) as problem:
            Settings(_env_file=None, database_url=url, **given)
        return str(problem.value)

    secret = (place[0] / "identity.txt").read_text().splitlines()[-1]
    assert "keygen" in refused(gatte_backup_destination="/backups")
    assert "begins with age1" in refused(gatte_backup_recipient=secret)
    assert "begins with /" in refused(gatte_backup_destination="backups")
    assert "s3://bucket" in refused(gatte_backup_destination="gs://bucket")
    assert "begin with /" in refused(gatte_backup_folders="/media, files")


def test_a_key_pair_is_never_written_over(operator, place):
    before = (place[0] / "identity.txt").read_text()

    operator("backup", "keygen", str(place[0] / "identity.txt"), code=1)

    assert (place[0] / "identity.txt").read_text() == before


def test_two_backups_in_one_second_have_a_name_each(operator, place):
    before = set((place[0] / "destination").iterdir())

    operator("backup", "create")
    operator("backup", "create")

    assert len(set((place[0] / "destination").iterdir()) - before) == 2
