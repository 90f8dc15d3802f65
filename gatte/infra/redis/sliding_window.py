"""Sliding windows: how often something happened of late, exact over any number of processes, in one
round trip to Redis.

A window is a sorted set of what happened, by the database's clock, so all hosts agree and a backlog
is judged by when it arrived. What is counted twice (a transaction that is tried again) counts once.
While Redis is away each process counts for itself.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from redis import Redis

from gatte import services
from gatte.infra.lru_cache import LruCache
from gatte.infra.redis.fail_fast import RedisUnavailable

# of one window are kept where no limit is asked for: enough to judge, and no flood fills the memory
MAX_HITS = 100
LOCAL_WINDOWS = 10_000

COUNT = """
local answers = {}
for i, key in ipairs(KEYS) do
  local at = (i - 1) * 6
  local member, now, since, ahead, limit, expires = unpack(ARGV, at + 1, at + 6)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', since)
  local count = redis.call('ZCOUNT', key, '(' .. since, ahead)
  local fits = redis.call('ZSCORE', key, member) and 1 or 0
  if fits == 0 and count < tonumber(limit) then
    redis.call('ZADD', key, now, member)
    count, fits = count + 1, 1
  end
  redis.call('PEXPIRE', key, expires)
  answers[#answers + 1] = fits
  answers[#answers + 1] = count
end
return answers
"""


@dataclass(frozen=True)
class Hit:
    """Something to be counted: in which window, under which id, and when (milliseconds); earlier
    than `not_before` does not count.
    """

    window: str
    member: str
    at: int
    length: int
    not_before: int = 0
    limit: int = MAX_HITS

    @property
    def since(self) -> int:
        """The time after which the window counts."""
        return max(self.at - self.length, self.not_before)

    @property
    def ahead(self) -> int:
        """The time up to which it counts: a clock that was set back must not leave what it counted
        before for ever.
        """
        return self.at + self.length


class HitResult(NamedTuple):
    """Whether a mark is within the limit, and how many the window holds, itself among them when it
    is.
    """

    allowed: bool
    hits: int


def record_hits(marks: Sequence[Hit]) -> list[HitResult]:
    """Count these marks in their order. Never raises, never waits long."""
    if not marks:
        return []
    try:
        answers = services.fail_fast_redis().execute(
            lambda redis: _script()(_keys(marks), _arguments(marks), client=redis)
        )
    except RedisUnavailable:
        return [local.record_hits(mark) for mark in marks]
    return [
        HitResult(bool(fits), int(held))
        for fits, held in zip(answers[::2], answers[1::2], strict=True)
    ]


@lru_cache(maxsize=1)
def _script() -> Any:  # noqa: ANN401 - a script of redis-py
    # the client is given with each call; none is connected here
    return Redis().register_script(COUNT)


def _keys(marks: Sequence[Hit]) -> list[str]:
    return [f"gatte:sliding_window:{mark.window}" for mark in marks]


def _arguments(marks: Sequence[Hit]) -> list[str | int]:
    arguments: list[str | int] = []
    for mark in marks:
        expires = 2 * mark.length
        arguments += [mark.member, mark.at, mark.since, mark.ahead, mark.limit, expires]
    return arguments


@dataclass
class InProcessSlidingWindows:
    """The windows of this process alone, for while Redis is away."""

    _windows: LruCache[str, dict[str, int]] = field(default_factory=lambda: LruCache(LOCAL_WINDOWS))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record_hits(self, mark: Hit) -> HitResult:
        """Count one mark."""
        with self._lock:
            held = {
                member: at
                for member, at in (self._windows.get(mark.window) or {}).items()
                if mark.since < at <= mark.ahead
            }
            if mark.member not in held and len(held) < mark.limit:
                held[mark.member] = mark.at
            self._windows.put(mark.window, held)
            return HitResult(mark.member in held, len(held))


local = InProcessSlidingWindows()
