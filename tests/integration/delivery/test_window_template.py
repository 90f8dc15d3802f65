"""More than 24 hours after the customer's last message, with a template for that case."""

import pytest
from sqlalchemy import func, update

from gatte.extensions import db
from gatte.models import Contact, Conversation, TicketKind
from tests.fakes import payloads
from tests.fakes.meta import Kind
from tests.integration.delivery.test_window import CLOSED, asked_of_the_desk


@pytest.fixture(scope="module")
def more():
    return {"gatte_service_window_template": "retomar_conversa"}


def templates(chat):
    return [
        body["template"]["name"]
        for body in chat.meta.sent_to(chat.phone)
        if body["type"] == "template"
    ]


def test_one_template_goes_and_the_desk_gets_what_it_does_not_say(chat):
    chat.last_wrote(hours=25)
    chat.answers("um", "dois")

    chat.is_delivered()

    assert (templates(chat), chat.states()) == (
        ["retomar_conversa"],
        ["accepted", "cancelled"],
    )
    with chat.app.app_context():
        assert asked_of_the_desk(chat) == [(TicketKind.FOLLOW_UP, "dois")]


def test_the_history_shows_what_the_customer_got(chat):
    chat.last_wrote(hours=25)
    chat.answers("oi")

    chat.is_delivered()

    with chat.app.app_context():
        assert [(row.message.kind, row.message.body) for row in chat.rows()] == [
            ("template", "[retomar_conversa]")
        ]


def test_a_refused_answer_becomes_the_template(chat, meta):
    meta.fail(Kind.ERROR, to=chat.phone, status=400, code=CLOSED)
    chat.answers("oi")
    chat.is_delivered()
    chat.is_delivered()

    assert (templates(chat), chat.states(), chat.tickets()) == (
        ["retomar_conversa"],
        ["accepted"],
        [],
    )


def test_an_answer_that_failed_later_becomes_the_template_once(chat):
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()
    news = payloads.failure(chat.wamid(), CLOSED, outbox_id=outbox_id)

    chat.hears_of(news)
    chat.hears_of(news)
    chat.is_delivered()
    chat.hears_of(news)

    assert (chat.heard(), chat.states(), chat.tickets()) == (
        ["oi", "[template]"],
        ["accepted"],
        [],
    )


def test_who_opted_out_gets_no_template(chat):
    chat.last_wrote(hours=25)
    chat.answers("oi")
    with chat.app.app_context():
        contact_id = db.session.get_one(Conversation, chat.conversation_id).contact_id
        db.session.execute(
            update(Contact).where(Contact.id == contact_id).values(opted_out_at=func.now())
        )
        db.session.commit()

    chat.is_delivered()

    assert (chat.heard(), chat.states(), len(chat.tickets())) == ([], ["cancelled"], 1)
