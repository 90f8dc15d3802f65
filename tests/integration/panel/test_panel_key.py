"""SECRET_KEY is changed while people work: open pages go on, as long as the former one stands
behind it.
"""

import pytest

from gatte.desk import users as people
from gatte.extensions import db
from tests.app_fixture import application
from tests.integration.panel.conftest import PASSWORD, Browser, forget_attempts

OLD = "the-first-key-of-the-panel-3d8e1a77"
NEW = "the-second-key-of-the-panel-9b02c6f4"
WHO = "paula@empresa.example"


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url, secret_key=OLD) as made:
        with made.app_context():
            people.create_user(WHO, "Paula Painel", PASSWORD)
            db.session.commit()
        yield made


@pytest.fixture
def page(app):
    """Somebody's browser with a page that came before the key was changed."""
    forget_attempts(app)
    browser = Browser(app.test_client())
    assert browser.log_in(WHO).status_code == 303
    browser.get("/panel/sessoes")
    browser.found = browser.post("/panel/sessoes/busca", busca="paula").location
    return browser


def moved_to(page: Browser, app) -> Browser:
    """The same browser with its cookies and its token, before another application."""
    moved = Browser(app.test_client(), page.token)
    for cookie in page.client._cookies.values():
        moved.client.set_cookie(cookie.key, cookie.value, path=cookie.path)
    return moved


def test_pages_forms_and_addresses_of_before_hold_behind_the_former_key(
    page, database_url, redis_url
):
    with application(
        database_url, redis_url, secret_key=NEW, secret_key_fallbacks=f" {OLD} , another-old-one "
    ) as app:
        forget_attempts(app)
        browser = moved_to(page, app)

        assert browser.press("/panel/sessoes/busca", busca="oi").status_code == 303
        assert "Conversas de “paula”" in browser.get(page.found).text
        assert browser.get("/panel/sessoes").status_code == 200


def test_what_came_since_holds_without_the_former_key(page, database_url, redis_url):
    with application(database_url, redis_url, secret_key=NEW, secret_key_fallbacks=OLD) as app:
        browser = moved_to(page, app)
        browser.get("/panel/sessoes")
        browser.post("/panel/sessoes/busca", busca="paula")
        forget_attempts(app)
        fresh = Browser(app.test_client())
        assert fresh.log_in(WHO).status_code == 303
        fresh.get("/panel/sessoes")
    with application(database_url, redis_url, secret_key=NEW) as app:
        later = moved_to(fresh, app)

        assert later.press("/panel/sessoes/busca", busca="oi").status_code == 303


def test_without_the_former_key_nothing_of_before_holds(page, database_url, redis_url):
    with application(database_url, redis_url, secret_key=NEW) as app:
        browser = moved_to(page, app)

        assert browser.get("/panel/sessoes").status_code == 302
        assert browser.press("/panel/sessoes/busca", busca="oi").status_code in {400, 401}


def test_a_known_browser_stays_known(page, database_url, redis_url):
    from gatte.web.panel import known_browser

    with application(database_url, redis_url, secret_key=NEW, secret_key_fallbacks=OLD) as app:
        cookies = "; ".join(f"{one.key}={one.value}" for one in page.client._cookies.values())
        with app.test_request_context("/panel/login", headers={"Cookie": cookies}):
            assert known_browser.device_of(WHO) is not None
