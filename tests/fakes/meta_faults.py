"""What can go wrong at Meta, on demand; and the rates that Meta really holds callers to."""

import random
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PAIR_BURST, PAIR_SECONDS = 45, 6.0


class Kind(StrEnum):
    """How a send goes wrong."""

    ERROR = (
        "error"  # an HTTP status with an error of Meta, or with a bare page when there is no code
    )
    CUT = "cut"  # the connection is cut without an answer
    SILENCE = "silence"  # no answer, the connection stays
    DELAY = "delay"  # the answer comes late
    DRIP = "drip"  # the answer comes a byte at a time, and `seconds` of nothing but spaces after it
    NONSENSE = "nonsense"  # 200 with something unreadable
    FAILS_LATER = "fails_later"  # accepted, and a failed status comes


@dataclass
class Fault:
    """The next `times` sends (-1: all) to `to` (None: anybody) go wrong like this; `accept`: Meta
    takes the message all the same.
    """

    kind: Kind
    times: int = 1
    to: str | None = None
    accept: bool | None = None
    status: int = 500
    code: int | None = None
    seconds: float = 0.0
    retry_after: int | None = None
    usage_minutes: int | None = None
    probability: float = 1.0
    body: str = "<html>proxy error</html>"

    @property
    def accepts(self) -> bool:
        """Unless told: only an error turns the message away."""
        return self.kind is not Kind.ERROR if self.accept is None else self.accept


class Faults:
    """The faults that wait for their turn, the oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting = []

    def take(self, to: str) -> Fault | None:
        """The fault for a send to this customer, if one is due."""
        for fault in self.waiting:
            if fault.to not in {None, to} or random.random() > fault.probability:
                continue
            if fault.times > 0:
                fault.times -= 1
                self.waiting = [one for one in self.waiting if one.times != 0]
            return fault
        return None


class Rates:
    """Meta's own limits, off unless asked for: messages a second by number, and to one customer 1
    in 6 s with a burst of 45.
    """

    def __init__(self, per_second: int | None = None, *, pair: bool = False) -> None:
        self.per_second, self.pair = per_second, pair
        self._sent: dict[str, deque[float]] = defaultdict(deque)
        self._pairs: dict[tuple[str, str], tuple[float, float]] = {}

    def exceeded(self, number: str, to: str) -> int | None:
        """The error code of the limit that one more message breaks; None counts it."""
        now = time.monotonic()
        if self.per_second is not None and self._number_is_full(number, now, self.per_second):
            return 130429
        return 131056 if self.pair and self._pair_is_full(number, to, now) else None

    def _number_is_full(self, number: str, now: float, most: int) -> bool:
        sent = self._sent[number]
        while sent and sent[0] <= now - 1.0:
            sent.popleft()
        if len(sent) >= most:
            return True
        sent.append(now)
        return False

    def _pair_is_full(self, number: str, to: str, now: float) -> bool:
        left, last = self._pairs.get((number, to), (float(PAIR_BURST), now))
        left = min(float(PAIR_BURST), left + (now - last) / PAIR_SECONDS)
        self._pairs[number, to] = (left - 1 if left >= 1 else left, now)
        return left < 1


TITLES: dict[int, str] = {
    100: "(#100) Invalid parameter",
    190: "Invalid OAuth access token",
    130429: "(#130429) Rate limit hit",
    131000: "(#131000) Something went wrong",
    131008: "(#131008) Required parameter is missing",
    131009: "(#131009) Parameter value is not valid",
    131047: "(#131047) Re-engagement message",
    131056: "(#131056) (Business Account, Consumer Account) pair rate limit hit",
}


def graph_error(code: int, details: str, subcode: int | None = None) -> dict[str, Any]:
    """An error body as the Graph API writes it."""
    error: dict[str, Any] = {
        "message": TITLES.get(code, f"(#{code}) Error"),
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": f"A{random.getrandbits(64):016x}",
    }
    return {"error": error | ({"error_subcode": subcode} if subcode else {})}
