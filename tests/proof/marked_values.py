"""Marked values of a customer, an agent and the operator go through flows, panel, API, failures and
jobs of the running system; then every place is read in which one could have been left.
"""

import base64
import json
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from urllib.parse import quote

import httpx
import redis

from devstack.postgres import BINARIES
from gatte.jobs.cron import ENTRIES
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.people import Person, new_wamid
from tests.integration.deployment import nginx_front
from tests.process_system import APP_SECRET, ENCRYPTION_KEYS, NUMBER, VERIFY_TOKEN, until
from tests.proof import hostile_panel, marked_ways
from tests.proof.hostile_panel import PanelSession, fill_desk
from tests.proof.proof_system import META_TOKEN, Outcome, ProofSystem, proof_system

CUSTOMER = Person(phone="5541998765432", name="Zuleica Quaresmã", bsuid="BR.4455667788990011")
SECOND = Person(phone="5541987612345", name="Zuleica Quaresmã", bsuid="BR.4455667788990012")
SAID = (
    "oi",
    "quero comprar um e-CNPJ, xilofone roxo da padaria",
    "Zuleica Quaresmã",
    "12.ABC.345/01DE-35",
    "Quaresmã Doces",
    "zuleica.quaresma@doces.example.com",
    "meu cpf é 529.982.247-25, cnpj 11.222.333/0001-81 e o telefone (41) 99876-5432",
    "minha senha é Tramontina#77 e meu nome é Zuleica",
    "quero abrir um chamado",
    "xilofone quebrado, ligue 41 99876 5432",
    "quais dados meus vocês têm?",
    "quando vence meu certificado?",
    "quero falar com um atendente",
)
PERSONAL = (
    "Zuleica", "Quaresm", "5541998765432", "554198765432", "41998765432", "(41) 99876-5432",
    "99876-5432", "41 99876 5432", "998765432", "5541987612345", "987612345", "12ABC34501DE35",
    "12.ABC.345/01DE-35", "11222333000181", "11.222.333/0001-81", "52998224725", "529.982.247-25",
    "doces.example.com", "xilofone", "4455667788990011", "Tramontina#77", "segredo do chamado",
    "resposta do agente roxa",
)  # fmt: skip
PANEL_WORDS = "resposta do agente roxa"
WRONG_PASSWORD = "senha-errada-Marmelada9"
ARTICLES = ("article", "article_version", "passage")
MOST_FILE_BYTES = 80 * 1024 * 1024
RUN_JOBS = """
from gatte import create_app
from gatte.jobs import cron

with create_app(process="cron").app_context():
    cron.sync()
    for entry in cron.ENTRIES:
        cron.run(entry.name, only_if_due=False)
"""
STATEMENTS = {
    "log_statement": "all",
    "log_min_error_statement": "error",
    "log_parameter_max_length_on_error": "-1",
    "log_error_verbosity": "verbose",
}


@dataclass
class Marks:
    """What must stand nowhere, in every form in which it could be written."""

    forms: dict[bytes, str] = field(default_factory=dict)

    def add(self, mark: str) -> None:
        """Add a mark as text, escaped, quoted, in base64 at each of three places, and in hex."""
        raw = mark.encode()
        folded = mark.lower().encode()
        for form in (
            folded,
            quote(mark).lower().encode(),
            json.dumps(mark)[1:-1].lower().encode(),
        ):
            self.forms[form] = mark
        if len(raw) >= 9:
            self.forms[raw.hex().encode()] = mark
            for start in range(3):
                middle = base64.b64encode(b"\x00" * start + raw)
                self.forms[middle[4 if start else 0 : len(middle) // 4 * 4 - 4]] = mark

    def found_in(self, content: bytes) -> set[str]:
        """The marks that stand in some bytes, in any case and form; base64 alone has capitals that
        count.
        """
        content = content.rstrip(b"\0")
        folded = content.lower()
        return {
            mark
            for form, mark in self.forms.items()
            if form in (folded if form == form.lower() else content)
        }


def marks(*secrets: str) -> Marks:
    """The marks of customers, and the secrets of this run."""
    made = Marks()
    for mark in (*PERSONAL, *secrets):
        made.add(mark)
    made.forms[new_wamid(CUSTOMER.phone)[6:24].encode()] = "wamid"
    return made


def run(*, sabotage: bool = True) -> Outcome:
    """The whole system with marked values; then twice with a protection off, which must be seen."""
    outcome = Outcome()
    with _marked_system() as proof:
        secrets = send_marks(proof, outcome)
        _scan_all(proof, secrets, outcome)
    for what in ("masking", "sealing") if sabotage else ():
        seen = _without(what)
        outcome.figures[f"marks seen with {what} off"] = ", ".join(seen) or "none"
        if not seen:
            outcome.fail("the search is blind", f"nothing was found with {what} off")
    return outcome


@contextmanager
def _marked_system(**more: str) -> Iterator[ProofSystem]:
    with proof_system(
        STATEMENTS,
        GATTE_LOG_LEVEL="DEBUG",
        WEB_CONCURRENCY="1",
        GATTE_WORKER_PROCESSES="1",
        GATTE_UNCERTAIN_GRACE_SECONDS="3",
        GATTE_CONTACT_RATE_PER_MINUTE="1000",
        GATTE_WEBHOOK_PRIVATE_ADDRESSES="true",
        **more,
    ) as proof:
        proof.system.environment["GATTE_MEDIA_DIR"] = str(proof.system.folder / "media")
        proof.system.start()
        proof.system.wait_until_ready()
        yield proof


def _without(what: str) -> list[str]:
    """Where marks are seen when a protection is off."""
    with _marked_system(
        SABOTAGE=what,
        FLASK_APP="tests.disabled_protections",
        APPLICATION="tests.disabled_protections:app",
    ) as proof:
        say(proof, CUSTOMER, SAID[1])
        httpx.post(
            f"{proof.url}/webhook/whatsapp",
            content=b"{}",
            headers={"X-Request-ID": str(CUSTOMER.phone)},
        )
        until(lambda: bool(proof.meta.sent_to(str(CUSTOMER.phone))), 30)
        sought = marks()
        return [place for place, content in stored_places(proof) if sought.found_in(content)]


def send_marks(proof: ProofSystem, outcome: Outcome) -> list[str]:
    """Send marked values through every door; the secrets that were used or made meanwhile."""
    hostile_panel.create_admin(proof)
    token = hostile_panel.create_token(proof)
    subscriber = marked_ways.Subscriber(str(CUSTOMER.phone))
    hook = proof.system.command("webhooks", "create", subscriber.url).stdout.split()
    for line in SAID:
        before = len(proof.meta.sent_to(str(CUSTOMER.phone)))
        say(proof, CUSTOMER, line)
        until(lambda: len(proof.meta.sent_to(str(CUSTOMER.phone))) > before, 20)  # noqa: B023
    send_strange_webhooks(proof)
    _fail_on_purpose(proof)
    marked_ways.send_file(proof, CUSTOMER)
    session = PanelSession(proof.url)
    marked_ways.import_certificates(proof, session, CUSTOMER)
    marked_ways.correct_reading(proof)
    pages = _use_panel(proof, outcome)
    _use_api(proof, token, outcome)
    written = marked_ways.change_by_api(proof, token, CUSTOMER)
    marked_ways.check_answers(written, marks(token).found_in, outcome)
    marked_ways.compare(proof)
    _run_jobs(proof)
    marked_ways.back_up(proof)
    marked_ways.export_and_erase(proof, SECOND)
    _look_at_events(subscriber, outcome)
    outcome.figures["lines said, pages opened, jobs run with marked values"] = (
        f"{len(SAID)}, {pages}, {len(ENTRIES)}"
    )
    password = httpx.URL(proof.database).password
    key = ENCRYPTION_KEYS.partition(":")[2]
    own = [token, META_TOKEN, APP_SECRET, VERIFY_TOKEN, key, password, WRONG_PASSWORD]
    secret = [word for word in hook if word.startswith("whsec")]
    return [*own, hostile_panel.PASSWORD, *secret]


def _look_at_events(subscriber: marked_ways.Subscriber, outcome: Outcome) -> None:
    """What another system was told holds no mark, and it was told something."""
    subscriber.shutdown()
    if not subscriber.told:
        outcome.fail("no event was sent", "the proof is blind")
    for told in subscriber.told:
        if seen := marks().found_in(told):
            outcome.fail("a mark in an event for another system", f"{seen}: {told!r}")
    outcome.figures["events that another system was told"] = f"{len(subscriber.told):,}"


def _run_jobs(proof: ProofSystem) -> None:
    """Run every job of the clock in a process beside the others; what it says is a log like
    theirs.
    """
    with (proof.system.folder / "jobs.log").open("wb") as log:
        subprocess.run(
            [sys.executable, "-c", RUN_JOBS],
            cwd=proof.system.project,
            env=proof.system._environment(),
            stdout=log,
            stderr=log,
            check=True,
        )


def say(proof: ProofSystem, who: Person, text: str) -> None:
    """Deliver a text of a customer, as Meta would."""
    body, headers = payloads.signed(
        payloads.body(payloads.text(text), who, number=NUMBER), APP_SECRET
    )
    httpx.post(f"{proof.url}/webhook/whatsapp", content=body, headers=headers, timeout=30)


def send_strange_webhooks(proof: ProofSystem) -> None:
    """Every type, statuses whose errors hold the phone (and the name, which no mask can know),
    bodies that are refused, unknown fields.
    """
    for part in payloads.every_type().values():
        strange = {**part, "new": {CUSTOMER.name: CUSTOMER.phone}}
        body, headers = payloads.signed(payloads.body(strange, CUSTOMER, number=NUMBER), APP_SECRET)
        headers |= {"X-Request-ID": f"tel-{CUSTOMER.phone}", "User-Agent": f"{CUSTOMER.name!a}"}
        httpx.post(f"{proof.url}/webhook/whatsapp", content=body, headers=headers, timeout=30)
    sent = [one for one in proof.meta.messages if one["to"] == CUSTOMER.phone]
    for record in sent[-2:]:
        told = f"Message to {CUSTOMER.phone} ({CUSTOMER.name}, zuleica.quaresma@doces.example.com)"
        news = payloads.failure(record["wamid"], details=told, recipient=CUSTOMER)
        body, headers = payloads.signed(payloads.statuses_body(news, number=NUMBER), APP_SECRET)
        httpx.post(f"{proof.url}/webhook/whatsapp", content=body, headers=headers, timeout=30)
    unknown = payloads.envelope(
        payloads.entry({"field": f"de {CUSTOMER.phone}", "value": {"a": CUSTOMER.name}})
    )
    body, headers = payloads.signed(unknown, APP_SECRET)
    httpx.post(f"{proof.url}/webhook/whatsapp", content=body, headers=headers, timeout=30)
    for raw in (b"{", body):
        httpx.post(
            f"{proof.url}/webhook/whatsapp?telefone={CUSTOMER.phone}",
            content=raw,
            headers={"X-Hub-Signature-256": f"sha256={CUSTOMER.phone}"},
            timeout=30,
        )


def _fail_on_purpose(proof: ProofSystem) -> None:
    """Meta refuses with the phone in its words, cuts lines; then no message can be inserted: the
    database tells its failing row.
    """
    told = json.dumps({"error": {"code": 100, "message": f"(#100) {SECOND.phone} {SECOND.name}"}})
    proof.meta.fail("error", to=SECOND.phone, status=500, body=told)
    proof.meta.fail("cut", to=SECOND.phone, accept=False)
    say(proof, SECOND, SAID[1])
    until(lambda: bool(proof.meta.sent_to(str(SECOND.phone))), 15)
    for table in ("message", "ticket", "turn"):
        proof.query(f"ALTER TABLE {table} ADD CONSTRAINT broken CHECK (false) NOT VALID")
        say(proof, SECOND, SAID[1])
        say(proof, SECOND, SAID[6])
        until(lambda: False, 2.5)
        proof.query(f"ALTER TABLE {table} DROP CONSTRAINT broken")


def _use_panel(proof: ProofSystem, outcome: Outcome) -> int:
    """Open every page and write marked words into forms; the addresses and error pages that came of
    it must hold none.
    """
    with application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as app:
        fill_desk(app)
    session = PanelSession(proof.url)
    with httpx.Client(base_url=proof.url, timeout=60, headers={"Cookie": session.cookie}) as agent:
        row = proof.query(
            "SELECT id FROM conversation WHERE phone_number_id = %s ORDER BY id LIMIT 1", NUMBER
        )
        talk = f"/panel/sessoes/{row[0][0]}"
        form = {"csrf_token": session.token}
        answers = [
            agent.post(f"{talk}/assumir", data=form),
            agent.post(f"{talk}/responder", data=form | {"texto": PANEL_WORDS}),
            agent.post("/panel/leads/zz", data=form | {"nota": "segredo do chamado"}),
            agent.get(f"/panel/sessoes/{CUSTOMER.phone}"),
            agent.get("/panel/nada/zuleica.quaresma@doces.example.com"),
            agent.post(f"/panel/sessoes?x={CUSTOMER.phone}", data={"texto": SAID[6]}),
        ]
        wrong = {"email": "zuleica@doces.example.com", "password": WRONG_PASSWORD}
        httpx.post(f"{proof.url}/panel/login", data=wrong, timeout=30)
        found = agent.post("/panel/sessoes/busca", data=form | {"busca": str(CUSTOMER.name)})
        answers.append(found)
    walked = hostile_panel.walk(session)
    sought = marks(session.token, *session.cookie.split("="))
    for address in walked.pages:
        if seen := sought.found_in(address.encode()):
            outcome.fail("a mark in an address of the panel", f"{seen} in {address}")
    for answer in answers:
        if answer.status_code >= 400 and (seen := marks().found_in(answer.content)):
            outcome.fail(
                "a mark in an error page", f"{seen}: {answer.status_code} {answer.request.url}"
            )
        if seen := marks().found_in(answer.headers.get("Location", "").encode()):
            outcome.fail("a mark in an address of the panel", f"{seen} in a redirect")
    return len(walked.pages)


def _use_api(proof: ProofSystem, token: str, outcome: Outcome) -> None:
    """Good and bad requests with marked values; no refusal repeats one."""
    with httpx.Client(
        base_url=f"{proof.url}/api/v1", timeout=30, headers={"Authorization": f"Bearer {token}"}
    ) as api:
        answers = [
            api.post("/contacts/search", json={"phone": CUSTOMER.phone}),
            api.post("/contacts/search", json={"phone": SAID[6]}),
            api.post("/contacts/search", json={CUSTOMER.name: CUSTOMER.phone}),
            api.get(f"/contacts/{CUSTOMER.phone}"),
            api.get("/contacts", params={"cursor": str(CUSTOMER.phone)}),
            api.post("/tickets", json={"subject": 5, "description": SAID[6]}),
            api.post("/tickets", content=SAID[6].encode(), headers={"Content-Type": "text/x"}),
            api.get("/tickets", headers={"Authorization": f"Bearer {token}{CUSTOMER.phone}"}),
        ]
    for answer in answers:
        if answer.status_code >= 400 and (seen := marks(token).found_in(answer.content)):
            outcome.fail(
                "a mark in a refusal of the API",
                f"{seen}: {answer.status_code} {answer.text[:400]}",
            )


def _scan_all(proof: ProofSystem, secrets: list[str], outcome: Outcome) -> None:
    """Look for every mark in every place; the system still runs."""
    _ask_nginx(proof)
    sought, size, count = marks(*secrets), 0, 0
    for place, content in stored_places(proof):
        size, count = size + len(content), count + 1
        if seen := sought.found_in(content):
            for mark in sorted(seen):
                outcome.fail(f"a mark in {place}", f"{mark!r}: {_around(sought, content, mark)}")
    outcome.figures["places searched for marks"] = (
        f"{count}, {size / 1024 / 1024:.0f} MiB; {len(sought.forms)} forms of marks"
    )


def _around(sought: Marks, content: bytes, mark: str) -> str:
    """Some bytes round the first place of a mark."""
    for form in [form for form, of in sought.forms.items() if of == mark]:
        for text in (content, content.lower()):
            at = text.find(form)
            if at >= 0:
                return repr(content[max(0, at - 200) : at + 120])
    return ""


def _ask_nginx(proof: ProofSystem) -> None:
    """The same addresses through a real nginx, also while the web processes are away: its error log
    holds whole request lines.
    """
    if shutil.which("nginx") is None:
        return
    folder = proof.folder / "nginx"
    folder.mkdir()
    front = nginx_front.Front(folder, SimpleNamespace(server_port=proof.system.port))
    process = subprocess.Popen(
        [nginx_front.NGINX, "-p", folder, "-c", front.configuration, "-g", "daemon off;"],
        stderr=subprocess.DEVNULL,
    )
    try:
        nginx_front.wait_for_port(front.https)
        with front.client() as browser:
            _ask_with_marks(browser)
            proof.system.terminate("web")
            _ask_with_marks(browser)
    finally:
        process.terminate()
        process.wait(10)
        proof.system.start("web")
        proof.system.wait_until_ready()


def _ask_with_marks(browser: httpx.Client) -> None:
    for path in (f"/panel/sessoes?busca={CUSTOMER.name}", f"/api/v1/contacts/x?a={CUSTOMER.phone}"):
        with suppress(httpx.HTTPError):
            browser.get(path, headers={"Host": "localhost"})
    with suppress(httpx.HTTPError):
        browser.post("/webhook/whatsapp", content=SAID[6].encode() * 5000)


def stored_places(proof: ProofSystem) -> Iterator[tuple[str, bytes]]:
    """Every place with what it holds, by a name."""
    for path in marked_ways.files_below(proof.system.folder):
        yield f"the file {path.relative_to(proof.folder)}", path.read_bytes()
    for name in (
        "nginx/access.log",
        "nginx/errors.log",
        "postgres/postgres.log",
        "valkey/valkey.log",
    ):
        path = proof.folder / name
        if path.exists():
            yield f"the log {name}", path.read_bytes()
    yield "/metrics", httpx.get(f"{proof.url}/metrics", timeout=30).content
    yield "Valkey", _valkey(proof)
    yield "pg_dump", _dump(proof)
    proof.query("CHECKPOINT")
    for path in sorted(proof.postgres.data.rglob("*")):
        if path.is_file() and path.stat().st_size <= MOST_FILE_BYTES:
            yield f"the files of Postgres ({path.parent.name})", path.read_bytes()


def _valkey(proof: ProofSystem) -> bytes:
    """Every key with its value as it lies there, and what of it is compressed opened."""
    found: list[bytes] = []
    with redis.Redis.from_url(proof.valkey.url()) as client:
        for key in client.scan_iter(count=1000):
            found += [key, client.dump(key) or b""]
            if client.type(key) == b"hash":
                for name, value in client.hgetall(key).items():
                    found += [name, value]
                    with suppress(zlib.error):
                        found.append(zlib.decompress(value))
            elif client.type(key) == b"string":
                found.append(client.get(key) or b"")
    return b"\n".join(found)


def _dump(proof: ProofSystem) -> bytes:
    """What pg_dump writes, but for the articles, which are public."""
    command = [str(BINARIES / "pg_dump"), proof.database, "--inserts"]
    command += [f"--exclude-table-data={table}" for table in ARTICLES]
    return subprocess.run(command, capture_output=True, check=True).stdout
