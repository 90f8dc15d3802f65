"""What every test may ask for, and how generated input is made."""

from hypothesis import settings

pytest_plugins = ["tests.stores", "tests.application"]

# The same input in every run, so that a change is at fault when a test fails; `--hypothesis-profile=search` looks for what nobody met yet.
# No deadline: how fast it is, the bench measures.
settings.register_profile("repeatable", derandomize=True, max_examples=200, deadline=None)
settings.register_profile("search", max_examples=5000, deadline=None)
settings.load_profile("repeatable")
