"""More than 24 hours after the customer's last message: a template if there is one, else a task for
the desk.
"""

from gatte.conversation.replies import TemplateReply
from gatte.models import Conversation, TicketKind
from tests.fakes import payloads
from tests.fakes.meta import Kind

CLOSED = 131047


def asked_of_the_desk(chat):
    return [(ticket.kind, ticket.description) for ticket in chat.tickets()]


def test_within_the_window_free_text_goes(chat):
    chat.last_wrote(hours=23, minutes=59)
    chat.answers("oi")

    chat.is_delivered()

    assert (chat.heard(), chat.tickets()) == (["oi"], [])


def test_the_bot_is_late_and_the_desk_gets_one_task_with_all_it_wanted_to_say(chat):
    chat.last_wrote(hours=24, seconds=1)
    chat.answers("um", "dois")

    chat.is_delivered()

    assert (chat.heard(), chat.states()) == ([], ["cancelled", "cancelled"])
    assert [row.error_code for row in chat.rows()] == [CLOSED, CLOSED]
    with chat.app.app_context():
        assert asked_of_the_desk(chat) == [(TicketKind.FOLLOW_UP, "um\n\ndois")]


def test_who_never_wrote_has_no_window(chat):
    chat.changes(Conversation, last_inbound_at=None)
    chat.answers("oi")

    chat.is_delivered()

    assert (chat.heard(), chat.states()) == ([], ["cancelled"])


def test_an_agent_who_is_late_sees_it_and_no_task_is_made(chat):
    chat.last_wrote(hours=25)
    chat.answers("oi", author="agent")

    chat.is_delivered()

    assert (
        chat.heard(),
        chat.states(),
        chat.rows()[0].error_code,
        chat.tickets(),
    ) == (
        [],
        ["failed"],
        CLOSED,
        [],
    )


def test_a_template_may_go_at_any_time(chat):
    chat.last_wrote(hours=25)
    chat.answers(TemplateReply("lembrete", "pt_BR"))

    chat.is_delivered()

    assert chat.heard() == ["[template]"]


def test_a_refusal_because_of_the_window_is_the_same(chat, meta):
    meta.fail(Kind.ERROR, to=chat.phone, status=400, code=CLOSED)
    chat.answers("oi")

    chat.is_delivered()

    assert (chat.heard(), chat.states(), chat.rows()[0].error_code) == (
        [],
        ["failed"],
        CLOSED,
    )
    with chat.app.app_context():
        assert asked_of_the_desk(chat) == [(TicketKind.FOLLOW_UP, "oi")]


def test_a_failed_status_because_of_the_window_is_the_same_and_told_twice_it_is_done_once(chat):
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()
    news = payloads.failure(chat.wamid(), CLOSED, outbox_id=outbox_id)

    chat.hears_of(news, news)

    assert chat.states() == ["failed"]
    with chat.app.app_context():
        assert asked_of_the_desk(chat) == [(TicketKind.FOLLOW_UP, "oi")]


def test_a_failed_status_after_the_customer_wrote_again_asks_nothing_of_the_desk(chat):
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()
    chat.last_wrote(seconds=-1)

    chat.hears_of(payloads.failure(chat.wamid(), CLOSED, outbox_id=outbox_id))

    assert (chat.states(), chat.tickets()) == (["failed"], [])
