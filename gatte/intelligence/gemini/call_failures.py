"""What a call to Gemini may raise, and what that says of how it ended."""

from gatte.infra.http import ConnectFailed, ResponseLost, ResponseTimeout
from gatte.intelligence.calls import CallOutcome, CallPurpose
from gatte.intelligence.gemini.response import Blocked, InvalidResponse, ServiceError

QUOTA = 429
BAD_REQUEST = 400


class PromptLeaked(Exception):
    """The model gave away its instructions."""


def failure_types() -> tuple[type[Exception], ...]:
    """What a call may raise: our own three, the service's errors, the transport's, and ValueError
    for what cannot be read.
    """
    return (
        InvalidResponse,
        Blocked,
        PromptLeaked,
        ServiceError,
        ConnectFailed,
        ResponseLost,
        OSError,
        ValueError,
    )


def outcome_of(error: Exception, purpose: CallPurpose) -> CallOutcome:
    """How a call ended that raised this."""
    if isinstance(error, ServiceError):
        return _outcome_of_status(error.code, purpose)
    outcomes: tuple[tuple[tuple[type[Exception], ...], CallOutcome], ...] = (
        ((Blocked,), CallOutcome.BLOCKED),
        ((PromptLeaked,), CallOutcome.LEAKED),
        ((ResponseTimeout, TimeoutError), CallOutcome.TIMEOUT),
        ((InvalidResponse, ValueError), CallOutcome.INVALID_RESPONSE),
    )
    return next(
        (outcome for types, outcome in outcomes if isinstance(error, types)), CallOutcome.ERROR
    )


def _outcome_of_status(status: int, purpose: CallPurpose) -> CallOutcome:
    if status == QUOTA:
        return CallOutcome.QUOTA
    bad_audio = purpose is CallPurpose.TRANSCRIBE and status == BAD_REQUEST
    return CallOutcome.REJECTED_INPUT if bad_audio else CallOutcome.ERROR
