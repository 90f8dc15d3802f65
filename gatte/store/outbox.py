"""The tables `outbox` and `delivery_attempt`: replies on their way to customers.

A reply is unfinished while it is `pending`, `sending` (claimed) or `uncertain` (sent, and nobody
knows whether Meta took it). From there it goes on to `accepted`, `sent`, `delivered` and `read`,
only ever forward, or ends as `failed`, `dead_letter` or `cancelled`; what failed or became a dead
letter can become `pending` again. `next_attempt_at` is when an unfinished reply wants attention: to
be sent, to be taken for crashed, or to be settled; a finished one has none.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Select, func, select, update

from gatte.conversation.replies import Reply, kind_of, text_of, to_json
from gatte.extensions import db
from gatte.infra.database.clock import DB_NOW, seconds_from_now
from gatte.infra.database.statement_batch import (
    DB_NOW_SQL,
    SqlExpression,
    StatementBatch,
    fetch_rows,
    fetch_rows_autocommit,
)
from gatte.models import (
    Author,
    Conversation,
    DeliveryState,
    Direction,
    Message,
    Outbox,
    keyring,
)
from gatte.models.columns import new_uuid7
from gatte.models.message import UNFINISHED_SQL, UNFINISHED_STATES
from gatte.store import messages
from gatte.store.messages import NewMessage

CLAIM_SECONDS = 30  # longer than any call to Meta may take (25 s)
CLAIM_EXPIRY = SqlExpression(f"clock_timestamp() + interval '{CLAIM_SECONDS} seconds'")
UNFINISHED = UNFINISHED_SQL  # it stands beside the indexes, whose words it must repeat
RESENDABLE_STATES = (DeliveryState.FAILED, DeliveryState.DEAD_LETTER)
GIVEN_UP_STATES = (*RESENDABLE_STATES, DeliveryState.CANCELLED)
NEXT_STATES: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    DeliveryState.PENDING: (*UNFINISHED_STATES, *GIVEN_UP_STATES),
    DeliveryState.SENDING: (*UNFINISHED_STATES, *GIVEN_UP_STATES),
    DeliveryState.UNCERTAIN: (*UNFINISHED_STATES, *GIVEN_UP_STATES),
    # a status said so late that the service window was closed: a template, or a task of the desk
    DeliveryState.FAILED: (DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.CANCELLED),
    DeliveryState.DEAD_LETTER: (DeliveryState.PENDING,),
}
"""What may follow by our own doing; `RECORD_ACCEPTED_SQL` and statuses move a reply forward."""
TEMPLATE = "template"
# Of the replies `o` of a conversation only the first unfinished one is due: the others wait for it.
DUE = f"""
    o.{UNFINISHED}
    AND o.next_attempt_at <= statement_timestamp()
    AND NOT EXISTS (
        SELECT 1
        FROM outbox e
        WHERE e.conversation_id = o.conversation_id
            AND e.sequence < o.sequence
            AND e.{UNFINISHED})
"""  # noqa: S608 - our own words only
# how far a reply `o` has come; a status has a rank of the same kind
PROGRESS = """(CASE o.state
    WHEN 'read' THEN 7
    WHEN 'delivered' THEN 6
    WHEN 'sent' THEN 5
    WHEN 'failed' THEN 5
    ELSE 4 END)"""
RECORD_ACCEPTED_SQL = f"""
    WITH noted AS (
        INSERT INTO delivery_attempt (outbox_id, outcome, latency_ms)
        SELECT id, 'accepted', %(latency)s
        FROM outbox
        WHERE id = %(id)s AND wamid_hash IS DISTINCT FROM %(hash)s
    ), mine AS (
        UPDATE outbox SET
            wamid_hash = %(hash)s,
            wamid_sealed = %(wamid)s,
            accepted_at = CASE WHEN {UNFINISHED} THEN clock_timestamp() ELSE accepted_at END,
            error_code = CASE WHEN {UNFINISHED} THEN NULL ELSE error_code END,
            error_details = CASE WHEN {UNFINISHED} THEN NULL ELSE error_details END,
            state = CASE WHEN {UNFINISHED} THEN 'accepted' ELSE state END
        WHERE id = %(id)s AND attempts = %(attempt)s
        RETURNING id
    )
    SELECT EXISTS (SELECT FROM mine) AS mine,
        EXISTS (
            SELECT FROM outbox
            WHERE conversation_id = %(conversation)s AND id <> %(id)s AND {UNFINISHED}
        ) AS more
"""  # noqa: S608 - our own words only
ADD_ATTEMPT_SQL = """
    INSERT INTO delivery_attempt (outbox_id, outcome, error_code, latency_ms)
    SELECT id, %(outcome)s, %(error_code)s, %(latency)s FROM outbox WHERE id = %(id)s
    RETURNING id
"""
# The claim counts as an attempt: with its number used again, a second try of this statement could
# hit the claim of another.
PUT_BACK_SQL = """
    UPDATE outbox SET state = 'pending', next_attempt_at = clock_timestamp()
    WHERE id = %(id)s AND attempts = %(attempt)s AND state IN ('sending', 'uncertain')
    RETURNING id
"""


class Addressee(Protocol):
    """A conversation, or what is known of it, as far as a message for it needs."""

    @property
    def id(self) -> Any: ...  # noqa: ANN401 - a column of a model, or a plain value

    @property
    def contact_id(self) -> Any: ...  # noqa: ANN401

    @property
    def data_key_id(self) -> Any: ...  # noqa: ANN401

    @property
    def phone_number_id(self) -> Any: ...  # noqa: ANN401

    @property
    def owner_version(self) -> Any: ...  # noqa: ANN401


class InvalidDeliveryTransition(Exception):
    """A reply cannot come into this state from the one it is in."""


@dataclass(frozen=True)
class OutgoingReply:
    """Something to be said to a customer: by whom, and in which turn. A notice, which nobody asked
    for, has a time after which it is not sent, and may have one before which it is not.
    """

    reply: Reply
    author: Author
    turn_id: UUID | None = None
    user_id: int | None = None
    expires_at: datetime | None = None
    not_before: datetime | None = None
    id: UUID = field(default_factory=new_uuid7)


@dataclass(frozen=True)
class RecordedAcceptance:
    """Whether the attempt that was accepted is still the newest of its reply, and whether more of
    the conversation waits to be sent.
    """

    is_current: bool
    has_more: bool


def enqueue(
    conversation: Conversation,
    reply: Reply,
    author: Author,
    *,
    turn_id: UUID | None = None,
    user_id: int | None = None,
    message_id: UUID | None = None,
) -> UUID:
    """Put a reply into the history and the outbox, under its id; it leaves after the replies that
    were written before it.
    """
    db.session.flush()
    batch = StatementBatch()
    outgoing = OutgoingReply(reply, author, turn_id, user_id, id=message_id or new_uuid7())
    stage(batch, conversation, outgoing)
    batch.execute()
    return outgoing.id


def stage(
    batch: StatementBatch,
    conversation: Addressee,
    outgoing: OutgoingReply,
    *,
    is_claimed: bool = False,
) -> None:
    """Put a reply into the history and the outbox with the statements of a batch.

    `is_claimed` when this process sends it as soon as it is committed.
    """
    key = conversation.data_key_id
    messages.insert(
        batch,
        NewMessage(
            id=outgoing.id,
            data_key_id=key,
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            author=outgoing.author,
            user_id=outgoing.user_id,
            kind=kind_of(outgoing.reply),
            body=text_of(outgoing.reply),
            turn_id=outgoing.turn_id,
        ),
    )
    row = {
        "id": outgoing.id,
        "data_key_id": key,
        "conversation_id": conversation.id,
        "author": outgoing.author,
        "phone_number_id": conversation.phone_number_id,
        "owner_version": conversation.owner_version,
        "reply_sealed": Outbox.reply.encrypt(outgoing.id, key, to_json(outgoing.reply)),
        "state": DeliveryState.SENDING if is_claimed else DeliveryState.PENDING,
        "attempts": 1 if is_claimed else 0,
        "next_attempt_at": CLAIM_EXPIRY if is_claimed else DB_NOW_SQL,
    }
    if outgoing.expires_at is not None:
        row["expires_at"] = outgoing.expires_at
    if outgoing.not_before is not None:
        row["next_attempt_at"] = outgoing.not_before
    batch.insert("outbox", row)


def lock_next_unfinished(conversation_id: UUID) -> tuple[Outbox, datetime] | None:
    """The first unfinished reply of a conversation, locked and as it is now, and the time of the
    database; None when there is none, or another has it locked.

    Who has it locked is noting what became of it, be it in a commit that takes long: it must not be
    taken for crashed meanwhile.
    """
    unfinished = select(Outbox.id).where(
        Outbox.conversation_id == conversation_id, Outbox.next_attempt_at.is_not(None)
    )
    first = unfinished.order_by(Outbox.sequence).limit(1).scalar_subquery()
    locked = (
        select(Outbox, func.clock_timestamp())
        .where(Outbox.id == first)
        .with_for_update(skip_locked=True, key_share=True)
    )
    found = db.session.execute(locked.execution_options(populate_existing=True)).first()
    return None if found is None else (found[0], found[1])


def lock_reply(outbox_id: UUID) -> Outbox | None:
    """A reply as it is now, locked until the transaction ends."""
    return db.session.scalar(
        select(Outbox)
        .filter_by(id=outbox_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def lock_claimed(outbox_id: UUID, attempt: int) -> Outbox | None:
    """A reply as it is now, locked, while this is still its newest attempt."""
    row = lock_reply(outbox_id)
    return row if row is not None and row.attempts == attempt else None


def _enter(row: Outbox, state: DeliveryState) -> None:
    if state not in NEXT_STATES.get(row.state, ()):
        raise InvalidDeliveryTransition(f"{row.state} to {state}")
    row.state = state


def claim(row: Outbox) -> None:
    """Let this process alone send a reply, for CLAIM_SECONDS."""
    _enter(row, DeliveryState.SENDING)
    row.attempts += 1
    row.next_attempt_at = seconds_from_now(CLAIM_SECONDS)


def release(row: Outbox, seconds: float) -> None:
    """Let a claimed reply wait so many seconds; the claim does not count as an attempt."""
    _enter(row, DeliveryState.PENDING)
    row.next_attempt_at = seconds_from_now(seconds)
    row.attempts -= 1


def put_back(outbox_id: UUID, attempt: int) -> None:
    """Commit that nothing left under a claim: the reply is due at once.

    Twice is as good as once.
    """
    fetch_rows_autocommit(PUT_BACK_SQL, {"id": outbox_id, "attempt": attempt})


def wait_for_status(row: Outbox, seconds: float) -> None:
    """Look at an uncertain reply again in so many seconds."""
    row.next_attempt_at = seconds_from_now(seconds)


def retry_later(row: Outbox, seconds: float) -> None:
    """Send a reply again in so many seconds."""
    _enter(row, DeliveryState.PENDING)
    row.next_attempt_at = seconds_from_now(seconds)


def mark_uncertain(row: Outbox, grace_seconds: float) -> None:
    """Wait so long for a status of a reply before anything else is done with it."""
    _enter(row, DeliveryState.UNCERTAIN)
    row.next_attempt_at = seconds_from_now(grace_seconds)


def cancel(row: Outbox, cause: str) -> None:
    """Never send a reply."""
    _enter(row, DeliveryState.CANCELLED)
    row.error_details = cause


def mark_dead_letter(row: Outbox, cause: str) -> None:
    """Leave a reply to people."""
    _enter(row, DeliveryState.DEAD_LETTER)
    row.error_details = cause


def give_up(row: Outbox, state: DeliveryState) -> None:
    """End a reply as failed, dead letter or cancelled, with the time of its end."""
    _enter(row, state)
    row.failed_at = DB_NOW


def resend(row: Outbox) -> None:
    """Let a reply that was given up be due at once, with all its attempts before it."""
    row.attempts = 0
    _make_due(row)


def _make_due(row: Outbox) -> None:
    _enter(row, DeliveryState.PENDING)
    row.next_attempt_at = DB_NOW
    row.error_code = None
    row.error_details = None
    row.failed_at = None


def replace_reply(row: Outbox, reply: Reply) -> None:
    """Say something else in place of a reply, now; the history shows what the customer gets."""
    row.reply = to_json(reply)
    row.message.kind = kind_of(reply)
    row.message.body = text_of(reply)
    _make_due(row)


def add_attempt(
    outbox_id: UUID, outcome: str, latency_ms: float, error_code: int | None = None
) -> None:
    """Keep how a call to Meta ended; nothing when the reply was erased meanwhile."""
    values = {"outcome": outcome, "error_code": error_code, "latency": latency_ms}
    fetch_rows(ADD_ATTEMPT_SQL, {"id": outbox_id, **values})


def record_accepted(
    outbox_id: UUID,
    attempt: int,
    wamid: str,
    latency_ms: float,
    *,
    conversation_id: UUID,
    data_key_id: UUID | None,
) -> RecordedAcceptance:
    """Commit that Meta took a reply. Twice is as good as once.

    A status may have come first: then the row has moved on already, and only its wamid is noted.
    """
    was_erased = data_key_id is None or keyring().open(data_key_id) is None
    sealed = None if was_erased else Outbox.wamid.encrypt(outbox_id, data_key_id, wamid)
    db.session.rollback()  # to read the key it may hold a connection, and here another is asked for
    values = {
        "id": outbox_id,
        "attempt": attempt,
        "conversation": conversation_id,
        "latency": latency_ms,
        "hash": keyring().lookup_hash("wamid", wamid),
        "wamid": sealed,
    }
    row = fetch_rows_autocommit(RECORD_ACCEPTED_SQL, values)[0]
    return RecordedAcceptance(is_current=row.mine, has_more=row.more)


def postpone(
    outbox_id: UUID, attempt: int, seconds: float, *, error_code: int | None, cause: str
) -> None:
    """Let a claimed reply wait so many seconds, for this cause; the claim does not count as an
    attempt.
    """
    values: dict[str, Any] = {
        "state": DeliveryState.PENDING,
        "attempts": attempt - 1,
        "next_attempt_at": seconds_from_now(seconds),
        "error_code": error_code,
        "error_details": cause,
    }
    mine = update(Outbox).where(
        Outbox.id == outbox_id,
        Outbox.attempts == attempt,
        Outbox.state == DeliveryState.SENDING,
    )
    db.session.execute(mine.values(**values).execution_options(synchronize_session=False))


def end_postponement(phone_number_id: str, cause: str) -> None:
    """Let all replies of a number that wait for this cause be due at once."""
    waiting = update(Outbox).where(
        Outbox.phone_number_id == phone_number_id,
        Outbox.next_attempt_at.is_not(None),
        Outbox.state == DeliveryState.PENDING,
        Outbox.error_details == cause,
    )
    due = waiting.values(next_attempt_at=DB_NOW)
    db.session.execute(due.execution_options(synchronize_session=False))


def list_conversations_to_resend(
    conversation_id: UUID | None = None, since: datetime | None = None
) -> list[UUID]:
    """The conversations with replies that failed or became dead letters (since then)."""
    found = _resendable(conversation_id, since).with_only_columns(Outbox.conversation_id)
    return list(db.session.scalars(found.distinct().order_by(Outbox.conversation_id)))


def lock_resendable(conversation_id: UUID, since: datetime | None = None) -> list[Outbox]:
    """The replies of a conversation that failed or became dead letters (since then), in their
    order, locked.
    """
    rows = db.session.scalars(
        _resendable(conversation_id, since)
        .order_by(Outbox.sequence)
        .with_for_update(of=Outbox)
        .execution_options(populate_existing=True)
    )
    return list(rows)


def _resendable(conversation_id: UUID | None, since: datetime | None) -> Select[Outbox]:
    found = select(Outbox).where(Outbox.state.in_(RESENDABLE_STATES))
    if conversation_id is not None:
        found = found.where(Outbox.conversation_id == conversation_id)
    if since is not None:
        found = found.where(func.coalesce(Outbox.failed_at, Outbox.next_attempt_at) >= since)
    return found


def has_template_since(conversation_id: UUID, since: datetime | None) -> bool:
    """Whether a template of a conversation is on its way, or arrived, since then."""
    sent = select(Message.id).join(Outbox, Outbox.id == Message.id)
    mine = sent.where(
        Message.conversation_id == conversation_id,
        Message.direction == Direction.OUT,
        Message.kind == TEMPLATE,
        Outbox.state.not_in(GIVEN_UP_STATES),
    )
    if since is not None:
        mine = mine.where(Message.sent_at >= since)
    return bool(db.session.scalar(select(mine.exists())))
