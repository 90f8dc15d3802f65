from uuid import uuid4

import pytest
from sqlalchemy import func, select

from gatte.desk import handoff, users
from gatte.extensions import db
from gatte.models import Contact, Conversation, Message, keyring

pytestmark = pytest.mark.usefixtures("context")


def test_a_reply_that_is_sent_again_is_written_once():
    key = keyring().new_contact_key()
    db.session.add(key)
    db.session.flush()
    contact = Contact(data_key_id=key.id, phone="5511987654321")
    db.session.add(contact)
    db.session.flush()
    talk = Conversation(
        data_key_id=key.id,
        contact_id=contact.id,
        phone_number_id="1",
        correlation_id="c",
        last_inbound_at=func.now(),
    )
    db.session.add(talk)
    agent = users.create_user("ana@example.com", "Ana", "uma senha comprida")
    db.session.flush()
    handoff.take(talk.id, agent.id)
    draft = uuid4()

    first, again = (handoff.reply(talk.id, agent.id, "Oi, aqui é a Ana.", draft) for _ in range(2))

    assert first.id == again.id == draft
    assert (
        db.session.scalar(
            select(func.count()).select_from(Message).filter_by(conversation_id=talk.id)
        )
        == 1
    )
