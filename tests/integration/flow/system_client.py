"""What a test of the whole flow can see and do from outside: be Meta, be a customer, and look into
the database.
"""

import itertools
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg2

from gatte.jobs.dispatcher import LEADER_LOCK
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.fakes.meta import FakeMeta
from tests.fakes.people import Person
from tests.process_system import APP_SECRET, NUMBER, PATIENCE, System, never, until

_numbers = itertools.count(1)


@dataclass
class SystemClient:
    system: System
    meta: FakeMeta
    gemini: FakeGemini
    database_url: str

    def somebody(self) -> Person:
        """A customer nobody else plays."""
        number = next(_numbers)
        return Person(
            phone=f"55119{70000000 + number}", name="Joana Prado", bsuid=f"BR.{7 * 10**15 + number}"
        )

    def post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        return httpx.post(
            f"{self.system.url}/webhook/whatsapp", content=body, headers=headers, timeout=30
        )

    def deliver(self, made: dict[str, Any], **more: str) -> httpx.Response:
        """Deliver a webhook body as Meta would, signed; `more` are further headers."""
        body, headers = payloads.signed(made, APP_SECRET)
        return self.post(body, {**headers, **more})

    def says(self, who: Person, text: str) -> None:
        answer = self.deliver(payloads.body(payloads.text(text), who, number=NUMBER))
        assert answer.status_code == 200, answer.text

    def heard(self, who: Person) -> list[str]:
        """What a customer has received, in order."""
        return self.meta.texts_to(who.phone or who.bsuid)

    def waits_for_answers(self, who: Person, count: int, patience: float = PATIENCE) -> list[str]:
        until(lambda: len(self.heard(who)) >= count, patience)
        return self.heard(who)

    def crowd(self, size: int) -> list[Person]:
        """So many new customers, who have all said hello."""
        people = [self.somebody() for _ in range(size)]
        for who in people:
            self.says(who, "oi")
        return people

    def each_heard_one_answer(self, people: list[Person]) -> bool:
        """Whether each of them got an answer and none of them, for a while after the last, a second
        one.
        """
        came = all(len(self.waits_for_answers(who, 1)) == 1 for who in people)
        return came and never(lambda: any(len(self.heard(who)) > 1 for who in people), 4)

    def schedulers(self) -> int:
        """How many schedulers are connected to the database."""
        return int(
            self.query(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatte-scheduler'"
            )[0][0]
        )

    def leaders(self) -> set[int]:
        """The backends of Postgres that hold the lock of the leader."""
        holders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
        return {pid for (pid,) in self.query(holders, LEADER_LOCK)}

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with (
            closing(psycopg2.connect(self.database_url)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values)
            return cursor.fetchall()
