"""The ways of marked values beside the conversation: files, other systems that are told and that
ask, imports, corrections, comparisons, backups. Each leaves what it says of itself in the system's
folder, where the search looks.
"""

import os
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from devstack.postgres import BINARIES
from gatte.desk import corrections
from gatte.desk.corrections import NotCorrectable
from gatte.extensions import db
from gatte.models import Message, User
from gatte.models.message import Author
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.meta_media import in_base64
from tests.fakes.people import Person
from tests.process_system import APP_SECRET, NUMBER, until
from tests.proof.hostile_panel import EMAIL, PanelSession
from tests.proof.proof_system import Outcome, ProofSystem

IMPORT = (
    "nome;telefone;cpf;produto;validade\n"
    "{name};{phone};529.982.247-25;e-CPF A1;01/03/2030\n"
    "{name};{phone};529.982.247-2X;;ontem\n"
)
THRESHOLDS = "LABEL_THRESHOLD = 0.6\n"
PDF = b"%PDF-1.7\n xilofone de Zuleica Quaresm\xc3\xa3, 529.982.247-25\n"


class Subscriber(ThreadingHTTPServer):
    """Another system that is told of events; every third answer is an error that has a phone."""

    daemon_threads = True

    def __init__(self, phone: str) -> None:
        super().__init__(("127.0.0.1", 0), _SubscriberAnswer)
        self.phone = phone
        self.told: list[bytes] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/eventos"


class _SubscriberAnswer(BaseHTTPRequestHandler):
    server: Subscriber

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.told.append(f"{self.path}\n{self.headers}".encode() + body)
        failed = len(self.server.told) % 3 == 0
        self.send_response(500 if failed else 200, f"no {self.server.phone}" if failed else "OK")
        self.send_header("Retry-After", self.server.phone if failed else "1")
        self.end_headers()
        self.wfile.write(f"falhou para {self.server.phone}".encode())

    def log_message(self, *_: object) -> None:
        pass


def send_file(proof: ProofSystem, who: Person) -> None:
    """A document of a customer, whose name and words are marked; it is fetched."""
    media_id = proof.meta.graph.media.keep(PDF, "application/pdf")
    part = payloads.media(
        "document",
        "application/pdf",
        id=media_id,
        sha256=in_base64(PDF),
        filename=f"{who.name} {who.phone}.pdf",
        caption=f"contrato de {who.name}, xilofone",
    )
    body, headers = payloads.signed(payloads.body(part, who, number=NUMBER), APP_SECRET)
    httpx.post(f"{proof.url}/webhook/whatsapp", content=body, headers=headers, timeout=30)
    until(lambda: proof.count("SELECT count(*) FROM media_file WHERE state = 'stored'") > 0, 60)


def change_by_api(proof: ProofSystem, token: str, who: Person) -> list[httpx.Response]:
    """Another system writes of a customer, with keys of its own that name them."""
    with httpx.Client(
        base_url=f"{proof.url}/api/v1", timeout=30, headers={"Authorization": f"Bearer {token}"}
    ) as api:
        found = api.post("/contacts/search", json={"phone": who.phone}).raise_for_status()
        contact = found.json()["items"][0]["id"]
        keyed = {"Idempotency-Key": f"chamado-{who.phone}-{who.name!a}"}
        new = {"contact_id": contact, "subject": f"{who.name}", "description": "xilofone roxo"}
        made = [api.post("/tickets", json=new, headers=keyed) for _ in range(2)]
        made.append(api.post("/tickets", json=new | {"urgency": who.name}, headers=keyed))
        ticket = made[0].raise_for_status().json()["id"]
        note = {"body": f"ligar para {who.phone}, segredo do chamado"}
        noted = {"Idempotency-Key": f"nota-{who.phone}"}
        made.append(api.post(f"/tickets/{ticket}/notes", json=note, headers=noted))
        made.append(api.get(f"/contacts/{contact}", headers={"If-None-Match": f'"{who.phone}"'}))
        made.append(api.get("/messages", params={"text": f"{who.phone}"}))
    return made


def import_certificates(proof: ProofSystem, session: PanelSession, who: Person) -> None:
    """A file of certificates, of which a line is wrong: by the panel, and by the command."""
    content = IMPORT.format(name=who.name, phone=who.phone).encode()
    files = {"arquivo": (f"{who.name}.csv", content, "text/csv")}
    with httpx.Client(base_url=proof.url, timeout=60, headers={"Cookie": session.cookie}) as admin:
        place = "/panel/certificados/importar"
        answer = admin.post(place, data={"csrf_token": session.token}, files=files)
        led = answer.headers.get("Location", place)
        admin.post(led, data={"csrf_token": session.token})
    path = proof.folder / "certificates.csv"
    path.write_bytes(content)
    _run(proof, "import", "certificates", "import", str(path), "--yes")


def correct_reading(proof: ProofSystem) -> None:
    """An agent says what a turn meant, with marked words."""
    with (
        application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as app,
        app.app_context(),
    ):
        user = db.session.scalars(select(User).filter_by(email=EMAIL)).one()
        said = select(Message).where(Message.author == Author.BOT, Message.turn_id.is_not(None))
        for message in db.session.scalars(said.order_by(Message.sequence).limit(20)):
            try:
                corrections.correct(message, ["Question"], "era Zuleica, xilofone", user.id)
            except NotCorrectable:
                continue
            db.session.commit()


def compare(proof: ProofSystem) -> None:
    """A comparison of past conversations. Its report shows texts to whoever made it, and lies where
    nobody searches.
    """
    thresholds = proof.folder / "thresholds.toml"
    thresholds.write_text(THRESHOLDS)
    report = proof.folder / "shadow.html"
    options = ("--thresholds", str(thresholds), "--output", str(report))
    _run(proof, "shadow", "shadow", "run", "--conversations", "20", *options)


def back_up(proof: ProofSystem) -> None:
    """An encrypted backup of everything, which is searched too, and one that fails."""
    made = proof.system.command("backup", "keygen", str(proof.folder / "identity"))
    recipient = made.stdout.split("GATTE_BACKUP_RECIPIENT=")[1].split()[0]
    destination = proof.system.folder / "backups"
    destination.mkdir()
    settings = {
        "GATTE_BACKUP_RECIPIENT": recipient,
        "GATTE_BACKUP_DESTINATION": str(destination),
        "PATH": f"{BINARIES}:{os.environ['PATH']}",
    }
    _run(proof, "backup", "backup", "create", **settings)
    away = settings | {"GATTE_BACKUP_DESTINATION": "/proc/nowhere"}
    _run(proof, "backup-failed", "backup", "create", may_fail=True, **away)


def export_and_erase(proof: ProofSystem, who: Person) -> None:
    """The copy for a person, which is that person's, and then the erasure of everything."""
    copy = proof.folder / "copy.json"
    _run(proof, "export", "contacts", "export", "--phone", f"{who.phone}", "--output", str(copy))
    _run(proof, "erasure", "contacts", "erase", "--phone", f"{who.phone}", "--yes")


def _run(
    proof: ProofSystem, name: str, *arguments: str, may_fail: bool = False, **more: str
) -> None:
    """A command, whose lines go into a file beside the logs of the processes."""
    log = proof.system.folder / f"command-{name}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [str(proof.system.binaries / "flask"), *arguments],
            cwd=proof.system.project,
            env=proof.system._environment() | more,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode and not may_fail:
        raise RuntimeError(f"{arguments[:2]} failed: {log.read_text()[-2000:]}")


def check_answers(
    answers: list[httpx.Response], find: Callable[[bytes], Any], outcome: Outcome
) -> None:
    """No refusal repeats a mark, and no address of what was made holds one."""
    for answer in answers:
        if answer.status_code >= 400 and (seen := find(answer.content)):
            what = f"{seen}: {answer.status_code} {answer.text[:400]}"
            outcome.fail("a mark in a refusal of the API", what)
        if seen := find(answer.headers.get("Location", "").encode()):
            outcome.fail("a mark in an address of the API", str(seen))


def files_below(folder: Path) -> list[Path]:
    """All files below a folder, in their order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
