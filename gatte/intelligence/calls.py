"""One call to a model as it went: for the trace of a message, for metrics and for the cost of a day."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a model was asked for."""

    CLASSIFY = "classify"
    RESPOND = "respond"
    EMBED = "embed"
    TRANSCRIBE = "transcribe"


class Outcome(StrEnum):
    """How a call ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    QUOTA = "quota"
    ERROR = "error"
    NONSENSE = "nonsense"
    BLOCKED = "blocked"
    REFUSED = "refused"
    BREAKER_OPEN = "breaker_open"


@dataclass(frozen=True)
class CallRecord:
    """One call: what for, which model and prompt, tokens, time, outcome. Tokens are 0 where the service did not say."""

    purpose: Purpose
    model: str
    prompt_version: str
    tokens_in: int = 0
    tokens_out: int = 0
    latency_ms: float = 0.0
    outcome: Outcome = Outcome.OK
