"""What the dispatcher finds due of the outbox, and what delivering an answer costs the database."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from gatte.extensions import db
from gatte.infra.rq_queue import JobName
from gatte.models import Outbox
from gatte.store.due_work import fetch_due_work
from tests.fakes.meta import Kind
from tests.integration.delivery.delivery_scenario import new_talk


def due(app, *talks):
    """The conversations of these for which a delivery is due, and under which ids."""
    with app.app_context(), db.engine.connect() as connection:
        wanted = {str(chat.conversation_id) for chat in talks}
        found = [
            one
            for one in fetch_due_work(connection, app.extensions["gatte_settings"])
            if one.job is JobName.DELIVER
        ]
        return [(one.arguments[0], one.dedup_key) for one in found if one.arguments[0] in wanted]


@contextmanager
def statements(app):
    """The SQL statements that this lets run."""
    ran = []

    def note(*arguments):
        ran.append(arguments[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield ran
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_conversation_is_due_once_however_many_answers_wait(chat, app):
    chat.answers("um", "dois", "três")

    assert [conversation for conversation, _ in due(app, chat)] == [str(chat.conversation_id)]


def test_answers_behind_one_that_waits_are_not_due(chat, app, meta):
    meta.fail(Kind.ERROR, to=chat.phone, status=503, code=131016)
    chat.answers("um", "dois")
    chat.is_delivered()

    assert due(app, chat) == []
    chat.time_passes(10)
    assert len(due(app, chat)) == 1


def test_what_is_settled_is_not_due(chat, app):
    chat.answers("oi")
    chat.is_delivered()
    chat.time_passes(3600)

    assert due(app, chat) == []


def test_a_postponed_answer_is_a_need_of_its_own(chat, app):
    chat.answers("oi")
    first = due(app, chat)
    chat.changes(
        Outbox, next_attempt_at=Outbox.next_attempt_at - db.func.make_interval(0, 0, 0, 0, 0, 0, 1)
    )

    assert first != due(app, chat)


def test_many_blocked_conversations_do_not_hide_one_that_is_due(app, meta):
    blocked = [new_talk(app, meta) for _ in range(30)]
    for one in blocked:
        one.answers("um", "dois")
        one.is_claimed()
    free = new_talk(app, meta)
    free.answers("oi")

    assert [conversation for conversation, _ in due(app, free, *blocked)] == [
        str(free.conversation_id)
    ]


@pytest.mark.parametrize(("answers", "most"), [(1, 9), (3, 23)])
def test_an_answer_costs_few_statements(chat, app, answers, most):
    chat.answers(*[f"resposta {number}" for number in range(answers)])

    with statements(app) as ran:
        chat.is_delivered()

    assert len(chat.heard()) == answers
    assert len(ran) <= most, "\n".join(ran)
