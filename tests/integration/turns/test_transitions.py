"""How long a conversation was in a state, as its transitions tell."""

from datetime import timedelta

from sqlalchemy import select

from gatte.desk import handoff, users
from gatte.extensions import db
from gatte.models import Conversation, Role, Transition
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

MINUTE_MS = 60_000.0


def steps(app, conversation_id) -> list[Transition]:
    with app.app_context():
        mine = select(Transition).filter_by(conversation_id=conversation_id).order_by(Transition.id)
        return list(db.session.scalars(mine))


def minutes_pass(app, conversation_id, minutes: int) -> None:
    with app.app_context():
        row = db.session.get_one(Conversation, conversation_id)
        row.opened_at -= timedelta(minutes=minutes)
        if row.state_since is not None:
            row.state_since -= timedelta(minutes=minutes)
        db.session.commit()


def an_agent(app) -> int:
    with app.app_context():
        users.create_user("ana@example.com", "Ana", "uma senha bem longa", Role.AGENT)
        db.session.commit()
        user = users.find_user("ana@example.com")
        assert user is not None
        return user.id


def test_a_step_tells_how_long_the_state_before_it_lasted_whoever_made_it(app):
    """A customer asks for a person, waits five minutes, and is served for two."""
    customer, agent = somebody(app), an_agent(app)
    customer.sends(payloads.text("quero falar com um atendente"))
    with app.app_context():
        conversation = customer.conversation().id
    minutes_pass(app, conversation, 5)
    with app.app_context():
        handoff.take(conversation, agent)
        db.session.commit()
    minutes_pass(app, conversation, 2)
    with app.app_context():
        handoff.hand_back(conversation, agent)
        db.session.commit()

    taken, handed_back = steps(app, conversation)[-2:]
    assert 5 * MINUTE_MS <= taken.duration_ms < 6 * MINUTE_MS
    assert 2 * MINUTE_MS <= handed_back.duration_ms < 3 * MINUTE_MS


def test_a_state_that_one_decision_passes_through_lasted_no_time(app):
    customer = somebody(app)
    customer.sends(payloads.text("quanto custa um e-CPF A1?"))
    with app.app_context():
        conversation = customer.conversation().id

    first, *others = steps(app, conversation)
    assert first.duration_ms > 0
    assert others
    assert {step.duration_ms for step in others} == {0.0}
