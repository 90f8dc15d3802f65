"""The inbox has a key a day. Days pass in seconds while customers write, and web processes, workers
and what destroys old keys are killed: a key goes only when nothing waits under it, and then nobody
opens what it sealed.
"""

import random
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import select

from gatte.extensions import db
from gatte.intake.receive import open_event
from gatte.models import DataKey, InboxMessage, KeyPurpose, WebhookEvent, keyring
from gatte.models.sealing import inbox_day
from gatte.privacy.crypto import DecryptionFailed
from tests.app_fixture import application
from tests.fakes import payloads
from tests.faults.system_environments import LIBRARY, wrong_clock
from tests.process_system import APP_SECRET, until
from tests.proof.proof_system import Outcome, ProofSystem, proof_system
from tests.proof.rotation_under_load import Customers, await_answers
from tests.proof.webhook_fuzz import payload_place, tell_exceptions

RETENTION_DAYS = 8
"""The fewest that the setting allows; a key lives a day longer."""
DAYS = 24
DAY_OF_EVENT = 2
DAYS_WITHOUT_WORKERS = range(6, 17)
"""Longer than a key lives: what comes meanwhile must outlive its time."""
FEWEST_A_DAY = 8
"""Customers who are acknowledged before a day is over."""
LONGEST_DAY_SECONDS = 30.0
DAYS_AFTERWARDS = RETENTION_DAYS + 3
WORKERS = ("worker", "worker:2")
PROCESSES = ("web", *WORKERS, "scheduler")
KEPT_LONGER = "inbox_messages_outlive_their_key"
DESTROY = """
import time
from gatte import create_app
from gatte.data_rights import key_destruction
from gatte.extensions import db

with create_app(process="cron").app_context():
    while True:
        key_destruction.destroy_old_keys()
        db.session.commit()
        print("looked", flush=True)
        time.sleep(0.3)
"""


class Calendar:
    """The day that all processes of the system believe in."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._passed = 0
        file.write_text("+0")

    @property
    def today(self) -> date:
        """The day (UTC) that the processes take for this one."""
        return datetime.now(UTC).date() + timedelta(days=self._passed)

    def pass_days(self, days: int) -> None:
        """Let so many days pass at once."""
        self._passed += days
        self._file.write_text(f"+{self._passed}d")


class Destroyer:
    """A process that destroys old keys again and again, as the scheduled job does once a day."""

    def __init__(self, proof: ProofSystem) -> None:
        self._proof = proof
        self._log = proof.system.folder / "destroyer.log"
        self.kills = 0
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-c", DESTROY],
                cwd=self._proof.system.project,
                env=self._proof.system._environment(),
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """Kill it wherever it is, and start it again."""
        self.stop()
        self.kills += 1
        self._process = self._start()

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def wait_for_a_look(self) -> None:
        """Return when it has looked at all keys once more, from begin to end."""
        looked = self._looks()
        if not until(lambda: self._looks() > looked + 1, 60):
            raise TimeoutError(self._log.read_text(errors="replace")[-3000:])

    def _looks(self) -> int:
        return self._log.read_text(errors="replace").count("looked\n")


def run(number: int) -> Outcome:
    """So many days under load with kills; skipped without libfaketime."""
    outcome = Outcome()
    if LIBRARY is None:
        outcome.figures["skipped"] = "needs libfaketime (Debian's package faketime)"
        return outcome
    with proof_system(
        GATTE_RETENTION_WEBHOOK_DAYS=str(RETENTION_DAYS),
        GATTE_LOG_LEVEL="WARNING",
        GATTE_WORKER_PROCESSES="1",
        WEB_CONCURRENCY="1",
        GATTE_UNCERTAIN_GRACE_SECONDS="5",
        GATTE_LEASE_SECONDS="8",
    ) as proof:
        clock = proof.folder / "clock"
        calendar = Calendar(clock)
        proof.system.environment |= wrong_clock(clock)
        proof.system.start(*PROCESSES)
        proof.system.wait_until_ready()
        proof.meta.post_statuses(f"{proof.url}/webhook/whatsapp", APP_SECRET)
        _rotate_days(proof, calendar, random.Random(number), outcome)
    return outcome


def _rotate_days(
    proof: ProofSystem, calendar: Calendar, chance: random.Random, outcome: Outcome
) -> None:
    customers = Customers(proof.url)
    customers.start()
    destroyer = Destroyer(proof)
    kills: Counter[str] = Counter()
    copied: dict[bytes, bytes] = {}
    event_day = date.min
    try:
        for day in range(DAYS):
            calendar.pass_days(1)
            if day == DAY_OF_EVENT:
                event_day = calendar.today
                _send_event(proof)
            _stop_or_start_workers(proof, day)
            enough = len(customers.acknowledged) + FEWEST_A_DAY
            until(lambda: len(customers.acknowledged) >= enough, LONGEST_DAY_SECONDS)  # noqa: B023
            copied |= _waiting(proof)
            _kill_one(proof, day, chance, kills)
            if chance.random() < 0.5:
                destroyer.kill()
        customers.stop()
        await_answers(proof, customers, outcome, 180)
        calendar.pass_days(DAYS_AFTERWARDS)
        destroyer.wait_for_a_look()
    finally:
        customers.stop()
        destroyer.stop()
    tell_exceptions(proof, outcome, expected={KEPT_LONGER})
    if KEPT_LONGER not in proof.system.log("destroyer"):
        outcome.fail("no message outlived the time of its key", "the proof is blind")
    with (
        application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as app,
        app.app_context(),
    ):
        left = _look_at_keys(calendar, event_day, outcome)
        gone = {hashed: one for hashed, one in copied.items() if inbox_day(one) not in left}
        opened = _still_open(gone)
    if opened:
        outcome.fail("what a destroyed key sealed still opens", str(opened))
    kills["destroyer"] = destroyer.kills
    outcome.figures |= {
        "days passed, of them without workers": f"{DAYS}, {len(DAYS_WITHOUT_WORKERS)}",
        "kills": ", ".join(f"{name}: {count}" for name, count in sorted(kills.items())),
        "messages copied as they waited under keys that are gone, still opened in the end": (
            f"{len(gone):,}, {opened}"
        ),
    }


def _send_event(proof: ProofSystem) -> None:
    """An event of which nobody knows anything: it is kept, and with it the key of its day."""
    unknown = payloads.envelope(payloads.entry({"field": "news", "value": {"a": "kept"}}))
    body, headers = payloads.signed(unknown, APP_SECRET)

    def is_stored() -> bool:
        place = f"{proof.url}/webhook/whatsapp"
        with suppress(httpx.HTTPError):
            answer = httpx.post(place, content=body, headers=headers, timeout=30)
            return answer.status_code == 200
        return False

    if not until(is_stored):
        raise TimeoutError(proof.system.log_tail())


def _stop_or_start_workers(proof: ProofSystem, day: int) -> None:
    for name in WORKERS:
        if day == DAYS_WITHOUT_WORKERS.start:
            proof.system.terminate(name)
        elif day == DAYS_WITHOUT_WORKERS.stop:
            proof.system.start(name)


def _kill_one(proof: ProofSystem, day: int, chance: random.Random, kills: Counter[str]) -> None:
    """Kill a process that runs, and start it again."""
    if day in DAYS_WITHOUT_WORKERS and chance.random() < 0.6:
        return
    name = "web" if day in DAYS_WITHOUT_WORKERS else chance.choice(("web", *WORKERS))
    proof.system.kill(name)
    proof.system.start(name)
    kills[name.partition(":")[0]] += 1


def _waiting(proof: ProofSystem) -> dict[bytes, bytes]:
    """The messages that wait now, as somebody who reads the disk would copy them."""
    sql = "SELECT wamid_hash, payload FROM inbox_message WHERE payload IS NOT NULL LIMIT 50"
    return {bytes(hashed): bytes(payload) for hashed, payload in proof.query(sql)}


def _look_at_keys(calendar: Calendar, event_day: date, outcome: Outcome) -> set[date]:
    """Of the days whose time is over, the key alone is left under which the event lies; and nothing
    lies under a key that is gone. The days whose keys are left.
    """
    mine = select(DataKey.day).where(DataKey.purpose == KeyPurpose.INBOX_DAY)
    left = {day for day in db.session.scalars(mine.order_by(DataKey.day)) if day is not None}
    last_day = calendar.today - timedelta(days=RETENTION_DAYS + 1)
    old = {day for day in left if day <= last_day}
    if old != {event_day}:
        outcome.fail("other keys are left than that of the event", f"{sorted(old)}, {event_day}")
    payloads_left = [
        *db.session.scalars(select(InboxMessage.payload).where(InboxMessage.payload.is_not(None))),
        *db.session.scalars(select(WebhookEvent.payload)),
    ]
    orphaned = [one for one in payloads_left if one is not None and inbox_day(one) not in left]
    if orphaned:
        outcome.fail("something lies under a key that is gone", str(len(orphaned)))
    for event in db.session.scalars(select(WebhookEvent)):
        open_event(event.payload)
    outcome.figures["keys of days that are over, left for an event that is kept"] = str(len(old))
    return left


def _still_open(copied: dict[bytes, bytes]) -> int:
    """How many of the copied messages open under any key that is left."""
    opened = 0
    for wamid_hash, payload in copied.items():
        with suppress(DecryptionFailed):
            keyring().unseal_inbox(payload, payload_place(wamid_hash))
            opened += 1
    return opened
