"""From the inbox to the conversation: a sender's messages get their contact, their conversation and its data key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from gatte.conversation.understanding import MessageKind
from gatte.database import NOW, Row, Trip, ask
from gatte.extensions import db
from gatte.intake import identity, inbox, retrying, sifting
from gatte.intake.arrived import Arrived, Waiting
from gatte.intake.talks import Talk, talk_with
from gatte.models import Author, Direction, InboxMessage, Message, SetAside, keyring
from gatte.models.columns import new_id
from gatte.observability import tracing
from gatte.privacy.crypto import Tampered
from gatte.privacy.sanitise import clean
from gatte.whatsapp import events
from gatte.whatsapp.content import ButtonReply, Content, Edit, ListReply, Media, QuickReply, Reaction, Revoke
from gatte.whatsapp.reading import read

log = structlog.get_logger(__name__)

DELETED = "deleted"
UNFILED = """
    SELECT id, wamid_hash, kind, payload, request_id, sent_at, received_at,
        attempts, coalesce(retry_at <= clock_timestamp(), TRUE) AS may_try_again
    FROM inbox_message
    WHERE phone_number_id = %s AND sender_hash = %s AND filed_at IS NULL ORDER BY sent_at, id FOR UPDATE
"""
OTHERS = """
    SELECT DISTINCT m.phone_number_id, m.sender_hash
    FROM inbox_message m JOIN contact_identity i ON i.hash = m.sender_hash JOIN conversation c USING (contact_id, phone_number_id)
    WHERE c.id = %s AND m.filed_at IS NULL ORDER BY m.sender_hash
"""
SET_ASIDE = "UPDATE inbox_message SET filed_at = clock_timestamp() WHERE id = ANY(%s)"
EMPTY = "UPDATE inbox_message SET payload = NULL, filed_at = clock_timestamp() WHERE id = ANY(%s) AND filed_at IS NULL"
# A time ahead of ours must not hold the 24 h window open; of an echo there is none.
NOTE_ARRIVAL = """
    UPDATE conversation SET last_activity_at = clock_timestamp(), last_inbound_at = greatest(last_inbound_at,
            (SELECT least(sent_at, clock_timestamp()) FROM (VALUES (%s::timestamptz)) AS v (sent_at) WHERE sent_at IS NOT NULL)),
        turn_due_at = CASE WHEN %s THEN coalesce(turn_due_at, clock_timestamp()) ELSE turn_due_at END
    WHERE id = %s
"""


@dataclass(frozen=True)
class Filed:
    """Where messages were filed, whether a turn shall read any of them, and what the customer must be told of those set aside."""

    conversation_id: UUID
    to_read: bool
    notice: SetAside | None


def file_sender(phone_number_id: str, sender_hash: bytes, trip: Trip | None = None) -> Filed | None:
    """File what a sender wrote to a number; None when there is nothing (to be done now). A caller's trip takes it along, unsent."""
    rows = _waiting(phone_number_id, sender_hash)
    if not rows:
        return None
    talk = talk_with(events.Sender(**rows[-1].payload["sender"]), phone_number_id)
    arrived: list[Arrived] = []
    for row in rows:
        arrived.append(_arrived(phone_number_id, row, arrived))
    notice = sifting.sift(talk, arrived)
    to_read = any(one.set_aside is None for one in arrived)
    filing = trip or Trip()
    _store(talk, arrived, filing, to_read=to_read)
    if trip is None:
        filing.send()
    tracing.bind(correlation_id=talk.correlation_id, request_id=rows[-1].request_id or tracing.current_request_id())
    wamids = [identity.short_hash(row.wamid_hash) for row in rows]
    requests = [row.request_id for row in rows]
    log.info("messages_filed", conversation_id=str(talk.conversation_id), count=len(rows), request_ids=requests, wamid_hashes=wamids)
    return Filed(talk.conversation_id, to_read, notice)


def _waiting(phone_number_id: str, sender_hash: bytes) -> list[Waiting]:
    """What a sender wrote that is not filed yet, locked; rows that cannot be opened are set aside, payload kept, and the next go on."""
    trip = Trip()
    identity.lock_sender(sender_hash, trip)
    trip.add(UNFILED, phone_number_id, sender_hash)
    found = retrying.ready(trip.send())
    opened = [(row, _opened(row)) for row in found]
    closed = [row.id for row, payload in opened if payload is None]
    if closed:
        trip.add(SET_ASIDE, closed)
        trip.send()
    return [
        Waiting(row.id, sender_hash, bytes(row.wamid_hash), row.kind, payload, row.request_id, row.sent_at, row.received_at)
        for row, payload in opened
        if payload is not None
    ]


def _opened(row: Row) -> dict[str, Any] | None:
    try:
        return inbox.open_payload(bytes(row.wamid_hash), bytes(row.payload or b""))
    except (Tampered, ValueError):
        log.exception("message_set_aside", inbox_id=row.id)
        return None


def file_contact(conversation_id: UUID) -> list[Filed]:
    """File whatever else the contact of a conversation wrote to the same number by now."""
    senders, locks = ask(OTHERS, (conversation_id,)), Trip()
    for row in senders:  # all of them, in one order for everybody, before filing the first touches the conversation
        identity.lock_sender(bytes(row.sender_hash), locks)
    locks.send()
    return [filed for row in senders if (filed := file_sender(row.phone_number_id, bytes(row.sender_hash))) is not None]


def _arrived(phone_number_id: str, row: Waiting, earlier: Sequence[Arrived]) -> Arrived:
    """A message as it is filed; a later one may be about it."""
    kind, content = read(row.payload["raw"]["message"])
    if isinstance(content, Revoke):
        _keep_out(phone_number_id, row, content)
    words = clean(events.words_of(content))
    original = {"raw": row.payload["raw"], **_facts(kind, content, earlier)}
    file = (content.filename, content.mime_type) if isinstance(content, Media) else (None, None)
    return Arrived(new_id(), row, kind, words, original, row.kind == inbox.ECHO, *file)


def _store(talk: Talk, arrived: Sequence[Arrived], trip: Trip, *, to_read: bool) -> None:
    """Put the messages into the history; a message to be read makes a turn due.

    The rows of the inbox stay, so that a message which comes again is known; what they held lives on under the contact's own key.
    """
    trip.insert("message", *(_message(talk, one) for one in arrived))
    trip.add(EMPTY, [one.row.id for one in arrived])
    heard = [one.row.sent_at for one in arrived if not one.echo]
    trip.add(NOTE_ARRIVAL, max(heard, default=None), to_read, talk.conversation_id)


def _message(talk: Talk, one: Arrived) -> dict[str, Any]:
    said = {"body": one.words, "original": one.original} if not one.forgotten else {"body": None, "original": None}
    said |= {"wamid": one.row.payload["wamid"]}
    return {
        "id": one.id,
        "data_key_id": talk.data_key_id,
        "contact_id": talk.contact_id,
        "conversation_id": talk.conversation_id,
        "direction": Direction.OUT if one.echo else Direction.IN,
        "author": Author.PHONE if one.echo else Author.CUSTOMER,
        "kind": one.kind,
        **{f"{name}_sealed": getattr(Message, name).sealed(one.id, talk.data_key_id, value) for name, value in said.items()},
        "wamid_hash": one.row.wamid_hash,
        "sent_at": one.row.sent_at,
        "received_at": one.row.received_at,
        "set_aside": one.set_aside,
        "erased_at": NOW if one.forgotten else None,
    }


def _keep_out(phone_number_id: str, row: Waiting, revoke: Revoke) -> None:
    """See that a message whose deletion came first, since Meta keeps no order, is taken for one that was here already."""
    if revoke.original is None:
        return
    deleted = {"wamid_hash": keyring().lookup_hash("wamid", revoke.original), "kind": DELETED, "filed_at": row.received_at}
    same = {"phone_number_id": phone_number_id, "sender_hash": row.sender_hash, "sent_at": row.sent_at}
    db.session.execute(insert(InboxMessage).values(**deleted, **same).on_conflict_do_nothing())


def _facts(kind: MessageKind, content: Content, earlier: Sequence[Arrived]) -> dict[str, Any]:
    """What a turn wants to know beside the words, by name."""
    facts: dict[str, Any] = {}
    if kind is MessageKind.CHOICE:
        facts["choice"] = choice_of(content)
    if isinstance(content, Media):
        facts |= {"filename": content.filename, "mime_type": content.mime_type, "media_id": content.id, "sha256": content.sha256}
    if isinstance(content, Revoke | Edit | Reaction):
        facts["target"] = target_of(content, earlier)
    return facts


def choice_of(content: Content) -> str | None:
    """The id of the tapped button or row; a template's quick reply gives its payload, or its text when it has none."""
    match content:
        case ButtonReply(id=tapped) | ListReply(id=tapped):
            return tapped
        case QuickReply(payload=tapped, text=title):
            return tapped or title
        case _:
            return None


def target_of(content: Revoke | Edit | Reaction, earlier: Sequence[Arrived]) -> str | None:
    """Our id of the message that this one deletes, changes or reacts to; None when we do not have it."""
    wamid = content.message_id if isinstance(content, Reaction) else content.original
    if wamid is None:
        return None
    hashed = keyring().lookup_hash("wamid", wamid)
    known = next((one.id for one in earlier if one.row.wamid_hash == hashed), None)
    known = known or db.session.scalar(select(Message.id).where(Message.wamid_hash == hashed))
    return None if known is None else str(known)
