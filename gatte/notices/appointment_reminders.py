"""Reminders of appointments: on the working day before, and some hours before.

Only booked times are reminded of, each row once of each kind; a moved appointment is a row of its
own, and what still waited for the former time is cancelled with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from gatte import services
from gatte.conversation.parsing.day_wishes import show_day
from gatte.models import AppointmentReminderKind, NoticePurpose
from gatte.notices import notice_hours, notice_queue, template_choice
from gatte.notices.notice_queue import ReminderStep
from gatte.notices.template_choice import ChosenTemplate, NoticeNumber
from gatte.store import Row, StatementBatch, reminders
from gatte.store.notice_audience import Audience

AT_ONCE = 200
MOST_BATCHES = 10
SHORTEST_NOTICE = timedelta(minutes=20)
"""Nobody is reminded of what begins in a moment."""
BOOKED_LATELY = timedelta(hours=1)
"""Nor of what they booked so shortly ago."""


@dataclass(frozen=True)
class ReminderWindow:
    """Which appointments one kind of reminder is for: those that begin after `first` and not after
    `last`, and were booked before a time.
    """

    kind: AppointmentReminderKind
    first: datetime
    last: datetime
    booked_before: datetime


def windows(now: datetime) -> list[ReminderWindow]:
    """The windows of the kinds of reminder that the settings want, at a local time."""
    settings = services.settings()
    found: list[ReminderWindow] = []
    soon = timedelta(hours=settings.gatte_appointment_reminder_hours)
    if settings.gatte_appointment_day_reminder:
        found.append(_day_before(now))
    if soon:
        kind = AppointmentReminderKind.HOURS_BEFORE
        booked_before = now - BOOKED_LATELY
        found.append(ReminderWindow(kind, now + SHORTEST_NOTICE, now + soon, booked_before))
    return found


def _day_before(now: datetime) -> ReminderWindow:
    """Those of tomorrow, or until the end of the next day on which the company is open; booked
    before today.
    """
    next_day = notice_hours.next_open_day(now)
    today_begins = datetime.combine(now.date(), time(0), now.tzinfo)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(0), now.tzinfo)
    ends = datetime.combine(next_day + timedelta(days=1), time(0), now.tzinfo)
    kind = AppointmentReminderKind.DAY_BEFORE
    second = timedelta(seconds=1)
    return ReminderWindow(kind, tomorrow - second, ends - second, today_begins)


def queue_due(number: NoticeNumber, now: datetime) -> Iterator[ReminderStep]:
    """Queue the reminders that are due at a local time, a batch at each step, for the caller to
    commit. NoApprovedTemplate when the purpose has none.
    """
    chosen = template_choice.choose(NoticePurpose.APPOINTMENT, number)
    audience = Audience(number.phone_number_id, now, chosen.is_marketing)
    for window in windows(now):
        for _ in range(MOST_BATCHES):
            due = reminders.lock_due_appointments(
                audience,
                window.kind,
                window.first,
                window.last,
                window.booked_before,
                AT_ONCE,
            )
            if not due:
                break
            yield _queue(due, window.kind, chosen, audience)


def _queue(
    due: Sequence[Row],
    kind: AppointmentReminderKind,
    chosen: ChosenTemplate,
    audience: Audience,
) -> ReminderStep:
    claimed = reminders.claim_appointments(due, kind)
    batch = StatementBatch()
    outbox_ids: dict[UUID, UUID] = {}
    for position, row in enumerate(due):
        reminder_id = claimed.get(UUID(str(row.id)))
        if reminder_id is not None:
            outbox_ids[reminder_id] = _stage(batch, row, chosen, audience, position)
    reminders.note_appointments(batch, outbox_ids)
    batch.execute()
    return ReminderStep("appointments", len(outbox_ids), len(outbox_ids))


def _stage(
    batch: StatementBatch, row: Row, chosen: ChosenTemplate, audience: Audience, position: int
) -> UUID:
    notice_queue.cache_key(row)
    starts_at: datetime = row.starts_at.astimezone(audience.now.tzinfo)
    reply = chosen.reply(
        {
            "nome": notice_queue.first_name(row),
            "dia": day_in_words(starts_at, audience.now),
            "hora": f"{starts_at:%H:%M}",
            "numero": str(row.number),
        }
    )
    return notice_queue.stage(
        batch,
        row,
        audience.phone_number_id,
        reply,
        now=audience.now,
        expires_at=starts_at,
        position=position,
    )


def day_in_words(starts_at: datetime, now: datetime) -> str:
    """The day of an appointment as people say it: "amanhã, terça-feira, 01/12"."""
    named = show_day(starts_at.date().isoformat())
    near = {0: "hoje, ", 1: "amanhã, "}
    days = (starts_at.date() - now.date()).days
    return f"{near.get(days, '')}{named}"
