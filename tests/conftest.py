"""What every test may ask for, and how generated input is made."""

import pytest
from hypothesis import settings

from tests.process_system import build_models

pytest_plugins = ["tests.store_fixtures", "tests.app_fixture"]

# The same input in every run, so that a change is at fault when a test fails;
# `--hypothesis-profile=search` looks for what nobody met yet.
# No deadline: how fast it is, the bench measures.
settings.register_profile("repeatable", derandomize=True, max_examples=200, deadline=None)
settings.register_profile("search", max_examples=5000, deadline=None)
settings.load_profile("repeatable")


def pytest_sessionstart(session: pytest.Session) -> None:
    """The model file is made once, before the processes that run tests begin."""
    if not hasattr(session.config, "workerinput"):
        build_models()


NARROW = "narrow confidence"
"""The property of a test that a confidence of .02 more or less would decide otherwise."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the tests that rest on a digit of confidence: their customers need clearer words."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    told = {
        f"{report.nodeid}: {line}"
        for report in reports
        for name, line in getattr(report, "user_properties", ())
        if name == NARROW
    }
    if told:
        terminalreporter.section("tests that rest on a narrow confidence")
        terminalreporter.write("\n".join([*sorted(told), ""]))
