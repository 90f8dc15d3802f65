"""How fast answers may leave: so many a second by number, and to one customer 1 in 6 s with a burst
to begin with.

Every send takes a place. Places of a number lie `1/rate` seconds apart; who gets one further ahead
than a thread may sleep comes back when its time has come and goes at once. After a 131056 a
customer is left alone for the pause that Meta asks for; after a 130429 the number's rate falls by a
third, and rises again by itself over ten minutes. The state is in Redis, shared by all hosts; while
Redis is away each process paces by itself.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.infra.lru_cache import LruCache
from gatte.settings import Settings

log = structlog.get_logger(__name__)

MAX_SLEEP_SECONDS = 0.2  # a wait that a thread may sleep through
PAIR_SECONDS = 6.0
PAIR_BURST = 45
PAIR_TOLERANCE = PAIR_SECONDS * (PAIR_BURST - 1)
DECREASE_FACTOR = 0.67
RECOVERY_SECONDS = 600.0
MIN_RATE = 1.0
DECREASE_DEBOUNCE_SECONDS = 1.0  # refusals so close together have one cause
STATE_TTL_SECONDS = 3600
REDIS_RESET_TIMEOUT_SECONDS = 5.0
REDIS_TIMEOUT_SECONDS = 0.25
MAX_TRACKED = 50_000


class RateLimiter(Protocol):
    """Where the places are counted: shared, or in this process."""

    def reserve(self, number: str, contact: str, slot: str) -> float:
        """Seconds until this message may go; 0 is now. A place that was given for later waits under
        `slot`.
        """

    def decrease_rate(self, number: str) -> None:
        """Meta said that this number sends too fast."""

    def block_recipient(self, number: str, contact: str, seconds: float) -> None:
        """Meta said that this customer got too much: nothing goes there for so long, and then one
        in 6 s.
        """


@dataclass(frozen=True)
class SendRate:
    """The rate of a number that nobody complained about, in messages a second."""

    rate: float


@dataclass
class _Number:
    next_free: float = 0.0
    rate: float = 0.0
    slowed_at: float = -RECOVERY_SECONDS
    epoch: int = 0


@dataclass
class InProcessRateLimiter:
    """The places of one process."""

    limits: SendRate
    _numbers: dict[str, _Number] = field(default_factory=dict)
    _contacts: LruCache[tuple[str, str], float] = field(
        default_factory=lambda: LruCache(MAX_TRACKED)
    )
    _slots: LruCache[str, int] = field(default_factory=lambda: LruCache(MAX_TRACKED))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reserve(self, number: str, contact: str, slot: str) -> float:
        with self._lock:
            now = time.monotonic()
            line = self._numbers.setdefault(number, _Number())
            if self._slots.pop(slot) == line.epoch:
                return 0.0
            pair_free = max(self._contacts.get((number, contact)) or 0.0, now)
            pair_wait = pair_free - now - PAIR_TOLERANCE
            if pair_wait > MAX_SLEEP_SECONDS:
                return pair_wait
            free = max(line.next_free, now)
            line.next_free = free + 1 / self._rate(line, now)
            self._contacts.put((number, contact), pair_free + PAIR_SECONDS)
            wait = max(pair_wait, free - now, 0.0)
            if wait > MAX_SLEEP_SECONDS:
                self._slots.put(slot, line.epoch)
            return wait

    def decrease_rate(self, number: str) -> None:
        with self._lock:
            now = time.monotonic()
            line = self._numbers.setdefault(number, _Number())
            if now - line.slowed_at < DECREASE_DEBOUNCE_SECONDS:
                return
            line.rate = max(MIN_RATE, self._rate(line, now) * DECREASE_FACTOR)
            line.slowed_at = now
            line.next_free = now + DECREASE_DEBOUNCE_SECONDS
            line.epoch += 1

    def block_recipient(self, number: str, contact: str, seconds: float) -> None:
        with self._lock:
            free_at = time.monotonic() + seconds + PAIR_TOLERANCE
            self._contacts.put((number, contact), free_at)

    def _rate(self, line: _Number, now: float) -> float:
        recovered = self.limits.rate * (now - line.slowed_at) / RECOVERY_SECONDS
        return min(self.limits.rate, line.rate + recovered)


NOW_LUA = """
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1e6
local function rate_of(line, full, recovery)
  if not line[3] then return full end
  return math.min(full, tonumber(line[2]) + full * (now - tonumber(line[3])) / recovery)
end
local line = redis.call('HMGET', KEYS[1], 'free', 'rate', 'slowed_at', 'epoch')
"""
RESERVE_LUA = f"""{NOW_LUA}
local full = tonumber(ARGV[1])
local short = tonumber(ARGV[2])
local pair = tonumber(ARGV[3])
local tolerance = tonumber(ARGV[4])
local recovery = tonumber(ARGV[5])
local epoch = line[4] or '0'
if redis.call('GETDEL', KEYS[3]) == epoch then return '0' end
local pair_free = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now)
local pair_wait = pair_free - now - tolerance
if pair_wait > short then return tostring(pair_wait) end
local free = math.max(tonumber(line[1] or '0'), now)
local next_free = free + 1 / rate_of(line, full, recovery)
redis.call('HSET', KEYS[1], 'free', string.format('%.6f', next_free))
redis.call('EXPIRE', KEYS[1], ARGV[6])
local next_pair = pair_free + pair
redis.call('SET', KEYS[2], string.format('%.6f', next_pair), 'EX', math.ceil(next_pair - now))
local wait = math.max(pair_wait, free - now, 0)
if wait > short then redis.call('SET', KEYS[3], epoch, 'EX', math.ceil(wait) + 60) end
return tostring(wait)
"""
DECREASE_RATE_LUA = f"""{NOW_LUA}
local full = tonumber(ARGV[1])
local slower = tonumber(ARGV[2])
local slowest = tonumber(ARGV[3])
local pause = tonumber(ARGV[4])
local recovery = tonumber(ARGV[5])
if line[3] and now - tonumber(line[3]) < pause then return 0 end
local rate = math.max(slowest, rate_of(line, full, recovery) * slower)
redis.call('HSET', KEYS[1],
  'rate', tostring(rate),
  'slowed_at', string.format('%.6f', now),
  'free', string.format('%.6f', now + pause))
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('EXPIRE', KEYS[1], ARGV[6])
return 1
"""
BLOCK_RECIPIENT_LUA = f"""{NOW_LUA}
local free = now + tonumber(ARGV[1]) + tonumber(ARGV[2])
redis.call('SET', KEYS[2], string.format('%.6f', free), 'EX', math.ceil(free - now))
return 1
"""


class RedisRateLimiter:
    """The places of all hosts, in Redis; each method raises RedisError when it is away."""

    def __init__(self, redis: "Redis", limits: SendRate) -> None:
        self._limits = limits
        self._take = redis.register_script(RESERVE_LUA)
        self._slow_down = redis.register_script(DECREASE_RATE_LUA)
        self._leave_alone = redis.register_script(BLOCK_RECIPIENT_LUA)

    def reserve(self, number: str, contact: str, slot: str) -> float:
        args = [
            self._limits.rate,
            MAX_SLEEP_SECONDS,
            PAIR_SECONDS,
            PAIR_TOLERANCE,
            RECOVERY_SECONDS,
            STATE_TTL_SECONDS,
        ]
        return float(self._take(keys=_keys(number, contact, slot), args=args))

    def decrease_rate(self, number: str) -> None:
        args = [
            self._limits.rate,
            DECREASE_FACTOR,
            MIN_RATE,
            DECREASE_DEBOUNCE_SECONDS,
            RECOVERY_SECONDS,
            STATE_TTL_SECONDS,
        ]
        self._slow_down(keys=_keys(number), args=args)

    def block_recipient(self, number: str, contact: str, seconds: float) -> None:
        self._leave_alone(keys=_keys(number, contact), args=[seconds, PAIR_TOLERANCE])


def _keys(number: str, contact: str = "", slot: str = "") -> list[str]:
    return [f"gatte:rate:{number}", f"gatte:rate:{number}:{contact}", f"gatte:reservation:{slot}"]


class FallbackRateLimiter:
    """Paces by Redis; by this process alone for a few seconds whenever Redis does not answer."""

    def __init__(self, shared: RateLimiter, local: RateLimiter) -> None:
        self._shared = shared
        self._local = local
        self._breaker = CircuitBreaker(1, REDIS_RESET_TIMEOUT_SECONDS)

    def reserve(self, number: str, contact: str, slot: str) -> float:
        """Seconds until this message may go; 0 is now."""
        if not self._breaker.allow_request():
            return self._local.reserve(number, contact, slot)
        try:
            wait = self._shared.reserve(number, contact, slot)
        except RedisError as error:
            self._record_failure(error)
            return self._local.reserve(number, contact, slot)
        self._breaker.record_success()
        return wait

    def decrease_rate(self, number: str) -> None:
        """Meta said that this number sends too fast."""
        log.warning("number_rate_decreased", phone_number_id=number)
        self._local.decrease_rate(number)
        try:
            self._shared.decrease_rate(number)
        except RedisError as error:
            self._record_failure(error)

    def block_recipient(self, number: str, contact: str, seconds: float) -> None:
        """Meta said that this customer got too much at once."""
        self._local.block_recipient(number, contact, seconds)
        try:
            self._shared.block_recipient(number, contact, seconds)
        except RedisError as error:
            self._record_failure(error)

    def _record_failure(self, error: RedisError) -> None:
        self._breaker.record_failure()
        log.warning("rate_limiter_fallback", error=type(error).__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its pacer, with a client of Redis that waits for nothing long."""
    limits = SendRate(settings.gatte_number_rate_per_second)
    patience = REDIS_TIMEOUT_SECONDS
    url = settings.redis_url.get_secret_value()
    client = Redis.from_url(
        url, socket_connect_timeout=patience, socket_timeout=patience, retry=Retry(NoBackoff(), 0)
    )
    app.extensions["gatte_pacer"] = FallbackRateLimiter(
        RedisRateLimiter(client, limits), InProcessRateLimiter(limits)
    )
