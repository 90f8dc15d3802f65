"""A way to customers, and the three ways in which a send can end: accepted, certainly refused, or
nobody knows.
"""

import random
from dataclasses import dataclass
from typing import Any, Protocol

from gatte.whatsapp.errors import ErrorCategory, GraphError

LONGEST_BACKOFF_SECONDS = 300.0
LONGEST_PAIR_PAUSE_SECONDS = 1024.0
MAX_ATTEMPTS, MAX_ATTEMPTS_LONG = (
    8,
    20,
    # about eight minutes of Meta's own faults; about an hour of limits and of a connection that is
    # away
)


@dataclass(frozen=True)
class Sent:
    """Accepted; later news about the message come under this wamid."""

    wamid: str


class SendFailed(Exception):
    """A send did not end in an acceptance."""


class Rejected(SendFailed):
    """Meta certainly did not take the message; `retry_after` is what Meta asked us to wait, in
    seconds.
    """

    def __init__(self, error: GraphError, retry_after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after

    @property
    def code(self) -> int | None:
        """Meta's error code, when there was one."""
        return self.error.code

    @property
    def details(self) -> str:
        """What was wrong, in Meta's words, which may name a customer: never stored nor logged."""
        return self.error.details or self.error.title

    @property
    def tries(self) -> int:
        """How often the message is sent at most before people are asked."""
        return MAX_ATTEMPTS if self.error.category is ErrorCategory.TRANSIENT else MAX_ATTEMPTS_LONG

    def retry_delay(self, attempt: int) -> float | None:
        """Seconds until it makes sense to send again after the given attempt (1 is the first); None
        when it does not by itself.
        """
        category = self.error.category
        if category is ErrorCategory.PAIR_RATE:
            pause = min(
                4.0 ** (attempt - 1), LONGEST_PAIR_PAUSE_SECONDS
            )  # the rule that Meta gives: 4^X seconds, X = 0, 1, 2 ...
        elif category in {ErrorCategory.TRANSIENT, ErrorCategory.RATE_LIMITED}:
            pause = min(2.0**attempt, LONGEST_BACKOFF_SECONDS) * random.uniform(0.75, 1.25)  # noqa: S311 - not a secret
        else:
            return None
        return max(pause, self.retry_after or 0.0)


class NotSent(Rejected):
    """No byte of the message left: no connection could be made."""

    def __init__(self, why: str) -> None:
        super().__init__(GraphError(status=0, code=None, title="not connected", details=why))

    def retry_delay(self, attempt: int) -> float | None:
        """A connection may come back at any time."""
        return min(2.0**attempt, LONGEST_BACKOFF_SECONDS) * random.uniform(0.75, 1.25)  # noqa: S311 - not a secret


class OutcomeUncertain(SendFailed):
    """Nobody knows whether Meta took the message: do not send it again before a status had its
    chance to tell.
    """


class Channel(Protocol):
    """What sends for a number of the company: the Cloud API, or the simulator."""

    def send(self, phone_number_id: str, body: dict[str, Any]) -> Sent:
        """Send a message body of `outbound`; raises Refused, NotSent or Uncertain."""

    def mark_read(self, phone_number_id: str, wamid: str, *, typing: bool = True) -> None:
        """Show a customer's message as read and, with `typing`, that an answer is being written."""
