"""The place in the queue as the desk serves: by priority, then by who has waited longest; and
minutes only when they are known.
"""

import pytest
from sqlalchemy import delete

from gatte.decisions import handling_time
from gatte.decisions.snapshots import load_snapshot
from gatte.extensions import db
from gatte.models import AuditEntry, Contact, Conversation, Role, User
from tests.integration.panel.factories import Desk, minutes_ago


@pytest.fixture
def desk(app):
    with app.app_context():
        for table in (Contact, AuditEntry, User):
            db.session.execute(delete(table))
        db.session.commit()
    app.extensions["gatte_pace"] = handling_time.HandlingTime()
    return Desk(app)


def facts(desk, conversation_id):
    with desk.app.app_context():
        return load_snapshot(db.session.get_one(Conversation, conversation_id)).desk


def agent(desk, name="ana", logged_in_minutes=500):
    with desk.app.app_context():
        user = User(email=f"{name}@empresa.test", name=name, password_hash="-", role=Role.AGENT)
        user.last_login_at = minutes_ago(logged_in_minutes)
        db.session.add(user)
        db.session.commit()
        return user.id


def handled(desk, user_id, *minutes, ago=1.0):
    """Conversations that an agent took, and handed back after so many minutes."""
    with desk.app.app_context():
        for number, lasted in enumerate(minutes):
            subject = f"conversation:{user_id}-{number}-{ago}"
            db.session.add(
                AuditEntry(
                    user_id=user_id,
                    action="agent_took",
                    subject=subject,
                    created_at=minutes_ago(ago + lasted),
                )
            )
            db.session.flush()
            db.session.add(
                AuditEntry(
                    user_id=user_id,
                    action="handed_back",
                    subject=subject,
                    created_at=minutes_ago(ago),
                )
            )
            db.session.flush()
        db.session.commit()


def test_a_pressing_customer_is_behind_the_pressing_ones_only(desk):
    for priority in (0, 2, 4, 4, 4, 5):
        desk.conversation(state="STATE_WAITING_HUMAN", waiting_minutes=30, priority=priority)
    new = desk.conversation()

    assert facts(desk, new).ahead_by_priority == (1, 1, 2, 2, 5, 6)


def test_of_equal_priority_who_has_waited_longer_is_served_first(desk):
    longest, middle, shortest = (
        desk.conversation(state="STATE_WAITING_HUMAN", waiting_minutes=minutes, priority=4)
        for minutes in (30, 20, 10)
    )

    assert [facts(desk, one).queue_position(4) for one in (longest, middle, shortest)] == [0, 1, 2]


def test_a_customer_without_a_priority_is_served_last(desk):
    desk.conversation(state="STATE_WAITING_HUMAN", waiting_minutes=30, priority=None)
    new = desk.conversation()

    assert facts(desk, new).ahead_by_priority == (0,) * 6


def test_no_minutes_when_nobody_is_at_work_or_too_few_were_handled(desk):
    conversation = desk.conversation()
    ana = agent(desk)
    assert facts(desk, conversation).minutes_each is None

    handled(desk, ana, 10, 10, 10, 10, 10, 10, ago=45)
    desk.app.extensions["gatte_pace"] = handling_time.HandlingTime()

    assert facts(desk, conversation).minutes_each is None


def test_minutes_are_the_usual_handling_time_shared_by_those_at_work(desk):
    conversation = desk.conversation()
    ana, _ = agent(desk), agent(desk, "bia", logged_in_minutes=5)
    handled(desk, ana, 6, 8, 8, 8, 90)

    assert facts(desk, conversation).minutes_each == pytest.approx(4.0, abs=0.1)


def test_who_serves_somebody_is_at_work(desk):
    conversation = desk.conversation()
    ana, bia = agent(desk), agent(desk, "bia")
    handled(desk, ana, 8, 8, 8, 8, 8, ago=45)
    desk.with_agent(bia)

    assert facts(desk, conversation).minutes_each == pytest.approx(8.0, abs=0.1)


def test_the_pace_is_asked_once_in_a_while(desk):
    conversation = desk.conversation()
    facts(desk, conversation)
    ana = agent(desk, logged_in_minutes=1)
    handled(desk, ana, 8, 8, 8, 8, 8)

    assert facts(desk, conversation).minutes_each is None
    desk.app.extensions["gatte_pace"].asked_at -= handling_time.CACHE_SECONDS
    assert facts(desk, conversation).minutes_each is not None
