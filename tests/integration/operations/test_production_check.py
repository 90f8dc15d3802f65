"""Each point of the production checklist is red while it is broken, and green when put right."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest
from rq.registry import FailedJobRegistry
from sqlalchemy import text

from devstack.postgres import Postgres
from gatte import services
from gatte.desk import users
from gatte.extensions import db, limiter
from gatte.infra import rq_queue
from gatte.infra.rq_queue import BatchedJob, JobBatch, JobName, ProcessKind, QueueName
from gatte.infra.schema import migrate
from gatte.intelligence.gemini import rejections
from gatte.intelligence.gemini.rejections import RejectionCause
from gatte.models import BackupAction, BackupRecord, KeyRotation, Role
from gatte.operations import own_certificate, prometheus
from gatte.operations.production_check import checklist
from gatte.operations.production_check.findings import CheckStatus
from gatte.store import data_keys
from tests import process_system
from tests.app_fixture import application
from tests.integration.panel.factories import Desk
from tests.process_system import free_port
from tests.store_fixtures import execute

PRODUCTION = {
    "gatte_env": "production",
    "gatte_domain": "bot.empresa.example",
    "secret_key": "q8Zr2LmX0vTn5YkC7dWb4HsJ1pGf6EaU9oRi3uQy",
    "whatsapp_access_token": "meta-token-of-the-tests",
    "whatsapp_phone_number_id": "106540352242922",
    "whatsapp_business_account_id": "102290129340398",
}
OTHER_KEY = "new:9mZ+1wBS7K1ePy4mXl8ZgI5rUuWaVdYjRfShJpPqMrE="
TEST_KEY = "test:3q2+7wAR8L0dPz5nWm9YhJ4sTtVbUcXkQeRgIoOpLqA="


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    """An application as production has it."""
    with application(database_url, redis_url, **PRODUCTION) as made:
        yield made


@pytest.fixture
def tables(context, database_url):
    """Rows and keys that a test made are gone after it."""
    yield
    db.session.rollback()
    names = (
        "inbox_message, turn, outbox, webhook_subscription, scheduled_job, contact, backup_record"
    )
    execute(database_url, f'TRUNCATE {names}, "user" CASCADE')
    services.redis().flushall()


def codes(name):
    """What a check finds, worst things and less bad ones."""
    result = checklist.run_one(name)
    assert all(checklist.advice(name, finding, "pt") for finding in result.findings)
    return [finding.code for finding in result.findings]


def status(name):
    return checklist.run_one(name).status


@pytest.fixture
def other_app(database_url, redis_url):
    """Check in an application with other settings."""

    def look(name, **settings):
        given = {"database_url": database_url, "redis_url": redis_url, **settings}
        with application(**given) as made, made.app_context():
            return codes(name)

    return look


def test_settings_of_production_pass_and_those_of_development_do_not(context, other_app):
    assert [codes(name) for name in ("environment", "secrets", "logs")] == [[], [], []]
    assert set(other_app("environment")) == {
        "not_production",
        "simulator",
        "no_domain",
        "no_whatsapp",
    }
    for missing, expected in (
        ("whatsapp_access_token", ["no_token_here"]),
        ("whatsapp_phone_number_id", ["no_notice_number"]),
        ("whatsapp_business_account_id", ["no_notice_number"]),
    ):
        assert other_app("environment", **PRODUCTION | {missing: ""}) == expected
    assert other_app("logs") == ["not_json"]
    told = {"gatte_log_format": "json", "gatte_log_level": "DEBUG"}
    assert other_app("logs", **told) == ["debugging"]
    assert other_app("logs", **told | {"gatte_log_level": "INFO"}) == []


def test_secrets_that_can_be_guessed_are_named(other_app):
    typed = "dev:YSBzZW50ZW5jZSBvZiB0aGlydHktdHdvIGxldHRlcnM="
    weak = {"secret_key": "changeme", "whatsapp_verify_token": "1234"}

    found = other_app("secrets", gatte_encryption_keys=typed, **weak)

    assert found == ["guessable", "typed_key", "development_key", "short"]


def test_a_postgres_that_may_forget_or_never_cleans_up_is_found(tmp_path, redis_url):
    postgres = Postgres(tmp_path / "postgres", durable=True)
    url = postgres.start()
    migrate(url)
    try:
        with application(url, redis_url) as made, made.app_context():
            for name, change in (
                ("durability", "fsync = off"),
                ("durability", "full_page_writes = off"),
                ("durability", "synchronous_commit = off"),
                ("vacuum", "autovacuum = off"),
            ):
                assert status(name) is CheckStatus.PASS
                execute(url, f"ALTER SYSTEM SET {change}", "SELECT pg_reload_conf()")
                assert process_system.until(lambda name=name: codes(name) == ["off"], 10)
                execute(url, "ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()")
                assert process_system.until(lambda name=name: codes(name) == [], 10)
    finally:
        postgres.stop()


def test_a_role_that_may_do_more_than_read_and_write_rows(database_url, other_app, context):
    assert codes("role") == []
    execute(
        database_url,
        "CREATE ROLE chief SUPERUSER LOGIN PASSWORD 'chief'",
        "CREATE ROLE clerk LOGIN PASSWORD 'clerk'",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk",
    )
    place = database_url.partition("@")[2]
    clerk = f"postgresql://clerk:clerk@{place}"
    try:
        chief = f"postgresql://chief:chief@{place}"
        assert other_app("role", database_url=chief) == ["superuser"]
        assert other_app("role", database_url=clerk) == []
        execute(database_url, "ALTER TABLE ticket_note OWNER TO clerk")
        assert other_app("role", database_url=clerk) == ["owner"]
    finally:
        execute(
            database_url,
            "REASSIGN OWNED BY clerk TO CURRENT_USER",
            "DROP OWNED BY clerk",
            "DROP ROLE clerk, chief",
        )


def test_a_postgres_that_is_reached_from_elsewhere_without_tls(tmp_path, redis_url):
    addresses = [one.address for found in psutil.net_if_addrs().values() for one in found]
    elsewhere = [one for one in addresses if "." in one and not one.startswith("127.")]
    if not elsewhere:
        pytest.skip("this machine has no address but loopback")
    postgres = Postgres(tmp_path / "postgres", durable=False, settings={"listen_addresses": "*"})
    url = postgres.start()
    with (postgres.data / "pg_hba.conf").open("a") as file:
        file.write("host all all samehost trust\n")
    try:
        execute(url, "SELECT pg_reload_conf()")
        with application(url, redis_url) as made, made.app_context():
            assert codes("tls") == []
        far = url.replace("127.0.0.1", elsewhere[0])
        with application(far, redis_url) as made, made.app_context():
            assert codes("tls") == ["postgres"]
    finally:
        postgres.stop()


def test_a_redis_without_tls_on_another_host(context, other_app):
    assert codes("tls") == []
    assert other_app("tls", redis_url="redis://:word@10.1.2.3:6379/0") == ["redis"]


def test_a_redis_that_throws_away_or_is_gone(context, redis_url, other_app):
    redis = services.redis()
    assert codes("redis") == other_app("rate_limits") == []
    redis.config_set("maxmemory", "100mb")
    redis.config_set("maxmemory-policy", "allkeys-lru")
    assert codes("redis") == ["evicts"]
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", "0")
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    assert other_app("redis", redis_url=nobody) == ["unavailable"]
    assert other_app("rate_limits", redis_url=nobody) == ["limits_not_shared"]
    assert other_app("monitoring", redis_url=nobody) == ["unknown"]


def test_a_schema_of_another_version(context):
    assert codes("schema") == []
    version = db.session.scalar(text("SELECT version_num FROM schema_version"))
    db.session.execute(text("UPDATE schema_version SET version_num = '0001'"))
    db.session.commit()
    assert codes("schema") == ["old"]
    db.session.execute(text("UPDATE schema_version SET version_num = :v"), {"v": version})
    db.session.commit()


def test_limits_that_hold_nobody_back(context, other_app):
    assert other_app("rate_limits", gatte_contact_rate_per_minute=500) == ["contacts_unlimited"]
    limiter.enabled = False
    assert codes("rate_limits") == ["limiter_off"]
    limiter.enabled = True


def test_errors_that_show_the_inside(app, context):
    assert codes("error_boundary") == []
    app.debug = True
    assert codes("error_boundary") == ["debugger"]
    app.debug = False
    handlers = app.error_handler_spec[None][None]
    boundary = handlers.pop(Exception)
    assert codes("error_boundary") == ["no_boundary"]
    handlers[Exception] = boundary


def test_a_disk_that_is_missing_or_full(context, other_app, tmp_path):
    assert codes("disk") in ([], ["filling"])  # as the machine of the tests is
    assert other_app("disk", gatte_erasure_ledger=str(tmp_path / "gone" / "l")) == ["missing"]
    if os.geteuid() == 0:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "gatte-test", tmp_path], check=True
        )
        try:
            assert "full" in other_app("disk", gatte_erasure_ledger=str(tmp_path / "l"))
        finally:
            subprocess.run(["umount", "--lazy", tmp_path], check=True)


def note_backup(action, age):
    ended = datetime.now(UTC) - age
    kept = {"action": action, "started_at": ended, "finished_at": ended, "succeeded": True}
    db.session.add(BackupRecord(**kept))
    db.session.commit()


def test_backups_that_are_missing_old_or_not_verified(tables):
    assert codes("backup") == ["none"]
    note_backup(BackupAction.CREATED, timedelta(hours=30))
    assert codes("backup") == ["old", "never_verified"]
    note_backup(BackupAction.VERIFIED, timedelta(days=40))
    assert codes("backup") == ["old", "verified_long_ago"]
    note_backup(BackupAction.CREATED, timedelta(hours=2))
    note_backup(BackupAction.VERIFIED, timedelta(days=2))
    assert codes("backup") == []


def test_master_keys_that_are_missing_or_left_over(tables, app, other_app):
    Desk(app).contact()

    assert codes("master_keys") == []
    ring = f"{OTHER_KEY},{TEST_KEY}"
    assert other_app("master_keys", gatte_encryption_keys=ring) == ["not_rotated"]
    assert other_app("master_keys", gatte_encryption_keys=OTHER_KEY) == ["missing"]
    db.session.add(KeyRotation(master_key_id="test", wraps_before=-data_keys.MOST_NONCES))
    db.session.commit()
    assert codes("master_keys") == ["worn_out"]
    db.session.execute(text("DELETE FROM key_rotation"))
    db.session.commit()
    left_over = f"{TEST_KEY},{OTHER_KEY}"
    assert other_app("master_keys", gatte_encryption_keys=left_over) == ["not_needed"]


def add_job(name, *, ended_ago=None, succeeded=None, late=timedelta(0), result=None):
    """A scheduled job as its table may have it."""
    now = datetime.now(UTC)
    db.session.execute(
        text("""
            INSERT INTO scheduled_job (name, cron, next_run_at, finished_at, succeeded, result)
            VALUES (:name, '0 * * * *', :next, :ended, :succeeded, cast(:result AS jsonb))
        """),
        {
            "name": name,
            "next": now - late,
            "ended": None if ended_ago is None else now - ended_ago,
            "succeeded": succeeded,
            "result": None if result is None else json.dumps(result),
        },
    )
    db.session.commit()


def test_scheduled_jobs_that_fail_are_late_or_never_ran(tables):
    assert codes("scheduled_jobs") == ["none"]
    assert codes("retention") == ["never"]
    add_job("apply_retention", ended_ago=timedelta(days=3), succeeded=True)
    assert codes("scheduled_jobs") == []
    assert codes("retention") == ["long_ago"]
    add_job("count_daily_figures", succeeded=False)
    add_job("replay_erasures", late=timedelta(hours=1))
    assert codes("scheduled_jobs") == ["failed", "late"]


def test_a_certificate_that_nobody_has_seen_is_not_taken_for_a_good_one(tables):
    assert codes("certificate") == ["unknown"]
    add_job(own_certificate.JOB_NAME, result={"unreachable": "TimeoutError", "address": "a:443"})
    assert codes("certificate") == ["unknown"]


@pytest.mark.parametrize(
    ("days", "trusted", "expected"),
    [
        (90, True, []),
        (10, True, ["ends"]),
        (-1, True, ["ends"]),
        (90, False, ["not_trusted"]),
    ],
)
def test_a_certificate_of_our_own_that_ends(tables, days, trusted, expected):
    expiry = datetime.now(UTC) + timedelta(days=days)
    result = {"not_after": expiry.isoformat(), "trusted": trusted}
    add_job(own_certificate.JOB_NAME, result=result)

    assert codes("certificate") == expected
    assert (status("certificate") is CheckStatus.FAIL) == (days < 7 or not trusted)


def test_processes_that_give_no_signs_of_life(tables):
    assert codes("processes") == ["none", "none"]
    rq_queue.send_heartbeat(ProcessKind.WORKER, "host:1")
    assert codes("processes") == ["none"]
    rq_queue.send_heartbeat(ProcessKind.SCHEDULER, "host:1")
    assert codes("processes") == []


class WebProcess(BaseHTTPRequestHandler):
    """A web process of this host, which stores or cannot."""

    status = 200

    def do_GET(self):
        assert self.path == "/health/ready?scope=store"
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_web_process_that_is_silent_or_cannot_store(context, other_app):
    assert other_app("health", gatte_bind=f"127.0.0.1:{free_port()}") == ["silent"]
    assert other_app("health", gatte_bind="unix:/run/gatte.sock") == ["socket"]
    with HTTPServer(("127.0.0.1", 0), WebProcess) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        bind = f"127.0.0.1:{server.server_port}"
        assert other_app("health", gatte_bind=bind) == []
        WebProcess.status = 503
        assert other_app("health", gatte_bind=bind) == ["not_ready"]
        server.shutdown()


def test_metrics_that_nobody_reads(tables):
    assert codes("monitoring") == ["never"]
    services.fail_fast_redis().execute(prometheus.note_scrape)
    assert codes("monitoring") == []
    services.redis().expire(prometheus.SCRAPE_KEY, prometheus.SCRAPE_KEPT_SECONDS - 400)
    assert codes("monitoring") == ["long_ago"]


class EmptyPrometheus(BaseHTTPRequestHandler):
    """A Prometheus that has loaded one of our groups."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"data": {"groups": [{"name": "gatte-processes"}]}}')

    def log_message(self, *_):
        pass


def test_rules_that_prometheus_has_not_loaded(context, other_app):
    assert codes("alerts") == ["not_asked"]
    nobody = f"http://127.0.0.1:{free_port()}"
    assert other_app("alerts", gatte_prometheus_url=nobody) == ["unavailable"]
    with HTTPServer(("127.0.0.1", 0), EmptyPrometheus) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert other_app("alerts", gatte_prometheus_url=url) == ["missing"]
        server.shutdown()


def test_a_message_that_nobody_processes(tables):
    assert codes("backlog") == codes("dead_letters") == []
    db.session.execute(
        text("""
            INSERT INTO inbox_message
                (phone_number_id, wamid_hash, sender_hash, kind, skip_quiet_period, sent_at,
                received_at)
            VALUES ('1', 'w', 's', 'text', FALSE, now(), now() - interval '5 minutes')
        """)
    )
    db.session.commit()
    assert codes("backlog") == ["message"]
    db.session.execute(text("UPDATE inbox_message SET processed_at = now(), payload = 'x'"))
    db.session.commit()
    assert codes("dead_letters") == ["inbox"]


def test_turns_replies_and_events_that_were_given_up(tables, app):
    conversation = Desk(app).conversation(says=["oi"])
    message = db.session.scalar(text("SELECT id FROM message"))
    db.session.execute(
        text("""
            INSERT INTO turn (id, conversation_id, outcome, attempt, lease_token, step_durations_ms)
            VALUES (gen_random_uuid(), :conversation, 'dead_letter', 3, 1, '{}')
        """),
        {"conversation": conversation},
    )
    db.session.execute(
        text("""
            INSERT INTO outbox
                (id, conversation_id, phone_number_id, author, owner_version, state, attempts)
            VALUES (:message, :conversation, '1', 'bot', 0, 'dead_letter', 3)
        """),
        {"message": message, "conversation": conversation},
    )
    db.session.execute(
        text("""
            WITH s AS (
                INSERT INTO webhook_subscription (id, url, event_types, active)
                VALUES (gen_random_uuid(), 'https://a.example', '{}', TRUE)
                RETURNING id)
            INSERT INTO webhook_delivery (subscription_id, event_type, object_key, payload, state)
            SELECT id, 'x', 'x', '{}', 'dead_letter' FROM s
        """)
    )
    db.session.commit()
    assert codes("dead_letters") == ["turn", "reply", "webhook"]
    db.session.execute(text("UPDATE conversation SET turn_due_at = now() - interval '5 minutes'"))
    db.session.execute(text("UPDATE message SET turn_id = NULL"))
    late = "UPDATE outbox SET state = 'pending', next_attempt_at = now() - interval '5 minutes'"
    db.session.execute(text(late))
    db.session.commit()
    assert codes("backlog") == ["turn", "reply"]


def test_a_batch_of_jobs_that_failed(tables):
    assert codes("failed_batches") == []
    job = BatchedJob(JobName.EMBED_PASSAGES, ())
    rq_queue.enqueue_batches([JobBatch("failing", QueueName.MAINTENANCE, (job,))])
    queue = rq_queue.get_queue(QueueName.MAINTENANCE)
    FailedJobRegistry(queue=queue).add(queue.fetch_job("failing"), ttl=60)

    assert codes("failed_batches") == ["failed"]


def test_gemini_that_refuses_us(tables, other_app):
    assert codes("gemini") == ["not_used"]
    model = services.settings().gemini_responder_model
    rejections.publish(services.fail_fast_redis(), model, RejectionCause.MODEL)
    key = {"gemini_api_key": "key-of-the-tests", "gemini_base_url": "http://127.0.0.1:1"}
    assert other_app("gemini", **key) == ["refused"]


def test_accounts_that_anybody_could_use(tables):
    assert codes("admins") == ["no_admin"]
    users.create_user("ana@empresa.example", "Ana", "uma senha comprida", Role.ADMIN)
    db.session.commit()
    assert codes("admins") == codes("passwords") == []
    users.create_user("admin@gatte.local", "Demo", "senha12345", Role.ADMIN)
    db.session.commit()
    assert (codes("admins"), codes("passwords")) == (["demo_user"], ["known"])


def test_every_text_is_there_in_both_languages():
    texts = checklist.texts()

    assert set(texts) == {*checklist.CHECKS, "common"}
    for name, section in texts.items():
        titled = section if name != "common" else {"en": "-", "pt": "-", **section}
        languages = {one for one in titled if isinstance(titled[one], str)}
        assert languages == {"en", "pt"}, name
        for code in set(titled) - languages:
            assert set(titled[code]) == {"en", "pt"}, (name, code)


def test_the_command_says_what_is_wrong_with_the_clock_and_fails(database_url, redis_url):
    environment = process_system.process_environment(
        {
            **process_system.settings(database_url, redis_url),
            "FLASK_APP": "wsgi",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
    )
    command = ["faketime", "-f", "+1h", sys.executable, "-m", "flask", "check", "--json"]
    done = subprocess.run(
        command,
        cwd=process_system.PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=process_system.PATIENCE,
    )

    document = json.loads(done.stdout.splitlines()[-1])
    found = {check["name"]: check for check in document["checks"]}
    assert (done.returncode, document["fit"]) == (1, False)
    assert set(found) == set(checklist.CHECKS)
    assert [one["code"] for one in found["clock"]["findings"]] == ["differs", "differs"]
    assert "NTP" in found["clock"]["findings"][0]["advice"]
    assert found["schema"]["status"] == "pass"
    assert found["health"]["findings"][0]["code"] == "silent"


def test_every_finding_that_has_a_text_is_expected_by_a_test():
    source = Path(__file__).read_text(encoding="utf-8")
    told = {
        f"{name}.{code}"
        for name, section in checklist.texts().items()
        for code, words in section.items()
        if isinstance(words, dict)
    }

    assert len(told) > 50
    assert {one for one in told if f'"{one.partition(".")[2]}"' not in source} == set()
