"""Strange bodies at the webhook of the running system: every answer is one of those that are
promised, every good part is stored, memory stays flat, and customers are answered.
"""

import http.client
import json
import random
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from gatte.intake.receive import decrypt_payload, open_event
from gatte.models import keyring
from tests.app_fixture import application
from tests.fakes import payloads
from tests.process_system import APP_SECRET, NUMBER, until
from tests.proof.proof_system import Outcome, ProofSystem, proof_system
from tests.proof.webhook_bodies import BodyMaker, FuzzedBody

CONNECTIONS = 48
HANG_SECONDS = 30.0
RETRY_SECONDS = 0.5
WARM_UP = 0.1
"""The share of bodies after which memory is looked at for the first time."""
FEWEST_FOR_MEMORY = 4_000
"""Bodies below which a process still grows because it is young."""
GROWTH = 1.15
GROWTH_BYTES = 12 * 1024 * 1024
DEEPEST = 190
"""Levels of a body that must be taken; from 200 on it may be refused as too deep."""
ALLOWED = {200, 400, 503}
TOLD = 3000
"""Bytes of a body that a finding shows."""
MIB = 1024 * 1024
STRANGE_REQUESTS = 12
"""Every so many bodies the request around it is strange, too."""

UNPROCESSED = "SELECT count(*) FROM inbox_message WHERE processed_at IS NULL"
BAD_OUTBOX = (
    "SELECT count(*) FROM outbox o JOIN conversation c ON c.id = o.conversation_id "
    "WHERE o.state IN ('failed', 'dead_letter') AND c.phone_number_id = %s"
)
BAD_TURNS = "SELECT count(*) FROM transition WHERE to_state = 'STATE_ERROR'"


@dataclass
class Sent:
    """What was sent and acknowledged so far; filled by many threads."""

    statuses: Counter[int] = field(default_factory=Counter)
    wamids: set[str] = field(default_factory=set)
    status_wamids: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    words: dict[str, bytes] = field(default_factory=dict)
    """Words that must be kept, with the beginning of their bodies."""
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, body: FuzzedBody, status: int) -> None:
        """Note the last answer to a body."""
        with self.lock:
            self.statuses[status] += 1
            if status == 200 and not body.broken:
                self.wamids.update(body.wamids)
                self.status_wamids.update(body.status_wamids)
                self.phones.update(body.phones)
                if body.kept_word:
                    self.words[body.kept_word] = body.raw[:TOLD]
            elif status not in ALLOWED:
                self.problems.append(f"status {status} to {body.raw[:TOLD]!r}")
            elif status == 400 and not body.broken and _depth(body.raw) < DEEPEST:
                self.problems.append(f"good parts refused in {body.raw[:TOLD]!r}")


class FuzzClient:
    """Connections that are kept, one a thread; what gets 503 is sent until it is taken."""

    def __init__(self, url: str, number: int) -> None:
        self._address = urlsplit(url)
        self._local = threading.local()
        self._chance = random.Random(number)
        self._lines: list[http.client.HTTPConnection] = []
        self.sent = Sent()

    def close(self) -> None:
        """Close the connections of threads that have ended."""
        for line in self._lines:
            line.close()
        self._lines.clear()

    def deliver(self, body: FuzzedBody) -> None:
        """Deliver a body until it is answered by anything but 503."""
        while True:
            try:
                status = self._post(body.raw)
            except TimeoutError:
                self.sent.problems.append(f"hang: {body.raw[:TOLD]!r}")
                return
            except (http.client.HTTPException, OSError) as error:
                self._forget()
                self.sent.problems.append(f"line broken ({error!r}) by {body.raw[:TOLD]!r}")
                return
            self.sent.note(body, status)
            if status != 503:
                return
            time.sleep(RETRY_SECONDS)

    def _post(self, raw: bytes) -> int:
        line = self._line()
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": payloads.sign(raw, APP_SECRET),
        }
        if self._chance.randrange(STRANGE_REQUESTS) == 0:
            headers |= self._chance.choice(STRANGE_HEADERS)
        try:
            line.request("POST", "/webhook/whatsapp", raw, headers)
            response = line.getresponse()
            response.read()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # a kept connection may have ended while nothing was under way
            self._forget()
            line = self._line()
            line.request("POST", "/webhook/whatsapp", raw, headers)
            response = line.getresponse()
            response.read()
        return response.status

    def _line(self) -> http.client.HTTPConnection:
        if getattr(self._local, "line", None) is None:
            host, port = self._address.hostname or "", self._address.port
            self._local.line = http.client.HTTPConnection(host, port, timeout=HANG_SECONDS)
            self._lines.append(self._local.line)
        line: http.client.HTTPConnection = self._local.line
        return line

    def _forget(self) -> None:
        with suppress(OSError):
            self._line().close()
        self._local.line = None


STRANGE_HEADERS: tuple[dict[str, str], ...] = (
    {"X-Request-ID": "5511987654321"},
    {"X-Request-ID": "a" * 4000},
    {"X-Request-ID": "\xff\xfe é"},
    {"X-Request-ID": "' OR 1=1 --"},
    {"Content-Type": "text/plain; charset=utf-16"},
    {"Content-Type": ""},
    {"Content-Encoding": "gzip"},
    {"Cookie": "session=.eJ; session=" + "x" * 3000},
    {"X-Forwarded-For": "127.0.0.1, ::1, ' --", "X-Forwarded-Proto": "ftp"},
    {"traceparent": "00-" + "f" * 32 + "-" + "0" * 16 + "-ff"},
    {"baggage": "a=" + "%00" * 300, "sentry-trace": "x-y-z"},
    {"Expect": "100-continue"},
    {"Accept-Language": ",;q=,*" * 50, "Accept": "*/*;q=nan"},
)


def run(bodies: int, answered: int, number: int) -> Outcome:
    """So many bodies at web processes alone, then so many at the whole system."""
    outcome = Outcome()
    with proof_system(GATTE_LOG_LEVEL="WARNING", WEB_CONCURRENCY="2") as proof:
        proof.system.start("web")
        if not until(lambda: alive(proof), 60):
            raise TimeoutError(proof.system.log_tail())
        with _keys(proof) as app:
            attack_webhook(proof, app, bodies, number, outcome)
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
    proof: ProofSystem, app: Flask, bodies: int, number: int, outcome: Outcome
) -> None:
    """Strange bodies, of which nothing is processed meanwhile: the tables must hold what was
    acknowledged.
    """
    client, maker = FuzzClient(proof.url, number), BodyMaker(number)
    began = time.monotonic()
    warm = max(1, int(bodies * WARM_UP))
    _deliver(client, maker, warm)
    before = proof.resident_bytes("web")
    _deliver(client, maker, bodies - warm)
    after = proof.resident_bytes("web")
    seconds = time.monotonic() - began
    _tell_problems(client.sent, outcome)
    if bodies >= FEWEST_FOR_MEMORY and after > before * GROWTH + GROWTH_BYTES:
        outcome.fail("memory of the web processes grew", f"{before / MIB:.0f} → {after / MIB:.0f}")
    with app.app_context():
        lost = _lost_messages(proof, client.sent)
        lost_statuses = _lost_statuses(proof, client.sent)
        lost_words = client.sent.words.keys() - _kept_words(proof)
    for word in sorted(lost_words)[:3]:
        outcome.fail(f"not kept: {word}", repr(client.sent.words[word]))
    for what, missing in (
        ("good messages not stored", lost),
        ("good statuses not stored", lost_statuses),
        ("bad parts not kept", lost_words),
    ):
        if missing:
            outcome.fail(what, f"{len(missing)}, such as {sorted(missing)[:3]}")
    tell_exceptions(proof, outcome)
    statuses = ", ".join(
        f"{code}: {count:,}" for code, count in sorted(client.sent.statuses.items())
    )
    outcome.figures |= {
        "webhook bodies": f"{bodies:,} in {seconds:.0f} s",
        "answers by status": statuses,
        "good messages acknowledged, and not stored": f"{len(client.sent.wamids):,}, {len(lost)}",
        "good statuses acknowledged, and not stored": (
            f"{len(client.sent.status_wamids):,}, {len(lost_statuses)}"
        ),
        "bad parts that must be kept, and were not": (
            f"{len(client.sent.words):,}, {len(lost_words)}"
        ),
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
    client, maker = FuzzClient(proof.url, number), BodyMaker(number, first_person)
    began = time.monotonic()
    _deliver(client, maker, bodies)
    expected = client.sent.phones
    until(lambda: not expected - _heard(proof).keys(), 60 + bodies * 0.5, 1)
    until(lambda: proof.count(UNPROCESSED) == 0, 90, 1)
    heard = _heard(proof)
    silent = expected - heard.keys()
    twice = {phone for phone in expected if heard[phone] > 1}
    seconds = time.monotonic() - began
    _tell_problems(client.sent, outcome)
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


def _deliver(client: FuzzClient, maker: BodyMaker, count: int) -> None:
    """Send so many bodies; making them is one thread's work, so that a seed decides them."""
    room = threading.Semaphore(CONNECTIONS * 4)

    def deliver(body: FuzzedBody) -> None:
        try:
            client.deliver(body)
        finally:
            room.release()

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for _ in range(count):
            room.acquire()
            threads.submit(deliver, maker.make()).add_done_callback(_raise)
    client.close()


def _raise(done: Any) -> None:
    done.result()


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


def tell_exceptions(proof: ProofSystem, outcome: Outcome) -> None:
    """Errors in the logs of the processes, one of each event; a made-up number of the company may
    be paused.
    """
    told: Counter[str] = Counter()
    for line in proof.system.log().splitlines():
        with suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict) and entry.get("level") in {"error", "critical"}:
                event = str(entry.get("event"))
                if event == "number_paused" and entry.get("phone_number_id") != NUMBER:
                    continue
                told[event] += 1
                if told[event] == 1:
                    outcome.fail(f"an error in the log: {event}", line[:6000])


def _lost_messages(proof: ProofSystem, sent: Sent) -> set[str]:
    stored = {
        bytes(row[0])
        for row in proof.query(
            "SELECT wamid_hash FROM inbox_message WHERE phone_number_id = %s", NUMBER
        )
    }
    keys = keyring()
    return {wamid for wamid in sent.wamids if keys.lookup_hash("wamid", wamid) not in stored}


def _lost_statuses(proof: ProofSystem, sent: Sent) -> set[str]:
    stored = {bytes(row[0]) for row in proof.query("SELECT wamid_hash FROM status_event")}
    keys = keyring()
    return {wamid for wamid in sent.status_wamids if keys.lookup_hash("wamid", wamid) not in stored}


def _kept_words(proof: ProofSystem) -> set[str]:
    """Every word of the form of `kept_word` that some stored payload holds."""
    found: set[str] = set()
    pattern = re.compile(rb"kept[0-9a-f]{16}")
    for wamid_hash, payload in proof.query(
        "SELECT wamid_hash, payload FROM inbox_message WHERE payload IS NOT NULL"
    ):
        opened = json.dumps(decrypt_payload(bytes(wamid_hash), bytes(payload))).encode()
        found.update(word.decode() for word in pattern.findall(opened))
    for (payload,) in proof.query("SELECT payload FROM webhook_event"):
        found.update(word.decode() for word in pattern.findall(open_event(bytes(payload))))
    return found


def _heard(proof: ProofSystem) -> Counter[str]:
    return Counter(str(record["to"]) for record in list(proof.meta.messages))


def _depth(raw: bytes) -> int:
    """How deep a body is nested, judged by its brackets outside of texts."""
    depth = deepest = 0
    inside = escaped = False
    for byte in raw:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
