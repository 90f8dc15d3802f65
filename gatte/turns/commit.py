"""The end of a turn: everything that it decided becomes visible at once, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import literal_column

from gatte.decisions import apply
from gatte.decisions.apply import PendingTurn
from gatte.extensions import db
from gatte.intelligence.calls import CallRecord
from gatte.models import Conversation, TurnOutcome
from gatte.observability import metrics
from gatte.turns import lease as leases
from gatte.turns import llm_costs
from gatte.turns.load import TurnInput
from gatte.turns.process import TurnResult

log = structlog.get_logger(__name__)

UNREAD_SQL = "set_aside IS NULL AND author IN ('customer', 'phone') AND turn_id IS NULL"
COMMIT_STATE_SQL = f"""
    SELECT {leases.ROW_VERSIONS} AS versions,
        EXISTS (
            SELECT FROM message
            WHERE conversation_id = conversation.id
                AND {UNREAD_SQL}
                AND NOT message.id = ANY(%s::uuid[])
        ) AS unread,
        EXISTS (
            SELECT FROM inbox_message m
            JOIN contact_identity i ON i.hash = m.sender_hash
            WHERE i.contact_id = conversation.contact_id
                AND m.phone_number_id = conversation.phone_number_id
                AND m.filed_at IS NULL
        ) AS unfiled,
        EXISTS (
            SELECT FROM outbox
            WHERE conversation_id = conversation.id
                AND outbox.state IN ('pending', 'sending', 'uncertain')
        ) AS busy,
        clock_timestamp() < last_inbound_at + interval '24 hours' AS in_window
    FROM conversation
    JOIN contact ON contact.id = conversation.contact_id
    WHERE conversation.id = %s AND lease_token = %s AND leased_until > clock_timestamp()
"""  # noqa: S608 - our own words only
MARK_READ_SQL = """
    UPDATE message SET
        turn_id = %s, intent = %s, confidence = %s, decider = %s, model = %s, prompt_version = %s
    WHERE id = %s
"""
DUE_IF_MORE_CAME: Any = literal_column(
    "CASE WHEN EXISTS ("
    f"SELECT FROM message WHERE message.conversation_id = conversation.id AND {UNREAD_SQL}"
    ") THEN clock_timestamp() END"
)


@dataclass(frozen=True)
class CommitState:
    """How a conversation stands when its turn has thought: `has_newer_messages` when the customer
    wrote more since.

    `send_inline`: nothing waits to be sent before this turn's first answer, and Meta would deliver
    it.
    """

    conversation: Conversation
    has_newer_messages: bool
    send_inline: bool


def lock_and_recheck(reading: TurnInput) -> CommitState:
    """Lock the conversation and see how it stands; LeaseLost when the lease is no longer ours."""
    lease = reading.lease
    known = [unread.id for unread in reading.unread]
    conversation, now = leases.relock_and_check(
        lease, COMMIT_STATE_SQL, known, lease.conversation_id, lease.token
    )
    contact = conversation.contact
    reachable = conversation.data_key_id is not None and bool(contact.phone or contact.bsuid)
    return CommitState(
        conversation,
        has_newer_messages=now.unread or now.unfiled,
        send_inline=bool(now.in_window) and not now.busy and reachable,
    )


def stage_turn(
    reading: TurnInput, thought: TurnResult, standing: CommitState, calls: Sequence[CallRecord] = ()
) -> PendingTurn:
    """Write what the turn decided into the batch of its record, and give the lease back; the caller
    executes the batch.

    `calls` are those that it made of models, also for answers that were computed again.
    """
    conversation = standing.conversation
    record = PendingTurn(
        outcome=TurnOutcome.ANSWERED if thought.history.decision.replies else TurnOutcome.SILENT,
        attempt=conversation.turn_attempts,
        step_ms=thought.step_ms,
        trace=_trace(reading, thought),
        send_inline=standing.send_inline,
    )
    record.batch.insert("model_call", *llm_costs.rows_of(calls, conversation.id, record.id))
    _mark_read(conversation, reading, thought, record)
    leases.release(conversation)
    conversation.turn_attempts = 0
    conversation.turn_due_at = DUE_IF_MORE_CAME
    apply.stage_decision(conversation, thought.history, record)
    db.session.expunge(conversation)  # all of it is in the batch: the session need not look for it
    return record


def _trace(reading: TurnInput, thought: TurnResult) -> dict[str, Any]:
    return {"messages": [str(unread.id) for unread in reading.unread], **thought.trace}


def _mark_read(
    conversation: Conversation, reading: TurnInput, thought: TurnResult, record: PendingTurn
) -> None:
    understood = {heard.message_id: heard.understanding for heard in thought.utterances}
    for unread in reading.unread:
        meaning = understood.get(str(unread.id))
        if meaning is None:
            record.batch.add("UPDATE message SET turn_id = %s WHERE id = %s", record.id, unread.id)
            continue
        said = (
            meaning.intent.value,
            meaning.confidence,
            meaning.source.value,
            meaning.model,
            meaning.prompt_version,
        )
        record.batch.add(MARK_READ_SQL, record.id, *said, unread.id)
        conversation.last_intent = meaning.intent
        metrics.INTENTS.labels(intent=meaning.intent, decider=meaning.source).inc()
        log.info(
            "intent_detected",
            intent=meaning.intent.value,
            confidence=round(meaning.confidence, 3),
            decider=meaning.source.value,
        )
