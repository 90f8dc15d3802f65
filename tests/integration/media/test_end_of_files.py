"""Files of customers end with their message, their person and their time, whoever dies meanwhile;
and a person gets theirs.
"""

import json
import signal
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from gatte.data_rights import erasure, exported_files, retention
from gatte.extensions import db
from gatte.jobs import cron
from gatte.jobs.definitions import fetch_media
from gatte.media import sealed_files
from gatte.media.sealed_files import ContentPart, MediaUnreadable
from gatte.models import MediaFile, MediaOrphan
from gatte.settings import Settings
from gatte.store.media_files import ORPHAN_SECONDS
from tests.fakes import payloads
from tests.integration.media.sent_files import (
    OGG,
    PDF,
    fetched,
    let_all_be_due,
    part,
    photo,
    row_of,
    stored_paths,
)
from tests.process_system import PROJECT, process_environment


def sweep(app):
    with app.app_context():
        return cron.remove_orphaned_media()


def orphans(app):
    with app.app_context():
        return list(db.session.scalars(select(MediaOrphan.file_id)))


def let_time_pass(app):
    """Let every process that was fetching an erased file be dead by now."""
    with app.app_context():
        before = func.clock_timestamp() - timedelta(seconds=ORPHAN_SECONDS + 1)
        db.session.execute(update(MediaOrphan).values(deleted_at=before))
        db.session.commit()


def erase(app, customer):
    with app.app_context():
        done = erasure.erase(customer.conversation().contact_id)
        db.session.commit()
        erasure.clear_caches(done)


def of_file(files, row):
    return [path for path in stored_paths(files) if path.name.startswith(str(row.id))]


def test_an_erased_contacts_file_is_unreadable_at_once_and_gone_soon(app, meta, customer, files):
    (wamid,) = customer.sends(part(meta, "image", photo(90, 60), "image/jpeg"))
    row = fetched(customer, wamid)
    assert len(of_file(files, row)) == 2

    erase(app, customer)

    with app.app_context(), pytest.raises(MediaUnreadable):
        next(sealed_files.read(row, ContentPart.CONTENT))
    assert row.id in orphans(app)
    sweep(app)
    assert of_file(files, row) == []
    assert row.id in orphans(app), "a process that was fetching it may write it again"
    let_time_pass(app)
    sweep(app)
    assert row.id not in orphans(app)


def test_a_file_that_was_being_fetched_while_its_contact_was_erased_goes_too(
    app, meta, customer, files
):
    body = part(meta, "document", PDF)
    (wamid,) = customer.sends(body)
    row = row_of(customer, wamid)
    give = meta.graph.media.fetch

    def erased_meanwhile(media_id):
        erase(app, customer)
        sweep(app)
        return give(media_id)

    meta.graph.media.fetch = erased_meanwhile
    fetch_media()
    meta.graph.media.fetch = give
    let_time_pass(app)
    sweep(app)

    assert of_file(files, row) == []
    assert row.id not in orphans(app)


def test_an_erasure_waits_for_no_storage(app, meta, customer):
    (wamid,) = customer.sends(part(meta, "document", PDF))
    row = fetched(customer, wamid)
    whole = app.extensions["gatte_settings"]
    away = {"gatte_media_dir": "s3://nowhere/x", "gatte_media_s3_endpoint": "http://127.0.0.1:9"}
    app.extensions["gatte_settings"] = whole.model_copy(update=away)
    erase(app, customer)
    app.extensions["gatte_settings"] = whole

    assert row.id in orphans(app)


def test_files_expire_by_their_own_time_but_for_a_contact_on_hold(app, meta, customer, files):
    old = customer
    (wamid,) = old.sends(part(meta, "document", PDF))
    row = fetched(old, wamid)
    month = app.extensions["gatte_settings"].gatte_retention_media_days

    def expire(days):
        with app.app_context():
            for _ in retention.remove_expired(datetime.now(UTC) + timedelta(days=days)):
                db.session.commit()
            return db.session.get(MediaFile, row.id)

    def hold(at):
        with app.app_context():
            old.conversation().contact.held_at = at
            db.session.commit()

    assert expire(month - 1) is not None
    hold(datetime.now(UTC))
    assert expire(month + 1) is not None
    hold(None)
    assert expire(month + 1) is None
    sweep(app)
    assert of_file(files, row) == []
    with app.app_context():
        assert old.message(wamid) is not None


STEPS = [
    ("gatte.whatsapp.media:MediaClient.download", "before"),
    ("gatte.media.sealed_files:write", "before"),
    ("gatte.media.sealed_files:write", "after"),
    ("gatte.media.fetch:_record", "before"),
    ("gatte.media.fetch:_record", "after"),
]


@pytest.fixture
def die(app, settings, redis_url):
    """A process that fetches what is due and is killed at a step."""
    given: Settings = app.extensions["gatte_settings"]
    environment = {name.upper(): value for name, value in settings.items()} | {
        "DATABASE_URL": given.database_url.get_secret_value(),
        "REDIS_URL": redis_url,
        "GATTE_DATA_DIR": str(given.gatte_data_dir),
        "GATTE_ENCRYPTION_KEYS": given.gatte_encryption_keys.get_secret_value(),
    }

    def dies(*step):
        command = [sys.executable, "-m", "tests.integration.media.killed_fetch", *step]
        done = subprocess.run(
            command, cwd=PROJECT, env=process_environment(environment), check=False
        )
        assert done.returncode == -signal.SIGKILL

    return dies


def test_a_message_has_one_whole_file_wherever_its_fetching_is_killed(
    app, meta, customer, files, die
):
    (wamid,) = customer.sends(part(meta, "image", photo(90, 60), "image/jpeg"))
    for step in STEPS:
        let_all_be_due(app)
        die(*step)
    let_all_be_due(app)
    row = fetched(customer, wamid)

    assert (row.state, row.attempts) == ("stored", len(STEPS))
    assert len(of_file(files, row)) == 2
    with app.app_context():
        assert sealed_files.read_whole(row)[:3] == b"\xff\xd8\xff"


def test_a_person_gets_their_files_beside_the_copy(app, meta, customer, tmp_path):
    wamids = customer.sends(
        part(meta, "document", PDF, filename="../../etc/pass wd.pdf"),
        part(meta, "audio", OGG, "audio/ogg"),
        payloads.text("oi"),
    )
    fetched(customer, wamids[0])
    output = tmp_path / "copy.json"
    with app.app_context():
        contact_id = str(customer.conversation().contact_id)
    arguments = ["contacts", "export", "--id", contact_id, "--output", str(output)]
    done = app.test_cli_runner().invoke(args=arguments)

    assert done.exit_code == 0, done.output
    told = {one["file"]: one for one in json.loads(output.read_text())["data"]["media_file"]}
    assert {(tmp_path / name).read_bytes() for name in told} == {PDF, OGG}
    assert all((tmp_path / name).parent == tmp_path / "arquivos" for name in told)
    assert "../../etc/pass wd.pdf" in {one.get("filename") for one in told.values()}


def test_the_archive_names_what_cannot_be_read(app, meta, customer, files):
    wamids = customer.sends(
        part(meta, "document", PDF, filename="a.pdf"), part(meta, "audio", OGG, "audio/ogg")
    )
    row = fetched(customer, wamids[0])
    (files / sealed_files.path_of(row.id, ContentPart.CONTENT)).unlink()
    with app.app_context():
        contact_id = customer.conversation().contact_id
        archive = exported_files.make_archive(contact_id, {"dados.json": "{}"})

    with archive, zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == [
            "dados.json",
            "arquivos/0002-audio.ogg",
            "nao-foi-possivel-ler.txt",
        ]
        assert packed.read("nao-foi-possivel-ler.txt") == b"arquivos/0001-a.pdf"
