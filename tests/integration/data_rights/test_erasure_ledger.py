"""The erasure ledger: what is written stays as it was written, and a database behind it is erased
again before it serves.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from devstack.postgres import BINARIES
from gatte import services
from gatte.data_rights import erasure, erasure_ledger, erasure_ledger_check
from gatte.data_rights.erasure_ledger import LedgerUnusable
from gatte.data_rights.erasure_ledger_check import Applied, LedgerMismatch
from gatte.extensions import db
from gatte.jobs import cron
from tests.app_fixture import application
from tests.fakes import payloads
from tests.integration.data_rights.traces import found_in_rows, found_in_sealed, traces_of
from tests.integration.turns.simulated_customer import somebody
from tests.process_system import ENCRYPTION_KEYS, MODELS, PROJECT, process_environment
from tests.store_fixtures import database, rows

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
CPF = "52998224725"


def written(path, count=3):
    for _ in range(count):
        erasure_ledger.append(path, uuid4(), uuid4(), NOW, [b"a hash"])
    return erasure_ledger.read(path)


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "deep" / "erasures.jsonl"
    contact, key = uuid4(), uuid4()

    after, entry = erasure_ledger.append(path, contact, key, NOW, [b"one", b"two"])

    assert erasure_ledger.read(path) == after
    assert (entry.sequence, entry.contact_id, entry.data_key_id, entry.at) == (1, contact, key, NOW)
    assert entry.sender_digests == {after.sender_digest(b"one"), after.sender_digest(b"two")}
    assert oct(path.stat().st_mode)[-3:] == "600"


def test_a_ledger_that_is_not_there_is_none(tmp_path):
    assert erasure_ledger.read(tmp_path / "erasures.jsonl") is None


def test_a_line_that_was_never_finished_is_no_entry_and_is_written_over(tmp_path):
    path = tmp_path / "erasures.jsonl"
    written(path, 2)
    with path.open("ab") as file:
        file.write(b'{"sequence": 3, "contact"')

    assert len(erasure_ledger.read(path).entries) == 2
    assert [one.sequence for one in written(path, 1).entries] == [1, 2, 3]


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_line_that_was_changed_or_taken_out_is_found(tmp_path, line):
    path = tmp_path / "erasures.jsonl"
    written(path)
    lines = path.read_bytes().splitlines(keepends=True)
    without = lines[:line] + lines[line + 1 :]
    changed = [*lines]
    changed[line] = lines[line].replace(b"-", b"0", 1)

    for content in (without, changed):
        path.write_bytes(b"".join(content))
        with pytest.raises(LedgerUnusable, match="damaged"):
            erasure_ledger.read(path)


def test_a_ledger_of_a_later_format_is_refused(tmp_path):
    path = tmp_path / "erasures.jsonl"
    line = erasure_ledger._line({"format": 2, "ledger": str(uuid4()), "key": ""}, b"")
    path.write_bytes(line)

    with pytest.raises(LedgerUnusable, match="format 2"):
        erasure_ledger.read(path)


def test_many_processes_write_one_after_the_other(tmp_path):
    path = tmp_path / "erasures.jsonl"
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            for _ in range(5):
                erasure_ledger.append(path, uuid4(), None, NOW, [])
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4

    assert [one.sequence for one in erasure_ledger.read(path).entries] == list(range(1, 21))


def applied(whole):
    return [Applied(whole.id, one.sequence, one.digest) for one in whole.entries]


def test_a_database_lacks_what_it_has_not_carried_out_also_in_between(tmp_path):
    whole = written(tmp_path / "erasures.jsonl")
    first, _, third = applied(whole)

    missing = erasure_ledger_check.missing_entries(whole, [first, third])

    assert [one.sequence for one in missing] == [2]
    assert erasure_ledger_check.missing_entries(None, []) == ()
    assert erasure_ledger_check.missing_entries(whole, applied(whole)) == ()


def test_a_ledger_that_is_lost_cut_or_of_another_database_is_refused(tmp_path):
    whole = written(tmp_path / "erasures.jsonl")
    other = written(tmp_path / "others.jsonl")
    cut = written(tmp_path / "cut.jsonl", 1)
    longer = [*applied(cut), Applied(cut.id, 2, b"a later entry")]

    for found, known, why in (
        (None, applied(whole), "no erasure ledger"),
        (other, applied(whole), "another database"),
        (cut, longer, "lacks entry 2"),
    ):
        with pytest.raises(LedgerMismatch, match=why):
            erasure_ledger_check.missing_entries(found, known)


def dumped(url: str, path) -> None:
    command = [BINARIES / "pg_dump", "--format=custom", f"--file={path}", url]
    subprocess.run(command, check=True, capture_output=True)


def restored(path, url: str) -> None:
    command = [BINARIES / "pg_restore", "--clean", "--if-exists", f"--dbname={url}", path]
    subprocess.run(command, check=True, capture_output=True)


def start(url, redis_url, ledger_file, *command):
    """A process of ours as an operator starts it, told to end once it runs."""
    environment = process_environment(
        {
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": "a-secret-key-of-the-tests-4f9c1e7b",
            "GATTE_ENCRYPTION_KEYS": ENCRYPTION_KEYS,
            "GATTE_DATA_DIR": str(MODELS),
            "GATTE_ERASURE_LEDGER": str(ledger_file),
        }
    )
    return subprocess.run(
        [sys.executable, "-c", *command],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


CHECK = (
    "from gatte.settings import load_settings\n"
    "from gatte.data_rights.erasure_ledger_check import require_applied_ledger\n"
    "require_applied_ledger(load_settings())\n"
)


def test_a_backup_from_before_the_erasure_is_erased_again_before_it_serves(
    app, database_url, redis_url, ledger_path, tmp_path
):
    customer = somebody(app)
    said = ["oi", "quero comprar um e-CPF A1", "Joana Prado", "529.982.247-25"]
    wamids = [customer.sends(payloads.text(words))[0] for words in said]
    wamids.append(customer.delivers(payloads.text("isto ninguém leu ainda")))
    late = somebody(app)  # who is in the inbox of the backup, and no contact yet
    late_wamid = late.delivers(payloads.text("sou nova por aqui"))
    with app.app_context():
        traces = traces_of(customer.person, wamids, CPF)
    backup = tmp_path / "before.dump"
    dumped(database_url, backup)
    late.is_answered()
    for one in (customer, late):
        with app.app_context():
            done = erasure.erase(one.conversation().contact_id)
            db.session.commit()
            erasure.clear_caches(done)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    restored(backup, database_url)
    assert found_in_rows(database_url, traces)

    started = start(database_url, redis_url, ledger_path, CHECK)

    assert started.returncode == 0, started.stderr
    left = {table for table, _ in found_in_rows(database_url, traces)}
    assert left <= {"inbox_message"}  # the bare hashes of Meta's ids, until the horizon
    assert found_in_sealed(app, traces) == set()
    waiting = "SELECT count(*) FROM inbox_message WHERE payload IS NOT NULL"
    assert rows(database_url, waiting) == [(0,)], late_wamid
    assert "2 erasures were carried out again" in started.stdout


def test_a_start_without_the_ledger_is_refused_with_78(app, tmp_path, capfd):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    with app.app_context():
        erasure.erase(customer.conversation().contact_id)
        db.session.commit()
        nowhere = {"gatte_erasure_ledger": str(tmp_path / "nowhere.jsonl")}
        settings = services.settings().model_copy(update=nowhere)

    with pytest.raises(SystemExit) as ended:
        erasure_ledger_check.require_applied_ledger(settings)

    assert ended.value.code == 78
    assert "put the file back" in capfd.readouterr().err


def test_a_process_that_started_without_the_database_ends_at_its_first_answer_when_behind(
    app, redis_url, tmp_path
):
    nowhere = str(tmp_path / "nowhere.jsonl")
    with app.app_context():
        url = services.settings().database_url.get_secret_value()
        closed = SecretStr("postgresql+psycopg2://gatte@127.0.0.1:1/gatte")
        away = services.settings().model_copy(update={"database_url": closed})
    child = os.fork()
    if child == 0:
        erasure_ledger_check.require_applied_ledger(away)
        with (
            application(url, redis_url, gatte_erasure_ledger=nowhere) as started,
            started.app_context(),
        ):
            db.session.execute(text("SELECT 1"))
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 78


def test_a_fresh_database_carries_a_ledger_out_in_which_it_knows_nobody(
    stores, template_database, redis_url, tmp_path
):
    path = tmp_path / "erasures.jsonl"
    written(path, 2)
    with (
        database(stores, template_database) as url,
        application(url, redis_url, gatte_erasure_ledger=str(path)) as fresh,
        fresh.app_context(),
    ):
        assert cron.replay_erasures() == {"replayed": 2}
        assert cron.replay_erasures() == {"replayed": 0}
        assert rows(url, "SELECT sequence FROM applied_erasure ORDER BY 1") == [(1,), (2,)]
