"""Contract names, bounded labels, and one page for several processes however they end."""

import re
import subprocess
import sys

import pytest

from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.slot_filling import CONFIRM, FIX
from gatte.observability import metrics
from gatte.web import metric_series

CONTRACT = {
    "gatte_webhook_requests",
    "gatte_messages_received",
    "gatte_messages_sent",
    "gatte_turn_seconds",
    "gatte_intents",
    "gatte_escalations",
    "gatte_flow_errors",
    "gatte_timeouts",
    "gatte_llm_tokens",
    "gatte_llm_cost_brl",
    "gatte_queue_oldest_seconds",
    "gatte_uncertain_sends",
    "gatte_rate_limited",
    "gatte_whatsapp_seconds",
    "gatte_llm_seconds",
}
COUNT = """
from gatte.observability import metrics
metrics.ESCALATIONS.labels(reason="requested").inc(2)
metrics.TURN_SECONDS.labels(step="classify").observe(0.02)
metrics.QUEUE_OLDEST_SECONDS.labels(queue="turns").set(5)
"""
DECLARE = """
from types import SimpleNamespace
from gatte.observability import metrics
from gatte.web import metric_series
model = "gemini-3.5-flash"
metric_series.declare(
    SimpleNamespace(gemini_classifier_model=model, gemini_responder_model=model)
)
"""
RENDER = "print(metrics.render()[0].decode())"
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def start(folder, code):
    """A Python process that counts in this directory."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={"PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": "."},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def process(tmp_path):
    """Start a Python process that counts in the shared directory."""

    def run(code, wait=True):
        running = start(tmp_path / "metrics", code)
        return running.communicate(timeout=30)[0] if wait else running

    return run


@pytest.fixture(scope="module")
def fresh_page(tmp_path_factory):
    """The page of a new process, in a directory of its own, with nothing counted yet."""
    return start(tmp_path_factory.mktemp("fresh"), DECLARE + RENDER).communicate(timeout=30)[0]


def value(page, sample):
    found = re.search(rf"^{re.escape(sample)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else None


def test_every_metric_of_the_contract_is_on_a_fresh_page_with_zeros(fresh_page):
    samples = [
        line.rpartition(" ") for line in fresh_page.splitlines() if line.startswith("gatte_")
    ]

    assert {
        name for name in CONTRACT if not any(sample.startswith(name) for sample, _, _ in samples)
    } == set()
    assert {value for _, _, value in samples} == {"0.0"}


@pytest.mark.parametrize(
    "sample",
    [
        'gatte_escalations_total{reason="requested"}',
        'gatte_flow_errors_total{flow="lead",step="document"}',
        'gatte_flow_errors_total{flow="none",step="none"}',
        'gatte_intents_total{intent="greeting",source="rule"}',
        'gatte_llm_cost_brl_total{model="gemini-3.5-flash"}',
        'gatte_llm_tokens_total{direction="input",model="gemini-3.5-flash"}',
        'gatte_messages_received_total{kind="text"}',
        'gatte_messages_sent_total{outcome="accepted"}',
        'gatte_queue_oldest_seconds{queue="turns"}',
        'gatte_timeouts_total{flow="ticket",step="subject"}',
        'gatte_turn_seconds_count{step="total"}',
        'gatte_webhook_requests_total{outcome="stored"}',
        'gatte_whatsapp_seconds_count{call="send"}',
    ],
)
def test_known_label_values_have_a_zero_before_anything_happens(fresh_page, sample):
    assert value(fresh_page, sample) == 0.0


def test_the_page_says_what_it_is():
    assert metrics.render()[1].startswith("text/plain; version=0.0.4")


def test_every_question_of_a_flow_is_a_step_of_its_own():
    asked = {
        (name, step)
        for name, flow in FLOWS.items()
        for step in ({slot.name for slot in flow.slots} | {CONFIRM, FIX})
    }

    assert asked <= set(metric_series.flow_steps())


def test_every_metric_with_labels_has_its_values_listed():
    listed = {metric for metric, _ in metric_series.LABEL_VALUES}
    by_hand = {metrics.FLOW_ERRORS, metrics.TIMEOUTS, metrics.LLM_TOKENS, metrics.LLM_COST_BRL}
    by_hand.add(metrics.SCHEDULED_JOB_RUNS)  # the scheduler alone knows the jobs
    labelled = {metric for metric in vars(metrics).values() if getattr(metric, "_labelnames", None)}

    assert labelled == listed | by_hand


def test_processes_are_counted_together(process):
    process(COUNT)
    page = process(COUNT + RENDER)

    assert value(page, 'gatte_escalations_total{reason="requested"}') == 4
    assert value(page, 'gatte_turn_seconds_count{step="classify"}') == 2


def test_totals_survive_killed_processes_and_their_files_do_not(process, tmp_path):
    process(COUNT + KILLED)
    process(COUNT + KILLED)
    first, second = process(DECLARE + RENDER + "\nprint('-----')\n" + RENDER).split("-----")

    for page in (first, second):
        assert value(page, 'gatte_escalations_total{reason="requested"}') == 4
        assert value(page, 'gatte_turn_seconds_bucket{le="0.025",step="classify"}') == 2
        assert value(page, 'gatte_queue_oldest_seconds{queue="turns"}') == 0
    assert len(list((tmp_path / "metrics").glob("*.alive"))) == 1


def test_a_running_process_is_not_taken_for_dead(process):
    running = process(
        COUNT + "print('ready', flush=True); input(); "
        "metrics.ESCALATIONS.labels(reason='requested').inc(3)\n" + RENDER,
        wait=False,
    )
    assert running.stdout.readline() == "ready\n"
    page = process(
        "from gatte.observability import metrics\nmetrics.clear_dead_processes()\n" + RENDER
    )
    last = running.communicate("go on\n", timeout=30)[0]

    assert value(page, 'gatte_escalations_total{reason="requested"}') == 2
    assert value(page, 'gatte_queue_oldest_seconds{queue="turns"}') == 5
    assert value(last, 'gatte_escalations_total{reason="requested"}') == 5


def test_a_fork_counts_for_itself(process):
    page = process(
        COUNT + "import os\nif os.fork() == 0:\n"
        "    metrics.ESCALATIONS.labels(reason='fraud').inc(); os._exit(0)\nos.wait()\n" + RENDER
    )

    assert value(page, 'gatte_escalations_total{reason="requested"}') == 2
    assert value(page, 'gatte_escalations_total{reason="fraud"}') == 1


def test_broken_files_of_dead_processes_do_not_break_the_page(process, tmp_path):
    (tmp_path / "metrics").mkdir()
    for number, content in enumerate([b"", b"\0" * 4, b"\xff" * 64]):
        (tmp_path / "metrics" / f"counter_{number}-deadbeef.db").write_bytes(content)

    assert value(process(COUNT + RENDER), 'gatte_escalations_total{reason="requested"}') == 2
