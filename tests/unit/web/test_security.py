from types import SimpleNamespace

import pytest
from flask import Flask, session

from gatte.web import response_headers


@pytest.fixture
def production():
    app = Flask("gatte")
    app.secret_key = "secret-key-of-the-tests"
    response_headers.init_app(app, SimpleNamespace(production=True, gatte_panel_session_hours=12))

    @app.get("/")
    def page():
        session["seen"] = True
        return "ok"

    return app.test_client()


def test_in_production_browsers_are_kept_on_tls(production):
    assert (
        production.get("/").headers["Strict-Transport-Security"]
        == "max-age=63072000; includeSubDomains"
    )


def test_in_production_the_session_cookie_is_bound_to_host_and_tls(production):
    cookie = production.get("/", base_url="https://painel.example").headers["Set-Cookie"]

    assert cookie.startswith("__Host-gatte=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {
        part.strip() for part in cookie.split(";")
    }


def test_every_error_that_is_told_has_a_title_and_an_advice():
    assert all(title and advice.endswith(".") for title, advice in response_headers.ERRORS.values())
