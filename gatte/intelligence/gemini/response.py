"""What a response of google-genai means to us: a complete text, a refusal, or nothing of use."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gatte.models.knowledge import GEMINI_DIMENSIONS

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse
    from numpy import float32
    from numpy.typing import NDArray

DECLINED = frozenset(
    {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "MODEL_ARMOR"}
)
COMPLETE = "STOP"


class Blocked(Exception):
    """The service works, and declined to answer this text."""


class InvalidResponse(Exception):
    """The answer is not what was asked for."""


def text_of(response: "GenerateContentResponse") -> str:
    """The text of a complete answer; anything else (blocked, cut short, empty) raises."""
    feedback = response.prompt_feedback
    if not response.candidates or (feedback and feedback.block_reason):
        raise Blocked
    reason = response.candidates[0].finish_reason or COMPLETE
    if reason in DECLINED:
        raise Blocked
    text = response.text
    if reason != COMPLETE or not text or not text.strip():
        raise InvalidResponse
    return text


def token_counts(response: "GenerateContentResponse") -> tuple[int, int]:
    """Tokens read and tokens written, thinking included; 0 where the service does not say."""
    used = response.usage_metadata
    if used is None:
        return 0, 0
    written = (used.candidates_token_count or 0) + (used.thoughts_token_count or 0)
    return used.prompt_token_count or 0, written


def unit_vectors(values: "Sequence[Sequence[float] | None]", count: int) -> "NDArray[float32]":
    """So many rows of 768 numbers, made of length 1, which shortened vectors are not;
    InvalidResponse for any other shape, or a number that is none.
    """
    import numpy as np

    try:
        rows = np.array(values, dtype=np.float32)
    except (TypeError, ValueError):
        raise InvalidResponse from None
    if rows.shape != (count, GEMINI_DIMENSIONS) or not np.isfinite(rows).all():
        raise InvalidResponse
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        raise InvalidResponse
    unit: NDArray[float32] = (rows / lengths).astype(np.float32)
    return unit
