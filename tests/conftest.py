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
