"""One call to a model as it went: for the trace of a message, for metrics and for the cost of a
day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum


class CallPurpose(StrEnum):
    """What a model was asked for."""

    UNDERSTAND = "understand"
    RESPOND = "respond"
    EMBED = "embed"
    EMBED_QUESTION = "embed_question"
    TRANSCRIBE = "transcribe"
    REMEMBER = "remember"


class CallOutcome(StrEnum):
    """How a call ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    QUOTA = "quota"
    ERROR = "error"
    INVALID_RESPONSE = "nonsense"
    BLOCKED = "blocked"
    REJECTED_INPUT = "refused"
    BREAKER_OPEN = "breaker_open"
    LEAKED = "leaked"
    TOO_LONG = "too_long"
    OVER_BUDGET = "over_budget"


@dataclass(frozen=True)
class CallRecord:
    """One call: what for, which model and prompt, tokens, time, outcome. Tokens are 0 where the
    service did not say, and the estimated ones where nobody knows whether it answered.

    `tokens_estimated` is what was expected to be read before the call left; `flow` is the flow of
    the conversation, empty when none was active.
    """

    purpose: CallPurpose
    model: str
    prompt_version: str
    tokens_in: int = 0
    tokens_out: int = 0
    latency_ms: float = 0.0
    outcome: CallOutcome = CallOutcome.OK
    tokens_estimated: int = 0
    flow: str = ""


_flow: ContextVar[str] = ContextVar("flow_of_calls", default="")
_made: ContextVar[list[CallRecord] | None] = ContextVar("calls_made", default=None)


@contextmanager
def collected() -> Iterator[list[CallRecord]]:
    """Every call that is made in this context, and in copies of it, as soon as it has ended: also
    when nothing comes of it. Whoever collects around it has them too, once this ends.
    """
    made: list[CallRecord] = []
    around = _made.get()
    token = _made.set(made)
    try:
        yield made
    finally:
        _made.reset(token)
        if around is not None:
            around.extend(made)


@contextmanager
def in_flow(flow: str | None) -> Iterator[None]:
    """Calls that are made in this context, and in copies of it, belong to this flow."""
    token = _flow.set(flow or "")
    try:
        yield
    finally:
        _flow.reset(token)


def record(record: CallRecord) -> None:
    """Tell whoever collects that a call has ended."""
    made = _made.get()
    if made is not None:
        made.append(replace(record, flow=_flow.get()))
