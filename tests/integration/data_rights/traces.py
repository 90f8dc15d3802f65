"""What of a person can be found in a database by somebody who has all keys of today and knows the
person: phone, user id, name, documents, the ids of their messages and of our rows.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import psycopg2
from flask import Flask
from psycopg2 import sql
from sqlalchemy import select

from gatte.extensions import Base, db
from gatte.intake.contact_identity import canonical_phone, hash_of
from gatte.models import (
    Contact,
    Conversation,
    DataKey,
    IdentityKind,
    KeyPurpose,
    Lead,
    Message,
    Ticket,
    Turn,
    keyring,
)
from gatte.models.name_words import name_words
from gatte.models.sealing import EncryptedColumn, inbox_prefix
from gatte.privacy import crypto
from gatte.whatsapp.simulator import SIMULATOR_NUMBER
from tests.fakes.people import Person

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@dataclass
class Traces:
    """Everything by which a person could be found."""

    plain: set[str] = field(default_factory=set)
    hashes: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


def traces_of(person: Person, wamids: list[str], *documents: str) -> Traces:
    """What can be worked out from the person alone, and the rows that are there now; a context must
    be open.
    """
    ring = keyring()
    found = Traces()
    phone = canonical_phone(person.phone)
    found.plain = {person.phone, phone, phone[4:], *person.name.split(), *documents}
    found.plain |= {person.bsuid} if person.bsuid else set()
    found.plain |= set(wamids)
    found.plain.add(base64.b64encode(person.phone.encode()).decode()[:16])
    values = [(IdentityKind.PHONE, phone), (IdentityKind.PHONE, person.phone)]
    values += [(IdentityKind.BSUID, person.bsuid)] if person.bsuid else []
    values += [(IdentityKind.DOCUMENT, one) for one in documents]
    hashes = [
        hash_of(kind, value, number) for kind, value in values for number in ("", SIMULATOR_NUMBER)
    ]
    hashes += [ring.lookup_hash("wamid", one) for one in wamids]
    hashes += name_words(person.name)
    found.hashes = {one.hex()[:24] for one in hashes}
    contact = db.session.scalar(
        select(Contact).join(Contact.identities).filter_by(hash=hashes[0]).limit(1)
    )
    assert contact is not None
    found.ids = {str(contact.id), str(contact.data_key_id)}
    for model in (Conversation, Message, Ticket, Lead):
        mine = db.session.scalars(select(model.id).filter_by(contact_id=contact.id))
        found.ids |= {str(one) for one in mine}
    for talk in db.session.scalars(select(Conversation).filter_by(contact_id=contact.id)):
        found.ids.add(talk.correlation_id)
        turns = db.session.scalars(select(Turn.id).filter_by(conversation_id=talk.id))
        found.ids |= {str(one) for one in turns}
    return found


def rows_as_text(database_url: str) -> Iterator[tuple[str, str]]:
    """Every row of every table, as Postgres writes it: bytes as hexadecimal digits."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table)))
            for (row,) in cursor.fetchall():
                yield table, row


def found_in_rows(database_url: str, traces: Traces) -> set[tuple[str, str]]:
    """The tables in which a trace stands as it is, and which."""
    needles = traces.plain | traces.hashes | traces.ids
    return {
        (table, needle)
        for table, row in rows_as_text(database_url)
        for needle in needles
        if needle in row
    }


def found_in_sealed(app: Flask, traces: Traces) -> set[tuple[str, str]]:
    """The tables with a sealed value that opens under any key that is there, and holds a trace."""
    with app.app_context():
        keys = list(opened_keys())
        return {
            (place, needle)
            for place, plain in opened_values(keys)
            for needle in traces.plain
            if needle in plain
        }


def opened_keys() -> Iterator[tuple[DataKey, bytes]]:
    """All data keys of the database, opened by the master key."""
    for row in db.session.scalars(select(DataKey)):
        wrapped = crypto.WrappedKey(row.master_key_id, row.wrapped_key)
        yield row, keyring().master.unwrap(wrapped, row.id.bytes)


def opened_values(keys: list[tuple[DataKey, bytes]]) -> Iterator[tuple[str, str]]:
    """All sealed values that open: where each stands, and its text."""
    for mapper in Base.registry.mappers:
        model = mapper.class_
        columns = [column for column in vars(model).values() if isinstance(column, EncryptedColumn)]
        for row in db.session.scalars(select(model)) if columns else []:
            for column in columns:
                sealed = getattr(row, column.column)
                for plain in opened(keys, sealed, column.aad(row.id)):
                    yield f"{model.__tablename__}.{column.column}", plain
    yield from opened_inbox(keys)


def opened_inbox(keys: list[tuple[DataKey, bytes]]) -> Iterator[tuple[str, str]]:
    from gatte.intake.receive import EVENT_AAD
    from gatte.models import CertificateImport, InboxMessage, WebhookEvent

    of_days = [(row, key) for row, key in keys if row.purpose is KeyPurpose.INBOX_DAY]
    prefixes = [inbox_prefix(row.day) for row, _ in of_days if row.day]
    places = [
        (f"inbox_message.{row.id}", row.payload, b"inbox_message.payload:" + row.wamid_hash)
        for row in db.session.scalars(select(InboxMessage))
    ]
    places += [
        (f"webhook_event.{row.id}", row.payload, EVENT_AAD)
        for row in db.session.scalars(select(WebhookEvent))
    ]
    places += [
        (
            f"certificate_import.{row.id}",
            row.content_sealed,
            f"certificate_import.content:{row.id}".encode(),
        )
        for row in db.session.scalars(select(CertificateImport))
    ]
    for place, sealed, aad in places:
        for prefix in prefixes:
            if sealed is not None and sealed.startswith(prefix):
                for plain in opened(keys, sealed[len(prefix) :], aad):
                    yield place, plain


def opened(keys: list[tuple[DataKey, bytes]], sealed: bytes | None, aad: bytes) -> Iterator[str]:
    for _, key in keys if sealed is not None else []:
        try:
            plain = crypto.unseal(key, bytes(sealed or b""), aad)
        except crypto.DecryptionFailed:
            continue
        try:
            yield json.dumps(json.loads(plain), ensure_ascii=False)
        except ValueError:
            yield plain.decode(errors="replace")
