"""Hostile input at every form, address and route of the panel, by an admin who is logged in:
nothing answers 500, nothing that was stored breaks a page or becomes markup.
"""

import http.client
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from flask import Flask
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gatte.desk.api_tokens import MARK
from tests.app_fixture import application
from tests.integration.panel.factories import Desk
from tests.proof.proof_system import Outcome, ProofSystem, proof_system
from tests.proof.webhook_bodies import hostile_values
from tests.proof.webhook_fuzz import tell_exceptions

EMAIL, PASSWORD = "prova@empresa.example", "uma senha bem comprida"
MOST_PAGES = 120
THREADS = 8
PATIENCE_SECONDS = 60.0
MARKUP = "\"'><img src=x onerror=hostile(1)>"
STARTS = ("/panel/sessoes", "/panel/base", "/panel/", "/")
NOT_SENT = re.compile(r"/panel/(logout|conta/senha)")
"""What would end the session, or lock the admin out."""
TEXTS = [
    MARKUP, "", " ", "0", "-1", "1" * 5000, str(2**31), str(2**63), str(2**64), "1e400", "NaN",
    "\x00", "a\x00b", "٣", "²", "x" * 20_000, "[]", "{}", "%", "%00", "%zz", "'", "\\",
    "//evil.example", "javascript:alert(1)", "../../../etc/passwd", "{{7*7}}", "${7*7}",
    "'; DROP TABLE contact; --", "2026-02-30", "0000-00-00", "9999-12-31", "99999-01-01", "24:60",
    "2026-13-01T25:61", "10:00+99:99", "0001-01-01T00:00:00+23:59", "1,5", "R$ 1.000,00", "-0",
    "null", "true", "on", "01890000-0000-7000-8000-000000000000",
    "01890000-0000-7000-8000-00000000000g", "\u202e", "\ufeff", "\r\nSet-Cookie: a=b",
    "e\u0301" * 300, "😀" * 400, "a@b", "a@" + "b" * 300 + ".com", "+55 (11) 9",
    "=cmd|'/c calc'!A1", "\u2028", "\U000e0001", "http://[::1", "http://127.0.0.1:1",
    "file:///etc/passwd", "&" * 999, "1;2;3", "1" * 19, "5511987654321" * 40, "Infinity", "1_000",
    "0x10", "1.", ".", "..", "/", "?", "#", "é" * 101, "--", "|", "&&", "(" * 300,
]  # fmt: skip
FILES = (
    b"", b"\x00" * 1000, b"PK\x03\x04" + b"\xff" * 300, b"%PDF-1.7\n%%EOF",
    b"\xef\xbb\xbfa;b;c\n1;2", b"a,b\n" * 50_000, b'"' + b"x" * 100_000,
    b"nome;cpf;validade\n\x00;\xff;9999-99-99\n", b"\xff\xfea\x00;\x00",
    b"# t\n\n" + b"> " * 20_000, b"<html>" + b"<div>" * 20_000,
    b"[[article]]\ntitle = " + b"[" * 20_000, b"{" * 100_000, b"\r" * 5000, b"a\x1bb;c",
    b'"a"b"c;"\n"', b";" * 60_000 + b"\n", "título;texto\n=1+1;@x\n".encode("latin-1"),
    b"MZ\x90\x00", b"\x1f\x8b\x08\x00abc",
)  # fmt: skip
FILE_NAMES = (
    "a.csv", "a.xlsx", "a.pdf", "a.docx", "a.md", "a.toml", "a.html", "", "\u202ea", "../a.csv",
    "a" * 400,
)  # fmt: skip
HEADERS: tuple[dict[str, str], ...] = (
    {"HX-Request": "true", "HX-Current-URL": "//["},
    {"HX-Request": "true", "X-Live": "a=1,b," + "9" * 4000},
    {"HX-Request": "true", "HX-Target": MARKUP, "HX-Trigger": "\xff"},
    {"Accept-Language": "pt;q=x,,;q=," * 60},
    {"Accept-Language": "en-\xff"},
    {"If-None-Match": '"' * 999, "If-Modified-Since": "Thu, 99 Foo 0000"},
    {"Range": "bytes=9-1,-,x"},
    {"Referer": "http://[::1", "Origin": "null"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "multipart/form-data; boundary=" + "x" * 3000},
    {"Content-Type": "application/json"},
    {"Content-Type": "application/x-www-form-urlencoded; charset=utf-7"},
    {"X-Forwarded-For": "x" * 3000, "X-Forwarded-Host": "evil.example"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"User-Agent": MARKUP},
)

HostileRequest = tuple[str, str, bytes, dict[str, str]]
"""Method, address, body and headers."""


@dataclass(frozen=True)
class FoundForm:
    """A form of a page, as a browser would send it unchanged."""

    method: str
    action: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()


@dataclass
class Findable:
    """What a walk through the panel found: pages, and forms by method, address and names."""

    pages: set[str] = field(default_factory=set)
    forms: dict[tuple[str, str, tuple[str, ...]], FoundForm] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def run(inputs: int, number: int) -> Outcome:
    """So many inputs at a running system with things on every page."""
    outcome = Outcome()
    with proof_system(
        GATTE_LOG_LEVEL="WARNING", WEB_CONCURRENCY="2", GATTE_WORKER_PROCESSES="1"
    ) as proof:
        proof.system.start()
        create_admin(proof)
        with application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as app:
            fill_desk(app)
            routes = routes_of(app)
        proof.system.wait_until_ready()
        attack_panel(proof, routes, inputs, number, outcome)
    return outcome


def create_admin(proof: ProofSystem) -> None:
    """The admin as whom the panel is attacked."""
    made = proof.system.command(
        "users", "create", EMAIL, "--name", "Prova", "--role", "admin",
        "--password", PASSWORD, "--keep-password",
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(made.stdout + made.stderr)


def create_token(proof: ProofSystem) -> str:
    """A token of the API with every scope, in the admin's name; the command's log lines stand
    before it.
    """
    made = proof.system.command("tokens", "create", "prova", "--user", EMAIL, "--scope", "all")
    found = [word for word in made.stdout.split() if word.startswith(MARK)]
    if not found:
        raise RuntimeError(made.stdout + made.stderr)
    return found[0]


def fill_desk(app: Flask) -> None:
    """Conversations, tickets and leads, so that every kind of page has something to show."""
    desk = Desk(app)
    for number in range(4):
        desk.conversation(f"Cliente {number}", waiting_minutes=number + 1, says=["oi", "preciso"])
        desk.ticket()
        desk.lead()


def attack_panel(
    proof: ProofSystem, routes: list[tuple[str, str]], inputs: int, number: int, outcome: Outcome
) -> None:
    """Walk through the panel, send what is hostile, walk through it again."""
    began = time.monotonic()
    session = PanelSession(proof.url)
    found = walk(session)
    attack = PanelAttack(session, found, routes, number)
    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(attack.once, number) for number in range(inputs)]:
            done.result()
    session.log_in()
    after = walk(session)
    seconds = time.monotonic() - began
    for problem in [*attack.problems, *found.broken, *after.broken]:
        outcome.fail("panel", problem)
    tell_exceptions(proof, outcome)
    outcome.figures |= {
        "hostile inputs of the panel": f"{inputs:,} in {seconds:.0f} s",
        "routes and forms attacked": f"{len(routes)}, {len(found.forms)}",
        "answers": ", ".join(
            f"{status}: {count:,}" for status, count in sorted(attack.statuses.items())
        ),
        "pages that open afterwards": f"{len(after.pages)}, broken {len(after.broken)}",
    }


class PanelSession:
    """An admin who is logged in, and logs in again when something ended the session."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lock = threading.Lock()
        self.cookie = self.token = ""
        self.log_in()

    def log_in(self) -> None:
        """Log in afresh, unless another thread has done so just now."""
        with httpx.Client(base_url=self.url, timeout=PATIENCE_SECONDS) as browser:
            token = token_of(browser.get("/panel/login").text)
            fields = {"csrf_token": token, "email": EMAIL, "password": PASSWORD}
            browser.post("/panel/login", data=fields)
            page = browser.get("/panel/sessoes")
            if page.status_code != 200:
                raise RuntimeError(f"the admin cannot log in: {page.status_code}")
            self.token = token_of(page.text)
            self.cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers={"Cookie": self.cookie}, timeout=PATIENCE_SECONDS)


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return found[1] if found else ""


def walk(session: PanelSession) -> Findable:
    """Every page that a link leads to, at most so many of a kind, and every form on them."""
    found, kinds = Findable(), Counter[str]()
    waiting = list(STARTS)
    while waiting and len(found.pages) < MOST_PAGES:
        path = waiting.pop(0)
        if path in found.pages:
            continue
        answer = session.get(path)
        found.pages.add(path)
        if answer.status_code >= 500:
            found.broken.append(f"GET {path}: {answer.status_code}")
        if "html" not in answer.headers.get("Content-Type", ""):
            continue
        if MARKUP in answer.text:
            found.broken.append(f"GET {path}: what was typed is markup")
        tree = LexborHTMLParser(answer.text)
        for form in tree.css("form"):
            _keep_form(found, _form_of(form, path))
        for link in tree.css("a[href], [hx-get]"):
            target = link.attributes.get("href") or link.attributes.get("hx-get") or ""
            kind = re.sub(r"[0-9a-f-]{36}|\d+", "N", target.partition("=")[0])
            if target.startswith("/panel/") and kinds[kind] < 4:
                kinds[kind] += 1
                waiting.append(target.partition("#")[0])
    return found


def _keep_form(found: Findable, form: FoundForm) -> None:
    names = tuple(sorted({name for name, _ in form.fields} | set(form.files)))
    found.forms.setdefault((form.method, form.action, names), form)


def _form_of(form: LexborNode, page: str) -> FoundForm:
    attributes = form.attributes
    posted = attributes.get("hx-post")
    method = "POST" if posted else (attributes.get("method") or "get").upper()
    action = posted or attributes.get("action") or page
    fields: list[tuple[str, str]] = []
    files: list[str] = []
    for place in form.css("input[name], textarea[name], button[name]"):
        name = place.attributes["name"] or ""
        if place.attributes.get("type") == "file":
            files.append(name)
        else:
            fields.append((name, place.attributes.get("value") or place.text() or "oi"))
    for place in form.css("select[name]"):
        options = [option.attributes.get("value") or "" for option in place.css("option")]
        fields.append((place.attributes["name"] or "", options[-1] if options else ""))
    return FoundForm(method, action, tuple(fields), tuple(files))


def routes_of(app: Flask) -> list[tuple[str, str]]:
    """Method and rule of every route of the panel."""
    return sorted(
        {
            (method, rule.rule)
            for rule in app.url_map.iter_rules()
            if rule.endpoint.startswith("panel.") and not NOT_SENT.match(rule.rule)
            for method in (rule.methods or set()) & {"GET", "POST"}
        }
    )


class PanelAttack:
    """Hostile requests, each decided by its number."""

    def __init__(
        self,
        session: PanelSession,
        found: Findable,
        routes: list[tuple[str, str]],
        number: int,
    ) -> None:
        self.session, self.routes, self.number = session, routes, number
        self.forms = [one for one in found.forms.values() if not NOT_SENT.match(one.action)]
        self.pages = sorted(found.pages)
        self.values = [*TEXTS * 3, *(_as_text(value) for value in hostile_values(number)[:300])]
        self.statuses: Counter[int] = Counter()
        self.problems: list[str] = []

    def once(self, number: int) -> None:
        """One request, and what is wrong with its answer."""
        chance = random.Random(self.number * 1_000_003 + number)
        kind = chance.choice(KINDS)
        method, path, body, headers = kind(self, chance)
        shown = f"{method} {path[:300]} {headers} {body[:700]!r}"
        headers = {"Cookie": self.session.cookie, "X-CSRFToken": self.session.token} | headers
        try:
            status, location, text = self._send(method, path, body, headers)
        except (TimeoutError, http.client.HTTPException, OSError) as error:
            self.problems.append(f"{error!r} after {shown}")
            return
        with self.session.lock:
            self.statuses[status] += 1
            if status >= 500 and status != 501:
                self.problems.append(f"{status} to {shown}")
            if MARKUP in text:
                self.problems.append(f"what was typed is markup, after {shown}")
            if location.startswith("/panel/login"):
                self.session.log_in()

    def _send(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str, str]:
        address = urlsplit(self.session.url)
        line = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=PATIENCE_SECONDS
        )
        try:
            line.request(method, path, body, headers)
            response = line.getresponse()
            text = response.read().decode(errors="replace")
            html = "html" in (response.getheader("Content-Type") or "")
            return response.status, response.getheader("Location") or "", text if html else ""
        finally:
            line.close()

    # --- kinds of requests ---

    def field_of_form(self, chance: random.Random) -> HostileRequest:
        """A form as it stands, with one to three strange values."""
        form = chance.choice(self.forms)
        fields = [[name, value] for name, value in form.fields if name != "csrf_token"]
        for _ in range(chance.randint(1, 3)):
            if fields:
                chance.choice(fields)[1] = chance.choice(self.values)
        if chance.random() < 0.1 and fields:
            fields.append(list(chance.choice(fields)))
        if chance.random() < 0.1 and fields:
            fields.remove(chance.choice(fields))
        if form.files:
            return self._with_files(chance, form, fields)
        typed = urlencode([tuple(pair) for pair in fields], errors="surrogatepass")
        if form.method == "GET":
            return "GET", f"{form.action.partition('?')[0]}?{typed}", b"", {}
        more = chance.choice(({}, {}, {"HX-Request": "true"}))
        return "POST", form.action, typed.encode(), {"Content-Type": FORM, **more}

    def _with_files(
        self, chance: random.Random, form: FoundForm, fields: list[list[str]]
    ) -> HostileRequest:
        edge = "edge-of-the-proof"
        name = chance.choice(FILE_NAMES)
        parts = [
            _part(edge, f'name="{one}"', value.encode("utf-8", "surrogatepass"))
            for one, value in fields
        ]
        parts += [
            _part(edge, f'name="{one}"; filename="{name}"', chance.choice(FILES))
            for one in form.files
        ]
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        cut = len(body) if chance.random() < 0.9 else chance.randrange(len(body))
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        return "POST", form.action, body[:cut], headers

    def strange_address(self, chance: random.Random) -> HostileRequest:
        """A route with strange ids and strange parameters."""
        method, rule = chance.choice(self.routes)
        path = re.sub(
            r"<[^>]+>", lambda _: quote(self._text(chance), safe="", errors="surrogatepass"), rule
        )
        known = chance.choice(self.pages)
        if chance.random() < 0.5 and "<" in rule and re.search(r"[0-9a-f-]{36}", known):
            identity = re.search(r"[0-9a-f-]{36}", known)
            path = re.sub(r"<[^>]+>", identity[0] if identity else "1", rule)
        query = urlencode(
            [(chance.choice(QUERY), self._text(chance)) for _ in range(chance.randint(0, 3))],
            errors="surrogatepass",
        )
        body = urlencode(
            {chance.choice(QUERY): self._text(chance)}, errors="surrogatepass"
        ).encode()
        posted = method == "POST"
        headers = {"Content-Type": FORM} if posted else {}
        return method, f"{path}?{query}"[:15_000], body if posted else b"", headers

    def strange_body(self, chance: random.Random) -> HostileRequest:
        """A body that is no form, or too much of one."""
        form = chance.choice(self.forms)
        bodies: tuple[Callable[[], bytes], ...] = (
            lambda: chance.randbytes(2000),
            lambda: b"&".join(b"a%d=1" % n for n in range(5000)),
            lambda: b"=" * 3000,
            lambda: b"%" * 3000,
            lambda: b"a=%ff%fe%00&" * 100,
            lambda: json.dumps(dict(form.fields)).encode(),
            lambda: b"[" * 50_000,
            lambda: b"csrf_token=" + b"x" * 100_000,
            lambda: b"--x\r\nContent-Disposition: form-data\r\n\r\n",
        )
        types = (
            FORM,
            "application/json",
            "multipart/form-data; boundary=x",
            "text/plain",
            "",
            'a/b; c="',
        )
        return "POST", form.action, chance.choice(bodies)(), {"Content-Type": chance.choice(types)}

    def strange_headers(self, chance: random.Random) -> HostileRequest:
        """A good page or form asked for with strange headers."""
        headers = chance.choice(HEADERS) | chance.choice(HEADERS)
        if chance.random() < 0.2:
            headers["Cookie"] = f"session={self._text(chance)!a}; {self.session.cookie}"[:6000]
        if chance.random() < 0.5:
            return "GET", chance.choice(self.pages), b"", headers
        form = chance.choice(self.forms)
        body = urlencode(form.fields, errors="surrogatepass").encode()
        return "POST", form.action, body, {"Content-Type": FORM} | headers

    def strange_method(self, chance: random.Random) -> HostileRequest:
        """Methods that no page has."""
        method = chance.choice(("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "FOO", "get"))
        return method, chance.choice(self.pages), b"", {}

    def _text(self, chance: random.Random) -> str:
        return chance.choice(self.values)[:3000]


FORM = "application/x-www-form-urlencoded"
KINDS = (
    PanelAttack.field_of_form,
    PanelAttack.field_of_form,
    PanelAttack.field_of_form,
    PanelAttack.field_of_form,
    PanelAttack.strange_address,
    PanelAttack.strange_address,
    PanelAttack.strange_body,
    PanelAttack.strange_headers,
    PanelAttack.strange_method,
)
QUERY = (
    "filtro", "depois", "meus", "busca", "achar", "antes", "cliente", "estado", "next", "texto",
    "versao", "de", "para", "dia", "semana", "inicio", "formato", "id", "_", "\x00", "situacao",
    "etapa", "horas", "motivo", "nome", "pergunta",
)  # fmt: skip


def _part(edge: str, disposition: str, content: bytes) -> bytes:
    head = f"--{edge}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
