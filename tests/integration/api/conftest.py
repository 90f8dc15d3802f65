from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gatte.desk import api_tokens
from gatte.desk import users as people
from gatte.extensions import db, limiter
from gatte.models import Role, Scope
from gatte.store import users as accounts
from tests.integration.panel.factories import Desk

PASSWORD = "uma senha comprida"


@dataclass
class Program:
    """A program that calls the API with a token."""

    client: FlaskClient
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": f"Bearer {self.token}", **self.headers, **named}
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=given)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("POST", path, body, **headers)

    def change(self, path: str, body: Any) -> TestResponse:
        """Read a resource, and change it as it is."""
        etag = self.get(path).headers["ETag"]
        return self.call("PATCH", path, body, If_Match=etag)


@pytest.fixture(autouse=True)
def forgotten_limits(app: Flask) -> None:
    """Requests of earlier tests count no more."""
    with app.app_context():
        limiter.reset()


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


def issue(app: Flask, user_id: int, scopes: list[Scope], **more: Any) -> str:
    """A fresh token of a user."""
    with app.app_context():
        user = accounts.find_by_id(user_id)
        assert user is not None
        made = api_tokens.issue("um programa", scopes, user, **more)
        db.session.commit()
        return made.secret


@pytest.fixture
def program(app: Flask, users: dict[str, int]) -> Iterator[Program]:
    """A program of Ana's that may do everything."""
    return Program(app.test_client(), issue(app, users["ana"], list(Scope)))


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Makes contacts, conversations, tickets and leads."""
    return Desk(app)
