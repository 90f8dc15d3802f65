"""What a response of the Gemini API means to us: a complete text, a refusal, vectors, or nothing
of use.

The names of the fields are those of https://ai.google.dev/api/generate-content; what we do not read
is left out.
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


class ServiceError(Exception):
    """The service answered with an error: `code` is the HTTP status, `details` what it said."""

    def __init__(self, code: int, details: str) -> None:
        super().__init__(f"HTTP {code}")
        self.code = code
        self.details = details


class _ApiObject(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class _TextPart(_ApiObject):
    text: str | None = None
    thought: bool | None = None


class _Content(_ApiObject):
    parts: list[_TextPart] | None = None


class _Candidate(_ApiObject):
    content: _Content | None = None
    finish_reason: str | None = None


class _PromptFeedback(_ApiObject):
    block_reason: str | None = None


class _UsageMetadata(_ApiObject):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None


class GeneratedContent(_ApiObject):
    """The response to a call that generates a text."""

    candidates: list[_Candidate] | None = None
    prompt_feedback: _PromptFeedback | None = None
    usage_metadata: _UsageMetadata | None = None

    def text(self) -> str:
        """The text of a complete answer; anything else (blocked, cut short, empty) raises."""
        if not self.candidates or (self.prompt_feedback and self.prompt_feedback.block_reason):
            raise Blocked
        first = self.candidates[0]
        reason = first.finish_reason or COMPLETE
        if reason in DECLINED:
            raise Blocked
        parts = (first.content.parts if first.content else None) or []
        text = "".join(part.text or "" for part in parts if not part.thought)
        if reason != COMPLETE or not text.strip():
            raise InvalidResponse
        return text

    def token_counts(self) -> tuple[int, int]:
        """Tokens read and tokens written, thinking included; 0 where the service does not say."""
        used = self.usage_metadata
        if used is None:
            return 0, 0
        written = (used.candidates_token_count or 0) + (used.thoughts_token_count or 0)
        return used.prompt_token_count or 0, written


class _Vector(_ApiObject):
    values: list[float]


class Embeddings(_ApiObject):
    """The response to a call that makes vectors."""

    embeddings: list[_Vector]
