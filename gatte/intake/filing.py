"""From the inbox to the conversation: a sender's messages get their contact, their conversation and its data key."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from gatte.conversation.understanding import MessageKind
from gatte.extensions import db
from gatte.intake import identity, inbox, retrying, sifting
from gatte.intake.sifting import Arrived
from gatte.models import Author, Contact, ContactIdentity, Conversation, Direction, InboxMessage, Message, SetAside, keyring
from gatte.observability import tracing
from gatte.privacy.crypto import Tampered
from gatte.privacy.sanitise import clean
from gatte.whatsapp import events
from gatte.whatsapp.content import ButtonReply, Content, Edit, ListReply, Media, QuickReply, Reaction, Revoke
from gatte.whatsapp.reading import read

log = structlog.get_logger(__name__)

DELETED = "deleted"


@dataclass(frozen=True)
class Filed:
    """Where messages were filed, whether a turn shall read any of them, and what the customer must be told of those set aside."""

    conversation_id: UUID
    to_read: bool
    notice: SetAside | None


def file_sender(phone_number_id: str, sender_hash: bytes) -> Filed | None:
    """File what a sender wrote to a number; None when there is nothing (to be done now)."""
    identity.lock_sender(sender_hash)
    unfiled = select(InboxMessage).filter_by(phone_number_id=phone_number_id, sender_hash=sender_hash, filed_at=None)
    rows = retrying.ready(list(db.session.scalars(unfiled.order_by(InboxMessage.sent_at, InboxMessage.id).with_for_update())))
    if not rows:
        return None
    opened = [(row, payload) for row in rows if (payload := _opened(row)) is not None]
    if not opened:
        return None
    contact = identity.find_or_make_contact(events.Sender(**opened[-1][1]["sender"]))
    conversation = _open_conversation(contact, phone_number_id, sender_hash)
    arrived = [_arrived(conversation, row, payload) for row, payload in opened]
    notice = sifting.sift(conversation, arrived)
    to_read = any(one.message.set_aside is None for one in arrived)
    _empty(rows)
    _note_arrival(conversation, rows, to_read=to_read)
    tracing.bind(correlation_id=conversation.correlation_id, request_id=rows[-1].request_id or tracing.current_request_id())
    log.info("messages_filed", conversation_id=str(conversation.id), count=len(rows), request_ids=[row.request_id for row in rows])
    return Filed(conversation.id, to_read, notice)


def _opened(row: InboxMessage) -> dict[str, Any] | None:
    """What an inbox row holds; None when it cannot be opened: then it is set aside, payload kept, and the next ones go on."""
    try:
        return inbox.open_payload(row.wamid_hash, row.payload or b"")
    except (Tampered, ValueError):
        log.exception("message_set_aside", inbox_id=row.id)
        row.filed_at = func.clock_timestamp()
        return None


def _empty(rows: list[InboxMessage]) -> None:
    """The rows stay, so that a message which comes again is known; what they held lives on under the contact's own key."""
    filed = update(InboxMessage).where(InboxMessage.id.in_([row.id for row in rows]), InboxMessage.filed_at.is_(None))
    db.session.execute(filed.values(payload=None, filed_at=func.clock_timestamp()).execution_options(synchronize_session=False))


def file_contact(conversation_id: UUID) -> list[Filed]:
    """File whatever else the contact of a conversation wrote to the same number by now."""
    waiting = (
        select(InboxMessage.phone_number_id, InboxMessage.sender_hash)
        .join(ContactIdentity, ContactIdentity.hash == InboxMessage.sender_hash)
        .join(Conversation, Conversation.contact_id == ContactIdentity.contact_id)
        .where(Conversation.id == conversation_id, InboxMessage.filed_at.is_(None))
        .where(InboxMessage.phone_number_id == Conversation.phone_number_id)
        .distinct()
    )
    senders = db.session.execute(waiting).all()
    return [filed for number, sender_hash in senders if (filed := file_sender(number, sender_hash)) is not None]


def _open_conversation(contact: Contact, phone_number_id: str, sender_hash: bytes) -> Conversation:
    opened = select(Conversation).filter_by(contact_id=contact.id, phone_number_id=phone_number_id, closed_at=None)
    conversation = db.session.scalar(opened)
    if conversation is None:
        conversation = Conversation(
            data_key_id=contact.data_key_id,
            contact_id=contact.id,
            phone_number_id=phone_number_id,
            correlation_id=identity.correlation_id(sender_hash),
        )
        db.session.add(conversation)
        db.session.flush()
    return conversation


def _note_arrival(conversation: Conversation, rows: list[InboxMessage], *, to_read: bool) -> None:
    """A message to be read makes a turn due; a statement of its own, so that a running turn's view of the row stays right."""
    values: dict[str, Any] = {"last_activity_at": func.clock_timestamp()}
    if any(row.kind != inbox.ECHO for row in rows):
        values["last_inbound_at"] = func.greatest(Conversation.last_inbound_at, max(row.sent_at for row in rows))
    if to_read:
        values["turn_due_at"] = func.coalesce(Conversation.turn_due_at, func.clock_timestamp())
    changing = update(Conversation).where(Conversation.id == conversation.id).values(**values)
    db.session.execute(changing.execution_options(synchronize_session=False))


def _arrived(conversation: Conversation, row: InboxMessage, payload: dict[str, Any]) -> Arrived:
    """A message, stored: a later one may be about it."""
    kind, content = read(payload["raw"]["message"])
    if isinstance(content, Revoke):
        _keep_out(row, content)
    words = clean(events.words_of(content))
    message = _message(conversation, row, payload, (kind, words, _facts(kind, content)))
    db.session.add(message)
    file = (content.filename, content.mime_type) if isinstance(content, Media) else (None, None)
    return Arrived(row, message, words, *file)


def _message(
    conversation: Conversation, row: InboxMessage, payload: dict[str, Any], said: tuple[MessageKind, str, dict[str, Any]]
) -> Message:
    kind, words, facts = said
    echo = row.kind == inbox.ECHO
    return Message(
        data_key_id=conversation.data_key_id,
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        direction=Direction.OUT if echo else Direction.IN,
        author=Author.PHONE if echo else Author.CUSTOMER,
        body=words,
        original={"raw": payload["raw"], **facts},
        kind=kind.value,
        wamid=payload["wamid"],
        wamid_hash=row.wamid_hash,
        sent_at=row.sent_at,
        received_at=row.received_at,
    )


def _keep_out(row: InboxMessage, revoke: Revoke) -> None:
    """See that a message whose deletion came first, since Meta keeps no order, is taken for one that was here already."""
    if revoke.original is None:
        return
    deleted = {"wamid_hash": keyring().lookup_hash("wamid", revoke.original), "kind": DELETED, "filed_at": func.clock_timestamp()}
    same = {"phone_number_id": row.phone_number_id, "sender_hash": row.sender_hash, "sent_at": row.sent_at}
    db.session.execute(insert(InboxMessage).values(**deleted, **same).on_conflict_do_nothing())


def _facts(kind: MessageKind, content: Content) -> dict[str, Any]:
    """What a turn wants to know beside the words, by name."""
    facts: dict[str, Any] = {}
    if kind is MessageKind.CHOICE:
        facts["choice"] = choice_of(content)
    if isinstance(content, Media):
        facts |= {"filename": content.filename, "mime_type": content.mime_type, "media_id": content.id, "sha256": content.sha256}
    if isinstance(content, Revoke | Edit | Reaction):
        facts["target"] = target_of(content)
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


def target_of(content: Revoke | Edit | Reaction) -> str | None:
    """Our id of the message that this one deletes, changes or reacts to; None when we do not have it."""
    wamid = content.message_id if isinstance(content, Reaction) else content.original
    if wamid is None:
        return None
    known = db.session.scalar(select(Message.id).where(Message.wamid_hash == keyring().lookup_hash("wamid", wamid)))
    return None if known is None else str(known)
