"""What happens around a system: customers who write, Meta who delivers and records, and the count
of what went wrong.
"""

import random
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg2

from tests.chaos import simulated_customers
from tests.chaos.kill_points import Trigger
from tests.chaos.simulated_customers import CROWD, Customer
from tests.chaos.supervised_system import GRACE_SECONDS
from tests.chaos.webhook_client import Post
from tests.fakes import payloads
from tests.process_system import APP_SECRET

TICK_SECONDS = 0.05
PAUSE_SECONDS = 0.5  # between two lines of a hasty customer: longer than the quiet window
PROVOKE_SECONDS = 2.0
DOUBT_SECONDS = 2.0
HURRY_SECONDS = 1.0
BURST = 4
OVERLOADED = {"kind": "error", "status": 503, "code": 131016}
FAULTS: dict[Trigger, dict[str, Any]] = {
    Trigger.REFUSED: OVERLOADED,
    Trigger.CUT: {"kind": "cut", "accept": False},
    Trigger.CUT_ACCEPTED: {"kind": "cut", "accept": True},
}
LET_THE_ALARM_RING = """
    UPDATE conversation SET inactivity_due_at = clock_timestamp() - interval '1 second'
    WHERE id IN (SELECT conversation_id FROM outbox WHERE id = %s)
"""
LET_A_CLAIM_RUN_OUT = """
    UPDATE outbox SET next_attempt_at = clock_timestamp() WHERE id IN (
        SELECT id FROM outbox
        WHERE state = 'sending' AND next_attempt_at < clock_timestamp() + interval '28 seconds'
        ORDER BY next_attempt_at LIMIT 1)
"""  # a living process holds one for milliseconds here
LET_DOUBT_END = """
    UPDATE outbox SET next_attempt_at = clock_timestamp()
    WHERE state = 'uncertain' AND NOT id = ANY (%s::uuid[])
        AND next_attempt_at BETWEEN clock_timestamp() + interval '1 minute'
            AND clock_timestamp() + make_interval(secs => %s)
"""

UNSTORED = "acknowledged messages without a row, or rows that nobody sent"

# What must be nothing when all is over.
LEFT: dict[str, str] = {
    "messages unprocessed": "SELECT count(*) FROM inbox_message WHERE processed_at IS NULL",
    "messages that no turn read": (
        "SELECT count(*) FROM message WHERE author = 'customer' AND turn_id IS NULL"
    ),
    "messages skipped": "SELECT count(*) FROM message WHERE skip_reason IS NOT NULL",
    "turns that are due": (
        "SELECT count(*) FROM conversation "
        "WHERE turn_due_at IS NOT NULL OR lease_expires_at IS NOT NULL"
    ),
    "answers not settled": (
        "SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'uncertain')"
    ),
    "answers given up": (
        "SELECT count(*) FROM outbox WHERE state IN ('failed', 'dead_letter', 'cancelled')"
    ),
    "statuses not applied": "SELECT count(*) FROM status_event",
    "tickets opened twice": "SELECT count(*) - count(DISTINCT conversation_id) FROM ticket",
}


@dataclass(frozen=True)
class Outside:
    """Where the workload finds the system under test, Meta, and at the end the database."""

    url: str
    meta: str
    database: str


class Workload:
    """All customers of one run."""

    def __init__(self, outside: Outside, seed: int, crowd: int) -> None:
        self.outside, self.chance = outside, random.Random(seed)
        self.post = Post(outside.url, self.chance)
        self.customers: list[Customer] = []
        self._crowd, self._heard = crowd, 0
        self._hurried_at = 0.0
        self._silent: list[
            str
        ] = []  # the last answers that those heard who will not say anything more
        self._by_phone: dict[str, Customer] = {}
        self._meta = httpx.Client(base_url=f"{outside.meta}/__control", timeout=30)

    def close(self) -> None:
        self.post.close()
        self._meta.close()

    # --- what happens ---

    def weather(self) -> None:
        """Let Meta's statuses come in order, or not, and once, or twice."""
        plan: dict[str, Any] = {
            "url": f"{self.outside.url}/webhook/whatsapp",
            "secret": APP_SECRET,
            "delay": self.chance.choice((0.05, 0.3)),
        }
        plan |= {"reorder": self.chance.random() < 0.3, "duplicate": self.chance.random() < 0.3}
        self._meta.post("/statuses", json=plan).raise_for_status()

    def provoke(self, trigger: Trigger) -> None:
        """Make happen what a kill point needs."""
        if trigger is Trigger.PATIENCE:
            self.let_a_claim_run_out()
        made = [
            self._arrive(self._wanted(trigger))
            for _ in range(BURST if trigger is Trigger.BURST else 1)
        ]
        if trigger in FAULTS:
            self._meta.post(
                "/faults", json={**FAULTS[trigger], "to": made[0].person.phone}
            ).raise_for_status()
        self._write_together(made)

    def let_a_claim_run_out(self) -> None:
        """Let the time of one claim of a dead process pass."""
        self._execute(LET_A_CLAIM_RUN_OUT)

    def _hurry(self, now: float) -> None:
        """Let time pass where nothing else is to be waited for: for who fell silent, and for
        answers in doubt that Meta never took.

        Those that it took must be settled by a status, whenever that comes. While Postgres is down,
        time stands still.
        """
        if now - self._hurried_at < HURRY_SECONDS:
            return
        self._hurried_at = now
        taken = [outbox_id for one in self.customers for outbox_id, _ in one.heard]
        with suppress(psycopg2.OperationalError):
            self._execute(LET_DOUBT_END, taken, GRACE_SECONDS - DOUBT_SECONDS)
            while self._silent:
                self._execute(LET_THE_ALARM_RING, self._silent[-1])
                self._silent.pop()

    def _wanted(self, trigger: Trigger) -> Callable[[payloads.Person], Customer]:
        if trigger in {Trigger.FAILURE, Trigger.PASSING}:
            return simulated_customers.unlucky
        if trigger is Trigger.SILENCE:
            return simulated_customers.sleeper
        return (
            simulated_customers.hasty
            if trigger in FAULTS
            else self.chance.choice((simulated_customers.greeter, simulated_customers.hasty))
        )

    def live_until(
        self, true: Callable[[], bool], patience: float, trigger: Trigger | None = None
    ) -> bool:
        """Let time pass and customers write until something is true; whether it came true."""
        deadline, provoked = time.monotonic() + patience, 0.0
        while time.monotonic() < deadline:
            if trigger is not None and time.monotonic() - provoked > PROVOKE_SECONDS:
                self.provoke(trigger)
                provoked = time.monotonic()
            self._tick(crowd=trigger is not None)
            if true():
                return True
            time.sleep(TICK_SECONDS)
        return False

    def _tick(self, *, crowd: bool) -> None:
        self.post.tick(time.monotonic())
        self._listen()
        self._hurry(time.monotonic())
        busy = sum(1 for one in self.customers if len(one.lines) > 1 and not one.content)
        for _ in range(self._crowd - busy if crowd else 0):
            self._arrive(self.chance.choice(CROWD))
        for one in self.customers:
            if one.may_write(time.monotonic()):
                self._write_together([one])

    def _arrive(self, kind: Callable[[payloads.Person], Customer]) -> Customer:
        customer = kind(payloads.person(len(self.customers), bsuid=False))
        self.customers.append(customer)
        self._by_phone[customer.person.phone or ""] = customer
        return customer

    def _write_together(self, writing: list[Customer]) -> None:
        """Let the next line of each customer leave in one body; a hasty one's next two may, the
        second in front of the first.
        """
        messages: list[dict[str, Any]] = []
        now = int(time.time())
        for one in writing:
            count = (
                2
                if one.hasty and one.written + 1 < len(one.lines) and self.chance.random() < 0.3
                else 1
            )
            lines = one.lines[one.written : one.written + count]
            made = [
                payloads.message(line.part, one.person, at=now - count + 1 + place)
                for place, line in enumerate(lines)
            ]
            messages += reversed(made)
            one.wamids += [message["id"] for message in made]
            one.written, one.under_way = one.written + count, True
        self.post.send(messages, [one.person for one in writing], lambda: self._taken(writing))

    def _taken(self, writing: list[Customer]) -> None:
        for one in writing:
            one.under_way, one.next_at = False, time.monotonic() + PAUSE_SECONDS

    def _listen(self) -> None:
        for record in self._meta.get("/messages", params={"since": self._heard}).json()["messages"]:
            self._heard += 1
            customer = self._by_phone[record["to"]]
            customer.heard.append((record["outbox_id"], _words(record["body"])))
            if customer.silent and len(customer.heard) == 1:
                self._silent.append(record["outbox_id"])

    def _execute(self, statement: str, *values: Any) -> None:
        """Let time pass for some rows."""
        with (
            closing(psycopg2.connect(self.outside.database)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values)

    # --- what came of it ---

    def note_injection(self, injection: str) -> None:
        """Remember who was waiting when a fault was injected."""
        for one in self.customers:
            if not one.content:
                one.injections.append(injection)

    def settled(self) -> bool:
        """Whether everybody has what they wait for and nothing is left to be done."""
        return (
            self.post.empty
            and all(one.content for one in self.customers)
            and not any(self.left().values())
        )

    def left(self) -> dict[str, int]:
        """What should be nothing: work left undone, and rows that do not match what was
        acknowledged or received.
        """
        with (
            closing(psycopg2.connect(self.outside.database)) as connection,
            connection.cursor() as cursor,
        ):
            found = {what: _number(cursor, query) for what, query in LEFT.items()}
            stored = _number(cursor, "SELECT count(*) FROM inbox_message")
            answers = _number(cursor, "SELECT count(*) FROM outbox")
        received = {outbox_id for one in self.customers for outbox_id, _ in one.heard}
        return found | {
            UNSTORED: abs(stored - len(self.post.acknowledged)),
            "answers stored and not received, or received and not stored": abs(
                answers - len(received)
            ),
        }


def _number(cursor: Any, query: str) -> int:
    cursor.execute(query)
    return int(cursor.fetchone()[0])


def _words(body: dict[str, Any]) -> str:
    return (
        str(body["text"]["body"])
        if body.get("type") == "text"
        else str(body["interactive"]["body"]["text"])
    )
