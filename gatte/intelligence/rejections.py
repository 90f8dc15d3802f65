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

from gatte.intelligence.breaker import Breaker
from gatte.volatile import MemoryAway, ShortMemory

REJECTIONS = 3  # in a row, for one model: a proxy that starts again may answer 404 once
REST_SECONDS = 900.0
KEPT_SECONDS = 24 * 3600

log = structlog.get_logger(__name__)


class Cause(StrEnum):
    """Why Gemini refuses what nobody mends by waiting."""

    KEY = "key"
    PERMISSION = "permission"
    ACCOUNT = "account"
    MODEL = "model"
    THINKING_LEVEL = "thinking_level"
    TEMPERATURE = "temperature"
    REQUEST = "request"


WHAT_TO_DO = {
    Cause.KEY: "GEMINI_API_KEY is not valid or has expired",
    Cause.PERMISSION: "the key of GEMINI_API_KEY may not use this API or model",
    Cause.ACCOUNT: "Google's account has a condition to fulfil (country, billing, terms)",
    Cause.MODEL: "there is no such model, or no such GEMINI_API_VERSION",
    Cause.THINKING_LEVEL: "the model does not know this thinking level: docs/decisions/0022-gemini-requests.md",
    Cause.TEMPERATURE: "the model takes no temperature: docs/decisions/0022-gemini-requests.md",
    Cause.REQUEST: "the model refuses a part of the request",
}
WORDS_OF_400 = {  # looked for in this order in what the service says
    "api_key_invalid": Cause.KEY,
    "api key": Cause.KEY,
    "failed_precondition": Cause.ACCOUNT,
    "thinking": Cause.THINKING_LEVEL,
    "temperature": Cause.TEMPERATURE,
}
BY_STATUS = {401: Cause.KEY, 403: Cause.PERMISSION, 404: Cause.MODEL}


def cause_of(error: Exception) -> Cause | None:
    """Why the service refused a call; None for what may pass by itself."""
    from google.genai.errors import APIError

    if not isinstance(error, APIError):
        return None
    if error.code != 400:
        return BY_STATUS.get(error.code)
    said = str(error.details).lower()
    return next((cause for word, cause in WORDS_OF_400.items() if word in said), Cause.REQUEST)


class Rejections:
    """The models that are left alone since the service refuses them; for the threads of a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._breakers: defaultdict[str, Breaker] = defaultdict(lambda: Breaker(REJECTIONS, REST_SECONDS, clock))
        self._known: dict[str, Cause | None] = {}
        self._tell: Callable[[str, Cause | None], None] = lambda _model, _cause: None

    def tell(self, listener: Callable[[str, Cause | None], None]) -> None:
        """From now on let a listener know when a model begins to be refused, or answers (None)."""
        self._tell = listener

    def allow(self, model: str) -> bool:
        """Whether this model may be asked now; a yes after a rest makes this call the probe."""
        return self._breakers[model].allows()

    def answered(self, model: str) -> None:
        """The model takes our calls."""
        self._breakers[model].succeeded()
        self._note(model, None)

    def refused(self, model: str, cause: Cause, status: int) -> None:
        """The service refused a call to the model."""
        self._breakers[model].failed()
        log.error("gemini.refused", model=model, cause=cause.value, status=status, what=WHAT_TO_DO[cause])
        self._note(model, cause)

    def _note(self, model: str, cause: Cause | None) -> None:
        if model not in self._known or self._known[model] is not cause:
            self._known[model] = cause
            self._tell(model, cause)


def publish(memory: ShortMemory, model: str, cause: Cause | None) -> None:
    """Let all processes know that a model is refused, or that it answers."""
    with suppress(MemoryAway):
        if cause is None:
            memory.ask(lambda redis: redis.delete(_key(model)))
        else:
            found = json.dumps({"model": model, "cause": cause.value, "what": WHAT_TO_DO[cause]})
            memory.ask(lambda redis: redis.set(_key(model), found, ex=KEPT_SECONDS))


def list_published(memory: ShortMemory, models: Sequence[str]) -> list[dict[str, Any]]:
    """Those of the models that some process finds refused, with cause; none while Redis is away."""
    try:
        found: Any = memory.ask(lambda redis: redis.mget([_key(model) for model in models]))
    except MemoryAway:
        return []
    return [json.loads(one) for one in found if one is not None]


def _key(model: str) -> str:
    return f"gatte:gemini:refused:{model}"
