import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gatte.desk import users as people
from gatte.extensions import db, limiter
from gatte.models import Role
from tests.integration.panel import request_guard
from tests.integration.panel.factories import Desk

PASSWORD = "uma senha comprida"


@dataclass
class Browser:
    """A person at the panel: a client that keeps cookies and sends the token that the last page
    gave it.
    """

    client: FlaskClient
    token: str = ""

    def get(self, path: str, **headers: str) -> TestResponse:
        page = self.client.get(path, headers=headers, buffered=True)
        found = (
            re.search(r'name="csrf_token" value="([^"]+)"', page.text)
            if page.mimetype == "text/html"
            else None
        )
        self.token = found[1] if found else self.token
        return page

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **fields}, headers=headers)

    def press(self, path: str, **fields: str) -> TestResponse:
        """A button of htmx: the token travels as a header."""
        return self.client.post(
            path, data=fields, headers={"HX-Request": "true", "X-CSRFToken": self.token}
        )

    def search(self, words: str) -> TestResponse:
        """What the search field of the conversations leads to."""
        led = self.post("/panel/sessoes/busca", busca=words)
        return self.get(led.location)

    def poll(self, path: str, shown: str = "") -> TestResponse:
        """What a page's poll asks, while showing these versions."""
        return self.client.get(path, headers={"HX-Request": "true", "X-Live": shown})

    def log_in(self, email: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        self.get("/panel/login")
        return self.post("/panel/login", email=email, password=password, **fields)


@pytest.fixture(scope="module", autouse=True)
def guarded(app: Flask) -> Iterator[None]:
    """No request of any test of the panel may break a rule of `request_guard`."""
    with request_guard.guarded(app):
        yield


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A visitor who is not logged in."""
    forget_attempts(app)
    return Browser(app.test_client())


def forget_attempts(app: Flask) -> None:
    """Logins of earlier tests count no more."""
    with app.app_context():
        limiter.reset()
    shared = app.extensions["gatte_redis"]
    for key in list(shared.scan_iter("gatte:login*")):
        shared.delete(key)


@pytest.fixture(scope="module")
def users(app: Flask) -> dict[str, int]:
    """The ids of two agents and an admin."""
    with app.app_context():
        made = [
            people.create_user("ana@empresa.example", "Ana Ribeiro", PASSWORD),
            people.create_user("bruno@empresa.example", "Bruno Castro", PASSWORD),
            people.create_user("chefe@empresa.example", "Clara Chefe", PASSWORD, Role.ADMIN),
        ]
        db.session.commit()
        return {user.email.split("@")[0]: user.id for user in made}


@pytest.fixture
def log_in(app: Flask, users: dict[str, int]) -> Callable[[str], Browser]:
    """Somebody's browser, logged in."""

    def logged_in(who: str) -> Browser:
        forget_attempts(app)
        person = Browser(app.test_client())
        assert person.log_in(f"{who}@empresa.example").status_code == 303
        person.get("/panel/sessoes")
        return person

    return logged_in


@pytest.fixture
def agent(log_in: Callable[[str], Browser]) -> Browser:
    return log_in("ana")


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Makes conversations, tickets and leads."""
    return Desk(app)


@pytest.fixture
def waiting(desk: Desk) -> UUID:
    """A conversation that waits for an agent."""
    return desk.conversation(
        name="Joana Prado",
        state="STATE_WAITING_HUMAN",
        waiting_minutes=3,
        says=["quero falar com alguém"],
    )
