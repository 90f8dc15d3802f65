"""Certificates by the thousand, and a year of days over which their contacts are reminded; `make
proof ARGS=certificates` has a larger year.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from gatte.extensions import db
from gatte.models import Certificate, Contact, keyring
from gatte.models.columns import new_uuid7
from gatte.notices import reminder_run, template_choice, template_sync
from gatte.store import StatementBatch
from gatte.store.reminders import AFTER_THE_END, DAYS_AFTER, SERIES_DAYS

ZONE = ZoneInfo("America/Sao_Paulo")
AT_ONCE = 500
STOPS = (
    (date(2018, 2, 10), date(2018, 2, 15)),
    (date(2018, 6, 1), date(2018, 6, 21)),
    (date(2018, 12, 24), date(2019, 1, 2)),
)
"""Days, from the first on and before the second, on which nothing ran."""
HOURS = (9, 14)


def sync_templates() -> None:
    number = template_choice.notice_number()
    template_sync.store(number, template_sync.fetch(number))
    db.session.commit()


def add_certificates(ends: list[date]) -> list[UUID]:
    """Certificates that end on these days, each of a contact of its own; their ids."""
    ids: list[UUID] = []
    for start in range(0, len(ends), AT_ONCE):
        batch = StatementBatch()
        for number, valid_until in enumerate(ends[start : start + AT_ONCE], start=start):
            ids.append(_add(batch, number, valid_until))
        batch.commit()
    return ids


def _add(batch: StatementBatch, number: int, valid_until: date) -> UUID:
    key = keyring().new_contact_key()
    contact_id, certificate_id = new_uuid7(), new_uuid7()
    wrapped = {"master_key_id": key.master_key_id, "wrapped_key": key.wrapped_key}
    batch.insert("data_key", {"id": key.id, "purpose": key.purpose, **wrapped})
    phone = Contact.phone.encrypt(contact_id, key.id, f"55119{number:08}")
    name = Contact.name.encrypt(contact_id, key.id, "Joana Prado")
    batch.insert(
        "contact",
        {"id": contact_id, "data_key_id": key.id, "phone_sealed": phone, "name_sealed": name},
    )
    holder = Certificate.holder.encrypt(certificate_id, key.id, f"Empresa {number}")
    row = {"id": certificate_id, "data_key_id": key.id, "contact_id": contact_id}
    row |= {"kind": "e-CNPJ A1", "valid_until": valid_until, "holder_sealed": holder}
    batch.insert("certificate", {**row, "status": "active"})
    return certificate_id


def ends_over_a_year(count: int, seed: int = 7) -> list[date]:
    chance = random.Random(seed)
    return [date(2018, 2, 1) + timedelta(days=chance.randrange(365)) for _ in range(count)]


def moments() -> Iterator[datetime]:
    """The local times at which the job runs over a year with stops, in which clocks were put
    forward and back (in 2018 Brazil still did so): once a day, every fifth twice, and every half
    hour of a night in which an hour came twice.
    """
    day = date(2018, 1, 15)
    while day < date(2019, 2, 28):
        if not any(first <= day < last for first, last in STOPS):
            for hour in HOURS[: 2 if day.day % 5 == 0 else 1]:
                yield datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
        day += timedelta(days=1)
    # the night in which 23:00 to 24:00 comes twice
    for minutes in range(0, 180, 30):
        yield (datetime(2019, 2, 17, 1, tzinfo=UTC) + timedelta(minutes=minutes)).astimezone(ZONE)


def expected(valid_until: date, days: set[date]) -> set[int]:
    """The steps of the series that a certificate must get, by the days on which the job ran."""
    steps: set[int] = set()
    for left in range(max(SERIES_DAYS), -DAYS_AFTER - 1, -1):
        if valid_until - timedelta(days=left) in days:
            reached = [step for step in SERIES_DAYS if step >= left]
            steps.add(min(reached) if left >= 0 else AFTER_THE_END)
    return steps


def run_at(now: datetime) -> int:
    """One run of the job at a local time, as the scheduler would do it; how many it queued."""
    queued = 0
    for step in reminder_run.queue_due(now):
        assert not step.problem, step.problem
        db.session.commit()
        queued += step.reminders
    return queued


def run_year() -> int:
    """All runs of the year; how many they queued."""
    queued = 0
    for now in moments():
        # the next run of the day goes on where one had enough, and else finds nothing
        while more := run_at(now):
            queued += more
    return queued
