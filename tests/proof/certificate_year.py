"""A year of certificate reminders: thousands of certificates, days on which nothing ran, two runs
that start at once, runs that die before they commit, and clocks that are put forward and back. Each
contact must get each reminder that is due exactly once.
"""

import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from gatte.extensions import db
from gatte.infra.schema import migrate
from gatte.notices import reminder_run
from tests.app_fixture import application
from tests.integration.notices.many_certificates import (
    STOPS,
    add_certificates,
    ends_over_a_year,
    expected,
    moments,
    run_at,
    sync_templates,
)
from tests.proof.proof_system import Outcome
from tests.store_fixtures import running_stores

STARTS = 2
"""Runs that start at the same moment, as two schedulers would start them."""
DIES = 7
"""At every so many moments one more run dies before it commits."""
FOUND = "SELECT certificate_id, days_before, outbox_id FROM certificate_reminder"


@dataclass
class CertificateYear:
    """What the runs of a year did."""

    runs: int = 0
    died: int = 0
    by_day: Counter[date] = field(default_factory=Counter)

    @property
    def queued(self) -> int:
        """How many reminders all runs say that they queued."""
        return self.by_day.total()


def run(certificates: int, number: int) -> Outcome:
    """A year of so many certificates over stores of its own; `number` seeds when they end."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder, running_stores(Path(folder)) as stores:
        url = stores.postgres.url("postgres")
        migrate(url)
        with application(url, stores.valkey.url(), gatte_log_level="CRITICAL") as app:
            ends = ends_over_a_year(certificates, number)
            with app.app_context():
                sync_templates()
                ids = add_certificates(ends)
            began = time.monotonic()
            year = _live_through(app)
            seconds = time.monotonic() - began
            with app.app_context():
                _compare(dict(zip(ids, ends, strict=True)), year, outcome)
    outcome.figures |= {
        "certificates, days without a run": f"{certificates:,}, {_stopped_days()}",
        "runs, two at a time; of them died before their commit": f"{year.runs:,}, {year.died}",
        "reminders queued, most of them on one day": (
            f"{year.queued:,}, {max(year.by_day.values()):,}"
        ),
        "the year took": f"{seconds:.0f} s",
    }
    return outcome


def _live_through(app: Flask) -> CertificateYear:
    year = CertificateYear()
    with ThreadPoolExecutor(STARTS) as threads:
        for turn, now in enumerate(moments()):
            if turn % DIES == 0:
                _die(app, now)
                year.died += 1
            # the next run of a day goes on where one had enough
            while queued := sum(threads.map(lambda _, now=now: _start(app, now), range(STARTS))):
                year.by_day[now.date()] += queued
                year.runs += STARTS
            year.runs += STARTS
    return year


def _start(app: Flask, now: datetime) -> int:
    with app.app_context():
        return run_at(now)


def _die(app: Flask, now: datetime) -> None:
    """A run that is killed between its work and its commit."""
    with app.app_context():
        next(iter(reminder_run.queue_due(now)), None)
        db.session.rollback()


def _compare(ends: dict[UUID, date], year: CertificateYear, outcome: Outcome) -> None:
    """Hold what is in the tables against what each certificate must get."""
    ran = {now.date() for now in moments()}
    steps: dict[UUID, list[int]] = defaultdict(list)
    messages: Counter[UUID | None] = Counter()
    for certificate_id, days_before, outbox_id in db.session.execute(text(FOUND)):
        steps[certificate_id].append(days_before)
        messages[outbox_id] += 1
    for certificate_id, end in ends.items():
        wanted, got = sorted(expected(end, ran)), sorted(steps[certificate_id])
        if got != wanted:
            outcome.fail("reminders of a certificate", f"ends {end}: {got}, and should be {wanted}")
    if None in messages:
        outcome.fail("reminders without a message", str(messages[None]))
    if set(messages.values()) - {1}:
        outcome.fail("messages of several reminders", str(messages.most_common(3)))
    replies = db.session.scalar(text("SELECT count(*) FROM outbox"))
    if not year.queued == replies == len(messages):
        outcome.fail("queued, replies, reminders", f"{year.queued}, {replies}, {len(messages)}")


def _stopped_days() -> int:
    return sum((until - since).days for since, until in STOPS)
