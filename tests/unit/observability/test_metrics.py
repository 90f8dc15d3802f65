"""Contract names, bounded labels, and one page for several processes however they end."""

import re
import subprocess
import sys

import pytest

from gatte.conversation.effects import EscalationReason
from gatte.conversation.flows.base import FlowName
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.nlu import Intent, MessageKind, PredictionSource
from gatte.conversation.slot_filling import CONFIRM, FIX
from gatte.delivery import number_pause
from gatte.delivery.failure_reasons import FailureCause
from gatte.infra.rq_queue import QueueName
from gatte.intelligence.calls import CallPurpose
from gatte.models.contact import MuteReason
from gatte.observability import metric_labels, metrics

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
metrics.TURN_SECONDS.labels(step="understand").observe(0.02)
metrics.QUEUE_OLDEST_SECONDS.labels(queue="turns").set(5)
"""
FRESH = """
from gatte.observability import metrics
metrics.declare_models({"gemini-3.5-flash"})
print(metrics.render()[0].decode())
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
    return start(tmp_path_factory.mktemp("fresh"), FRESH).communicate(timeout=30)[0]


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
        'gatte_intents_total{decider="rule",intent="greeting"}',
        'gatte_llm_cost_brl_total{model="gemini-3.5-flash"}',
        'gatte_llm_tokens_total{direction="input",model="gemini-3.5-flash"}',
        'gatte_messages_received_total{kind="text"}',
        'gatte_messages_sent_total{outcome="accepted"}',
        'gatte_queue_oldest_seconds{queue="turns"}',
        'gatte_timeouts_total{flow="ticket",step="subject"}',
        'gatte_turn_seconds_count{step="whole"}',
        'gatte_webhook_requests_total{outcome="stored"}',
        'gatte_whatsapp_seconds_count{call="send"}',
    ],
)
def test_known_label_values_have_a_zero_before_anything_happens(fresh_page, sample):
    assert value(fresh_page, sample) == 0.0


def test_the_page_says_what_it_is():
    assert metrics.render()[1].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize(
    ("known", "enumeration"),
    [
        (metric_labels.INTENT_LABELS, Intent),
        (metric_labels.SOURCE_LABELS, PredictionSource),
        (metric_labels.REASON_LABELS, EscalationReason),
        (metric_labels.KIND_LABELS, MessageKind),
        (metric_labels.QUEUE_LABELS, QueueName),
        (metric_labels.PURPOSES, CallPurpose),
        (metric_labels.MUTE_REASONS, MuteReason),
        (
            metric_labels.PAUSE_CAUSES,
            number_pause.PAUSING_CATEGORIES | {FailureCause.NOT_CONNECTED},
        ),
        (metric_labels.FLOW_LABELS, FlowName),
    ],
)
def test_every_value_of_the_conversation_has_a_label_of_its_own(known, enumeration):
    assert {str(member) for member in enumeration} <= known


def test_every_question_of_a_flow_is_a_step_of_its_own():
    asked = {
        name: {slot.name for slot in flow.slots} | {CONFIRM, FIX} for name, flow in FLOWS.items()
    }

    assert {
        name: steps
        for name, steps in asked.items()
        if not steps <= set(metric_labels.STEPS_OF_FLOWS[name])
    } == {}


def test_an_unknown_label_value_is_counted_as_other():
    metrics.ESCALATIONS.labels(reason="5541999998888").inc()
    page = metrics.render()[0].decode()

    assert value(page, 'gatte_escalations_total{reason="other"}') >= 1
    assert "5541999998888" not in page


def test_open_labels_take_a_limited_number_of_plain_words():
    words = metrics.OpenLabelSet(limit=2)

    assert [word in words for word in ("one", "two", "three", "one", "Não!", "")] == [
        True,
        True,
        False,
        True,
        False,
        False,
    ]


def test_processes_are_counted_together(process):
    process(COUNT)
    page = process(COUNT + RENDER)

    assert value(page, 'gatte_escalations_total{reason="requested"}') == 4
    assert value(page, 'gatte_turn_seconds_count{step="understand"}') == 2


def test_totals_survive_killed_processes_and_their_files_do_not(process, tmp_path):
    process(COUNT + KILLED)
    process(COUNT + KILLED)
    first, second = process(
        "from gatte.observability import metrics\n" + RENDER + "\nprint('-----')\n" + RENDER
    ).split("-----")

    for page in (first, second):
        assert value(page, 'gatte_escalations_total{reason="requested"}') == 4
        assert value(page, 'gatte_turn_seconds_bucket{le="0.025",step="understand"}') == 2
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
