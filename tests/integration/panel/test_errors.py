import re

import pytest
from psycopg2 import OperationalError as DriverError
from sqlalchemy.exc import OperationalError


@pytest.fixture(scope="module")
def app(app):
    """The application with pages that fail."""

    def fail():
        raise RuntimeError("a secret detail")

    def without_a_database():
        raise OperationalError("SELECT 1", {}, DriverError("gone"))

    app.add_url_rule("/failing", view_func=fail)
    app.add_url_rule("/api/failing", view_func=fail, endpoint="failing_machine")
    app.add_url_rule("/away", view_func=without_a_database)
    return app


def test_a_failure_ends_as_a_page_with_the_id_of_its_log_line(browser):
    answer = browser.get("/failing", **{"X-Request-ID": "request-id-of-the-test"})

    assert answer.status_code == 500
    assert "Algo deu errado por aqui" in answer.text
    assert "request-id-of-the-test" in answer.text
    assert answer.headers["X-Request-ID"] == "request-id-of-the-test"
    assert "secret detail" not in answer.text


def test_a_failure_is_logged_with_its_cause(browser, logged):
    browser.get("/failing")

    line = next(line for line in logged if line["event"] == "request_failed")
    assert str(line["exc_info"]) == "a secret detail"


def test_a_machine_is_told_in_a_problem_document(browser):
    answer = browser.get("/api/failing")

    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert answer.get_json()["title"] == "Internal Server Error"
    assert "secret detail" not in answer.text


def test_without_the_database_a_page_says_that_nothing_is_lost(browser):
    answer = browser.get("/away")

    assert answer.status_code == 503
    assert "Nada foi perdido" in answer.text


def test_a_page_that_is_not_there(browser):
    answer = browser.get("/nada")

    assert answer.status_code == 404
    assert "Página não encontrada" in answer.text
    assert re.search(r"<html lang=\"pt-BR\">", answer.text)


def test_too_much_content_is_refused(browser):
    browser.get("/panel/login")
    answer = browser.client.post("/panel/login", data={"email": "x" * 4_000_000})

    assert answer.status_code == 413
    assert "Conteúdo grande demais" in answer.text


def test_an_id_of_odd_shape_is_replaced(browser):
    answer = browser.get("/nada", **{"X-Request-ID": "a b\x00c"})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])
