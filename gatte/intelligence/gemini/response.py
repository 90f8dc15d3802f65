"""What a response of google-genai means to us: a complete text, a refusal, or nothing of use."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse

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
