"""Reminders of the end of certificates: 30, 15, 7, 3 and 1 days before, on the day and after it.

A certificate is always within one step of its series, the last that its days left have reached, and
is reminded of once in each. So after a stand-still the step of today is due and no other: nothing
piles up. Days are the company's, so clocks that are put forward or back change nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from gatte.models import Certificate, NoticePurpose
from gatte.notices import notice_queue, template_choice
from gatte.notices.notice_queue import ReminderStep
from gatte.notices.template_choice import ChosenTemplate, NoticeNumber
from gatte.store import Row, StatementBatch, certificates, leads, reminders
from gatte.store.notice_audience import Audience

CONTACTS_AT_ONCE = 200
MOST_CONTACTS = 2_000
"""In one run, so that a first import of thousands fills no queue; the next run goes on."""
LONGEST_HOLDER = 60


def refresh_states(today: date) -> int:
    """Mark certificates as active, expiring or expired by their last day; how many changed."""
    return certificates.refresh_statuses(today, max(reminders.SERIES_DAYS))


def make_renewal_leads(today: date, limit: int) -> int:
    """Make a lead of each certificate that came within its series and has none for this last day;
    so many at most. How many were made.
    """
    rows = certificates.claim_renewal_leads(
        today - timedelta(days=reminders.DAYS_AFTER),
        today + timedelta(days=max(reminders.SERIES_DAYS)),
        limit,
    )
    for row in rows:
        leads.add_renewal_lead(row)
    return len(rows)


def queue_due(
    purpose: NoticePurpose, number: NoticeNumber, now: datetime
) -> Iterator[ReminderStep]:
    """Queue what is due at a local time for one of the two purposes of certificates, a batch at
    each step, for the caller to commit. NoApprovedTemplate when the purpose has none.
    """
    chosen = template_choice.choose(purpose, number)
    audience = Audience(number.phone_number_id, now, chosen.is_marketing)
    is_after = purpose is NoticePurpose.CERTIFICATE_EXPIRED
    for position in range(0, MOST_CONTACTS, CONTACTS_AT_ONCE):
        due = reminders.lock_due_certificates(
            audience, now.date(), CONTACTS_AT_ONCE, is_after=is_after
        )
        if not due:
            return
        yield _queue(due, chosen, audience, position)


def _queue(
    due: Sequence[Row], chosen: ChosenTemplate, audience: Audience, position: int
) -> ReminderStep:
    """Queue a message for each contact of these certificates, which it names or counts; they are
    the notices of a run from this position on.
    """
    claimed = reminders.claim_certificates(due)
    by_contact: dict[UUID, list[Row]] = {}
    for row in due:
        if UUID(str(row.id)) in claimed:
            by_contact.setdefault(UUID(str(row.contact_id)), []).append(row)
    batch = StatementBatch()
    outbox_ids: dict[UUID, UUID] = {}
    for place, rows in enumerate(by_contact.values(), start=position):
        outbox_id = _stage(batch, rows, chosen, audience, place)
        outbox_ids |= {claimed[UUID(str(row.id))]: outbox_id for row in rows}
    reminders.note_certificates(batch, outbox_ids, audience.now)
    batch.execute()
    return ReminderStep("certificates", len(outbox_ids), len(by_contact))


def _stage(
    batch: StatementBatch,
    rows: Sequence[Row],
    chosen: ChosenTemplate,
    audience: Audience,
    position: int,
) -> UUID:
    """Stage the message on certificates of one contact: of the one that ends first, and of how many
    more.
    """
    first = rows[0]
    today = audience.now.date()
    notice_queue.cache_key(first)
    reply = chosen.reply(
        {
            "nome": notice_queue.first_name(first),
            "certificado": describe(first, len(rows) - 1),
            "data": f"{first.valid_until:%d/%m/%Y}",
            "prazo": days_in_words((first.valid_until - today).days),
        }
    )
    return notice_queue.stage(
        batch,
        first,
        audience.phone_number_id,
        reply,
        now=audience.now,
        expires_at=_end_of(audience.now),
        position=position,
    )


def _end_of(now: datetime) -> datetime:
    """The end of a local day: after it the words of a reminder would be wrong."""
    return datetime.combine(now.date() + timedelta(days=1), time(0), now.tzinfo)


def describe(row: Row, others: int) -> str:
    """How a reminder names a certificate: "e-CNPJ A1 de Padaria Sol e mais 2 certificados"."""
    holder = Certificate.holder.decrypt(
        UUID(str(row.id)), UUID(str(row.data_key_id)), row.holder_sealed
    )
    named = f"{row.kind} de {holder[:LONGEST_HOLDER]}" if holder else str(row.kind)
    if not others:
        return named
    more = "1 certificado" if others == 1 else f"{others} certificados"
    return f"{named} e mais {more}"


def days_in_words(days: int) -> str:
    """How far a day is: "em 7 dias", "amanhã", "hoje", "ontem", "há 3 dias"."""
    near = {1: "amanhã", 0: "hoje", -1: "ontem"}
    if days in near:
        return near[days]
    return f"em {days} dias" if days > 0 else f"há {-days} dias"
