"""`make chaos`: customers write while processes are killed, Redis is flushed and Postgres crashes; then count what was lost or doubled.

The check is made from outside, at the stand-in for Meta, which also sends its statuses. What was not acknowledged is delivered again, as
Meta does. ARGS: how many kills (default 100).
"""

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import redis

from bench.place import TOKEN, standin, system
from devstack.stores import Stores, Urls
from gatte.migrating import migrate
from tests import running
from tests.running import APP_SECRET, NUMBER, System, until
from tests.standins import payloads

CUSTOMERS_A_KILL = 5
VICTIMS = ("worker", "web", "scheduler")
FLUSH_EVERY, CRASH_EVERY = 40, 30
PATIENCE_SECONDS = 300.0
SETTINGS = {
    "WHATSAPP_ACCESS_TOKEN": TOKEN,
    "GATTE_QUIET_SECONDS": "0.2",
    "GATTE_LEASE_SECONDS": "8",
    "GATTE_UNCERTAIN_GRACE_SECONDS": "5",
}


class Storm:
    """One run: who was killed, and who wrote."""

    def __init__(self, stores: Stores, urls: Urls, started: System, meta: str) -> None:
        self.stores, self.urls, self.started, self.meta = stores, urls, started, meta
        self.customers = 0
        self.blows: Counter[str] = Counter()

    def blow(self, number: int) -> None:
        """Let customers write, and strike at a moment of chance."""
        for _ in range(CUSTOMERS_A_KILL):
            self._write()
        time.sleep(random.uniform(0, 1.2))
        victim = VICTIMS[number % len(VICTIMS)]
        self.started.kill(victim)
        self.started.start(victim)
        self.blows[f"kill -9 {victim}"] += 1
        if number % FLUSH_EVERY == FLUSH_EVERY - 1:
            with redis.Redis.from_url(self.urls.redis) as client:
                client.flushall()
            self.blows["Valkey flushed"] += 1
        if number % CRASH_EVERY == CRASH_EVERY - 1:
            self.stores.postgres.crash()
            self.stores.postgres.start()
            self.blows["Postgres crashed"] += 1

    def _write(self) -> None:
        """One message of a new customer, delivered until it is acknowledged."""
        body, headers = payloads.signed(payloads.body(payloads.text("oi"), payloads.person(self.customers), number=NUMBER), APP_SECRET)
        self.customers += 1
        if not until(lambda: self._acknowledged(body, headers), PATIENCE_SECONDS, 0.1):
            raise RuntimeError(f"not acknowledged\n{self.started.log_tail()}")

    def _acknowledged(self, body: bytes, headers: dict[str, str]) -> bool:
        try:
            return httpx.post(f"{self.started.url}/webhook/whatsapp", content=body, headers=headers, timeout=15).status_code == 200
        except httpx.HTTPError:
            return False

    def answers(self) -> Counter[str]:
        """How many answers each customer got, by phone."""
        return Counter(message["to"] for message in httpx.get(f"{self.meta}/__control/messages", timeout=30).json()["messages"])


def main(kills: int) -> int:
    with tempfile.TemporaryDirectory(prefix="gatte-chaos-") as name:
        stores = Stores(Path(name))
        urls = stores.start()
        try:
            migrate(urls.database)
            running.prepare(running.settings(urls.database, urls.redis))
            return _run(stores, urls, kills)
        finally:
            stores.stop()


def _run(stores: Stores, urls: Urls, kills: int) -> int:
    names = ("web", "worker", "scheduler")
    with standin("meta") as meta, system(urls, *names, WHATSAPP_API_BASE_URL=meta, **SETTINGS) as started:
        started.wait_until_ready()
        plan = {"url": f"{started.url}/webhook/whatsapp", "secret": APP_SECRET, "delay": 0.2}
        httpx.post(f"{meta}/__control/statuses", json=plan, timeout=10).raise_for_status()
        storm = Storm(stores, urls, started, meta)
        for number in range(kills):
            storm.blow(number)
        until(lambda: len(storm.answers()) == storm.customers, PATIENCE_SECONDS, 1.0)
        time.sleep(15)  # a second answer would come after a grace time
        return _report(storm)


def _report(storm: Storm) -> int:
    answers = storm.answers()
    lost = storm.customers - len(answers)
    twice = sum(1 for count in answers.values() if count > 1)
    for blow, count in sorted(storm.blows.items()):
        print(f"{blow:20} {count}")
    print(f"{storm.customers} messages acknowledged, {lost} lost, {twice} answered twice")
    return 1 if lost or twice else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
