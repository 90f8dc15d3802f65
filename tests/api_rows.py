"""Rows that generated requests are about, so that they reach what an operation does: made when a
request names them, and made anew after some requests, since requests close and change them.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy import select

from gatte.extensions import db
from gatte.models import Message
from gatte.web.api.document import read_examples
from tests.integration.panel.factories import Desk

USES = 6
"""Requests that are about the same row."""
BOOKABLE_DAYS = 28
EVENT = "appointment.updated"
Body = dict[str, Any]


class ApiRows:
    """Rows by the names that operations have for them; `values` puts them into requests."""

    def __init__(self, app: Flask, token: str, user_id: int) -> None:
        self._app = app
        self._desk = Desk(app)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._user_id = user_id
        self._numbers, self._days = count(1), count()
        self._times: list[str] = []
        self._known: dict[str, tuple[str, int]] = {}
        self._makers: dict[str, Callable[[], object]] = {
            "contact_id": self._desk.contact,
            "conversation_id": self._make_conversation,
            "message_id": self._make_message,
            "ticket_id": self._desk.ticket,
            "lead_id": self._desk.lead,
            "certificate_id": self._make_certificate,
            "appointment_id": self._desk.appointment,
            "fact_id": self._desk.fact,
            "webhook_id": self._make_webhook,
            "slug": self._make_article,
            "starts_at": self._find_time,
            "day": self._find_day,
        }

    def knows(self, name: str) -> bool:
        """Whether there are rows of this name."""
        return name in self._makers

    def value(self, name: str) -> str:
        """The id of a row that is there."""
        known, uses = self._known.get(name, ("", USES))
        if uses == USES:
            known, uses = str(self._makers[name]()), 0
        self._known[name] = (known, uses + 1)
        return known

    def example(self, schema: str) -> Body:
        """The documented example of a body, about rows that are there and by a user who is."""
        body: Body = dict(read_examples()[schema])
        if schema == "FactContent":
            body["key"] = f"{body['key']}-{next(self._numbers)}"
        users = {"assignee_id", "owner_id"} & body.keys()
        return body | dict.fromkeys(users, self._user_id)

    def _make_conversation(self) -> object:
        """One that the token's user has, and one that the bot has, in turns."""
        if next(self._numbers) % 2:
            return self._desk.with_agent(self._user_id, says=["oi"])
        return self._desk.conversation(says=["oi"])

    def _make_message(self) -> object:
        conversation = self._desk.with_agent(self._user_id, says=["oi"])
        with self._app.app_context():
            return db.session.scalar(select(Message.id).filter_by(conversation_id=conversation))

    def _make_certificate(self) -> object:
        body = self.example("NewCertificate") | {"contact_id": self.value("contact_id")}
        return self._made("POST", "/certificates", body)["id"]

    def _make_webhook(self) -> object:
        body = {"url": "https://receiver.example/events", "event_types": [EVENT]}
        return self._made("POST", "/webhooks", body)["id"]

    def _make_article(self) -> object:
        slug = f"artigo-{next(self._numbers)}"
        path = f"/knowledge/articles/{slug}"
        return self._made("PUT", path, self.example("ArticleContent"))["slug"]

    def _find_day(self) -> object:
        """A day on which appointments can be booked, a later one each time."""
        return (datetime.now(UTC) + timedelta(days=1 + next(self._days) % BOOKABLE_DAYS)).date()

    def _find_time(self) -> object:
        """A time at which an appointment can be booked, a later one each time."""
        conversation = self.value("conversation_id")
        while not self._times:
            query = f"conversation_id={conversation}&day={self._find_day()}"
            self._times = self._made("GET", f"/appointments/free-times?{query}", None)["items"]
        return self._times.pop(0)

    def _made(self, method: str, path: str, body: Body | None) -> Any:
        answer = self._app.test_client().open(
            f"/api/v1{path}", method=method, json=body, headers=self._headers
        )
        if answer.status_code not in {200, 201}:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.get_json()
