"""The rules of Prometheus and the dashboard of Grafana: they mean what they say, and ask for
nothing that GATTE does not show.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gatte.observability import metrics
from gatte.operations.prometheus import RULE_GROUPS
from gatte.web import installation_metrics

DEPLOYMENT = Path(__file__).parents[3] / "deployment"
RULES = DEPLOYMENT / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOYMENT / "grafana" / "gatte.json"
NAME = re.compile(r"\bgatte_[a-z_]+")
SUFFIXES = ("_total", "_bucket", "_count", "_sum")


def promtool(*arguments):
    program = shutil.which("promtool")
    assert program, "promtool is missing: apt-get install prometheus (.ci/run does it)"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def groups():
    return yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]


def rules():
    return [rule for group in groups() for rule in group["rules"]]


def panels():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def expressions():
    """Each query of rules and dashboard, with where it stands."""
    asked = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]
    return asked + [
        (panel["title"], target["expr"])
        for panel in panels()
        for target in panel.get("targets", [])
    ]


@pytest.fixture(scope="module")
def shown(app):
    """The names of all metrics that a page of ours has."""
    with app.app_context():
        page = metrics.render(installation_metrics.collect())[0].decode()
    return set(re.findall(r"^# TYPE (\w+) ", page, re.MULTILINE))


def test_rules_and_settings_are_those_of_prometheus():
    promtool("check", "config", str(DEPLOYMENT / "prometheus" / "prometheus.yml"))


def test_alerts_fire_when_they_should_and_only_then():
    files = sorted((DEPLOYMENT / "prometheus").glob("*.test.yml"))

    assert len(files) == 2
    promtool("test", "rules", *map(str, files))


def test_no_query_asks_for_a_metric_that_is_not_there(shown):
    series = shown | {f"{name}{suffix}" for name in shown for suffix in SUFFIXES}
    unknown = {
        place: missing
        for place, expression in expressions()
        if (missing := set(NAME.findall(expression)) - series)
    }

    assert unknown == {}


def test_every_metric_is_watched_or_drawn(shown):
    asked = {name for _, expression in expressions() for name in NAME.findall(expression)}
    stems = {re.sub("(_total|_bucket|_count|_sum)$", "", name) for name in asked}
    ours = {re.sub("_total$", "", name) for name in shown if name.startswith("gatte_")}
    ours = {name for name in ours if not name.endswith("_created")}

    assert ours - stems == set()


def test_recorded_series_that_are_asked_for_are_recorded():
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    asked = {
        name
        for _, expression in expressions()
        for name in re.findall(r"\bgatte:[a-z_:0-9]+", expression)
    }

    assert asked == recorded


def test_the_checklist_knows_the_groups():
    assert [group["name"] for group in groups()] == list(RULE_GROUPS)


def test_every_alert_says_how_urgent_it_is_and_what_to_do():
    for rule in rules():
        if "alert" in rule:
            assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
            assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]


def test_panels_have_ids_and_places_of_their_own():
    ids = [panel["id"] for panel in panels()]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()}

    assert len(set(ids)) == len(ids) == len(places)
