"""What the database holds about a customer who got no answer: the rows that say whether it is late,
lost, or was never to come.
"""

import base64
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from uuid import UUID

import psycopg2

from gatte.privacy.crypto import MasterKeys, WrappedKey, keyed_hash
from tests.process_system import ENCRYPTION_KEYS

LOOKUP_KEY = "SELECT id, master_key_id, wrapped_key FROM data_key WHERE purpose = 'lookup'"
ARRIVED = (
    "SELECT id, sender_hash, received_at, processed_at, attempts, retry_at "
    "FROM inbox_message "
    "WHERE wamid_hash = ANY(%s) ORDER BY id"
)
READ = """
    SELECT m.id, m.conversation_id, m.received_at, m.skip_reason, m.turn_id,
        t.outcome, t.error, t.attempt, t.created_at AS turn_at
    FROM message m LEFT JOIN turn t ON t.id = m.turn_id AND t.conversation_id = m.conversation_id
    WHERE m.wamid_hash = ANY(%s) ORDER BY m.sequence
"""
STANDING = """
    SELECT c.id, c.state, c.owner, c.owner_version, c.flow, c.requested_slot, c.turn_due_at,
        c.turn_attempts, c.lease_token, c.lease_expires_at,
        c.inactivity_due_at, p.muted_until, p.mute_reason, clock_timestamp() AS now
    FROM conversation c JOIN contact p ON p.id = c.contact_id
    WHERE c.id IN (SELECT conversation_id FROM message WHERE wamid_hash = ANY(%s)) ORDER BY c.id
"""
ANSWERS = """
    SELECT id, state, attempts, owner_version, created_at, next_attempt_at, accepted_at,
        error_code, error_details
    FROM outbox
    WHERE conversation_id IN (SELECT conversation_id FROM message WHERE wamid_hash = ANY(%s))
    ORDER BY sequence
"""
QUESTIONS = {"inbox_message": ARRIVED, "message": READ, "conversation": STANDING, "outbox": ANSWERS}


def rows_about(database_url: str, wamids: Sequence[str]) -> list[str]:
    """A line a row: inbox, message with its turn, conversation with lease and mute, and outbox."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        hashes = _hashes(cursor, wamids)
        return [
            line
            for table, question in QUESTIONS.items()
            for line in _lines(cursor, table, question, hashes)
        ]


def _hashes(cursor: Any, wamids: Sequence[str]) -> list[bytes]:
    cursor.execute(LOOKUP_KEY)
    key_id, master_key_id, wrapped = cursor.fetchone()
    name, _, encoded = ENCRYPTION_KEYS.partition(":")
    master = MasterKeys({name: base64.b64decode(encoded)})
    key = master.unwrap(WrappedKey(master_key_id, bytes(wrapped)), UUID(str(key_id)).bytes)
    return [keyed_hash(key, "wamid", wamid) for wamid in wamids]


def _lines(cursor: Any, table: str, question: str, hashes: list[bytes]) -> list[str]:
    cursor.execute(question, (hashes,))
    names = [column.name for column in cursor.description]
    return [f"{table}: {_told(names, row)}" for row in cursor.fetchall()]


def _told(names: list[str], row: tuple[Any, ...]) -> str:
    values = zip(names, row, strict=True)
    return ", ".join(f"{name}={_short(value)}" for name, value in values if value is not None)


def _short(value: Any) -> str:
    return bytes(value).hex()[:12] if isinstance(value, memoryview) else str(value)
