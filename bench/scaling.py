"""Growth: the same system with 10 thousand, 100 thousand and 1 million stored messages; what may
grow with them, and must not.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg2
from flask import Flask
from flask.testing import FlaskClient

from bench import intake, seeding
from bench.environment import BenchEnvironment, application, scalar, stores, system
from bench.report import ReportPart, ReportRow
from gatte.desk import users
from gatte.extensions import db
from gatte.intake import receive
from gatte.jobs import definitions, dispatcher
from gatte.jobs.job_context import set_job_app
from tests.fakes import payloads
from tests.process_system import NUMBER, until

SIZES = (10_000, 100_000, 1_000_000)
LOOKS = 60
SLOWEST_MS, MOST = 100.0, 1.5
WARM = 5
CONNECTIONS, SECONDS = 64, 2
EMAIL, PASSWORD = "medida@empresa.example", "uma senha comprida"
PAGES = {
    "sessions": "/panel/sessoes",
    "sessions, waiting": "/panel/sessoes?filtro=aguardando",
    "sessions, bot": "/panel/sessoes?filtro=robo",
    "sessions, agent": "/panel/sessoes?filtro=atendente",
    "tickets": "/panel/chamados",
    "tickets, solved": "/panel/chamados?filtro=encerrados",
    "leads": "/panel/leads",
    "leads, won": "/panel/leads?filtro=ganhos",
}


@dataclass
class Measured:
    """What was measured at one size: milliseconds at the 95th percentile by what, and messages a
    second of the webhook.
    """

    messages: int
    filled_in: float
    times: dict[str, float] = field(default_factory=dict)
    intake: float = 0.0


def measure(sizes: tuple[int, ...] = SIZES) -> ReportPart:
    """Fill and measure, size by size."""
    with stores() as place:
        app = application(place)
        set_job_app(app)
        with app.app_context():
            users.create_user(EMAIL, "Medida", PASSWORD)
            db.session.commit()
        browser = _logged_in(app)
        found = [_measure(place, app, browser, size) for size in sizes]
    return ReportPart(_rows(found), _below(found))


def _measure(place: BenchEnvironment, app: Flask, browser: FlaskClient, messages: int) -> Measured:
    """No context of the application is open around the browser's requests: they would share its
    session, and its transaction.
    """
    started = time.perf_counter()
    with app.app_context():
        seeding.seed(place.database, messages // seeding.PER_CONTACT)
    found = Measured(messages, time.perf_counter() - started)
    talks = seeding.some_conversations(place.database, LOOKS + WARM)
    for name, path in PAGES.items():
        found.times[name] = _p95(partial(_get, browser, path))
    found.times["conversation"] = _p95(
        lambda index: _get(browser, f"/panel/sessoes/{talks[index]}")
    )
    with app.app_context(), db.engine.connect() as connection:
        found.times["what is due"] = _p95(
            lambda _: dispatcher.fetch_due_work(connection, app.extensions["gatte_settings"])
        )
    found.times["a turn"] = _p95(lambda index: _turn(app, messages + index))
    found.intake = _intake(place)
    _forget_unfiled(place)
    return found


def _logged_in(app: Flask) -> FlaskClient:
    import re

    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/panel/login").text)
    answer = client.post(
        "/panel/login",
        data={"csrf_token": token[1] if token else "", "email": EMAIL, "password": PASSWORD},
    )
    if answer.status_code != 303:
        raise RuntimeError(f"no login: {answer.status_code}")
    return client


def _get(browser: FlaskClient, path: str, _: int = 0) -> None:
    answer = browser.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")


def _turn(app: Flask, index: int) -> None:
    """A customer's message from the inbox to the answer, local models, nothing to wait for."""
    person = payloads.person(index, bsuid=True)
    with app.app_context():
        stored = receive.store_webhook(
            payloads.encode(
                payloads.body(payloads.text("quanto custa um e-CNPJ?"), person, number=NUMBER)
            )
        )
    definitions.process_inbox(NUMBER, stored.messages[0].sender_hash.hex())


def _p95(call: Callable[[int], object]) -> float:
    spent: list[float] = []
    for index in range(WARM + LOOKS):
        started = time.perf_counter()
        call(index)
        spent.append((time.perf_counter() - started) * 1000)
    return sorted(spent[WARM:])[int(LOOKS * 0.95)]


def _intake(place: BenchEnvironment) -> float:
    """Messages a second through our door, beside all that is stored."""
    before = scalar(place, "SELECT count(*) FROM inbox_message")
    with system(place, "web", WEB_CONCURRENCY=str(intake.PROCESSES)) as door:
        until(lambda: intake.answers(door), 30)
        with tempfile.TemporaryDirectory() as name:
            intake.write_bodies(Path(name), 1_000 + int(before), intake.BODIES * SECONDS)
            return intake.drive(door, Path(name), place, CONNECTIONS, SECONDS).rate


def _forget_unfiled(place: BenchEnvironment) -> None:
    with closing(psycopg2.connect(place.database)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("DELETE FROM inbox_message WHERE processed_at IS NULL")
        cursor.execute("VACUUM ANALYZE inbox_message")


def _rows(found: list[Measured]) -> list[ReportRow]:
    first, last = found[0], found[-1]
    pages = [name for name in first.times if name not in {"what is due", "a turn"}]
    slowest = max(pages, key=lambda name: last.times[name])
    grown = max(pages, key=lambda name: last.times[name] / first.times[name])
    growth = last.times[grown] / first.times[grown]
    note = f"slowest: {slowest}; most grown: {grown}, {growth:.2f} times"
    good = last.times[slowest] < SLOWEST_MS and last.times[grown] <= MOST * first.times[grown]
    target = f"p95 < {SLOWEST_MS:.0f} ms, ≤ {MOST} times that at {first.messages:,}"
    filled = sum(one.filled_in for one in found)
    return [
        ReportRow(
            f"panel pages at {last.messages:,} messages",
            target,
            f"{last.times[slowest]:.0f} ms",
            note,
            good,
        ),
        ReportRow(
            f"filling {last.messages:,} messages",
            "< 180 s",
            f"{filled:.0f} s",
            "sealed under a key a contact",
            filled < 180,
        ),
    ]


def _below(found: list[Measured]) -> str:
    lines = [
        f"| p95, ms | {' | '.join(f'{one.messages:,} messages' for one in found)} |",
        "|---" * (len(found) + 1) + "|",
    ]
    lines += [
        f"| {name} | {' | '.join(f'{one.times[name]:.1f}' for one in found)} |"
        for name in found[0].times
    ]
    rates = " | ".join(f"{one.intake:,.0f}" for one in found)
    lines.append(f"| webhook, messages a second, {CONNECTIONS} connections | {rates} |")
    return "\n".join(
        [
            (
                "Growth (a tenth as many contacts as messages; "
                "one conversation a contact, one in ten open):"
            ),
            "",
            *lines,
        ]
    )
