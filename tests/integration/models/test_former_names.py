"""What was stored under former names is read: sealed columns, and traces of turns."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from gatte.conversation import decision_history
from gatte.conversation.states import State
from gatte.extensions import db
from gatte.models import Contact, Conversation, Direction, Message, Turn, TurnOutcome, keyring
from gatte.models.message import Author
from gatte.privacy import crypto
from gatte.turns.replay import replay_conversation

pytestmark = pytest.mark.usefixtures("context")
TRACES = Path(__file__).parents[2] / "unit" / "conversation" / "data" / "traces_version_1.json"


@pytest.fixture
def conversation(context) -> Conversation:
    key = keyring().new_contact_key()
    db.session.add(key)
    db.session.flush()
    contact = Contact(data_key_id=key.id, name="Joana")
    db.session.add(contact)
    db.session.flush()
    made = Conversation(
        data_key_id=key.id,
        contact_id=contact.id,
        phone_number_id="1",
        correlation_id="c",
        state=State.MENU,
    )
    db.session.add(made)
    db.session.flush()
    return made


def sealed_before(value: object, data_key_id: UUID, column: str, row_id: UUID) -> bytes:
    """The bytes that a version before schema 0011 stored."""
    key = keyring().open(data_key_id)
    spelled = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return crypto.seal(key, spelled, f"{column}:{row_id}".encode())


def test_the_flags_of_a_conversation_open(conversation):
    conversation.flags_sealed = sealed_before(
        {"warned": "1"}, conversation.data_key_id, "conversation.notes_sealed", conversation.id
    )
    db.session.flush()
    db.session.expire(conversation)

    assert conversation.flags == {"warned": "1"}


def test_the_raw_payload_of_a_message_opens(conversation):
    message = Message(
        data_key_id=conversation.data_key_id,
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        direction=Direction.IN,
        author=Author.CUSTOMER,
        kind="text",
        sent_at=db.func.now(),
    )
    message.raw_payload_sealed = sealed_before(
        {"raw": {"id": "a"}}, message.data_key_id, "message.original_sealed", message.id
    )
    db.session.add(message)
    db.session.flush()
    db.session.expire(message)

    assert message.raw_payload == {"raw": {"id": "a"}}


def test_what_is_sealed_today_binds_the_same(conversation):
    conversation.flags = {"warned": "1"}
    key = keyring().open(conversation.data_key_id)
    bound_to = f"conversation.notes_sealed:{conversation.id}".encode()

    assert crypto.unseal(key, conversation.flags_sealed, bound_to) == b'{"warned":"1"}'


def test_a_trace_under_its_former_key_is_replayed(conversation):
    recorded = json.loads(TRACES.read_text())[0]
    for trace in ({"course": recorded}, {"history": recorded}, {"redacted": True}):
        db.session.add(
            Turn(
                data_key_id=conversation.data_key_id,
                conversation_id=conversation.id,
                outcome=TurnOutcome.ANSWERED,
                lease_token=1,
                trace=trace,
            )
        )
    db.session.flush()

    report = replay_conversation(conversation.id)

    assert (report.turns, report.redacted) == (2, 1)


def test_a_trace_that_holds_nothing_has_no_history():
    assert decision_history.recorded_in(None) is None
    assert decision_history.recorded_in({"redacted": True}) is None
