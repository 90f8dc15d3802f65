"""The installation of docker-compose.yml without Docker: roles and migration, then web, worker and
scheduler of production, each with its own secrets, behind nginx with TLS, and Prometheus. A
customer writes through nginx and is answered, and every point of the checklist is green.

Postgres and Valkey are the embedded ones over loopback, which speak no TLS.
"""

import json
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deployment.certificates import for_web
from devstack.postgres import BINARIES
from gatte.operations.backup import encryption
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.fakes.meta import FakeMeta
from tests.fakes.people import Person
from tests.integration.deployment.compose_installation import (
    DOMAIN,
    PROCESSES,
    TOKEN,
    Installation,
)
from tests.integration.deployment.nginx_front import Front, running_nginx
from tests.process_system import APP_SECRET, NUMBER, System, free_port, until
from tests.prometheus_server import is_scraped, running_prometheus
from tests.proof.proof_system import Outcome
from tests.store_fixtures import running_stores

GEMINI_KEY = "gemini-key-of-the-proof"
ACCOUNT = "102290129340398"
WITHOUT_ITS_TOKENS = {"environment", "gemini"}
"""Points that a web process cannot judge, since it may not know these secrets."""
OF_THE_MACHINE = {"disk": "filling"}
"""A warning that says something of the machine of the proof alone."""


@dataclass
class Rehearsal:
    """The parts of a running installation."""

    installation: Installation
    systems: dict[str, System]
    front: Front
    folder: Path
    superuser_url: str
    meta: FakeMeta

    @property
    def web(self) -> System:
        return self.systems["web"]

    def flask(self, service: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """An operator's command in the container of a service."""
        system = self.installation.of(service)
        given = System(system.folder, {**system.environment, **more}, port=self.web.port)
        return given.command(*arguments)

    def client(self) -> httpx.Client:
        """A client that checks our certificate, as a browser does."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        url = f"https://127.0.0.1:{self.front.https}"
        return httpx.Client(base_url=url, verify=context, headers={"Host": DOMAIN}, timeout=30)

    @property
    def certificate(self) -> Path:
        return self.folder / "nginx" / "certificates" / "web" / "fullchain.pem"


def run() -> Outcome:
    """The rehearsal; each thing that is not as it must be is told."""
    outcome = Outcome()
    began = time.monotonic()
    with _running() as rehearsal:
        outcome.figures["all processes ready behind nginx after"] = (
            f"{time.monotonic() - began:.0f} s"
        )
        _write_as_a_customer(rehearsal, outcome)
        _ask_from_outside(rehearsal, outcome)
        _prepare_checklist(rehearsal)
        _check(rehearsal, outcome)
    return outcome


@contextmanager
def _running() -> Iterator[Rehearsal]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatte-production-")))
        meta = stack.enter_context(FakeMeta(token=TOKEN))
        gemini = stack.enter_context(FakeGemini())
        stores = stack.enter_context(running_stores(folder / "stores", durable=True))
        (folder / "secrets").mkdir()
        (folder / "nginx").mkdir()
        superuser = stores.postgres.url("postgres")
        made = Installation(folder / "secrets", superuser, stores.valkey.url(), meta)
        (folder / "secrets" / "gemini_api_key").write_text(GEMINI_KEY)
        prometheus_url = f"http://127.0.0.1:{free_port()}"
        web_port = free_port()
        for_web(folder / "nginx" / "certificates" / "web", DOMAIN)
        front = Front(folder / "nginx", web_port)
        made.plain |= {
            "GEMINI_BASE_URL": gemini.url,
            "WHATSAPP_PHONE_NUMBER_ID": NUMBER,
            "WHATSAPP_BUSINESS_ACCOUNT_ID": ACCOUNT,
            "GATTE_PROMETHEUS_URL": prometheus_url,
            "GATTE_CERTIFICATE_ADDRESS": f"127.0.0.1:{front.https}",
            "GATTE_BACKUP_DESTINATION": str(folder / "backups"),
            "GATTE_POSTGRES_BIN_DIR": str(BINARIES),
            "GATTE_BACKUP_RECIPIENT": encryption.write_identity(folder / "identity.txt"),
            "GATTE_MEDIA_DIR": str(folder / "media"),
        }
        made.prepare()
        systems = {name: made.of(name) for name in PROCESSES}
        systems["web"].port = web_port
        for name, system in systems.items():
            system.start(name, SSL_CERT_FILE=str(folder / "nginx/certificates/web/fullchain.pem"))
            stack.callback(system.stop)
        systems["web"].wait_until_ready()
        stack.enter_context(running_nginx(folder / "nginx", front))
        stack.enter_context(running_prometheus(folder / "prometheus", prometheus_url, web_port))
        if not until(lambda: is_scraped(prometheus_url)):
            raise TimeoutError("Prometheus reads nothing")
        yield Rehearsal(made, systems, front, folder, superuser, meta)


def _write_as_a_customer(rehearsal: Rehearsal, outcome: Outcome) -> None:
    """A message through nginx to Meta's answer."""
    who = Person(phone="5511971234567", name="Joana Prado", bsuid="BR.7000000000000077")
    body, headers = payloads.signed(
        payloads.body(payloads.text("oi"), who, number=NUMBER), APP_SECRET
    )
    began = time.monotonic()
    with rehearsal.client() as client:
        answer = client.post(
            "/webhook/whatsapp",
            content=body,
            headers=headers,
            extensions={"sni_hostname": DOMAIN},
        )
    heard = until(lambda: len(rehearsal.meta.texts_to(who.phone)) == 1)
    if answer.status_code != 200 or not heard:
        outcome.fail("a customer's message", f"{answer.status_code}, answered: {heard}")
    outcome.figures["a customer's message through nginx, answered after"] = (
        f"{answer.status_code}, {time.monotonic() - began:.1f} s"
    )


def _ask_from_outside(rehearsal: Rehearsal, outcome: Outcome) -> None:
    """What the world may see, and what it may not."""
    expected = {"/panel/login": 200, "/openapi.json": 200, "/metrics": 404, "/api/v1/tickets": 401}
    with rehearsal.client() as client:
        found = {
            path: client.get(path, extensions={"sni_hostname": DOMAIN}).status_code
            for path in expected
        }
    if found != expected:
        outcome.fail("from outside", f"{found}, and should be {expected}")
    plain = httpx.get(f"http://127.0.0.1:{rehearsal.front.http}/panel/", headers={"Host": DOMAIN})
    if plain.status_code != 301 or not plain.headers["Location"].startswith("https://"):
        outcome.fail("plain HTTP", f"{plain.status_code} {plain.headers}")
    outcome.figures["from outside"] = ", ".join(f"{path} {code}" for path, code in found.items())


def _prepare_checklist(rehearsal: Rehearsal) -> None:
    """What an operator does once: a person, a backup that is verified, the jobs of the night."""
    password = ("--password", "uma senha bem comprida", "--keep-password")
    who = ("chefe@empresa.example", "--name", "Clara", "--role", "admin")
    _do(rehearsal, "web", "users", "create", *who, *password)
    identity = rehearsal.folder / "identity.txt"
    _do(rehearsal, "worker", "backup", "create")
    scratch = ("--scratch-server", rehearsal.superuser_url)
    _do(rehearsal, "worker", "backup", "verify", "--identity", str(identity), *scratch)
    trusted = {"SSL_CERT_FILE": str(rehearsal.certificate)}
    for job in ("apply_retention", "check_own_certificate"):
        _do(rehearsal, "worker", "cron", "run", job, **trusted)


def _do(rehearsal: Rehearsal, service: str, *arguments: str, **more: str) -> str:
    done = rehearsal.flask(service, *arguments, **more)
    if done.returncode != 0:
        said = f"{done.stdout[-500:]}{done.stderr[-2000:]}"
        raise RuntimeError(f"flask {' '.join(arguments)} ({done.returncode}): {said}")
    return done.stdout


def _check(rehearsal: Rehearsal, outcome: Outcome) -> None:
    """The checklist beside a web process with its own secrets, and on a host that has all."""
    token = {"WHATSAPP_ACCESS_TOKEN": TOKEN, "GEMINI_API_KEY": GEMINI_KEY}
    for where, more, allowed in (
        ("beside a web process", {}, WITHOUT_ITS_TOKENS),
        ("on a host that has all secrets", token, set()),
    ):
        done = rehearsal.flask("web", "check", "--json", **more)
        document = json.loads(done.stdout.splitlines()[-1])
        amiss = {
            check["name"]: [finding["code"] for finding in check["findings"]]
            for check in document["checks"]
            if check["status"] != "pass"
        }
        told = {
            name: codes
            for name, codes in amiss.items()
            if name not in allowed and codes != [OF_THE_MACHINE.get(name)]
        }
        if told or done.returncode != 0:
            outcome.fail(f"flask check {where}", f"{done.returncode}: {told}")
        passed = sum(check["status"] == "pass" for check in document["checks"])
        outcome.figures[f"points of flask check, green {where}"] = (
            f"{len(document['checks'])}, {passed}; not green: {amiss or 'none'}"
        )
