"""From the inbox to the conversation: a sender's messages get their contact, their conversation and
its data key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from gatte.conversation.nlu import MessageKind
from gatte.intake import contact_identity, inbox_retry, receive, screening
from gatte.intake.incoming_message import InboxRow, IncomingMessage
from gatte.intake.open_conversation import OpenConversation, find_or_open
from gatte.models import Author, SkipReason, keyring
from gatte.models.columns import new_uuid7
from gatte.observability import tracing
from gatte.privacy.crypto import DecryptionFailed
from gatte.privacy.sanitize import sanitize_text
from gatte.store import (
    StatementBatch,
    contacts,
    conversations,
    inbox,
    media_files,
    messages,
)
from gatte.store.conversations import Arrival
from gatte.store.inbox import UnprocessedRow
from gatte.store.messages import NewMessage
from gatte.whatsapp import events
from gatte.whatsapp.content import (
    ButtonReply,
    Content,
    Edit,
    ListReply,
    MediaContent,
    QuickReply,
    Reaction,
    Revoke,
)
from gatte.whatsapp.message_content import parse_content
from gatte.whatsapp.simulator import SIMULATOR_NUMBER

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ProcessedInbox:
    """The conversation of messages that were processed, what came into it, and what the customer
    must be told of those skipped.
    """

    conversation_id: UUID
    arrival: Arrival
    notice: SkipReason | None

    @property
    def has_unread(self) -> bool:
        """Whether a turn shall read any of the messages."""
        return self.arrival.makes_turn_due


def process_sender(
    phone_number_id: str, sender_hash: bytes, batch: StatementBatch | None = None
) -> ProcessedInbox | None:
    """Move what a sender wrote to its conversation; None when there is nothing to do now.

    With a caller's batch the statements are added to it, and the caller executes it, with the
    record of what came in.
    """
    rows = _waiting(phone_number_id, sender_hash)
    if not rows:
        return None
    talk = find_or_open(events.Sender(**rows[-1].payload["sender"]), phone_number_id)
    arrived: list[IncomingMessage] = []
    for row in rows:
        arrived.append(_to_incoming(phone_number_id, row, arrived))
    notice = screening.screen(talk, arrived)
    to_read = any(one.skip_reason is None for one in arrived)
    statements = batch or StatementBatch()
    _store(talk, phone_number_id, arrived, statements)
    arrival = Arrival(_last_sent_at(arrived), makes_turn_due=to_read)
    if batch is None:
        conversations.record_arrival(statements, talk.conversation_id, arrival)
        statements.execute()
    tracing.bind(
        correlation_id=talk.correlation_id,
        request_id=rows[-1].request_id or tracing.current_request_id(),
    )
    wamids = [contact_identity.short_hash(row.wamid_hash) for row in rows]
    requests = [row.request_id for row in rows]
    log.info(
        "inbox_processed",
        conversation_id=str(talk.conversation_id),
        count=len(rows),
        request_ids=requests,
        wamid_hashes=wamids,
    )
    return ProcessedInbox(talk.conversation_id, arrival, notice)


def _waiting(phone_number_id: str, sender_hash: bytes) -> list[InboxRow]:
    """What a sender wrote that is not processed yet, locked.

    Rows that cannot be opened are skipped with their payload, and the next go on.
    """
    batch = StatementBatch()
    contacts.lock_sender(sender_hash, batch)
    found = inbox.lock_unprocessed(batch, phone_number_id, sender_hash)
    opened = [(row, _decrypt(row)) for row in inbox_retry.retryable_rows(found)]
    closed = [row.id for row, payload in opened if payload is None]
    if closed:
        inbox.mark_dead_letter(closed)
    return [
        InboxRow(
            row.id,
            sender_hash,
            bytes(row.wamid_hash),
            row.kind,
            payload,
            row.request_id,
            row.sent_at,
            row.received_at,
        )
        for row, payload in opened
        if payload is not None
    ]


def _decrypt(row: UnprocessedRow) -> dict[str, Any] | None:
    try:
        return receive.decrypt_payload(bytes(row.wamid_hash), bytes(row.payload or b""))
    except (DecryptionFailed, ValueError):
        log.exception("inbox_row_undecryptable", inbox_id=row.id)
        return None


def process_contact(conversation_id: UUID) -> list[ProcessedInbox]:
    """Process whatever else the contact of a conversation wrote to the same number by now."""
    senders = inbox.list_unprocessed_senders(conversation_id)
    locks = StatementBatch()
    # all of them, in one order for everybody, before the first one touches the conversation
    for sender in senders:
        contacts.lock_sender(sender.sender_hash, locks)
    locks.execute()
    outcomes = [process_sender(sender.phone_number_id, sender.sender_hash) for sender in senders]
    return [outcome for outcome in outcomes if outcome is not None]


def _to_incoming(
    phone_number_id: str, row: InboxRow, earlier: Sequence[IncomingMessage]
) -> IncomingMessage:
    """A message on its way from the inbox to its conversation; a later one may be about it."""
    kind, content = parse_content(row.payload["raw"]["message"])
    if isinstance(content, Revoke):
        _insert_tombstone(phone_number_id, row, content)
    words = sanitize_text(events.words_of(content))
    original = {"raw": row.payload["raw"], **_facts(kind, content, earlier)}
    is_echo = row.kind == receive.ECHO
    if not isinstance(content, MediaContent):
        return IncomingMessage(new_uuid7(), row, kind, words, original, is_echo, None, None)
    return IncomingMessage(
        new_uuid7(), row, kind, words, original, is_echo, content.filename, content.mime_type
    )


def _store(
    talk: OpenConversation,
    phone_number_id: str,
    arrived: Sequence[IncomingMessage],
    batch: StatementBatch,
) -> None:
    """Put the messages into the history.

    The rows of the inbox stay, so that a message which comes again is known; what they held lives
    on under the contact's own key.
    """
    for one in arrived:
        message = _message(talk, one)
        messages.insert(batch, message)
        if _brings_file(phone_number_id, one):
            media_files.insert(batch, message, one.filename)
    inbox.mark_processed(batch, [one.row.id for one in arrived])


def _last_sent_at(arrived: Sequence[IncomingMessage]) -> datetime | None:
    """When the customer sent the last of these; None when none is the customer's."""
    return max((one.row.sent_at for one in arrived if not one.echo), default=None)


def _brings_file(phone_number_id: str, one: IncomingMessage) -> bool:
    """Whether a file of the customer is to be fetched: one of somebody muted is not, and those of
    the simulator do not exist.
    """
    return (
        bool(one.raw_payload.get("media_id"))
        and not one.echo
        and not one.redacted
        and one.skip_reason is not SkipReason.MUTED
        and phone_number_id != SIMULATOR_NUMBER
    )


def _message(talk: OpenConversation, one: IncomingMessage) -> NewMessage:
    return NewMessage(
        id=one.id,
        data_key_id=talk.data_key_id,
        contact_id=talk.contact_id,
        conversation_id=talk.conversation_id,
        author=Author.PHONE if one.echo else Author.CUSTOMER,
        kind=one.kind,
        body=None if one.redacted else one.text,
        raw_payload=None if one.redacted else one.raw_payload,
        wamid=one.row.payload["wamid"],
        wamid_hash=one.row.wamid_hash,
        sent_at=one.row.sent_at,
        received_at=one.row.received_at,
        skip_reason=one.skip_reason,
        is_erased=one.redacted,
    )


def _insert_tombstone(phone_number_id: str, row: InboxRow, revoke: Revoke) -> None:
    """See that a message whose deletion came first, since Meta keeps no order, is taken for one
    that was here already.
    """
    if revoke.original is None:
        return
    inbox.insert_tombstone(
        phone_number_id,
        keyring().lookup_hash("wamid", revoke.original),
        row.sender_hash,
        sent_at=row.sent_at,
        processed_at=row.received_at,
    )


def _facts(
    kind: MessageKind, content: Content, earlier: Sequence[IncomingMessage]
) -> dict[str, Any]:
    """What a turn wants to know beside the words, by name."""
    facts: dict[str, Any] = {}
    if kind is MessageKind.CHOICE:
        facts["choice"] = selected_option_id(content)
    if isinstance(content, MediaContent):
        facts |= {
            "filename": content.filename,
            "mime_type": content.mime_type,
            "media_id": content.id,
            "sha256": content.sha256,
        }
    if isinstance(content, Revoke | Edit | Reaction):
        facts["target"] = target_of(content, earlier)
    return facts


def selected_option_id(content: Content) -> str | None:
    """The id of the tapped button or row; a template's quick reply gives its payload, or its text
    when it has none.
    """
    match content:
        case ButtonReply(id=tapped) | ListReply(id=tapped):
            return tapped
        case QuickReply(payload=tapped, text=title):
            return tapped or title
        case _:
            return None


def target_of(content: Revoke | Edit | Reaction, earlier: Sequence[IncomingMessage]) -> str | None:
    """Our id of the message that this one deletes, changes or reacts to; None when we do not have
    it.
    """
    wamid = content.message_id if isinstance(content, Reaction) else content.original
    if wamid is None:
        return None
    hashed = keyring().lookup_hash("wamid", wamid)
    known = next((one.id for one in earlier if one.row.wamid_hash == hashed), None)
    known = known or messages.find_id_by_wamid(hashed)
    return None if known is None else str(known)
