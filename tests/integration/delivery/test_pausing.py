"""A number that Meta takes nothing from: its answers wait, one tries now and then, and all go when
it works again.
"""

import time

import pytest

from gatte.conversation.replies import TemplateReply
from gatte.delivery import number_pause
from gatte.delivery.failure_reasons import explain
from gatte.extensions import db
from gatte.models import NumberPause
from tests.fakes.meta import Kind
from tests.integration.delivery.delivery_scenario import new_talk

BAD_TOKEN, NO_PAYMENT, NO_PARAMETER = 190, 131042, 131008
FIRST_SECONDS = 0.6


@pytest.fixture(scope="module")
def more():
    return {"gatte_number_pause_seconds": FIRST_SECONDS}


def pauses(app) -> list[NumberPause]:
    with app.app_context():
        return list(db.session.scalars(db.select(NumberPause)))


def test_a_refused_token_lets_all_answers_of_the_number_wait(app, chat, meta):
    meta.fail(Kind.ERROR, status=401, code=BAD_TOKEN, times=-1)
    other = new_talk(app, meta)
    chat.answers("oi"), other.answers("bom dia")

    chat.is_delivered()
    other.is_delivered()

    assert (chat.states(), other.states()) == (["pending"], ["pending"])
    assert (chat.outcomes(), other.outcomes()) == (["refused"], [])
    assert [one.error_code for one in pauses(app)] == [BAD_TOKEN]


def test_the_panel_says_why_an_answer_waits(app, chat, meta):
    meta.fail(Kind.ERROR, status=401, code=BAD_TOKEN, times=-1)
    chat.answers("oi")
    chat.is_delivered()

    said = explain(chat.rows()[0])
    assert said is not None
    assert said.meaning == "A credencial de acesso venceu ou foi cancelada."
    assert "sai sozinha" in said.advice


def test_pauses_grow_while_probes_fail(app, chat, meta):
    meta.fail(Kind.ERROR, status=401, code=BAD_TOKEN, times=-1)
    chat.answers("oi")
    for _ in range(3):
        chat.is_delivered()
        chat.time_passes(60)

    assert chat.outcomes() == ["refused"] * 3
    assert [one.probe_count for one in pauses(app)] == [3]
    chat.is_delivered()
    assert 4 * FIRST_SECONDS < chat.waits_seconds()[0] <= 8 * FIRST_SECONDS


def test_the_first_answer_that_gets_through_calls_all_others(app, chat, meta):
    meta.fail(Kind.ERROR, status=401, code=BAD_TOKEN)
    others = [new_talk(app, meta) for _ in range(3)]
    for one in (chat, *others):
        one.answers("oi")
        one.is_delivered()
    assert all(one.waits_seconds()[0] > FIRST_SECONDS for one in others)

    time.sleep(FIRST_SECONDS)
    chat.is_delivered()

    assert (chat.states(), pauses(app)) == (["accepted"], [])
    assert all(one.waits_seconds()[0] <= 0 for one in others)
    others[0].is_delivered()
    assert others[0].heard() == ["oi"]


def test_only_one_answer_tries_when_the_pause_is_over(app, chat, meta):
    meta.fail(Kind.ERROR, status=401, code=BAD_TOKEN, times=-1)
    others = [new_talk(app, meta) for _ in range(3)]
    for one in (chat, *others):
        one.answers("oi")
        one.is_delivered()
    for one in (chat, *others):
        one.time_passes(120)
    for one in (chat, *others):
        one.is_delivered()

    assert sum(len(one.outcomes()) for one in (chat, *others)) == 2


def test_an_answer_that_is_refused_for_its_own_sake_stops_nobody(app, chat, meta):
    meta.fail(Kind.ERROR, status=400, code=NO_PARAMETER)
    chat.answers("oi")
    chat.is_delivered()

    assert (chat.states(), pauses(app)) == (["failed"], [])


def test_a_template_that_cannot_be_paid_stops_nobody(app, chat, meta):
    meta.fail(Kind.ERROR, status=400, code=NO_PAYMENT)
    chat.answers(TemplateReply("aviso", "pt_BR"))
    chat.is_delivered()

    assert (chat.states(), pauses(app)) == (["dead_letter"], [])


def test_a_meta_that_does_not_answer_is_left_alone_after_a_few_calls(app, meta):
    meta.fail(Kind.CUT, times=-1)
    talks = [new_talk(app, meta) for _ in range(8)]
    for one in talks:
        one.answers("oi")
        one.is_delivered()

    assert sum(len(one.outcomes()) for one in talks) == number_pause.FAILURE_THRESHOLD
    assert [one.cause for one in pauses(app)] == ["not_connected"]


def test_who_knows_of_no_pause_hears_of_it_within_a_second(app, chat, meta):
    meta.fail(Kind.ERROR, status=401, code=BAD_TOKEN, times=-1)
    chat.answers("oi")
    chat.is_delivered()
    app.extensions["gatte_pauses"] = number_pause.PauseCache()  # another process, just started
    other = new_talk(app, meta)
    other.answers("oi")
    other.is_delivered()

    assert other.outcomes() == []
