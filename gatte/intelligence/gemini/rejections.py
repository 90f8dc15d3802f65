"""What Gemini refuses until somebody changes something (a key, a model, a request): told apart from
passing faults, named in the log and in /health/ready, and hardly ever tried again.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any

import structlog

from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.infra.redis.fail_fast import FailFastRedis, RedisUnavailable

REJECTIONS = 3  # in a row, for one model: a proxy that starts again may answer 404 once
RESET_TIMEOUT_SECONDS = 900.0
KEPT_SECONDS = 24 * 3600

log = structlog.get_logger(__name__)


class RejectionCause(StrEnum):
    """Why Gemini refuses what nobody mends by waiting."""

    KEY = "key"
    PERMISSION = "permission"
    ACCOUNT = "account"
    MODEL = "model"
    THINKING_LEVEL = "thinking_level"
    TEMPERATURE = "temperature"
    REQUEST = "request"


WHAT_TO_DO = {
    RejectionCause.KEY: "GEMINI_API_KEY is not valid or has expired",
    RejectionCause.PERMISSION: "the key of GEMINI_API_KEY may not use this API or model",
    RejectionCause.ACCOUNT: "Google's account has a condition to fulfil (country, billing, terms)",
    RejectionCause.MODEL: "there is no such model, or no such GEMINI_API_VERSION",
    RejectionCause.THINKING_LEVEL: (
        "the model does not know this thinking level: docs/decisions/0022-gemini-requests.md"
    ),
    RejectionCause.TEMPERATURE: (
        "the model takes no temperature: docs/decisions/0022-gemini-requests.md"
    ),
    RejectionCause.REQUEST: "the model refuses a part of the request",
}
WORDS_OF_400 = {  # looked for in this order in what the service says
    "api_key_invalid": RejectionCause.KEY,
    "api key": RejectionCause.KEY,
    "failed_precondition": RejectionCause.ACCOUNT,
    "thinking": RejectionCause.THINKING_LEVEL,
    "temperature": RejectionCause.TEMPERATURE,
}
BY_STATUS = {401: RejectionCause.KEY, 403: RejectionCause.PERMISSION, 404: RejectionCause.MODEL}


def cause_of(error: Exception) -> RejectionCause | None:
    """Why the service refused a call; None for what may pass by itself."""
    from google.genai.errors import APIError

    if not isinstance(error, APIError):
        return None
    if error.code != 400:
        return BY_STATUS.get(error.code)
    said = str(error.details).lower()
    return next(
        (cause for word, cause in WORDS_OF_400.items() if word in said), RejectionCause.REQUEST
    )


class Rejections:
    """The models not called because the service refuses them; shared by a process's threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._breakers: defaultdict[str, CircuitBreaker] = defaultdict(
            lambda: CircuitBreaker(REJECTIONS, RESET_TIMEOUT_SECONDS, clock)
        )
        self._known: dict[str, RejectionCause | None] = {}
        self._tell: Callable[[str, RejectionCause | None], None] = lambda _model, _cause: None

    def on_change(self, listener: Callable[[str, RejectionCause | None], None]) -> None:
        """From now on let a listener know when a model begins to be refused, or answers (None)."""
        self._tell = listener

    def allow_request(self, model: str) -> bool:
        """Whether this model may be asked now; a yes after a rest makes this call the probe."""
        return self._breakers[model].allow_request()

    def record_success(self, model: str) -> None:
        """The model takes our calls."""
        self._breakers[model].record_success()
        self._note(model, None)

    def record_rejection(self, model: str, cause: RejectionCause, status: int) -> None:
        """The service refused a call to the model."""
        self._breakers[model].record_failure()
        log.error(
            "gemini.refused", model=model, cause=cause.value, status=status, what=WHAT_TO_DO[cause]
        )
        self._note(model, cause)

    def _note(self, model: str, cause: RejectionCause | None) -> None:
        if model not in self._known or self._known[model] is not cause:
            self._known[model] = cause
            self._tell(model, cause)


def publish(memory: FailFastRedis, model: str, cause: RejectionCause | None) -> None:
    """Let all processes know that a model is refused, or that it answers."""
    with suppress(RedisUnavailable):
        if cause is None:
            memory.execute(lambda redis: redis.delete(_key(model)))
        else:
            found = json.dumps({"model": model, "cause": cause.value, "what": WHAT_TO_DO[cause]})
            memory.execute(lambda redis: redis.set(_key(model), found, ex=KEPT_SECONDS))


def list_published(memory: FailFastRedis, models: Sequence[str]) -> list[dict[str, Any]]:
    """Those of the models that some process finds refused, with cause; none while Redis is away."""
    try:
        found: Any = memory.execute(lambda redis: redis.mget([_key(model) for model in models]))
    except RedisUnavailable:
        return []
    return [json.loads(one) for one in found if one is not None]


def _key(model: str) -> str:
    return f"gatte:gemini:refused:{model}"
