"""The identity check: what is registered to a contact is told to another number only after a code
that was sent to the registered contact came back from there.

Whoever asks learns nothing but the outcome: where nobody is registered, where the phone leads to
nobody any more, or where there were too many codes, the check begins all the same, without a code.
"""

import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from gatte import services
from gatte.conversation.effects import IdentitySubject, SendIdentityCode
from gatte.conversation.flows.identity import code_message, code_template
from gatte.conversation.snapshot import IdentityState, Owner
from gatte.intake import contact_identity
from gatte.models import Author, Contact, Conversation, IdentityCheck, IdentityKind, keyring
from gatte.store import StatementBatch, audit, contacts, conversations, identity_checks, outbox
from gatte.store.conversations import NoticeConversation
from gatte.store.outbox import OutgoingReply

log = structlog.get_logger(__name__)

CODE_LIFETIME = timedelta(minutes=10)
PROOF_LIFETIME = timedelta(minutes=30)
LIMIT_SPAN = timedelta(days=1)
MOST_CODES = 3
"""How many codes a contact is sent, and another one asks for, in a day."""
MOST_ATTEMPTS = 5


class SaidCode(NamedTuple):
    """The sequence of a message, and the code that it holds, if any."""

    sequence: int
    code: str | None


class Proof(NamedTuple):
    """How the check of a conversation stands, and the contact that its customer proved to be."""

    state: IdentityState
    contact_id: UUID | None = None


def begin(conversation: Conversation, wanted: SendIdentityCode) -> None:
    """Send a code to the contact to whom is registered what is wanted in this conversation, unless
    one that still holds is on its way.
    """
    receiver = _receiver(conversation, wanted)
    receiver_id = None if receiver is None else receiver.id
    newest = identity_checks.lock_newest(conversation.id)
    if newest is not None and newest.check.contact_id == receiver_id and _is_pending(*newest):
        return
    if receiver_id is not None:
        identity_checks.lock_receiver(receiver_id)
    if receiver is None or _too_many(conversation, receiver):
        identity_checks.add(conversation.id, None, None, CODE_LIFETIME)
        log.info("identity_code_not_sent")
        return
    code = f"{secrets.randbelow(1_000_000):06}"
    if not _send(conversation, receiver, code):
        identity_checks.add(conversation.id, None, None, CODE_LIFETIME)
        log.warning("identity_code_without_template")
        return
    identity_checks.add(conversation.id, receiver.id, _hash(conversation.id, code), CODE_LIFETIME)
    audit.record_of_bot("identity_code_sent", f"contact:{receiver.id}", {})
    log.info("identity_code_sent")


def examine(conversation_id: UUID, said: Iterable[SaidCode]) -> Proof:
    """Look for the code of a conversation's newest check in messages that were not looked at yet;
    each that holds a code is an attempt. The caller commits.
    """
    newest = identity_checks.lock_newest(conversation_id)
    if newest is None:
        return Proof(IdentityState.NONE)
    check, now = newest
    for one in said:
        if one.sequence <= check.examined_sequence:
            continue
        check.examined_sequence = one.sequence
        if one.code is not None and _is_pending(check, now):
            check.attempts += 1
            if _is_code(check, one.code):
                check.proven_at = now
                log.info("identity_proven")
    if check.proven_at is not None and now - check.proven_at < PROOF_LIFETIME:
        return Proof(IdentityState.PROVEN, check.contact_id)
    return Proof(IdentityState.PENDING if _is_pending(check, now) else IdentityState.OVER)


def _is_pending(check: IdentityCheck, now: datetime) -> bool:
    in_time = check.expires_at > now
    return check.proven_at is None and in_time and check.attempts < MOST_ATTEMPTS


def _is_code(check: IdentityCheck, code: str) -> bool:
    expected = check.code_hash
    return expected is not None and hmac.compare_digest(
        bytes(expected), _hash(check.conversation_id, code)
    )


def _hash(conversation_id: UUID, code: str) -> bytes:
    return keyring().lookup_hash("identity code", f"{conversation_id} {code}")


def _receiver(conversation: Conversation, wanted: SendIdentityCode) -> Contact | None:
    """The contact to be asked, reachable by phone; None when there is none but who asks. A user id
    alone (BSUID) is no address for a code: who has it now cannot be told.
    """
    contact_id = _registered(wanted)
    if contact_id is None or contact_id == conversation.contact_id:
        return None
    contact = contacts.find_contact(contact_id)
    if contact is None or not contact.phone:
        return None
    number = conversation.phone_number_id
    phone = contact_identity.canonical_phone(contact.phone)
    hashed = contact_identity.hash_of(IdentityKind.PHONE, phone, number)
    return identity_checks.find_reachable(contact.id, hashed)


def _registered(wanted: SendIdentityCode) -> UUID | None:
    if wanted.subject is IdentitySubject.TICKET:
        return identity_checks.find_ticket_contact(int(wanted.reference))
    hashed = keyring().lookup_hash("document", wanted.reference)
    return identity_checks.find_holder(hashed)


def _too_many(conversation: Conversation, receiver: Contact) -> bool:
    sent = identity_checks.count_sent_to(receiver.id, LIMIT_SPAN)
    asked = identity_checks.count_asked_by(conversation.contact_id, LIMIT_SPAN)
    return sent >= MOST_CODES or asked >= MOST_CODES


def _send(conversation: Conversation, receiver: Contact, code: str) -> bool:
    """Put the code on its way to the receiver over the same number of the company: as a text while
    the 24 hours of their own conversation last, else as the template of the settings; False when
    there is none.
    """
    theirs = conversations.find_latest(receiver.id, conversation.phone_number_id)
    batch = StatementBatch()
    if theirs is not None and _speaks_freely(theirs):
        text = code_message(code, CODE_LIFETIME // timedelta(minutes=1))
        outbox.stage(batch, theirs, OutgoingReply(text, Author.BOT))
        batch.execute()
        return True
    settings = services.settings()
    name = settings.gatte_identity_code_template
    if not name:
        return False
    template = code_template(code, name, settings.gatte_identity_code_template_language)
    place: Conversation | NoticeConversation
    if theirs is not None and theirs.closed_at is None:
        place = theirs
    elif receiver.data_key_id is not None:
        place = conversations.add_notice_conversation(
            batch,
            receiver.id,
            receiver.data_key_id,
            phone_number_id=conversation.phone_number_id,
            correlation_id=contact_identity.new_correlation_id(),
            at=datetime.now(UTC),
        )
    else:
        return False
    expires_at = datetime.now(UTC) + CODE_LIFETIME
    outbox.stage(batch, place, OutgoingReply(template, Author.BOT, expires_at=expires_at))
    batch.execute()
    return True


def _speaks_freely(theirs: Conversation) -> bool:
    return theirs.owner is Owner.BOT and conversations.is_service_window_open(theirs)
