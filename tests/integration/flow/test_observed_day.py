"""A day of the running system as an operator sees it: every figure moves, a turn is one trace, an
error is one report, and a process that dies is told within half a minute.
"""

import json
import re
import time

import httpx
import pytest

from tests import process_system
from tests.fakes import payloads
from tests.fakes.collector import FakeCollector
from tests.process_system import NUMBER, PATIENCE, free_port, until
from tests.prometheus_server import firing_alerts, is_scraped, running_prometheus

DESK = "ana@empresa.example"
PHONE_OF_SECRET = "5511987650000"
MOVED_BY_THE_DAY = {
    'gatte_webhook_requests_total{outcome="stored"}',
    'gatte_webhook_requests_total{outcome="bad_signature"}',
    'gatte_messages_received_total{kind="text"}',
    'gatte_messages_sent_total{outcome="accepted"}',
    'gatte_turn_seconds_count{step="total"}',
    'gatte_intents_total{intent="greeting",source="rule"}',
    'gatte_escalations_total{reason="requested"}',
    "gatte_conversations_opened_total",
    "gatte_human_wait_seconds_count",
    'gatte_whatsapp_seconds_count{call="send"}',
    'gatte_llm_seconds_count{purpose="respond"}',
    "gatte_uncertain_sends_total",
    "gatte_rate_limited_total",
    'gatte_flow_errors_total{flow="none",step="none"}',
    'gatte_timeouts_total{flow="none",step="none"}',
    'gatte_scheduled_job_runs_total{name="count_daily_figures",outcome="succeeded"}',
    'gatte_scheduled_job_last_run_timestamp_seconds{name="count_daily_figures"}',
    'gatte_db_pool_connections{state="limit"}',
    'gatte_processes{kind="worker"}',
    'gatte_processes{kind="scheduler"}',
    'gatte_llm_tokens_total{direction="input",model="gemini-3.5-flash"}',
    'gatte_llm_cost_brl_total{model="gemini-3.5-flash"}',
}
FAULT = """
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a fault of the tests near 5511987650000';
    END $$;
    CREATE TRIGGER fault BEFORE INSERT ON transition
        FOR EACH ROW WHEN (NEW.event = 'greeted') EXECUTE FUNCTION fail()
"""


@pytest.fixture(scope="module")
def collector():
    with FakeCollector() as fake:
        yield fake


@pytest.fixture(scope="module")
def prometheus_url():
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def system(tmp_path_factory, database_url, redis_url, meta, gemini, collector, prometheus_url):
    environment = process_system.settings(
        database_url,
        redis_url,
        WHATSAPP_ACCESS_TOKEN="meta-token-of-the-tests",
        WHATSAPP_API_BASE_URL=meta.url,
        GEMINI_API_KEY="gemini-key-of-the-tests",
        GEMINI_BASE_URL=gemini.url,
        GATTE_QUIET_SECONDS="0",
        GATTE_UNCERTAIN_GRACE_SECONDS="1",
        GATTE_CONTACT_RATE_PER_MINUTE="3",
        GATTE_PROMETHEUS_URL=prometheus_url,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_EXPORTER_OTLP_HEADERS="X-Tenant=gatte",
        SENTRY_DSN=collector.dsn,
        GATTE_WORKER_PROCESSES="2",
        WEB_CONCURRENCY="1",
        GATTE_DEMO_USER=DESK,
        GATTE_DEMO_PASSWORD="uma senha comprida",
    )
    process_system.prepare(environment)
    folder = tmp_path_factory.mktemp("system")
    with process_system.running(folder, environment) as started:
        yield started


def page(system) -> dict[str, float]:
    """What /metrics shows, by series."""
    shown = httpx.get(f"{system.url}/metrics", timeout=10).text
    lines = [line.rpartition(" ") for line in shown.splitlines() if line.startswith("gatte_")]
    return {series: float(value) for series, _, value in lines}


@pytest.fixture(scope="module")
def prometheus(system, prometheus_url, tmp_path_factory):
    with running_prometheus(
        tmp_path_factory.mktemp("prometheus"), prometheus_url, system.port
    ) as url:
        yield url


def conversation_of(client, who):
    client.waits_for_answers(who, 1)
    newest = "SELECT id::text FROM conversation ORDER BY opened_at DESC, id DESC LIMIT 1"
    return client.query(newest)[0][0]


def execute(client, sql):
    from tests.store_fixtures import execute as run

    run(client.database_url, sql)


def take(client, system, conversation_id):
    """A person of the desk takes a conversation, by the API."""
    made = system.command("tokens", "create", "t", "--user", DESK, "--scope", "all")
    token = next(line for line in made.stdout.splitlines() if line.startswith("gatte"))
    answer = httpx.post(
        f"{system.url}/api/v1/conversations/{conversation_id}/take",
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def test_every_figure_moves(client, system, gemini, meta, prometheus):
    before = page(system)
    absent = {name for name in MOVED_BY_THE_DAY if before.get(name) is None}
    asks = client.somebody()
    client.says(asks, "oi")
    client.waits_for_answers(asks, 1)
    client.says(asks, "qual a diferença entre o certificado A1 e o A3?")
    client.waits_for_answers(asks, 2)
    client.post(b"{}", {"X-Hub-Signature-256": "sha256=00"})

    waits = client.somebody()
    client.says(waits, "quero falar com um atendente")
    take(client, system, conversation_of(client, waits))

    hasty = client.somebody()
    for _ in range(5):
        client.says(hasty, "oi")
    lost = client.somebody()
    meta.fail("nonsense", to=lost.phone)
    client.says(lost, "oi")

    execute(client, FAULT)
    unlucky = client.somebody()
    client.says(unlucky, f"oi, meu telefone é {PHONE_OF_SECRET}")
    client.waits_for_answers(unlucky, 1)
    execute(client, "DROP TRIGGER fault ON transition")
    silent = conversation_of(client, asks)
    due = "UPDATE conversation SET inactivity_due_at = now()"
    execute(client, f"{due} WHERE id = '{silent}'")
    execute(
        client, "UPDATE scheduled_job SET next_run_at = now() WHERE name = 'count_daily_figures'"
    )

    def still():
        now = page(system)
        return sorted(name for name in MOVED_BY_THE_DAY if now.get(name, 0) <= 0)

    until(lambda: still() == [], 20, 0.5)
    assert (absent, still()) == (set(), [])


def test_a_turn_is_one_trace_from_the_webhook_to_meta(client, collector):
    who = client.somebody()
    request_id = "5f" * 16
    made = payloads.body(payloads.text("oi, sou a Joana"), who, number=NUMBER)
    client.deliver(made, **{"X-Request-ID": request_id})
    client.waits_for_answers(who, 1)

    expected = {
        ("gatte-web", "webhook"),
        ("gatte-worker", "inbox"),
        ("gatte-worker", "turn"),
        ("gatte-worker", "postgres load"),
        ("gatte-worker", "understand and decide"),
        ("gatte-worker", "postgres batch"),
        ("gatte-worker", "delivery"),
        ("gatte-worker", "meta send"),
    }
    assert until(lambda: expected <= collector.names(request_id)), collector.names(request_id)
    spans = [span for span in collector.spans if span.trace_id == request_id]
    by_id = {span.span_id: span for span in spans}
    parents = {span.name: by_id[span.parent_id].name for span in spans if span.parent_id}
    assert parents["turn"] == "webhook"
    assert parents["delivery"] == "turn"
    assert parents["meta send"] == "delivery"
    assert "gatte" in {headers.get("x-tenant") for headers in collector.headers}


def test_an_error_is_reported_and_nothing_personal_leaves(client, collector):
    assert until(lambda: bool(collector.reports))
    report = next(one for one in collector.reports if one["tags"]["event"] == "turn_failed")

    assert report["tags"]["process"] == "worker"
    assert report["exception"]["values"][-1]["type"]
    assert len(report["tags"]["request_id"]) == 32
    sent = b"\n".join(collector.bodies)
    for personal in (PHONE_OF_SECRET, "Joana", "sou a", "55119700000"):
        assert personal.encode() not in sent


def ready(system, scope):
    return httpx.get(f"{system.url}/health/ready?scope={scope}", timeout=10).status_code


def test_a_killed_process_shows_in_its_scope_and_in_an_alert(system, prometheus):
    assert until(lambda: is_scraped(prometheus))
    # the checklist beside the processes finds the rules, the scrapes and the web process
    checked = system.command("check", "--json")
    found = {one["name"]: one for one in json.loads(checked.stdout.splitlines()[-1])["checks"]}
    assert [found[name]["status"] for name in ("alerts", "monitoring", "processes")] == [
        "pass",
        "pass",
        "pass",
    ], found
    assert (ready(system, "store"), ready(system, "work")) == (200, 200)

    system.kill("worker")
    system.kill("scheduler")
    killed = time.monotonic()
    expected = {"GatteWorkerDown", "GatteSchedulerDown"}
    assert until(lambda: expected <= firing_alerts(prometheus), PATIENCE, 0.5)

    assert time.monotonic() - killed < 30
    assert (ready(system, "store"), ready(system, "work"), ready(system, "all")) == (200, 503, 503)
    answer = httpx.get(f"{system.url}/health/ready?scope=nothing", timeout=10)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert re.search("store", answer.json()["detail"])
    assert httpx.get(f"{system.url}/health/startup", timeout=10).json()["status"] == "started"
