"""What a call to Gemini may raise, and what that says of how it ended."""

from gatte.intelligence.calls import CallOutcome, CallPurpose
from gatte.intelligence.gemini.response import Blocked, InvalidResponse

QUOTA = 429
BAD_REQUEST = 400


class PromptLeaked(Exception):
    """The model gave away its instructions."""


def failure_types() -> tuple[type[Exception], ...]:
    """What a call may raise: our own three, the service's errors, the transport's, and ValueError
    for what cannot be read.
    """
    import httpx2
    from google.genai import errors

    return (
        InvalidResponse,
        Blocked,
        PromptLeaked,
        errors.APIError,
        errors.UnknownApiResponseError,
        httpx2.HTTPError,
        OSError,
        ValueError,
    )


def outcome_of(error: Exception, purpose: CallPurpose) -> CallOutcome:
    """How a call ended that raised this."""
    import httpx2
    from google.genai import errors

    if isinstance(error, errors.APIError):
        return _outcome_of_status(error.code, purpose)
    outcomes: tuple[tuple[tuple[type[Exception], ...], CallOutcome], ...] = (
        ((Blocked,), CallOutcome.BLOCKED),
        ((PromptLeaked,), CallOutcome.LEAKED),
        ((httpx2.TimeoutException, TimeoutError), CallOutcome.TIMEOUT),
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
