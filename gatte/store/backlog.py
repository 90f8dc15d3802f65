"""What waits, and what was given up, over all tables: for metrics and for `flask check`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text

from gatte.models.message import UNFINISHED_SQL, DeliveryState
from gatte.models.webhook_subscription import WebhookDeliveryState
from gatte.store import inbox
from gatte.store.conversations import HAS_UNREAD, WAITING
from gatte.store.turns import UNANSWERED_DEAD_LETTER


class DeadLetterKind(StrEnum):
    """What can become a dead letter."""

    INBOX = "inbox"
    TURN = "turn"
    REPLY = "reply"
    WEBHOOK = "webhook"


BACKLOG_SQL = text(f"""
    SELECT
        (SELECT extract(epoch FROM clock_timestamp() - min(received_at))
            FROM inbox_message
            WHERE {inbox.UNPROCESSED}) AS oldest_message,
        (SELECT extract(epoch FROM clock_timestamp() - min(turn_due_at))
            FROM conversation
            WHERE {HAS_UNREAD} AND turn_due_at < clock_timestamp()) AS oldest_turn,
        (SELECT extract(epoch FROM clock_timestamp() - min(next_attempt_at))
            FROM outbox
            WHERE {UNFINISHED_SQL} AND next_attempt_at < clock_timestamp()) AS oldest_reply,
        (SELECT extract(epoch FROM clock_timestamp() - min(waiting_since))
            FROM conversation
            WHERE {WAITING}) AS oldest_customer,
        (SELECT count(*)
            FROM conversation
            WHERE {WAITING}) AS waiting_customers,
        (SELECT count(*)
            FROM inbox_message
            WHERE processed_at IS NOT NULL AND payload IS NOT NULL) AS inbox,
        (SELECT count(*) FROM turn t WHERE {UNANSWERED_DEAD_LETTER}) AS turn,
        (SELECT count(*)
            FROM outbox
            WHERE failed_at IS NOT NULL AND state = '{DeliveryState.DEAD_LETTER}') AS reply,
        (SELECT count(*)
            FROM webhook_delivery
            WHERE state = '{WebhookDeliveryState.DEAD_LETTER}') AS webhook
""")  # noqa: S608 - our own words only


@dataclass(frozen=True)
class Backlog:
    """How long in seconds the oldest message, turn and reply wait that are due (0: none does), the
    customers who wait for a person, and the dead letters by kind.
    """

    oldest_message_seconds: float
    oldest_turn_seconds: float
    oldest_reply_seconds: float
    oldest_customer_seconds: float
    waiting_customers: float
    dead_letters: Mapping[DeadLetterKind, float]


def load_backlog(connection: Connection) -> Backlog:
    """What waits now, in one statement."""
    row = connection.execute(BACKLOG_SQL).one()
    return Backlog(
        float(row.oldest_message or 0),
        float(row.oldest_turn or 0),
        float(row.oldest_reply or 0),
        float(row.oldest_customer or 0),
        row.waiting_customers,
        {kind: row._mapping[kind.value] for kind in DeadLetterKind},  # noqa: SLF001 - a public name
    )
