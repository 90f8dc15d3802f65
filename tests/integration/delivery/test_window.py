"""More than 24 hours after the customer's last message: a template if there is one, else a task for
the desk.
"""

from gatte.conversation.replies import TemplateReply
from gatte.models import Conversation, TicketKind
from tests.fakes import payloads
from tests.fakes.meta import Kind

CLOSED = 131047


def asked_of_the_desk(talk):
    return [(ticket.kind, ticket.description) for ticket in talk.tickets()]


def test_within_the_window_free_text_goes(talk):
    talk.last_wrote(hours=23, minutes=59)
    talk.answers("oi")

    talk.is_delivered()

    assert (talk.heard(), talk.tickets()) == (["oi"], [])


def test_the_bot_is_late_and_the_desk_gets_one_task_with_all_it_wanted_to_say(talk):
    talk.last_wrote(hours=24, seconds=1)
    talk.answers("um", "dois")

    talk.is_delivered()

    assert (talk.heard(), talk.states()) == ([], ["cancelled", "cancelled"])
    assert [row.error_code for row in talk.rows()] == [CLOSED, CLOSED]
    with talk.app.app_context():
        assert asked_of_the_desk(talk) == [(TicketKind.FOLLOW_UP, "um\n\ndois")]


def test_who_never_wrote_has_no_window(talk):
    talk.changes(Conversation, last_inbound_at=None)
    talk.answers("oi")

    talk.is_delivered()

    assert (talk.heard(), talk.states()) == ([], ["cancelled"])


def test_an_agent_who_is_late_sees_it_and_no_task_is_made(talk):
    talk.last_wrote(hours=25)
    talk.answers("oi", author="agent")

    talk.is_delivered()

    assert (talk.heard(), talk.states(), talk.rows()[0].error_code, talk.tickets()) == (
        [],
        ["failed"],
        CLOSED,
        [],
    )


def test_a_template_may_go_at_any_time(talk):
    talk.last_wrote(hours=25)
    talk.answers(TemplateReply("lembrete", "pt_BR"))

    talk.is_delivered()

    assert talk.heard() == ["[template]"]


def test_a_refusal_because_of_the_window_is_the_same(talk, meta):
    meta.fail(Kind.ERROR, to=talk.phone, status=400, code=CLOSED)
    talk.answers("oi")

    talk.is_delivered()

    assert (talk.heard(), talk.states(), talk.rows()[0].error_code) == ([], ["failed"], CLOSED)
    with talk.app.app_context():
        assert asked_of_the_desk(talk) == [(TicketKind.FOLLOW_UP, "oi")]


def test_a_failed_status_because_of_the_window_is_the_same_and_told_twice_it_is_done_once(talk):
    (outbox_id,) = talk.answers("oi")
    talk.is_delivered()
    news = payloads.failure(talk.wamid(), CLOSED, outbox_id=outbox_id)

    talk.hears_of(news, news)

    assert talk.states() == ["failed"]
    with talk.app.app_context():
        assert asked_of_the_desk(talk) == [(TicketKind.FOLLOW_UP, "oi")]


def test_a_failed_status_after_the_customer_wrote_again_asks_nothing_of_the_desk(talk):
    (outbox_id,) = talk.answers("oi")
    talk.is_delivered()
    talk.last_wrote(seconds=-1)

    talk.hears_of(payloads.failure(talk.wamid(), CLOSED, outbox_id=outbox_id))

    assert (talk.states(), talk.tickets()) == (["failed"], [])
