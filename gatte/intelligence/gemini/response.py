"""What Gemini answered, read from the body as it came: only the fields that we use, and nothing
else is looked at.
"""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

DECLINED = frozenset(
    {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "MODEL_ARMOR"}
)
COMPLETE = "STOP"


class Blocked(Exception):
    """The service works, and declined to answer this text."""


class InvalidResponse(Exception):
    """The answer is not what was asked for."""


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)


class ResponsePart(_Read):
    """A piece of the answer; thoughts are not meant to be shown."""

    text: str | None = None
    thought: bool | None = None


class Content(_Read):
    """The pieces of an answer."""

    parts: list[ResponsePart] | None = None


class Candidate(_Read):
    """An answer and why it ends."""

    content: Content | None = None
    finish_reason: str | None = None


class Feedback(_Read):
    """Why a text was not taken."""

    block_reason: str | None = None


class Usage(_Read):
    """Tokens that are paid for."""

    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None


class Generated(_Read):
    """The whole of it."""

    candidates: list[Candidate] | None = None
    prompt_feedback: Feedback | None = None
    usage_metadata: Usage | None = None

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens read and tokens written, thinking included; 0 where the service does not say."""
        used = self.usage_metadata or Usage()
        return used.prompt_token_count or 0, (used.candidates_token_count or 0) + (
            used.thoughts_token_count or 0
        )


def text_of(generated: Generated) -> str:
    """The text of a complete answer; anything else (blocked, cut short, empty) raises."""
    candidate = generated.candidates[0] if generated.candidates else None
    if candidate is None or (generated.prompt_feedback and generated.prompt_feedback.block_reason):
        raise Blocked
    reason = (candidate.finish_reason or COMPLETE).upper()
    if reason in DECLINED:
        raise Blocked
    parts = (candidate.content.parts if candidate.content else None) or []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    if reason != COMPLETE or not text.strip():
        raise InvalidResponse
    return text
