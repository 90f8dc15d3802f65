"""A human takes over while the bot thinks: the bot says nothing any more."""

from uuid import UUID, uuid4

import pytest

from gatte.desk import handoff, users
from gatte.extensions import db
from tests.process_system import never, until

UNSURE = "xyzzy plugh certificado frobnicar?"


@pytest.fixture
def agent(app) -> int:
    with app.app_context():
        user = users.create_user(f"ana{uuid4().hex}@example.com", "Ana", "uma senha comprida")
        db.session.commit()
        return user.id


def conversation_of(client, who) -> UUID:
    found = (
        "SELECT c.id FROM conversation c "
        "JOIN contact_identity i USING (contact_id) "
        "ORDER BY c.opened_at DESC LIMIT 1"
    )
    assert until(lambda: bool(client.query(found)))
    return UUID(str(client.query(found)[0][0]))


def take(app, conversation_id: UUID, agent: int) -> None:
    with app.app_context():
        handoff.take(conversation_id, agent)
        db.session.commit()


def test_a_turn_that_was_already_running_says_nothing(client, app, agent):
    who, before = client.somebody(), len(client.gemini.calls)
    client.gemini.is_slow(4.0, times=1)
    client.says(who, UNSURE)
    assert until(lambda: len(client.gemini.calls) > before), "no turn asked Gemini"

    take(app, conversation_of(client, who), agent)

    assert never(lambda: bool(client.heard(who)), 8)


def test_after_the_hand_over_only_the_agent_is_heard(client, app, agent):
    who = client.somebody()
    client.says(who, "oi")
    client.waits_for_answers(who, 1)
    conversation_id = conversation_of(client, who)
    take(app, conversation_id, agent)
    client.says(who, "quanto custa?")
    with app.app_context():
        handoff.reply(conversation_id, agent, "Oi, aqui é a Ana.")
        db.session.commit()

    assert client.waits_for_answers(who, 2)[1:] == ["Oi, aqui é a Ana."]
    assert never(lambda: len(client.heard(who)) > 2, 4)


def test_two_agents_cannot_both_take_it(client, app, agent):
    who = client.somebody()
    client.says(who, "quero falar com um atendente")
    client.waits_for_answers(who, 1)
    conversation_id = conversation_of(client, who)
    with app.app_context():
        other = users.create_user(f"bia{uuid4().hex}@example.com", "Bia", "outra senha comprida").id
        db.session.commit()
    take(app, conversation_id, agent)

    with pytest.raises(handoff.AlreadyTaken):
        take(app, conversation_id, other)
