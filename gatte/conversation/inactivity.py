"""When silence becomes an event: the next deadline of a conversation, by its state and the
configured times.
"""

from dataclasses import dataclass, field
from datetime import datetime

from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import Event, State

MINUTE, HOUR = 60, 3600
LONGEST_DOUBLING = 4


@dataclass(frozen=True)
class StateTimeouts:
    """Seconds of silence in one state until a nudge and until the time-out; None where there is
    none.
    """

    reminder: int | None = None
    expiry: int | None = None


@dataclass(frozen=True)
class InactivityTimeouts:
    """All times of the inactivity timer, in seconds; each can be set."""

    start: StateTimeouts = StateTimeouts(None, HOUR)
    menu: StateTimeouts = StateTimeouts(None, HOUR)
    answering: StateTimeouts = StateTimeouts(None, 30 * MINUTE)
    collecting: StateTimeouts = StateTimeouts(10 * MINUTE, 30 * MINUTE)
    confirming: StateTimeouts = StateTimeouts(10 * MINUTE, 30 * MINUTE)
    error: StateTimeouts = StateTimeouts(None, HOUR)
    close: int | None = 24 * HOUR
    warn_waiting: int | None = 10 * MINUTE
    warn_unanswered: int | None = 10 * MINUTE
    close_with_human: int | None = 24 * HOUR
    by_state: dict[State, StateTimeouts] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = (
            State.START,
            State.MENU,
            State.ANSWERING,
            State.COLLECTING,
            State.CONFIRMING,
            State.ERROR,
        )
        object.__setattr__(
            self, "by_state", {state: getattr(self, state.name.lower()) for state in names}
        )


@dataclass(frozen=True)
class Timer:
    """The event that is due when nothing happens for so many seconds after the decision that led
    here.
    """

    event: Event
    seconds: int


def next_timer(snapshot: Snapshot, timeouts: InactivityTimeouts) -> Timer | None:
    """What the clock does next, counted from `snapshot.now`; None when it does nothing until
    somebody speaks.
    """
    if snapshot.state == State.WAITING_HUMAN:
        return _warning(snapshot, timeouts.warn_waiting)
    if snapshot.state == State.WITH_HUMAN:
        waits = snapshot.flags.get("customer_waiting")
        return (
            _warning(snapshot, timeouts.warn_unanswered)
            if waits
            else _deadline(Event.CLOSED, timeouts.close_with_human)
        )
    if snapshot.state == State.TIMEOUT:
        return _deadline(Event.CLOSED, timeouts.close)
    if snapshot.state == State.CLOSED:
        return None
    return _by_patience(snapshot, timeouts.by_state[snapshot.state])


def _by_patience(snapshot: Snapshot, patience: StateTimeouts) -> Timer | None:
    nudges = (snapshot.state, Event.NUDGED)
    if patience.reminder and not snapshot.flags.get("nudged") and nudges in REMINDABLE:
        return Timer(Event.NUDGED, patience.reminder)
    return _deadline(Event.TIMED_OUT, patience.expiry)


def _deadline(event: Event, seconds: int | None) -> Timer | None:
    return Timer(event, seconds) if seconds else None


def _warning(snapshot: Snapshot, seconds: int | None) -> Timer | None:
    """Each warning of the desk comes after twice the time of the one before, up to a limit; who
    writes again waits no shorter for it.
    """
    if not seconds:
        return None
    warned = min(int(snapshot.flags.get("warned", "0") or 0), LONGEST_DOUBLING)
    return Timer(Event.CUSTOMER_WAITED, max(1, seconds * 2**warned - _seconds_since(snapshot)))


def _seconds_since(snapshot: Snapshot) -> int:
    """How much of the time until the next warning is over."""
    begun = snapshot.flags.get("warn_from")
    return int((snapshot.now - datetime.fromisoformat(begun)).total_seconds()) if begun else 0


REMINDABLE = frozenset(
    (state, Event.NUDGED) for state in (State.MENU, State.COLLECTING, State.CONFIRMING, State.ERROR)
)
