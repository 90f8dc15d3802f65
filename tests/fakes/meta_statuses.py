"""Status webhooks as Meta sends them: for each accepted message its news, signed, posted to our
webhook from a thread of its own.

As with Meta nothing is certain but delivery: news may come before the answer to the send, in the
wrong order, late or twice, and what is not answered 200 comes again.
"""

import http.client
import random
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any
from urllib.parse import urlsplit

from tests.fakes import payloads

LARGEST_BATCH = 500
GIVE_UP_SECONDS = 600.0


@dataclass(frozen=True)
class StatusPlan:
    """Where to and how; times in seconds. With `before_response` the first news arrive before the
    send is answered.
    """

    url: str
    secret: str
    words: tuple[str, ...] = ("sent", "delivered", "read")
    delay: float = 0.0
    spacing: float = 0.02
    before_response: bool = False
    reorder: bool = False
    duplicate: bool = False
    failed_code: int | None = None


@dataclass(order=True)
class _News:
    due: float
    order: int
    number: str = field(compare=False)
    status: dict[str, Any] = field(compare=False)
    url: str = field(compare=False)
    secret: str = field(compare=False)
    born: float = field(compare=False)
    pause: float = field(default=0.2, compare=False)
    done: "Future[None]" = field(default_factory=Future, compare=False)


class StatusPoster:
    """Posts what was planned when it is due."""

    def __init__(self) -> None:
        self._waiting: list[_News] = []
        self._changed = threading.Condition()
        self._count = 0
        self._stopping = False
        self.posted = 0
        self.failed = 0
        self._thread = threading.Thread(target=self._run, name="stand-in-statuses", daemon=True)
        self._thread.start()

    def plan(
        self, plan: StatusPlan, record: dict[str, Any], failed_code: int | None = None
    ) -> "Future[None] | None":
        """Plan the news of an accepted message; what the answer to the send has to wait for, if
        anything.
        """
        code = failed_code or plan.failed_code
        statuses = (
            [_failed(record, code)] if code else [_status(record, word) for word in plan.words]
        )
        times = [
            time.monotonic() + plan.delay + index * plan.spacing for index in range(len(statuses))
        ]
        if plan.reorder:
            times.reverse()
        news = [
            self._news(plan, record, status, due)
            for status, due in zip(statuses, times, strict=True)
        ]
        if plan.duplicate:
            news += [
                self._news(plan, record, one.status, one.due + random.random() * 0.1)
                for one in list(news)
            ]
        with self._changed:
            for one in news:
                heappush(self._waiting, one)
            self._changed.notify()
        return min(news).done if plan.before_response and news else None

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(5)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def _news(
        self, plan: StatusPlan, record: dict[str, Any], status: dict[str, Any], due: float
    ) -> _News:
        self._count += 1
        return _News(
            due, self._count, record["number"], status, plan.url, plan.secret, time.monotonic()
        )

    def _run(self) -> None:
        while True:
            batch = self._next()
            if not batch:
                return
            self._post(batch)

    def _next(self) -> list[_News]:
        """All news for one address and number that are due; nothing when the poster stops."""
        with self._changed:
            while not self._stopping:
                wait = self._waiting[0].due - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return self._due()
                self._changed.wait(wait)
        return []

    def _due(self) -> list[_News]:
        first = heappop(self._waiting)
        batch, now = [first], time.monotonic()
        while self._waiting and self._waiting[0].due <= now and len(batch) < LARGEST_BATCH:
            if (self._waiting[0].url, self._waiting[0].number) != (first.url, first.number):
                break
            batch.append(heappop(self._waiting))
        return batch

    def _post(self, batch: list[_News]) -> None:
        body = payloads.statuses_body(*(one.status for one in batch), number=batch[0].number)
        taken = _post_signed(batch[0].url, body, batch[0].secret)
        for one in batch:
            if not one.done.done():
                one.done.set_result(None)  # an answer to a send never waits for a second try
            if taken:
                self.posted += 1
            else:
                self._again(one)

    def _again(self, one: _News) -> None:
        if time.monotonic() - one.born > GIVE_UP_SECONDS:
            self.failed += 1
            return
        one.due, one.pause = time.monotonic() + one.pause, min(one.pause * 2, 5.0)
        with self._changed:
            heappush(self._waiting, one)


def _status(record: dict[str, Any], word: str) -> dict[str, Any]:
    return payloads.status(record["wamid"], word, _person(record), outbox_id=record["outbox_id"])


def _failed(record: dict[str, Any], code: int) -> dict[str, Any]:
    return payloads.failure(
        record["wamid"],
        code,
        "Stand-in was told so.",
        recipient=_person(record),
        outbox_id=record["outbox_id"],
    )


def _person(record: dict[str, Any]) -> payloads.Person:
    to = record["to"]
    return payloads.Person(phone=to if to.isdigit() else None, bsuid=None if to.isdigit() else to)


def _post_signed(url: str, body: dict[str, Any], secret: str) -> bool:
    raw, headers = payloads.signed(body, secret)
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
    try:
        connection.request("POST", parts.path or "/", raw, headers)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
