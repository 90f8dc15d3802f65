"""Of every test with a customer in this process: what rests on a digit of confidence is noted,
since another machine or another model may decide otherwise. `tests/conftest.py` lists it in the
end.
"""

from collections.abc import Iterator

import pytest

from gatte.extensions import db
from tests.conftest import NARROW
from tests.integration.dialogues import confidence_margins
from tests.integration.turns.simulated_customer import ANSWERED, Customer


@pytest.fixture(autouse=True)
def narrow_margins(request: pytest.FixtureRequest) -> Iterator[None]:
    """Notes the decisions of a test that a confidence of .02 more or less would change."""
    ANSWERED.clear()
    yield
    found = [line for customer in ANSWERED for line in narrow_decisions(customer)]
    request.node.user_properties += [(NARROW, line) for line in dict.fromkeys(found)]
    ANSWERED.clear()


def narrow_decisions(customer: Customer) -> list[str]:
    with customer.app.app_context():
        if customer.conversation() is None:  # erased
            return []
        traces = [turn.trace or {} for turn in customer.turns()]
        db.session.rollback()
    return [line for trace in traces for line in confidence_margins.too_close(trace)]
