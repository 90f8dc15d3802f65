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


def templates(talk):
    return [
        body["template"]["name"]
        for body in talk.meta.sent_to(talk.phone)
        if body["type"] == "template"
    ]


def test_one_template_goes_and_the_desk_gets_what_it_does_not_say(talk):
    talk.last_wrote(hours=25)
    talk.answers("um", "dois")

    talk.is_delivered()

    assert (templates(talk), talk.states()) == (["retomar_conversa"], ["accepted", "cancelled"])
    with talk.app.app_context():
        assert asked_of_the_desk(talk) == [(TicketKind.FOLLOW_UP, "dois")]


def test_the_history_shows_what_the_customer_got(talk):
    talk.last_wrote(hours=25)
    talk.answers("oi")

    talk.is_delivered()

    with talk.app.app_context():
        assert [(row.message.kind, row.message.body) for row in talk.rows()] == [
            ("template", "[retomar_conversa]")
        ]


def test_a_refused_answer_becomes_the_template(talk, meta):
    meta.fail(Kind.ERROR, to=talk.phone, status=400, code=CLOSED)
    talk.answers("oi")
    talk.is_delivered()
    talk.is_delivered()

    assert (templates(talk), talk.states(), talk.tickets()) == (
        ["retomar_conversa"],
        ["accepted"],
        [],
    )


def test_an_answer_that_failed_later_becomes_the_template_once(talk):
    (outbox_id,) = talk.answers("oi")
    talk.is_delivered()
    news = payloads.failure(talk.wamid(), CLOSED, outbox_id=outbox_id)

    talk.hears_of(news)
    talk.hears_of(news)
    talk.is_delivered()
    talk.hears_of(news)

    assert (talk.heard(), talk.states(), talk.tickets()) == (["oi", "[template]"], ["accepted"], [])


def test_who_opted_out_gets_no_template(talk):
    talk.last_wrote(hours=25)
    talk.answers("oi")
    with talk.app.app_context():
        contact_id = db.session.get_one(Conversation, talk.conversation_id).contact_id
        db.session.execute(
            update(Contact).where(Contact.id == contact_id).values(opted_out_at=func.now())
        )
        db.session.commit()

    talk.is_delivered()

    assert (talk.heard(), talk.states(), len(talk.tickets())) == ([], ["cancelled"], 1)
