"""How many requests a token may make."""

import re

import pytest

from gatte.models import Scope
from tests.app_fixture import application
from tests.integration.api.conftest import Program, issue


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url, gatte_api_rate_per_minute=3) as made:
        yield made


def test_every_answer_tells_what_is_left_and_the_limit_holds_for_each_token(app, program, users):
    answers = [program.get("/leads") for _ in range(4)]
    other = Program(app.test_client(), issue(app, users["ana"], list(Scope)))

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"per-minute";q=3;w=60'
    assert re.fullmatch(r'"per-minute";r=2;t=\d+', answers[0].headers["RateLimit"])
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].mimetype == "application/problem+json"
    assert other.get("/leads").status_code == 200


def test_without_redis_nobody_is_refused(database_url):
    with application(database_url, "redis://127.0.0.1:1/0", gatte_api_rate_per_minute=3) as app:
        answers = [app.test_client().get("/api/v1/leads").status_code for _ in range(3)]

    assert answers == [401, 401, 401]
