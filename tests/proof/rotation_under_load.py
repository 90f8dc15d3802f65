"""The master key is rotated while customers write, and the rotating process, workers and web
processes are killed: nothing is lost, nothing unreadable, nothing left under the old key.
"""

import base64
import random
import secrets
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
from sqlalchemy import select

from gatte.extensions import Base, db
from gatte.intake.receive import decrypt_payload, open_event
from gatte.models import Contact, DataKey, InboxMessage, WebhookEvent, keyring
from gatte.models.sealing import EncryptedColumn
from gatte.privacy import crypto
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.people import person
from tests.process_system import APP_SECRET, NUMBER, until
from tests.proof.proof_system import Outcome, ProofSystem, proof_system
from tests.proof.webhook_fuzz import tell_exceptions

PROCESSES = ("web", "worker", "worker:2", "scheduler")
KILLED = ("worker", "worker:2", "web")
PAUSE_BETWEEN_MESSAGES = 0.15
RESTART_SECONDS = 3.0
MOST_ROTATIONS = 40
MOST_WORK_SECONDS = 2.0
"""Seconds of work after which a rotation is killed, at the most."""
SEED_BATCH = 1000
BAD_TURNS = "SELECT count(*) FROM transition WHERE to_state = 'STATE_ERROR'"
UNPROCESSED = "SELECT count(*) FROM inbox_message WHERE processed_at IS NULL"


class Customers(threading.Thread):
    """New customers who say hello one after another; Meta delivers until it is acknowledged."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = f"{url}/webhook/whatsapp"
        self._enough = threading.Event()
        self.acknowledged: list[str] = []
        self.refused: Counter[str] = Counter()

    def run(self) -> None:
        index = 0
        while not self._enough.is_set():
            index += 1
            who = person(index)
            body, headers = payloads.signed(
                payloads.body(payloads.text("oi"), who, number=NUMBER), APP_SECRET
            )
            while not self._deliver(body, headers):
                time.sleep(0.1)
            self.acknowledged.append(str(who.phone))
            time.sleep(PAUSE_BETWEEN_MESSAGES)

    def stop(self) -> None:
        self._enough.set()
        self.join(60)

    def _deliver(self, body: bytes, headers: dict[str, str]) -> bool:
        try:
            answer = httpx.post(self._url, content=body, headers=headers, timeout=15)
        except httpx.HTTPError as error:
            self.refused[type(error).__name__] += 1
            return False
        if answer.status_code != 200:
            self.refused[str(answer.status_code)] += 1
        return answer.status_code == 200


def run(contacts: int, number: int, *, in_two_steps: bool = True) -> Outcome:
    """A rotation over so many contacts, and over those who write meanwhile. In two steps, each
    process knows the new key before any wraps with it; else it comes first at once.
    """
    outcome, chance = Outcome(), random.Random(number)
    old, new = master_key("old"), master_key("new")
    with proof_system(
        GATTE_ENCRYPTION_KEYS=old,
        GATTE_LOG_LEVEL="WARNING",
        GATTE_WORKER_PROCESSES="1",
        WEB_CONCURRENCY="1",
        GATTE_UNCERTAIN_GRACE_SECONDS="5",
        GATTE_LEASE_SECONDS="8",
    ) as proof:
        ring = application(
            proof.database,
            proof.valkey.url(),
            gatte_encryption_keys=old,
            gatte_log_level="CRITICAL",
        )
        with ring as app, app.app_context():
            _seed_contacts(contacts)
        proof.system.start(*PROCESSES)
        proof.system.wait_until_ready()
        proof.meta.post_statuses(f"{proof.url}/webhook/whatsapp", APP_SECRET)
        customers = Customers(proof.url)
        customers.start()
        began = time.monotonic()
        try:
            if in_two_steps:
                _restart_each(proof, f"{old},{new}")
            _restart_each(proof, f"{new},{old}")
            kills = _rotate_with_kills(proof, chance)
            retired = proof.system.command("keys", "retire", "old")
            if retired.returncode:
                outcome.fail("the old key cannot be retired", retired.stdout + retired.stderr)
            _restart_each(proof, new)
            time.sleep(RESTART_SECONDS)
        finally:
            customers.stop()
        await_answers(proof, customers, outcome, 120)
        seconds = time.monotonic() - began
        tell_exceptions(proof, outcome)
        with (
            application(
                proof.database,
                proof.valkey.url(),
                gatte_encryption_keys=new,
                gatte_log_level="CRITICAL",
            ) as app,
            app.app_context(),
        ):
            opened, unreadable = open_everything(outcome)
            under_old = _under(old, outcome)
    told = ", ".join(f"{name}: {count}" for name, count in sorted(kills.items()))
    outcome.figures |= {
        "data keys rotated under load": (
            f"{contacts:,} and those of new customers, in {seconds:.0f} s"
        ),
        "kills": told,
        "sealed values opened under the new key alone, unreadable": f"{opened:,}, {unreadable}",
        "data keys that the old key still opens": str(under_old),
    }
    return outcome


def await_answers(
    proof: ProofSystem, customers: Customers, outcome: Outcome, seconds: float
) -> None:
    """Wait so long until all who wrote are answered, and tell who is not, and what is left."""
    expected = set(customers.acknowledged)
    until(lambda: not expected - heard(proof).keys(), seconds, 0.5)
    until(lambda: proof.count(UNPROCESSED) == 0, 60, 0.5)
    silent = expected - heard(proof).keys()
    if silent:
        outcome.fail("customers not answered", f"{len(silent)}: {sorted(silent)[:5]}")
    if errors := proof.count(BAD_TURNS):
        outcome.fail("turns that failed", str(errors))
    if waiting := proof.count(UNPROCESSED):
        outcome.fail("messages left unprocessed", str(waiting))
    outcome.figures["customers who wrote meanwhile, not answered"] = (
        f"{len(expected):,}, {len(silent)}"
    )


def master_key(name: str) -> str:
    """A fresh master key of that name, as the setting holds it."""
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _seed_contacts(count: int) -> None:
    """So many contacts with names, whose data keys the first master key wraps."""
    for first in range(0, count, SEED_BATCH):
        keys = [keyring().new_contact_key() for _ in range(min(SEED_BATCH, count - first))]
        db.session.add_all(keys)
        db.session.flush()
        db.session.add_all(Contact(data_key_id=key.id, name=f"Pessoa {uuid4()}") for key in keys)
        db.session.commit()


def _restart_each(proof: ProofSystem, ring: str) -> None:
    """Restart every process with these master keys, one after another, as an operator would."""
    proof.system.environment["GATTE_ENCRYPTION_KEYS"] = ring
    for name in PROCESSES:
        proof.system.terminate(name)
        proof.system.start(name)
        time.sleep(RESTART_SECONDS)
    proof.system.wait_until_ready()


def _rotate_with_kills(proof: ProofSystem, chance: random.Random) -> Counter[str]:
    """Rotate until a rotation comes to its end; before, it is killed, and so is one more process
    each time.
    """
    kills: Counter[str] = Counter()
    log = proof.system.folder / "rotation.log"
    for _ in range(MOST_ROTATIONS):
        told = log.stat().st_size if log.exists() else 0
        rotation = _start_rotation(proof, log)
        until(lambda: log.stat().st_size > told or rotation.poll() is not None)  # noqa: B023
        with suppress(subprocess.TimeoutExpired):
            if rotation.wait(chance.uniform(0, MOST_WORK_SECONDS)) == 0:
                return kills
            continue
        rotation.kill()
        rotation.wait()
        kills["rotation"] += 1
        name = chance.choice(KILLED)
        proof.system.kill(name)
        kills[name.partition(":")[0]] += 1
        proof.system.start(name)
    raise TimeoutError(f"no rotation came to its end\n{proof.system.log_tail()}")


def _start_rotation(proof: ProofSystem, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(proof.system.binaries / "flask"), "keys", "rotate", "--pause", "0.2"],
            cwd=proof.system.project,
            env=proof.system._environment() | {"PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=output,
        )


def open_everything(outcome: Outcome) -> tuple[int, int]:
    """Open every sealed value of every table; how many opened and how many did not."""
    opened = unreadable = 0
    for model in [mapper.class_ for mapper in Base.registry.mappers]:
        names = [
            name
            for one in model.__mro__
            for name, value in vars(one).items()
            if isinstance(value, EncryptedColumn)
        ]
        for row in db.session.scalars(select(model)).yield_per(1000) if names else ():
            for name in names:
                if getattr(row, f"{name}_sealed") is None:
                    continue
                try:
                    value = getattr(row, name)
                except (crypto.DecryptionFailed, crypto.UnknownMasterKey) as error:
                    value = None
                    outcome.fail(f"{model.__name__}.{name} does not open", repr(error))
                opened += value is not None
                unreadable += value is None
        db.session.expunge_all()
    for row in db.session.scalars(select(InboxMessage).where(InboxMessage.payload.is_not(None))):
        decrypt_payload(row.wamid_hash, row.payload or b"")
        opened += 1
    for event in db.session.scalars(select(WebhookEvent)):
        open_event(event.payload)
        opened += 1
    if unreadable:
        outcome.fail("sealed values do not open", str(unreadable))
    return opened, unreadable


def _under(master_key: str, outcome: Outcome) -> int:
    """How many data keys a master key still opens, whatever the rows say of who wrapped them."""
    key_id, _, encoded = master_key.partition(":")
    ring = crypto.MasterKeys({key_id: base64.b64decode(encoded)})
    found = 0
    for row in db.session.scalars(select(DataKey)).yield_per(1000):
        with suppress(crypto.DecryptionFailed):
            ring.unwrap(crypto.WrappedKey(key_id, bytes(row.wrapped_key)), row.id.bytes)
            found += 1
    if found:
        outcome.fail("data keys are left under the old key", str(found))
    return found


def heard(proof: ProofSystem) -> Counter[str]:
    """Which customers heard something, and how often."""
    return Counter(str(record["to"]) for record in list(proof.meta.messages))
