"""Which event leads where, written down once more by hand: the table of the product is compared
with this one, never with itself.
"""

import pytest

from gatte.conversation.states import TRANSITIONS, Event, InvalidTransition, State, next_state

COLUMNS = {
    "START": State.START,
    "MENU": State.MENU,
    "ANSWER": State.ANSWERING,
    "COLLECT": State.COLLECTING,
    "CONFIRM": State.CONFIRMING,
    "WAIT": State.WAITING_HUMAN,
    "HUMAN": State.WITH_HUMAN,
    "ERROR": State.ERROR,
    "TIMEOUT": State.TIMEOUT,
    "CLOSED": State.CLOSED,
}

# A row an event, a column the state in which it happens, in the order above; a dash refuses.
# A silent conversation (TIMEOUT, CLOSED) is reopened before a customer's words can do anything in
# it, and while a person has the conversation (HUMAN) the bot does nothing that a customer could
# cause.
EXPECTED = {
    # A greeting alone shows the menu; within a flow, or in the queue, it changes nothing.
    Event.GREETED:
        "MENU    MENU    MENU    -       -       -       -       MENU    -       -",
    # The menu works in every state, and leaves a flow or the queue.
    Event.MENU_SHOWN:
        "MENU    MENU    MENU    MENU    MENU    MENU    -       MENU    -       -",
    # A question works in every state; who waits for a person keeps the place in the queue.
    Event.QUESTION_ASKED:
        "ANSWER  ANSWER  ANSWER  ANSWER  ANSWER  WAIT    -       ANSWER  -       -",
    # Only what was asked can be answered.
    Event.QUESTION_ANSWERED:
        "-       -       MENU    -       -       WAIT    -       -       -       -",
    # A flow keeps its place; elsewhere a choice is offered.
    Event.NOT_UNDERSTOOD:
        "MENU    MENU    MENU    COLLECT CONFIRM WAIT    -       MENU    -       -",
    # A flow can begin wherever the bot listens, also instead of another one or of waiting.
    Event.FLOW_STARTED:
        "COLLECT COLLECT COLLECT COLLECT COLLECT COLLECT -       COLLECT -       -",
    # A flow fills its slots one by one, then shows what it has ...
    Event.SLOT_FILLED:
        "-       -       -       COLLECT -       -       -       -       -       -",
    Event.SLOTS_COMPLETE:
        "-       -       -       CONFIRM -       -       -       -       -       -",
    # ... or ends at once, when it has nothing to confirm.
    Event.FLOW_FINISHED:
        "-       -       -       MENU    -       -       -       -       -       -",
    # A correction goes on with the slots, from the summary too; only a summary can be confirmed.
    Event.CORRECTED:
        "-       -       -       COLLECT COLLECT -       -       -       -       -",
    Event.CONFIRMED:
        "-       -       -       -       MENU    -       -       -       -       -",
    # Cancelling works in every state, and leaves the queue.
    Event.CANCELLED:
        "MENU    MENU    MENU    MENU    MENU    MENU    -       MENU    -       -",
    # A person can be asked for in every state; who waits may move forward.
    Event.ESCALATED:
        "WAIT    WAIT    WAIT    WAIT    WAIT    WAIT    -       WAIT    -       -",
    # A person takes any conversation that no other person has: a second agent is refused.
    Event.AGENT_TOOK:
        "HUMAN   HUMAN   HUMAN   HUMAN   HUMAN   HUMAN   -       HUMAN   HUMAN   HUMAN",
    # Who answers, from the panel or the phone, has the conversation.
    Event.AGENT_REPLIED:
        "HUMAN   HUMAN   HUMAN   HUMAN   HUMAN   HUMAN   HUMAN   HUMAN   HUMAN   HUMAN",
    # Only what the desk has can be handed back.
    Event.HANDED_BACK:
        "-       -       -       -       -       MENU    MENU    -       -       -",
    # The desk is warned only of customers who wait for it.
    Event.CUSTOMER_WAITED:
        "-       -       -       -       -       WAIT    HUMAN   -       -       -",
    # A reset works always; a conversation that the desk has already cannot be sent there.
    Event.FORCED_RESET:
        "START   START   START   START   START   START   START   START   START   START",
    Event.FORCED_ESCALATION:
        "WAIT    WAIT    WAIT    WAIT    WAIT    -       -       WAIT    WAIT    WAIT",
    # A nudge changes nothing, and comes only where the bot waits for something.
    Event.NUDGED:
        "-       MENU    -       COLLECT CONFIRM -       -       ERROR   -       -",
    # Who waits for a person, or has one, is never timed out.
    Event.TIMED_OUT:
        "TIMEOUT TIMEOUT TIMEOUT TIMEOUT TIMEOUT -       -       TIMEOUT -       -",
    # What was put aside is taken up again from where no flow runs.
    Event.RESUMED:
        "COLLECT COLLECT COLLECT -       -       -       -       COLLECT -       -",
    # Everything can end, once.
    Event.CLOSED:
        "CLOSED  CLOSED  CLOSED  CLOSED  CLOSED  CLOSED  CLOSED  CLOSED  CLOSED  -",
    # Agents close what the desk has, from the queue or while they talk.
    Event.AGENT_CLOSED:
        "-       -       -       -       -       CLOSED  CLOSED  -       -       -",
    # A failure leaves the conversation with the desk where it is.
    Event.FAILED:
        "ERROR   ERROR   ERROR   ERROR   ERROR   WAIT    HUMAN   ERROR   ERROR   ERROR",
    # After a time-out one goes on, after the end one begins anew.
    Event.REOPENED:
        "-       -       -       -       -       -       -       -       MENU    START",
}  # fmt: skip
PAIRS = [
    (COLUMNS[state], event, target)
    for event, targets in EXPECTED.items()
    for state, target in zip(COLUMNS, targets.split(), strict=True)
]


@pytest.mark.parametrize(("state", "event", "target"), PAIRS, ids=str)
def test_each_event_leads_where_it_should_from_each_state_or_is_refused(state, event, target):
    if target == "-":
        with pytest.raises(InvalidTransition):
            next_state(state, event)
    else:
        assert next_state(state, event) is COLUMNS[target]


def test_every_state_and_every_event_is_written_down_and_the_table_has_no_other_row():
    assert set(COLUMNS.values()) == set(State)
    assert set(EXPECTED) == set(Event)
    assert set(TRANSITIONS) == {(state, event) for state, event, target in PAIRS if target != "-"}
