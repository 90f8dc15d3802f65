"""The states of a conversation and the one table that says which event leads where."""

from enum import StrEnum


class State(StrEnum):
    """Where a conversation stands; stored as text under these names."""

    START = "STATE_START"
    MENU = "STATE_MENU"
    ANSWERING = "STATE_ANSWERING"
    COLLECTING = "STATE_COLLECTING"
    CONFIRMING = "STATE_CONFIRMING"
    WAITING_HUMAN = "STATE_WAITING_HUMAN"
    WITH_HUMAN = "STATE_WITH_HUMAN"
    ERROR = "STATE_ERROR"
    TIMEOUT = "STATE_TIMEOUT"
    CLOSED = "STATE_CLOSED"


class Event(StrEnum):
    """What can happen to a conversation, whoever caused it."""

    GREETED = "greeted"
    MENU_SHOWN = "menu_shown"
    QUESTION_ASKED = "question_asked"
    QUESTION_ANSWERED = "question_answered"
    NOT_UNDERSTOOD = "not_understood"
    FLOW_STARTED = "flow_started"
    SLOT_FILLED = "slot_filled"
    SLOTS_COMPLETE = "slots_complete"
    FLOW_FINISHED = "flow_finished"
    CORRECTED = "corrected"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    ESCALATED = "escalated"
    AGENT_TOOK = "agent_took"
    AGENT_REPLIED = "agent_replied"
    HANDED_BACK = "handed_back"
    CUSTOMER_WAITED = "customer_waited"
    FORCED_RESET = "forced_reset"
    FORCED_ESCALATION = "forced_escalation"
    NUDGED = "nudged"
    TIMED_OUT = "timed_out"
    RESUMED = "resumed"
    CLOSED = "closed"
    AGENT_CLOSED = "agent_closed"
    FAILED = "failed"
    REOPENED = "reopened"


class InvalidTransition(Exception):
    """The table has no row for this state and event."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"no transition from {state} on {event}")
        self.state = state
        self.event = event


TRANSITIONS: dict[tuple[State, Event], State] = {
    # A new or reset conversation: nothing was said yet.
    (State.START, Event.GREETED): State.MENU,
    (State.START, Event.MENU_SHOWN): State.MENU,
    (State.START, Event.QUESTION_ASKED): State.ANSWERING,
    (State.START, Event.NOT_UNDERSTOOD): State.MENU,
    (State.START, Event.FLOW_STARTED): State.COLLECTING,
    (State.START, Event.CANCELLED): State.MENU,
    (State.START, Event.RESUMED): State.COLLECTING,
    (State.START, Event.ESCALATED): State.WAITING_HUMAN,
    (State.START, Event.FORCED_ESCALATION): State.WAITING_HUMAN,
    (State.START, Event.AGENT_TOOK): State.WITH_HUMAN,
    (State.START, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.START, Event.FORCED_RESET): State.START,
    (State.START, Event.TIMED_OUT): State.TIMEOUT,
    (State.START, Event.CLOSED): State.CLOSED,
    (State.START, Event.FAILED): State.ERROR,
    # The bot waits for a wish: after a greeting, the menu, an answer or a finished flow.
    (State.MENU, Event.GREETED): State.MENU,
    (State.MENU, Event.MENU_SHOWN): State.MENU,
    (State.MENU, Event.QUESTION_ASKED): State.ANSWERING,
    (State.MENU, Event.NOT_UNDERSTOOD): State.MENU,
    (State.MENU, Event.FLOW_STARTED): State.COLLECTING,
    (State.MENU, Event.CANCELLED): State.MENU,
    (State.MENU, Event.RESUMED): State.COLLECTING,
    (State.MENU, Event.ESCALATED): State.WAITING_HUMAN,
    (State.MENU, Event.FORCED_ESCALATION): State.WAITING_HUMAN,
    (State.MENU, Event.AGENT_TOOK): State.WITH_HUMAN,
    (State.MENU, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.MENU, Event.FORCED_RESET): State.START,
    (State.MENU, Event.NUDGED): State.MENU,
    (State.MENU, Event.TIMED_OUT): State.TIMEOUT,
    (State.MENU, Event.CLOSED): State.CLOSED,
    (State.MENU, Event.FAILED): State.ERROR,
    # A question is with the knowledge base; a flow may wait behind it.
    (State.ANSWERING, Event.GREETED): State.MENU,
    (State.ANSWERING, Event.MENU_SHOWN): State.MENU,
    (State.ANSWERING, Event.QUESTION_ASKED): State.ANSWERING,
    (State.ANSWERING, Event.QUESTION_ANSWERED): State.MENU,
    (State.ANSWERING, Event.NOT_UNDERSTOOD): State.MENU,
    (State.ANSWERING, Event.FLOW_STARTED): State.COLLECTING,
    (State.ANSWERING, Event.CANCELLED): State.MENU,
    (State.ANSWERING, Event.RESUMED): State.COLLECTING,
    (State.ANSWERING, Event.ESCALATED): State.WAITING_HUMAN,
    (State.ANSWERING, Event.FORCED_ESCALATION): State.WAITING_HUMAN,
    (State.ANSWERING, Event.AGENT_TOOK): State.WITH_HUMAN,
    (State.ANSWERING, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.ANSWERING, Event.FORCED_RESET): State.START,
    (State.ANSWERING, Event.TIMED_OUT): State.TIMEOUT,
    (State.ANSWERING, Event.CLOSED): State.CLOSED,
    (State.ANSWERING, Event.FAILED): State.ERROR,
    # A flow asks for its slots.
    (State.COLLECTING, Event.MENU_SHOWN): State.MENU,
    (State.COLLECTING, Event.QUESTION_ASKED): State.ANSWERING,
    (State.COLLECTING, Event.NOT_UNDERSTOOD): State.COLLECTING,
    (State.COLLECTING, Event.FLOW_STARTED): State.COLLECTING,
    (State.COLLECTING, Event.SLOT_FILLED): State.COLLECTING,
    (State.COLLECTING, Event.CORRECTED): State.COLLECTING,
    (State.COLLECTING, Event.SLOTS_COMPLETE): State.CONFIRMING,
    (State.COLLECTING, Event.FLOW_FINISHED): State.MENU,
    (State.COLLECTING, Event.CANCELLED): State.MENU,
    (State.COLLECTING, Event.ESCALATED): State.WAITING_HUMAN,
    (State.COLLECTING, Event.FORCED_ESCALATION): State.WAITING_HUMAN,
    (State.COLLECTING, Event.AGENT_TOOK): State.WITH_HUMAN,
    (State.COLLECTING, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.COLLECTING, Event.FORCED_RESET): State.START,
    (State.COLLECTING, Event.NUDGED): State.COLLECTING,
    (State.COLLECTING, Event.TIMED_OUT): State.TIMEOUT,
    (State.COLLECTING, Event.CLOSED): State.CLOSED,
    (State.COLLECTING, Event.FAILED): State.ERROR,
    # A flow showed its summary and waits for a yes.
    (State.CONFIRMING, Event.MENU_SHOWN): State.MENU,
    (State.CONFIRMING, Event.QUESTION_ASKED): State.ANSWERING,
    (State.CONFIRMING, Event.NOT_UNDERSTOOD): State.CONFIRMING,
    (State.CONFIRMING, Event.FLOW_STARTED): State.COLLECTING,
    (State.CONFIRMING, Event.CORRECTED): State.COLLECTING,
    (State.CONFIRMING, Event.CONFIRMED): State.MENU,
    (State.CONFIRMING, Event.CANCELLED): State.MENU,
    (State.CONFIRMING, Event.ESCALATED): State.WAITING_HUMAN,
    (State.CONFIRMING, Event.FORCED_ESCALATION): State.WAITING_HUMAN,
    (State.CONFIRMING, Event.AGENT_TOOK): State.WITH_HUMAN,
    (State.CONFIRMING, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.CONFIRMING, Event.FORCED_RESET): State.START,
    (State.CONFIRMING, Event.NUDGED): State.CONFIRMING,
    (State.CONFIRMING, Event.TIMED_OUT): State.TIMEOUT,
    (State.CONFIRMING, Event.CLOSED): State.CLOSED,
    (State.CONFIRMING, Event.FAILED): State.ERROR,
    # A turn failed; the customer got an apology and a way on.
    (State.ERROR, Event.GREETED): State.MENU,
    (State.ERROR, Event.MENU_SHOWN): State.MENU,
    (State.ERROR, Event.QUESTION_ASKED): State.ANSWERING,
    (State.ERROR, Event.NOT_UNDERSTOOD): State.MENU,
    (State.ERROR, Event.FLOW_STARTED): State.COLLECTING,
    (State.ERROR, Event.CANCELLED): State.MENU,
    (State.ERROR, Event.RESUMED): State.COLLECTING,
    (State.ERROR, Event.ESCALATED): State.WAITING_HUMAN,
    (State.ERROR, Event.FORCED_ESCALATION): State.WAITING_HUMAN,
    (State.ERROR, Event.AGENT_TOOK): State.WITH_HUMAN,
    (State.ERROR, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.ERROR, Event.FORCED_RESET): State.START,
    (State.ERROR, Event.NUDGED): State.ERROR,
    (State.ERROR, Event.TIMED_OUT): State.TIMEOUT,
    (State.ERROR, Event.CLOSED): State.CLOSED,
    (State.ERROR, Event.FAILED): State.ERROR,
    # In the queue of the desk; the bot still owns the conversation and leaves it on request.
    (State.WAITING_HUMAN, Event.QUESTION_ASKED): State.WAITING_HUMAN,
    (State.WAITING_HUMAN, Event.QUESTION_ANSWERED): State.WAITING_HUMAN,
    (State.WAITING_HUMAN, Event.NOT_UNDERSTOOD): State.WAITING_HUMAN,
    (State.WAITING_HUMAN, Event.ESCALATED): State.WAITING_HUMAN,
    (State.WAITING_HUMAN, Event.CUSTOMER_WAITED): State.WAITING_HUMAN,
    (State.WAITING_HUMAN, Event.FAILED): State.WAITING_HUMAN,
    (State.WAITING_HUMAN, Event.MENU_SHOWN): State.MENU,
    (State.WAITING_HUMAN, Event.CANCELLED): State.MENU,
    (State.WAITING_HUMAN, Event.FLOW_STARTED): State.COLLECTING,
    (State.WAITING_HUMAN, Event.AGENT_TOOK): State.WITH_HUMAN,
    (State.WAITING_HUMAN, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.WAITING_HUMAN, Event.HANDED_BACK): State.MENU,
    (State.WAITING_HUMAN, Event.FORCED_RESET): State.START,
    (State.WAITING_HUMAN, Event.CLOSED): State.CLOSED,
    (State.WAITING_HUMAN, Event.AGENT_CLOSED): State.CLOSED,
    # A human owns the conversation and the bot is silent. A second agent cannot take it: that pair
    # is missing on purpose.
    (State.WITH_HUMAN, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.WITH_HUMAN, Event.CUSTOMER_WAITED): State.WITH_HUMAN,
    (State.WITH_HUMAN, Event.FAILED): State.WITH_HUMAN,
    (State.WITH_HUMAN, Event.HANDED_BACK): State.MENU,
    (State.WITH_HUMAN, Event.FORCED_RESET): State.START,
    (State.WITH_HUMAN, Event.CLOSED): State.CLOSED,
    (State.WITH_HUMAN, Event.AGENT_CLOSED): State.CLOSED,
    # Silent for too long; the next message may go on where it stopped.
    (State.TIMEOUT, Event.REOPENED): State.MENU,
    (State.TIMEOUT, Event.CLOSED): State.CLOSED,
    (State.TIMEOUT, Event.AGENT_TOOK): State.WITH_HUMAN,
    (State.TIMEOUT, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.TIMEOUT, Event.FORCED_RESET): State.START,
    (State.TIMEOUT, Event.FORCED_ESCALATION): State.WAITING_HUMAN,
    (State.TIMEOUT, Event.FAILED): State.ERROR,
    # Ended; the next message opens it again.
    (State.CLOSED, Event.REOPENED): State.START,
    (State.CLOSED, Event.AGENT_TOOK): State.WITH_HUMAN,
    (State.CLOSED, Event.AGENT_REPLIED): State.WITH_HUMAN,
    (State.CLOSED, Event.FORCED_RESET): State.START,
    (State.CLOSED, Event.FORCED_ESCALATION): State.WAITING_HUMAN,
    (State.CLOSED, Event.FAILED): State.ERROR,
}


def next_state(state: State, event: Event) -> State:
    """The state that follows by the table; InvalidTransition when it has no such row."""
    try:
        return TRANSITIONS[(state, event)]
    except KeyError:
        raise InvalidTransition(state, event) from None
