"""Many stored messages, fast and as the system would have stored them: each contact's values are
sealed under its own data key.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from gatte.models import KeyPurpose, keyring
from gatte.models.columns import new_uuid7
from gatte.privacy import crypto
from tests.process_system import NUMBER

PER_CONTACT = 10
AT_ONCE = 2_000  # contacts written together
SAID = (
    "Quanto custa o e-CNPJ A1? Preciso para amanhã.",
    "O e-CNPJ A1 custa R$ 199,90 e sai em 24 horas. Posso ajudar em algo mais?",
)
TABLES = {
    "data_key": "id, purpose, master_key_id, wrapped_key",
    "contact": "id, data_key_id, name_sealed, phone_sealed, bsuid_sealed",
    "contact_identity": "contact_id, kind, hash",
    "conversation": (
        "id, data_key_id, contact_id, phone_number_id, correlation_id, state, owner, "
        "owner_version, fallback_count, invalid_slot_count, consecutive_errors, lease_token, "
        "turn_attempts, "
        "waiting_since, last_inbound_at, last_activity_at, opened_at, closed_at"
    ),
    "message": (
        "id, data_key_id, contact_id, conversation_id, direction, author, kind, body_sealed, "
        "turn_id, sent_at, received_at"
    ),
    "ticket": (
        "id, data_key_id, contact_id, conversation_id, kind, state, urgency, subject_sealed, "
        "description_sealed, attachments"
    ),
    "lead": "id, data_key_id, contact_id, conversation_id, stage, product, name_sealed",
}
NOTHING = r"\N"
BUSY = 300  # contacts with whom the desk is busy now: that does not grow with what is stored
SERVED = (("STATE_MENU", "bot"), ("STATE_WAITING_HUMAN", "human"), ("STATE_WITH_HUMAN", "human"))

# What no page opens follows from the messages, in the database itself.
DERIVED = """
    INSERT INTO outbox (id, data_key_id, conversation_id, phone_number_id, author, owner_version,
        state, attempts, accepted_at, sent_at)
    SELECT id, data_key_id, conversation_id, %(number)s, 'bot', 0, 'read', 1, sent_at, sent_at
    FROM message WHERE direction = 'out' AND sequence > %(after)s;

    INSERT INTO turn (id, data_key_id, conversation_id, outcome, attempt, lease_token,
        step_durations_ms, created_at)
    SELECT turn_id, data_key_id, conversation_id, 'answered', 1, 1, '{}', sent_at
    FROM message WHERE direction = 'in' AND sequence > %(after)s;

    INSERT INTO transition (conversation_id, turn_id, from_state, to_state, event, cause,
        duration_ms, correlation_id, created_at)
    SELECT conversation_id, turn_id, 'STATE_ANSWERING', 'STATE_MENU', 'question_answered', 'answer',
        1, '', sent_at
    FROM message WHERE direction = 'in' AND sequence > %(after)s;

    INSERT INTO inbox_message (phone_number_id, wamid_hash, sender_hash, kind, skip_quiet_period,
        sent_at, received_at, processed_at)
    SELECT %(number)s, sha256(id::text::bytea), sha256(contact_id::text::bytea), 'text', false,
        sent_at, received_at, received_at
    FROM message WHERE direction = 'in' AND sequence > %(after)s
"""


def seed(database: str, contacts: int) -> None:
    """Bring a database to so many contacts with their conversations; those that are there stay."""
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        known, last = (
            _number(cursor, "SELECT count(*) FROM contact"),
            _number(cursor, "SELECT coalesce(max(sequence), 0) FROM message"),
        )
        for first in range(known, contacts, AT_ONCE):
            _copy(
                cursor,
                [_Person.made(index) for index in range(first, min(first + AT_ONCE, contacts))],
            )
        cursor.execute(DERIVED, {"after": last, "number": NUMBER})
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")


def some_conversations(database: str, count: int) -> list[str]:
    """Conversations from all over the table."""
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text FROM conversation ORDER BY md5(id::text) LIMIT %s", (count,)
        )
        return [row[0] for row in cursor.fetchall()]


def _number(cursor: Cursor, query: str) -> int:
    cursor.execute(query)
    found = cursor.fetchone()
    return int(found[0]) if found else 0


@dataclass(frozen=True)
class _Person:
    """A contact to be made, with its key."""

    index: int
    key_id: UUID
    key: bytes
    wrapped: crypto.WrappedKey
    contact: UUID
    conversation: UUID

    @classmethod
    def made(cls, index: int) -> "_Person":
        key_id, key = new_uuid7(), crypto.new_data_key()
        return cls(
            index, key_id, key, keyring().master.wrap(key, key_id.bytes), new_uuid7(), new_uuid7()
        )

    @property
    def at(self) -> datetime:
        """When the conversation began: each a little later than the one before."""
        return START + timedelta(seconds=20 * self.index)

    def seal(self, table: str, column: str, row: UUID, value: object) -> str:
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return _bytes(crypto.seal(self.key, plain, f"{table}.{column}_sealed:{row}".encode()))


START = datetime.now(UTC) - timedelta(days=30)


def _bytes(value: bytes) -> str:
    return rf"\\x{value.hex()}"


def _copy(cursor: Cursor, people: list[_Person]) -> None:
    rows = {
        "data_key": (_data_key(one) for one in people),
        "contact": (_contact(one) for one in people),
        "contact_identity": (_identity(one) for one in people),
        "conversation": (_conversation(one) for one in people),
        "message": (row for one in people for row in _messages(one)),
        "ticket": (_ticket(one) for one in people if one.index < BUSY or one.index % 5 == 0),
        "lead": (_lead(one) for one in people if one.index < BUSY or one.index % 5 == 1),
    }
    for table, made in rows.items():
        _copy_into(cursor, table, made)


def _copy_into(cursor: Cursor, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    text = StringIO("".join("\t".join(map(str, row)) + "\n" for row in rows))
    cursor.copy_expert(f"COPY {table} ({TABLES[table]}) FROM STDIN", text)


def _data_key(one: _Person) -> tuple[object, ...]:
    return (
        one.key_id,
        KeyPurpose.CONTACT.value,
        one.wrapped.master_key_id,
        _bytes(one.wrapped.sealed),
    )


def _contact(one: _Person) -> tuple[object, ...]:
    values = {
        "name": f"Cliente {one.index}",
        "phone": f"55119{10_000_000 + one.index}",
        "bsuid": f"BR.{10**14 + one.index}",
    }
    return (
        one.contact,
        one.key_id,
        *(one.seal("contact", column, one.contact, value) for column, value in values.items()),
    )


def _identity(one: _Person) -> tuple[object, ...]:
    return one.contact, "bsuid", _bytes(keyring().lookup_hash("bsuid", f"BR.{10**14 + one.index}"))


def _conversation(one: _Person) -> tuple[object, ...]:
    """One in ten is open, with the bot; and however many there are, a hundred wait for an agent,
    and agents have a hundred.
    """
    busy = one.index < BUSY
    state, owner = SERVED[one.index % 3] if busy else SERVED[0]
    closed = NOTHING if busy or one.index % 10 == 0 else one.at
    waiting = one.at if state == "STATE_WAITING_HUMAN" else NOTHING
    ids = (one.conversation, one.key_id, one.contact, NUMBER, f"c{one.index}")
    return *ids, state, owner, 0, 0, 0, 0, 0, 0, waiting, one.at, one.at, one.at, closed


def _messages(one: _Person) -> Iterator[tuple[object, ...]]:
    for number in range(PER_CONTACT):
        message, at = new_uuid7(), one.at + timedelta(seconds=number)
        who = ("in", "customer") if number % 2 == 0 else ("out", "bot")
        body = one.seal("message", "body", message, SAID[number % 2])
        yield (
            message,
            one.key_id,
            one.contact,
            one.conversation,
            *who,
            "text",
            body,
            new_uuid7(),
            at,
            at,
        )


def _ticket(one: _Person) -> tuple[object, ...]:
    row = new_uuid7()
    sealed = (
        one.seal("ticket", "subject", row, "Token não abre"),
        one.seal("ticket", "description", row, SAID[0]),
    )
    state = "open" if one.index < BUSY / 2 else "solved"
    return row, one.key_id, one.contact, one.conversation, "request", state, "normal", *sealed, "[]"


def _lead(one: _Person) -> tuple[object, ...]:
    row = new_uuid7()
    stage = "new" if one.index < BUSY / 2 else "won"
    return (
        row,
        one.key_id,
        one.contact,
        one.conversation,
        stage,
        "e-CNPJ A1",
        one.seal("lead", "name", row, f"Cliente {one.index}"),
    )
