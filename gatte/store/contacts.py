"""The tables `contact`, `contact_identity` and `data_key`: who writes to the company, by what they
are found, and whether the bot answers them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import func, select

from gatte.extensions import db
from gatte.infra.database.statement_batch import Row, StatementBatch, fetch_rows
from gatte.models import (
    ConsentKind,
    ConsentSource,
    Contact,
    ContactIdentity,
    DataKey,
    IdentityKind,
    MuteReason,
    keyring,
)
from gatte.models.name_words import name_words
from gatte.observability import metrics
from gatte.store import audit, consents

log = structlog.get_logger(__name__)

KNOWN_SENDER_SQL = """
    SELECT i.contact_id,
        c.data_key_id, c.phone_sealed, c.bsuid_sealed, c.name_sealed IS NOT NULL AS named,
        c.muted_until, c.opted_out_at,
        k.master_key_id, k.wrapped_key,
        v.id AS conversation_id, v.owner, v.correlation_id
    FROM contact_identity i
    JOIN contact c ON c.id = i.contact_id
    LEFT JOIN data_key k ON k.id = c.data_key_id
    LEFT JOIN conversation v
        ON v.contact_id = c.id AND v.phone_number_id = %s AND v.closed_at IS NULL
    WHERE i.kind IN ('phone', 'bsuid') AND i.hash = ANY(%s::bytea[])
"""

NOTICES_TEXT = "notices.out 1"
"""The words that tell a customer what leaving the notices means, with their version."""

IdentityHash = tuple[IdentityKind, bytes]


class HasMute(Protocol):
    """A contact, or what is known of it."""

    muted_until: Any


def lock_sender(hashed: bytes, batch: StatementBatch) -> None:
    """Let nobody else process this sender's messages until the transaction ends.

    Statements that are added to the batch later wait for the lock.
    """
    batch.add("SELECT pg_advisory_xact_lock(%s)", int.from_bytes(hashed[:8], signed=True))


def list_known_senders(hashes: Sequence[bytes], phone_number_id: str) -> Sequence[Row]:
    """A row for each of these hashes that leads to a contact: the contact with its wrapped data key
    and its open conversation over this number.
    """
    return fetch_rows(KNOWN_SENDER_SQL, (phone_number_id, hashes))


def get_contact(contact_id: UUID) -> Contact:
    """The contact with this id; NoResultFound when there is none."""
    return db.session.get_one(Contact, contact_id)


def find_contact(contact_id: UUID) -> Contact | None:
    """The contact with this id, as it is now."""
    return db.session.get(Contact, contact_id, populate_existing=True)


def find_locked(contact_id: UUID) -> Contact | None:
    """The contact with this id, as it is now, locked until the transaction ends."""
    found = select(Contact).where(Contact.id == contact_id).with_for_update()
    return db.session.scalar(found.execution_options(populate_existing=True))


def list_page(
    *, opted_out: bool | None, updated_since: datetime | None, after: UUID | None, limit: int
) -> Sequence[Contact]:
    """Contacts, the newest first (ids made later sort later), those who opted out or not, or whose
    row changed since a time, when asked; those behind `after`.
    """
    query = select(Contact)
    if opted_out is not None:
        query = query.where(Contact.opted_out_at.is_not(None) == opted_out)
    if updated_since is not None:
        query = query.where(Contact.updated_at >= updated_since)
    if after is not None:
        query = query.where(Contact.id < after)
    return db.session.scalars(query.order_by(Contact.id.desc()).limit(limit)).all()


def list_by_hashes(hashes: Sequence[bytes], limit: int) -> Sequence[Contact]:
    """The contacts to which one of these hashes leads, the newest first."""
    ids = select(ContactIdentity.contact_id).where(ContactIdentity.hash.in_(hashes))
    found = select(Contact).where(Contact.id.in_(ids))
    return db.session.scalars(found.order_by(Contact.id.desc()).limit(limit)).all()


def list_by_words(words: list[bytes], limit: int) -> Sequence[Contact]:
    """The contacts whose names have all of these hashed words, the newest first."""
    found = select(Contact).where(Contact.name_words.contains(words))
    return db.session.scalars(found.order_by(Contact.id.desc()).limit(limit)).all()


def find_contact_id(hashes: Sequence[bytes]) -> UUID | None:
    """The contact to which one of these hashes leads."""
    query = select(ContactIdentity.contact_id).where(ContactIdentity.hash.in_(hashes))
    return db.session.scalar(query.order_by(ContactIdentity.id).limit(1))


def map_identities(kind: IdentityKind, hashes: Sequence[bytes]) -> dict[bytes, tuple[UUID, UUID]]:
    """The contact and its data key that each of these hashes leads to; those that lead to nobody
    are left out.
    """
    query = (
        select(ContactIdentity.hash, Contact.id, Contact.data_key_id)
        .join(Contact, Contact.id == ContactIdentity.contact_id)
        .where(ContactIdentity.kind == kind, ContactIdentity.hash.in_(hashes))
        .where(Contact.data_key_id.is_not(None))
    )
    rows = db.session.execute(query).all()
    return {bytes(row.hash): (row.id, row.data_key_id) for row in rows}


def list_identity_hashes(contact_id: UUID) -> list[bytes]:
    """The hashes by which a contact is found, in the order in which whoever needs several of these
    senders locks them.
    """
    query = select(ContactIdentity.hash).filter_by(contact_id=contact_id)
    return [bytes(hashed) for hashed in db.session.scalars(query.order_by(ContactIdentity.hash))]


def find_identity(kind: IdentityKind, hashed: bytes) -> ContactIdentity | None:
    """The identity of this kind with this hash."""
    return db.session.scalar(select(ContactIdentity).filter_by(kind=kind, hash=hashed))


def add_identity(contact_id: UUID, kind: IdentityKind, hashed: bytes) -> None:
    """Let a contact be found by a hash that leads to nobody yet."""
    db.session.add(ContactIdentity(contact_id=contact_id, kind=kind, hash=hashed))


def link_identities(contact: Contact, hashes: Sequence[IdentityHash]) -> None:
    """Let a contact be found by these hashes, whoever was found by them before."""
    for kind, hashed in hashes:
        known = find_identity(kind, hashed)
        if known is None:
            contact.identities.append(ContactIdentity(kind=kind, hash=hashed))
        elif known.contact_id != contact.id:
            known.contact = contact


def create_contact() -> Contact:
    """A contact of whom nothing is known yet, with its data key."""
    key = keyring().new_contact_key()
    db.session.add(key)
    db.session.flush()  # the contact refers to it
    contact = Contact(data_key_id=key.id)
    db.session.add(contact)
    db.session.flush()  # its identities refer to it
    return contact


def insert_contact(
    batch: StatementBatch,
    contact_id: UUID,
    key: DataKey,
    identities: Sequence[IdentityHash],
    *,
    phone: str | None,
    bsuid: str | None,
    name: str | None,
) -> None:
    """Add a contact with its data key and its identities to a batch."""
    batch.insert(
        "data_key",
        {
            "id": key.id,
            "purpose": key.purpose,
            "master_key_id": key.master_key_id,
            "wrapped_key": key.wrapped_key,
        },
    )
    batch.insert(
        "contact",
        {
            "id": contact_id,
            "data_key_id": key.id,
            "name_words": name_words(name) if name else None,
            "phone_sealed": Contact.phone.encrypt(contact_id, key.id, phone or None),
            "bsuid_sealed": Contact.bsuid.encrypt(contact_id, key.id, bsuid or None),
            "name_sealed": Contact.name.encrypt(contact_id, key.id, name or None),
        },
    )
    rows = [{"contact_id": contact_id, "kind": kind, "hash": hashed} for kind, hashed in identities]
    batch.insert("contact_identity", *rows)


def opt_out(contact: Contact, source: ConsentSource, user_id: int | None = None) -> None:
    """Note that the contact wants no more notices, of no kind."""
    contact.opted_out_at = func.now()
    for kind in ConsentKind:
        _record_consent(contact, kind, source, user_id, granted=False)


def opt_in(contact: Contact, source: ConsentSource, user_id: int | None = None) -> None:
    """Note that the contact wants notices again; offers must be allowed by themselves."""
    contact.opted_out_at = None
    _record_consent(contact, ConsentKind.SERVICE, source, user_id, granted=True)


def _record_consent(
    contact: Contact,
    kind: ConsentKind,
    source: ConsentSource,
    user_id: int | None,
    *,
    granted: bool,
) -> None:
    consents.record(
        contact.id,
        kind,
        granted=granted,
        source=source,
        text_version=NOTICES_TEXT,
        user_id=user_id,
    )


def is_muted(contact: HasMute, at: datetime) -> bool:
    """Whether what this contact wrote at that time is answered by nobody."""
    return contact.muted_until is not None and at < contact.muted_until


def mute(contact: Contact, reason: MuteReason, until: datetime, user_id: int | None = None) -> None:
    """Answer nothing that this contact writes until then; without `user_id` it was the system."""
    contact.muted_until = until
    contact.mute_reason = reason
    details = {"reason": reason.value, "until": until.isoformat()}
    subject = f"contact:{contact.id}"
    if user_id is None:
        audit.record_of_bot("muted", subject, details)
    else:
        audit.record(user_id, "muted", subject, details)
    metrics.CONTACTS_MUTED.labels(reason=reason).inc()
    log.warning("contact_muted", contact_id=str(contact.id), reason=reason.value, user_id=user_id)


def unmute(contact: Contact, user_id: int) -> None:
    """Answer the contact again; what it did before does not count any more. Nothing when it is not
    muted.
    """
    now = db.session.scalars(select(func.clock_timestamp())).one()
    if not is_muted(contact, now):
        return
    contact.muted_until = now
    reason = contact.mute_reason.value if contact.mute_reason else None
    audit.record(user_id, "unmuted", f"contact:{contact.id}", {"reason": reason})
    log.info("contact_unmuted", contact_id=str(contact.id), user_id=user_id)


def hold(contact: Contact, reason: str, user_id: int | None = None) -> None:
    """Let nobody erase a contact, and no retention, until the hold is lifted (LGPD art. 16, I)."""
    contact.held_at = func.now()
    contact.hold_reason = reason
    audit.record(user_id, "held", f"contact:{contact.id}")
    log.info("contact_held", contact_id=str(contact.id), user_id=user_id)


def lift_hold(contact: Contact, user_id: int | None = None) -> None:
    """Let a contact be erased again; nothing when it is not held."""
    if contact.held_at is None:
        return
    contact.held_at = None
    contact.hold_reason = None
    audit.record(user_id, "hold_lifted", f"contact:{contact.id}")
    log.info("contact_hold_lifted", contact_id=str(contact.id), user_id=user_id)


def index_names(limit: int) -> int:
    """Let contacts whose names were stored before names could be searched be found by them: so many
    at a time. How many there were.
    """
    sealed = Contact.__table__.c.name_sealed
    lacking = select(Contact).where(
        sealed.is_not(None), Contact.name_words.is_(None), Contact.data_key_id.is_not(None)
    )
    contacts = db.session.scalars(
        lacking.order_by(Contact.id).limit(limit).with_for_update(skip_locked=True)
    ).all()
    keyring().preload({one.data_key_id for one in contacts if one.data_key_id is not None})
    for contact in contacts:
        contact.name = contact.name  # setting a name stores its words
    return len(contacts)
