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
    FAILED = "failed"
    REOPENED = "reopened"


class InvalidTransition(Exception):
    """The table has no row for this state and event."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"no transition from {state} on {event}")
        self.state = state
        self.event = event
