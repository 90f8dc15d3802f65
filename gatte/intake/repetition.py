"""How often a customer said the same again after it was answered: who repeats himself because
nothing came back is no spammer.
"""

from datetime import datetime, timedelta

from gatte.infra.database.statement_batch import fetch_rows
from gatte.intake.incoming_message import IncomingMessage
from gatte.intake.open_conversation import OpenConversation
from gatte.intake.spam import TEN_MINUTES, spoken
from gatte.models import Message

PRECISION = timedelta(seconds=1)  # of Meta's times, which are cut to whole seconds

ANSWERED_REPEATS_SQL = """
    SELECT m.id, m.data_key_id, m.body_sealed, m.turn_id
    FROM message m
    WHERE m.conversation_id = %(conversation)s
        AND m.author = 'customer'
        AND m.received_at > %(since)s
        AND EXISTS (
            SELECT FROM message a
            JOIN outbox o ON o.id = a.id
            WHERE a.conversation_id = m.conversation_id
                AND a.turn_id = m.turn_id
                AND o.accepted_at <= %(until)s)
    ORDER BY m.position DESC
    LIMIT 200
"""


def times_repeated(talk: OpenConversation, one: IncomingMessage) -> int:
    """How often this was said of late, itself among them: what one turn answered counts once, what
    none has answered not at all.

    Neither does an answer that was accepted after the customer had written: a late one, or one that
    overtook the message.
    """
    rows = fetch_rows(
        ANSWERED_REPEATS_SQL,
        {
            "conversation": talk.conversation_id,
            "since": _since(talk, one),
            "until": _written_at(one),
        },
    )
    same = spoken(one.text)
    turns = {
        row.turn_id
        for row in rows
        if spoken(Message.body.decrypt(row.id, row.data_key_id, row.body_sealed) or "") == same
    }
    return 1 + len(turns)


def _since(talk: OpenConversation, one: IncomingMessage) -> datetime:
    ten_minutes_ago = one.row.received_at - timedelta(milliseconds=TEN_MINUTES)
    return max(ten_minutes_ago, talk.muted_until or ten_minutes_ago)


def _written_at(one: IncomingMessage) -> datetime:
    return min(one.row.sent_at + PRECISION, one.row.received_at)
