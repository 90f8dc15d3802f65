"""SECRET_KEY is changed on two web hosts, one after the other, while people work in the panel with
pages that they opened before, a program pages through lists, and hosts are killed: nobody is logged
out, no form is refused, and in the end nothing that the former key signed opens anything.
"""

import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx

from tests.app_fixture import application
from tests.process_system import free_port, until
from tests.proof import hostile_panel
from tests.proof.proof_system import Outcome, ProofSystem, proof_system
from tests.proof.webhook_fuzz import tell_exceptions

HOSTS = ("web", "web:2")
PEOPLE = 4
PAUSE_SECONDS = 0.2
PHASE_SECONDS = 4.0
KILLS_IN_A_PHASE = 2
SOUGHT = "Cliente"
PATIENCE_SECONDS = 30.0
AWAY = {502, 503}


@dataclass
class Rounds:
    """What came of the rounds of all who work."""

    done: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """Count something that went well, or was tried again."""
        with self.lock:
            self.done[what] += 1

    def fail(self, what: str) -> None:
        """Note what must not be."""
        with self.lock:
            self.problems.append(what)


class Worker(threading.Thread):
    """Somebody who goes on until told to stop, on whichever host answers, as behind a proxy."""

    def __init__(self, urls: list[str], rounds: Rounds, number: int) -> None:
        super().__init__(daemon=True)
        self.urls, self.rounds = urls, rounds
        self.chance = random.Random(number)
        self.client = httpx.Client(timeout=PATIENCE_SECONDS)
        self._enough = threading.Event()
        self._old = threading.Event()

    def run(self) -> None:
        while not self._enough.is_set():
            try:
                if self._old.is_set():
                    self.open()
                    self._old.clear()
                self.work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told
                self.rounds.fail(f"{type(self).__name__}: {error!r}")
            time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """End after the round that is under way."""
        self._enough.set()
        self.join(60)
        self.client.close()

    def reopen(self) -> None:
        """Open everything anew, and return when that is done."""
        self._old.set()
        if not until(lambda: not self._old.is_set(), PATIENCE_SECONDS):
            self.rounds.fail(f"{type(self).__name__}: nothing opens anew")

    def open(self) -> None:
        """Open what the rounds work on."""
        raise NotImplementedError

    def work(self) -> None:
        """One round."""
        raise NotImplementedError

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        """An answer of any host; a host that is away is asked again, or the other."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            url = self.chance.choice(self.urls) + path
            try:
                answer = self.client.request(method, url, **more)  # type: ignore[arg-type]
            except httpx.TransportError:
                self.rounds.count("asked again")
                time.sleep(0.1)
                continue
            if answer.status_code not in AWAY:
                return answer
            self.rounds.count("asked again")
        raise TimeoutError(f"no host answers {method} {path}")


class DeskPerson(Worker):
    """A person with a page that was opened once: its form is sent again and again, and what a
    search led to is opened again.
    """

    def open(self) -> None:
        """Log in unless logged in, and open the page anew."""
        page = self.ask("GET", "/panel/login")
        if page.status_code == 200:
            fields = {"email": hostile_panel.EMAIL, "password": hostile_panel.PASSWORD}
            token = hostile_panel.token_of(page.text)
            self.ask("POST", "/panel/login", data={"csrf_token": token, **fields})
        opened = self.ask("GET", "/panel/sessoes")
        if opened.status_code != 200:
            raise RuntimeError(f"the page does not open: {opened.status_code}")
        self.token = hostile_panel.token_of(opened.text)
        self.found = self._search()

    def cookie(self) -> str:
        """The cookies of now, as a thief would copy them."""
        return "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())

    def work(self) -> None:
        """Poll, send the form of the open page, open what an earlier search led to."""
        polled = self.ask("GET", "/panel/sessoes", headers={"HX-Request": "true"})
        self._check(polled, "a poll of an open page", 200)
        self._search()
        again = self.ask("GET", self.found)
        self._check(again, "the address of an earlier search", 200)
        if SOUGHT not in again.text:
            self.rounds.fail("the address of an earlier search does not open its words")

    def _search(self) -> str:
        fields = {"csrf_token": self.token, "busca": SOUGHT}
        led = self.ask("POST", "/panel/sessoes/busca", data=fields)
        self._check(led, "a form of an open page", 303)
        return led.headers.get("Location", "/panel/sessoes")

    def _check(self, answer: httpx.Response, what: str, expected: int) -> None:
        if answer.status_code == expected:
            self.rounds.count(what)
        else:
            place = answer.headers.get("Location", "")
            self.rounds.fail(f"{what}: {answer.status_code} {place}")


class Program(Worker):
    """A program that goes on from a cursor which it was given once."""

    def __init__(self, urls: list[str], rounds: Rounds, number: int, token: str) -> None:
        super().__init__(urls, rounds, number)
        self.client.headers["Authorization"] = f"Bearer {token}"
        self.cursor = ""

    def open(self) -> None:
        """Ask for the first page, and keep the cursor of the next."""
        page = self.ask("GET", "/api/v1/contacts?limit=1").json()
        self.cursor = page["next_cursor"]

    def work(self) -> None:
        """The page behind the cursor."""
        place = "/api/v1/contacts"
        answer = self.ask("GET", place, params={"limit": "1", "cursor": self.cursor})
        if answer.status_code == 200:
            self.rounds.count("a page behind an earlier cursor")
        else:
            self.rounds.fail(f"a page behind an earlier cursor: {answer.status_code}")


@dataclass
class Hosts:
    """Two web hosts of one system, each on its port."""

    proof: ProofSystem
    ports: dict[str, int]

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports.values()]

    def start(self, host: str) -> None:
        """Start a host with the keys that the system has now, and wait until it answers."""
        port = self.ports[host]
        self.proof.system.start(host, GATTE_BIND=f"127.0.0.1:{port}")
        if not until(lambda: _is_alive(port), 60):
            raise TimeoutError(self.proof.system.log_tail())

    def give_keys(self, key: str, *others: str) -> None:
        """Restart the hosts, one after the other, with this key, and these behind it."""
        self.proof.system.environment["SECRET_KEY"] = key
        self.proof.system.environment["SECRET_KEY_FALLBACKS"] = ",".join(others)
        for host in HOSTS:
            self.proof.system.terminate(host)
            self.start(host)

    def kill_some(self, chance: random.Random) -> int:
        """Let people work for a while, and kill hosts meanwhile; how many."""
        for _ in range(KILLS_IN_A_PHASE):
            time.sleep(chance.uniform(0, PHASE_SECONDS / KILLS_IN_A_PHASE))
            host = chance.choice(HOSTS)
            self.proof.system.kill(host)
            self.start(host)
        return KILLS_IN_A_PHASE


def run(number: int, people: int = PEOPLE) -> Outcome:
    """Change the key in two steps under load with kills; then try what the former key signed."""
    outcome = Outcome()
    former, following = secrets.token_hex(32), secrets.token_hex(32)
    with proof_system(
        SECRET_KEY=former,
        GATTE_LOG_LEVEL="WARNING",
        WEB_CONCURRENCY="1",
        GATTE_API_RATE_PER_MINUTE="100000",
    ) as proof:
        hosts = Hosts(proof, {"web": proof.system.port, "web:2": free_port()})
        for host in HOSTS:
            hosts.start(host)
        token = _fill(proof)
        rounds = Rounds()
        at_work = [DeskPerson(hosts.urls, rounds, number + place) for place in range(people)]
        program = Program(hosts.urls, rounds, number - 1, token)
        for person in at_work:
            person.open()
        program.open()
        stolen = _Stolen(at_work[0].cookie(), at_work[0].token, program.cursor)
        workers: list[Worker] = [*at_work, program]
        began = time.monotonic()
        kills = _change_key(hosts, workers, former, following, random.Random(number))
        seconds = time.monotonic() - began
        opened = _what_opens(hosts, stolen, token, at_work[0].cookie())
        tell_exceptions(proof, outcome)
    for problem in rounds.problems:
        outcome.fail("who worked meanwhile", problem)
    if opened:
        outcome.fail("what the former key signed opens something", ", ".join(opened))
    counted = [f"{what}: {count:,}" for what, count in sorted(rounds.done.items())]
    outcome.figures |= {
        "people, programs, web hosts": f"{people}, 1, {len(HOSTS)}, for {seconds:.0f} s",
        "kills of web hosts": str(kills),
        "went well meanwhile": "; ".join(counted),
        "went wrong": str(len(rounds.problems)),
        "signed by the former key, opens something in the end": f"3, {len(opened)}",
    }
    return outcome


def _change_key(
    hosts: Hosts, workers: list[Worker], former: str, following: str, chance: random.Random
) -> int:
    """Both hosts know the next key before any signs with it; the former one goes when every page
    was opened anew. How often a host was killed.
    """
    for worker in workers:
        worker.start()
    try:
        kills = hosts.kill_some(chance)
        hosts.give_keys(former, following)
        kills += hosts.kill_some(chance)
        hosts.give_keys(following, former)
        kills += hosts.kill_some(chance)
        for worker in workers:
            worker.reopen()
        hosts.give_keys(following)
        kills += hosts.kill_some(chance)
    finally:
        for worker in workers:
            worker.stop()
    return kills


@dataclass(frozen=True)
class _Stolen:
    """What somebody copied while the former key was the only one."""

    cookie: str
    token: str
    cursor: str


def _what_opens(hosts: Hosts, stolen: _Stolen, token: str, present_cookie: str) -> list[str]:
    """What of it still opens anything under the key that follows alone; the token is tried
    with the cookies that its own login has now.
    """
    url = hosts.urls[0]
    opened = []
    page = httpx.get(f"{url}/panel/sessoes", headers={"Cookie": stolen.cookie}, timeout=30)
    if page.status_code == 200:
        opened.append("a cookie")
    form = {"csrf_token": stolen.token, "busca": SOUGHT}
    sought = httpx.post(
        f"{url}/panel/sessoes/busca", data=form, headers={"Cookie": present_cookie}, timeout=30
    )
    if sought.status_code != 400:
        opened.append(f"a token of a form ({sought.status_code})")
    listed = httpx.get(
        f"{url}/api/v1/contacts",
        params={"limit": "1", "cursor": stolen.cursor},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    if listed.status_code != 400:
        opened.append(f"a cursor ({listed.status_code})")
    return opened


def _fill(proof: ProofSystem) -> str:
    """An admin, conversations to be found, and a program's token."""
    hostile_panel.create_admin(proof)
    with application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as app:
        hostile_panel.fill_desk(app)
    return hostile_panel.create_token(proof)


def _is_alive(port: int) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=5)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200
