"""What a token may do: every operation by every scope."""

import re
from uuid import uuid4

import pytest

from gatte.models import Scope
from gatte.web.api.endpoint import ENDPOINTS
from tests.api_proof import NO_LIMIT
from tests.app_fixture import application
from tests.integration.api.conftest import Program, issue


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url, gatte_api_rate_per_minute=NO_LIMIT) as made:
        yield made


def address(path):
    """An address of an operation, with ids that nothing has."""
    return re.sub(r"<[^>]+>", lambda _: str(uuid4()), path)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_opens_its_own_operations_and_no_other(app, users, scope):
    program = Program(app.test_client(), issue(app, users["ana"], [scope]))

    opened = set()
    for name, endpoint in ENDPOINTS.items():
        answer = program.call(endpoint.method, address(endpoint.path), {"unknown": 1})
        assert answer.status_code < 500, name
        if answer.status_code != 403:
            opened.add(name)
        else:
            assert f'scope="{endpoint.scope.value}"' in answer.headers["WWW-Authenticate"]

    assert opened == {name for name, one in ENDPOINTS.items() if one.scope is scope}
    assert opened


def test_who_reads_changes_nothing():
    for name, endpoint in ENDPOINTS.items():
        is_read = endpoint.method == "GET" or name == "search_contacts"
        assert endpoint.scope.value.endswith(":read" if is_read else ":write"), name
