"""Strange bodies at the webhook of the running system: every answer is one of those that are
promised, every good part is stored, memory stays flat, and customers are answered.
"""

import http.client
import json
import re
import time
from collections import Counter
from collections.abc import Container, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from gatte.intake.receive import decrypt_payload, open_event
from gatte.models import keyring
from tests.app_fixture import application
from tests.process_system import NUMBER, until
from tests.proof.proof_system import Outcome, ProofSystem, proof_system
from tests.proof.webhook_senders import CONNECTIONS, PEOPLE, TOLD, Order, Sent, send_all

WARM_UP = 0.1
"""The share of bodies after which memory is looked at for the first time."""
FEWEST_FOR_MEMORY = 4_000
"""Bodies below which a process still grows because it is young."""
GROWTH = 1.15
GROWTH_BYTES = 12 * 1024 * 1024
MIB = 1024 * 1024

KEPT = re.compile(rb"kept[0-9a-f]{16}")
UNPROCESSED = "SELECT count(*) FROM inbox_message WHERE processed_at IS NULL"
BAD_OUTBOX = (
    "SELECT count(*) FROM outbox o JOIN conversation c ON c.id = o.conversation_id "
    "WHERE o.state IN ('failed', 'dead_letter') AND c.phone_number_id = %s"
)
BAD_TURNS = "SELECT count(*) FROM transition WHERE to_state = 'STATE_ERROR'"


def run(bodies: int, answered: int, number: int, senders: int = 1) -> Outcome:
    """So many bodies, of so many sending processes, at web processes alone; then so many at the
    whole system.
    """
    outcome = Outcome()
    with proof_system(GATTE_LOG_LEVEL="WARNING", WEB_CONCURRENCY="2") as proof:
        proof.system.start("web")
        if not until(lambda: alive(proof), 60):
            raise TimeoutError(proof.system.log_tail())
        with _keys(proof) as app:
            attack_webhook(proof, app, bodies, number, outcome, senders)
    if answered:
        with proof_system(GATTE_LOG_LEVEL="WARNING", GATTE_WORKER_PROCESSES="2") as proof:
            proof.system.start()
            proof.system.wait_until_ready()
            with _keys(proof) as app:
                attack_turns(proof, app, answered, number + 1, outcome)
    return outcome


def _keys(proof: ProofSystem) -> Any:
    return application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL")


def alive(proof: ProofSystem) -> bool:
    """Whether a web process answers."""
    address = urlsplit(proof.url)
    line = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        line.request("GET", "/health/live")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()


def attack_webhook(
    proof: ProofSystem,
    app: Flask,
    bodies: int,
    number: int,
    outcome: Outcome,
    senders: int = 1,
) -> None:
    """Strange bodies, of which nothing is processed meanwhile: the tables must hold what was
    acknowledged.
    """
    began = time.monotonic()
    warm = max(1, int(bodies * WARM_UP))
    warming = _orders(proof.url, warm, number, senders, 0)
    sent = send_all(warming)
    before = proof.resident_bytes("web")
    others = _orders(proof.url, bodies - warm, number, senders, len(warming))
    sent.add(send_all(others))
    after = proof.resident_bytes("web")
    seconds = time.monotonic() - began
    _tell_problems(sent, outcome)
    if bodies >= FEWEST_FOR_MEMORY and after > before * GROWTH + GROWTH_BYTES:
        outcome.fail("memory of the web processes grew", f"{before / MIB:.0f} → {after / MIB:.0f}")
    with app.app_context():
        lost = _lost_messages(proof, sent)
        lost_statuses = _lost_statuses(proof, sent)
        lost_words = sent.words - _kept_words(proof, sent.words)
    for word in sorted(lost_words)[:3]:
        found = [order.body_with(word) for order in (*warming, *others)]
        outcome.fail(f"not kept: {word}", repr(b"".join(found)))
    for what, missing in (
        ("good messages not stored", lost),
        ("good statuses not stored", lost_statuses),
        ("bad parts not kept", lost_words),
    ):
        if missing:
            outcome.fail(what, f"{len(missing)}, such as {sorted(missing)[:3]}")
    tell_exceptions(proof, outcome)
    statuses = ", ".join(f"{code}: {count:,}" for code, count in sorted(sent.statuses.items()))
    outcome.figures |= {
        "webhook bodies": f"{bodies:,} in {seconds:.0f} s, sent by {len(others)} processes",
        "answers by status": statuses,
        "good messages acknowledged, and not stored": f"{len(sent.wamids):,}, {len(lost)}",
        "good statuses acknowledged, and not stored": (
            f"{len(sent.status_wamids):,}, {len(lost_statuses)}"
        ),
        "bad parts that must be kept, and were not": (f"{len(sent.words):,}, {len(lost_words)}"),
        "memory of the web processes after a tenth, and at the end": (
            f"{before / MIB:.0f} MiB, {after / MIB:.0f} MiB"
        ),
    }


def attack_turns(
    proof: ProofSystem,
    app: Flask,
    bodies: int,
    number: int,
    outcome: Outcome,
    first_person: int = 0,
) -> None:
    """Strange bodies at the whole system: who wrote a good message hears one answer, and no strange
    one stops a turn.
    """
    began = time.monotonic()
    sent = send_all([Order(proof.url, bodies, number, first_person)])
    expected = sent.phones
    until(lambda: not expected - _heard(proof).keys(), 60 + bodies * 0.5, 1)
    until(lambda: proof.count(UNPROCESSED) == 0, 90, 1)
    heard = _heard(proof)
    silent = expected - heard.keys()
    twice = {phone for phone in expected if heard[phone] > 1}
    seconds = time.monotonic() - began
    _tell_problems(sent, outcome)
    if silent:
        outcome.fail("good messages not answered", f"{len(silent)}, such as {sorted(silent)[:3]}")
    if twice:
        outcome.fail("answered twice", f"{len(twice)}, such as {sorted(twice)[:3]}")
    with app.app_context():
        _tell_left(proof, outcome)
    tell_exceptions(proof, outcome)
    outcome.figures |= {
        "bodies at the whole system": f"{bodies:,} in {seconds:.0f} s",
        "customers with a good message, silent, answered twice": (
            f"{len(expected):,}, {len(silent)}, {len(twice)}"
        ),
    }


def _orders(url: str, bodies: int, seed: int, senders: int, first: int) -> list[Order]:
    """The bodies, spread over senders whose customers are their own; `first` counts orders of
    before.
    """
    share, rest = divmod(bodies, senders)
    return [
        Order(
            url,
            share + (place < rest),
            seed * 1000 + first + place,
            (first + place) * PEOPLE,
            max(1, CONNECTIONS // senders),
        )
        for place in range(senders)
    ]


def _tell_problems(sent: Sent, outcome: Outcome) -> None:
    for problem in sent.problems:
        outcome.fail("webhook", problem)


def _tell_left(proof: ProofSystem, outcome: Outcome) -> None:
    """Messages that could not be processed, with what they held."""
    if waiting := proof.count(UNPROCESSED):
        outcome.fail("messages left unprocessed", str(waiting))
    dead = proof.query(
        "SELECT wamid_hash, payload FROM inbox_message "
        "WHERE payload IS NOT NULL AND attempts > 0 ORDER BY id LIMIT 20"
    )
    for wamid_hash, payload in dead:
        held = decrypt_payload(bytes(wamid_hash), bytes(payload))
        outcome.fail("a message that cannot be processed", json.dumps(held)[:TOLD])
    if errors := proof.count(BAD_TURNS):
        outcome.fail("turns that failed", str(errors))
    if unsent := proof.count(BAD_OUTBOX, NUMBER):
        said = [str(one) for one in list(proof.meta.graph.refused)[:5]]
        outcome.fail("answers that Meta refused", f"{unsent}: {said}")


def tell_exceptions(proof: ProofSystem, outcome: Outcome, expected: Container[str] = ()) -> None:
    """Errors in the logs of the processes, one of each event but those that are expected; a made-up
    number of the company may be paused.
    """
    told: Counter[str] = Counter()
    for line in proof.system.log().splitlines():
        with suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict) and entry.get("level") in {"error", "critical"}:
                event = str(entry.get("event"))
                if event in expected:
                    continue
                if event == "number_paused" and entry.get("phone_number_id") != NUMBER:
                    continue
                told[event] += 1
                if told[event] == 1:
                    outcome.fail(f"an error in the log: {event}", line[:6000])


def _lost_messages(proof: ProofSystem, sent: Sent) -> set[str]:
    keys = keyring()
    missing = {keys.lookup_hash("wamid", wamid): wamid for wamid in sent.wamids}
    sql = "SELECT wamid_hash FROM inbox_message WHERE phone_number_id = %s"
    for (stored,) in proof.stream(sql, NUMBER):
        missing.pop(bytes(stored), None)
    return set(missing.values())


def _lost_statuses(proof: ProofSystem, sent: Sent) -> set[str]:
    keys = keyring()
    missing = {keys.lookup_hash("wamid", wamid): wamid for wamid in sent.status_wamids}
    for (stored,) in proof.stream("SELECT wamid_hash FROM status_event"):
        missing.pop(bytes(stored), None)
    return set(missing.values())


def _kept_words(proof: ProofSystem, sought: set[str]) -> set[str]:
    """Which of these words some stored payload holds; each is of the form of `kept_word`."""
    found: set[str] = set()
    for opened in _opened_payloads(proof):
        found.update(word.decode() for word in KEPT.findall(opened))
    return found & sought


def _opened_payloads(proof: ProofSystem) -> Iterator[bytes]:
    """What every row of the inbox and every event holds, as JSON."""
    keys = keyring()
    sql = "SELECT wamid_hash, payload FROM inbox_message WHERE payload IS NOT NULL"
    for wamid_hash, payload in proof.stream(sql):
        yield keys.unseal_inbox(bytes(payload), payload_place(bytes(wamid_hash)))
    for (payload,) in proof.stream("SELECT payload FROM webhook_event"):
        yield open_event(bytes(payload))


def payload_place(wamid_hash: bytes) -> bytes:
    """The associated data under which an inbox row's payload is sealed."""
    return b"inbox_message.payload:" + wamid_hash


def _heard(proof: ProofSystem) -> Counter[str]:
    return Counter(str(record["to"]) for record in list(proof.meta.messages))
