"""What a program that is written carelessly, or in bad faith, is told: always what is wrong, in one
form, and never an error of ours.
"""


import pytest

from tests.app_fixture import application


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url, gatte_api_rate_per_minute=10_000) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api"),
        ("GET", "/api/"),
        ("POST", "/api"),
        ("GET", "/api/v1"),
        ("GET", "/api/v2/tickets"),
        ("GET", "/api/v1/tickets/"),
        ("GET", "/api/v1/tickets/1"),
        ("TRACE", "/api/v1/tickets"),
        ("DELETE", "/api/v1/tickets"),
        ("GET", "/webhook"),
        ("GET", "/health"),
        ("GET", "/openapi.json/x"),
    ],
)
def test_an_address_for_programs_that_is_wrong_is_answered_by_a_problem(app, method, path):
    answer = app.test_client().open(path, method=method)

    assert answer.status_code in {404, 405}
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["status"] == answer.status_code


def test_a_page_for_people_with_a_name_that_begins_alike_is_no_problem_document(app):
    answer = app.test_client().get("/apis")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
