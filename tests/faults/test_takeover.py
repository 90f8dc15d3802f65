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


def conversation_of(world, who) -> UUID:
    found = (
        "SELECT c.id FROM conversation c "
        "JOIN contact_identity i USING (contact_id) "
        "ORDER BY c.opened_at DESC LIMIT 1"
    )
    assert until(lambda: bool(world.query(found)))
    return UUID(str(world.query(found)[0][0]))


def take(app, conversation_id: UUID, agent: int) -> None:
    with app.app_context():
        handoff.take(conversation_id, agent)
        db.session.commit()


def test_a_turn_that_was_already_running_says_nothing(world, app, agent):
    who, before = world.somebody(), len(world.gemini.calls)
    world.gemini.is_slow(4.0, times=1)
    world.says(who, UNSURE)
    assert until(lambda: len(world.gemini.calls) > before), "no turn asked Gemini"

    take(app, conversation_of(world, who), agent)

    assert never(lambda: bool(world.heard(who)), 8)


def test_after_the_hand_over_only_the_agent_is_heard(world, app, agent):
    who = world.somebody()
    world.says(who, "oi")
    world.waits_for_answers(who, 1)
    conversation_id = conversation_of(world, who)
    take(app, conversation_id, agent)
    world.says(who, "quanto custa?")
    with app.app_context():
        handoff.reply(conversation_id, agent, "Oi, aqui é a Ana.")
        db.session.commit()

    assert world.waits_for_answers(who, 2)[1:] == ["Oi, aqui é a Ana."]
    assert never(lambda: len(world.heard(who)) > 2, 4)


def test_two_agents_cannot_both_take_it(world, app, agent):
    who = world.somebody()
    world.says(who, "quero falar com um atendente")
    world.waits_for_answers(who, 1)
    conversation_id = conversation_of(world, who)
    with app.app_context():
        other = users.create_user(f"bia{uuid4().hex}@example.com", "Bia", "outra senha comprida").id
        db.session.commit()
    take(app, conversation_id, agent)

    with pytest.raises(handoff.AlreadyTaken):
        take(app, conversation_id, other)
