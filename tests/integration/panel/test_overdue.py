"""A customer whom the desk lets wait for too long: the people at the desk see it, in the words of
what really happened.
"""

import pytest
from sqlalchemy import update

from gatte.conversation.states import Event
from gatte.desk import handoff
from gatte.extensions import db
from gatte.models import Conversation
from gatte.turns import inactivity
from gatte.web.panel.labels import EVENTS
from tests.integration.panel.factories import minutes_ago


def watched(app, conversation_id):
    """The watchdog's alarm rings."""
    with app.app_context():
        db.session.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id)
            .values(inactivity_due_at=minutes_ago(0))
        )
        db.session.commit()
        assert inactivity.fire(conversation_id)
        db.session.commit()


def pages(agent, conversation_id):
    return [
        agent.get(path).text for path in ("/panel/sessoes", f"/panel/sessoes/{conversation_id}")
    ]


UNTAKEN = "Ninguém assumiu esta conversa ainda: o cliente espera há 12 min."
UNANSWERED = "O cliente escreveu e espera uma resposta da equipe há 25 min."


@pytest.fixture
def untaken(desk):
    return desk.conversation("Joana", "STATE_WAITING_HUMAN", waiting_minutes=12)


@pytest.fixture
def unanswered(desk, users):
    waits = {
        "customer_waiting": minutes_ago(25).isoformat(),
        "warn_from": minutes_ago(25).isoformat(),
    }
    return desk.with_agent(users["bruno"], name="Bia", flags=waits)


def test_a_conversation_that_nobody_takes_is_shown_as_such(agent, app, untaken):
    assert "Ninguém assumiu" not in pages(agent, untaken)[1]

    watched(app, untaken)

    assert all(UNTAKEN in page for page in pages(agent, untaken))
    assert "Cliente continua sem resposta da equipe" in pages(agent, untaken)[1]


def test_a_conversation_whose_agent_does_not_answer_is_shown_as_such(agent, app, unanswered):
    watched(app, unanswered)

    assert all(UNANSWERED in page for page in pages(agent, unanswered))


def test_the_warning_goes_when_somebody_takes_the_conversation(agent, app, untaken, users):
    watched(app, untaken)
    with app.app_context():
        handoff.take(untaken, users["ana"])
        db.session.commit()

    assert "o cliente espera há" not in pages(agent, untaken)[1]


def test_a_warning_does_not_say_that_the_customer_wrote():
    assert "escreveu" not in EVENTS[Event.CUSTOMER_WAITED]
