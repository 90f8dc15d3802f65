"""Erasing a contact (LGPD art. 18, VI): the ledger first, then every row, hash and cached value
that can be tied to the person.

Who processes messages locks first the sender, then the conversation, and so does this. The caller
commits, and then calls `clear_caches`. Should the process die in between, the ledger names an
erasure that the database lacks, and `replay` carries it out: at the next start, or a few minutes
later by the scheduled job.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from redis import Redis
from sqlalchemy import func, select

from gatte import services
from gatte.data_rights import data_subject, erasure_ledger
from gatte.data_rights.data_subject import DataSubject
from gatte.data_rights.erasure_ledger import ErasureLedger, LedgerEntry
from gatte.extensions import db
from gatte.infra.redis.fail_fast import RedisUnavailable
from gatte.intake import receive
from gatte.intelligence.knowledge import retrieval_cache
from gatte.models import Contact, keyring
from gatte.privacy.crypto import DecryptionFailed
from gatte.store import (
    StatementBatch,
    audit,
    certificate_imports,
    contacts,
    daily_figures,
    erasures,
    messages,
)
from gatte.store.erasures import NoSuchContact

log = structlog.get_logger(__name__)

ROWS_AT_ONCE = 500
TEXTS_FORGOTTEN = 2_000
"""The last messages whose cached vectors are dropped; those of older ones expired within a week."""


class ContactHeld(Exception):
    """The contact is under a legal hold: it may not be erased until somebody lifts that."""


@dataclass(frozen=True)
class ErasurePreview:
    """What an erasure would take: rows by table, and since when a hold forbids it."""

    contact_id: UUID
    rows: Mapping[str, int]
    held_since: datetime | None


@dataclass(frozen=True)
class ErasedContact:
    """An erasure that the caller commits: its place in the ledger, and what caches may hold."""

    sequence: int
    subject: DataSubject
    said: tuple[str, ...] = field(default=(), repr=False)


def preview(contact_id: UUID) -> ErasurePreview:
    """What an erasure would take, and nothing is changed; NoSuchContact when there is none."""
    contact = db.session.get(Contact, contact_id)
    if contact is None:
        raise NoSuchContact(str(contact_id))
    subject = data_subject.data_subject(contact)
    rows = erasures.count_rows(contact_id, list(subject.sender_hashes))
    now = _now()
    events = sum(1 for _ in _events_that_name(subject, now))
    all_rows = {**rows, "webhook_event": events} if events else rows
    return ErasurePreview(contact_id, all_rows, contact.held_at)


def erase(contact_id: UUID, user_id: int | None = None) -> ErasedContact:
    """Erase a contact. NoSuchContact, ContactHeld or LedgerUnusable when it is not: then nothing
    was changed.

    Without `user_id` the contact asked for it and nobody had to look.
    """
    subject = _lock(contact_id)
    contact = erasures.get_locked(contact_id)
    if contact.held_at is not None:
        raise ContactHeld(str(contact_id))
    said = _said_by(contact_id)
    written, entry = erasure_ledger.append(
        services.settings().erasure_ledger,
        contact_id,
        subject.data_key_id,
        _now(),
        sorted(subject.sender_hashes),
    )
    _carry_out(subject, written, entry)
    audit.record(user_id, "contact_erased", f"erasure:{entry.sequence}")
    return ErasedContact(entry.sequence, subject, said)


def replay(written: ErasureLedger, entry: LedgerEntry) -> ErasedContact:
    """Carry out an erasure that the ledger names and this database lacks. Twice is as good as once.

    The contact may be unknown here: what it wrote may still lie in the inbox of an older backup.
    """
    found = {
        one
        for one in erasures.list_senders(entry.at)
        if written.sender_digest(one) in entry.sender_digests
    }
    subject = DataSubject(entry.contact_id, entry.data_key_id, frozenset(found))
    try:
        known = _lock(entry.contact_id)
        erasures.get_locked(entry.contact_id)
        subject = DataSubject(
            known.contact_id, known.data_key_id, known.sender_hashes | found, known.words
        )
    except NoSuchContact:
        log.info("erasure_of_unknown_contact", sequence=entry.sequence)
    _carry_out(subject, written, entry)
    audit.record(None, "erasure_replayed", f"erasure:{entry.sequence}")
    return ErasedContact(entry.sequence, subject)


def _lock(contact_id: UUID) -> DataSubject:
    """The person of a contact, whose messages nobody processes until the transaction ends;
    NoSuchContact when there is none.
    """
    contact = db.session.get(Contact, contact_id, populate_existing=True)
    if contact is None:
        raise NoSuchContact(str(contact_id))
    erasures.allow_long_statements()
    known = data_subject.data_subject(contact)
    hashes = known.sender_hashes | set(_senders_that_name(known))
    batch = StatementBatch()
    for hashed in sorted(hashes):
        contacts.lock_sender(hashed, batch)
    batch.execute()
    erasures.wait_for_statuses()
    return DataSubject(known.contact_id, known.data_key_id, hashes, known.words)


def _senders_that_name(subject: DataSubject) -> Iterator[bytes]:
    """The senders of messages in the inbox that hold a word of this person, such as one with a user
    id that no turn has linked to the contact yet.
    """
    after = 0
    while rows := erasures.list_sealed_inbox(after, ROWS_AT_ONCE):
        after = rows[-1].id
        for row in rows:
            if row.sender_hash in subject.sender_hashes:
                continue
            try:
                sender = receive.decrypt_payload(row.wamid_hash, row.payload)["sender"]
            except (DecryptionFailed, ValueError):
                continue  # nobody can read it any more, so it names nobody
            if any(subject.is_named_in(value) for value in sender.values() if value):
                yield row.sender_hash


def _said_by(contact_id: UUID) -> tuple[str, ...]:
    latest = messages.list_latest_of_contact(contact_id, TEXTS_FORGOTTEN)
    return tuple(one.body for one in latest if one.body)


def _carry_out(subject: DataSubject, written: ErasureLedger, entry: LedgerEntry) -> None:
    daily_figures.carry(subject.contact_id, services.settings().gatte_timezone)
    blanked = erasures.blank_inbox(sorted(subject.sender_hashes), entry.at)
    for event_id, rest in list(_events_that_name(subject, entry.at)):
        if rest is None:
            erasures.delete_event(event_id)
        else:
            erasures.replace_event(event_id, receive.seal_event(rest))
    certificate_imports.delete_unfinished()
    erasures.delete_rows(subject.contact_id, subject.data_key_id)
    erasures.record_applied(written.id, entry.sequence, entry.digest)
    log.info("contact_erased", sequence=entry.sequence, inbox_rows=blanked)


def _events_that_name(subject: DataSubject, until: datetime) -> Iterator[tuple[int, bytes | None]]:
    """The webhook events that name a person, each with what stays of it without them."""
    after = 0
    while rows := erasures.list_sealed_events(after, until, ROWS_AT_ONCE):
        after = rows[-1][0]
        for event_id, sealed in rows:
            try:
                payload = receive.open_event(sealed)
            except DecryptionFailed:
                continue  # nobody can read it any more, so it names nobody
            rest = data_subject.without(payload, subject)
            if rest != payload:
                yield event_id, rest


def clear_caches(erased: ErasedContact) -> None:
    """Drop what this process and Redis keep of a contact whose erasure is committed. What Redis
    keeps while it is away expires there: limits within an hour, vectors within a week.
    """
    subject = erased.subject
    if subject.data_key_id is not None:
        keyring().evict(subject.data_key_id)
    named = [str(subject.contact_id), *(one.hex() for one in subject.sender_hashes)]
    try:
        for name in named:
            services.fail_fast_redis().execute(partial(_delete_keys, name=name))
        retrieval_cache.forget(db.session(), erased.said)
    except RedisUnavailable:
        log.warning("erased_contact_still_in_redis", sequence=erased.sequence)


def _delete_keys(redis: Redis, name: str) -> None:
    """Delete what Redis keeps under names that hold this one: windows of a sender, the pace of a
    contact.
    """
    for key in redis.scan_iter(f"gatte:*{name}*", count=1000):
        redis.delete(key)


def _now() -> datetime:
    now: datetime = db.session.scalars(select(func.clock_timestamp())).one()
    return now
