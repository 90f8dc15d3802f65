"""When silence becomes an event."""

import pytest

from gatte.conversation.inactivity import InactivityTimeouts, StateTimeouts, Timer, next_timer
from gatte.conversation.nlu import Intent
from gatte.conversation.snapshot import Owner
from gatte.conversation.states import Event, State
from tests.unit.conversation.simulated_conversation import Talk

TIMES = InactivityTimeouts(
    menu=StateTimeouts(None, 60),
    collecting=StateTimeouts(10, 30),
    confirming=StateTimeouts(11, 31),
    close=500,
    warn_waiting=20,
    warn_unanswered=25,
    close_with_human=900,
)


def due(talk: Talk) -> Timer | None:
    return next_timer(talk.snapshot, TIMES)


def buying() -> Talk:
    return Talk().says("quero um e-CPF A1", Intent.BUY_CERTIFICATE)


def test_a_flow_is_nudged_once_then_timed_out_then_closed():
    talk = buying()
    assert due(talk) == Timer(Event.NUDGED, 10)
    assert due(talk.sees(Event.NUDGED)) == Timer(Event.TIMED_OUT, 30)
    assert due(talk.sees(Event.TIMED_OUT)) == Timer(Event.CLOSED, 500)
    assert due(talk.sees(Event.CLOSED)) is None


def test_an_answer_makes_the_next_nudge_possible():
    assert due(buying().sees(Event.NUDGED).says("Ana Lima")) == Timer(Event.NUDGED, 10)


def test_a_nudge_repeats_the_question_and_promises_to_wait():
    talk = buying().sees(Event.NUDGED)

    assert "nome completo" in talk.replied
    assert talk.state == State.COLLECTING


def test_time_out_and_close_say_nothing_since_a_reply_costs():
    assert buying().sees(Event.TIMED_OUT).decision.replies == ()
    assert buying().sees(Event.TIMED_OUT).sees(Event.CLOSED).decision.replies == ()


def test_every_state_has_its_own_time():
    assert due(Talk().says("oi")) == Timer(Event.TIMED_OUT, 60)
    assert due(Talk(State.CONFIRMING, flow="lead", requested_slot="confirm")) == Timer(
        Event.NUDGED, 11
    )


def test_the_desk_is_warned_of_who_waits_each_time_later():
    talk = Talk().says("atendente")

    waits = []
    for _ in range(6):
        waits.append(due(talk).seconds)
        talk.sees(Event.CUSTOMER_WAITED)

    assert waits == [20, 40, 80, 160, 320, 320]
    assert talk.decision.replies == ()


def test_an_agent_who_does_not_answer_is_warned_and_never_timed_out():
    talk = Talk().says("atendente").sees(Event.AGENT_TOOK)
    assert due(talk) == Timer(Event.CLOSED, 900)

    talk.says("alô?")
    assert due(talk) == Timer(Event.CUSTOMER_WAITED, 25)

    talk.sees(Event.AGENT_REPLIED)
    assert due(talk) == Timer(Event.CLOSED, 900)


def test_a_conversation_that_a_human_forgot_goes_back_to_the_bot_in_the_end():
    talk = Talk().says("atendente").sees(Event.AGENT_TOOK).sees(Event.CLOSED)

    assert talk.snapshot.owner == Owner.BOT
    assert talk.says("oi").replied


@pytest.mark.parametrize("state", State)
def test_no_state_but_the_last_is_without_a_deadline(state):
    talk = Talk(state, owner=Owner.HUMAN if state == State.WITH_HUMAN else Owner.BOT)

    assert (next_timer(talk.snapshot, InactivityTimeouts()) is None) == (state == State.CLOSED)


def test_times_that_are_not_set_mean_never():
    assert (
        next_timer(Talk(State.MENU).snapshot, InactivityTimeouts(menu=StateTimeouts(None, None)))
        is None
    )


def test_who_writes_again_while_waiting_puts_the_warning_off_no_further():
    talk = Talk().says("atendente").waits(seconds=15)
    talk.says("alguém aí?")
    assert due(talk) == Timer(Event.CUSTOMER_WAITED, 5)

    talk.sees(Event.AGENT_TOOK).says("alô?").waits(seconds=15).says("oi?")
    assert due(talk) == Timer(Event.CUSTOMER_WAITED, 10)


def test_a_warning_of_the_desk_lasts_until_somebody_answers():
    talk = Talk().says("atendente").sees(Event.AGENT_TOOK).says("alô?").sees(Event.CUSTOMER_WAITED)
    assert talk.says("oi?").snapshot.flags["warned"] == "1"

    assert "warned" not in talk.sees(Event.AGENT_REPLIED).snapshot.flags
