"""What a call of the Gemini API holds, as JSON: instructions apart from contents, a fixed
temperature, a limit of tokens, as little thinking as the model allows.

The names of the fields are those of https://ai.google.dev/api/generate-content. A configuration is
made once for the same words and shared by all calls.
"""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from gatte.intelligence import token_limit
from gatte.setting_formats import plain_model_name

JsonObject = dict[str, object]


@dataclass(frozen=True)
class Part:
    """A piece of the contents of a call: a text, or a file with its type."""

    text: str = ""
    file: bytes = b""
    mime_type: str = ""

    def as_json(self) -> JsonObject:
        """The part as the API takes it."""
        if not self.file:
            return {"text": self.text}
        encoded = base64.b64encode(self.file).decode("ascii")
        return {"inlineData": {"mimeType": self.mime_type, "data": encoded}}


@dataclass(frozen=True)
class GenerationConfig:
    """The configuration of a call: `most_tokens` bounds what may be written, thinking included;
    `answers_by` is a JSON schema; `members` is all of it as members of the request's JSON object.
    """

    instructions: str
    most_tokens: int
    answers_by: str | None
    members: str


@lru_cache(maxsize=32)
def generation_config(
    model: str,
    temperature: float,
    most_tokens: int,
    instructions: str,
    answers_by: str | None = None,
) -> GenerationConfig:
    """The configuration of one call; see `GenerationConfig`."""
    fields: JsonObject = {"temperature": temperature, "maxOutputTokens": most_tokens}
    thinking = _thinking(model)
    if thinking is not None:
        fields["thinkingConfig"] = thinking
    if answers_by:
        fields["responseMimeType"] = "application/json"
        fields["responseJsonSchema"] = json.loads(answers_by)
    whole = {
        "systemInstruction": {"role": "user", "parts": [{"text": instructions}]},
        "generationConfig": fields,
    }
    members = json.dumps(whole, ensure_ascii=False)[1:-1]
    return GenerationConfig(instructions, most_tokens, answers_by, members)


def generation_body(parts: Sequence[Part], config: GenerationConfig) -> bytes:
    """The body of a call that generates a text."""
    contents = [{"role": "user", "parts": [part.as_json() for part in parts]}]
    said = json.dumps(contents, ensure_ascii=False)
    # a lone surrogate, which a customer can send, is no UTF-8
    return f'{{"contents":{said},{config.members}}}'.encode("utf-8", "replace")


def embedding_body(model: str, texts: Sequence[str], dimensions: int) -> bytes:
    """The body of a call that makes vectors of texts."""
    requests = [
        {
            "model": model_path(model),
            "content": {"parts": [{"text": text}]},
            "outputDimensionality": dimensions,
        }
        for text in texts
    ]
    return json.dumps({"requests": requests}).encode()


def model_path(model: str) -> str:
    """A model as addresses name it; one that is named with its collection stays."""
    return model if "/" in model else f"models/{model}"


def tokens_of(parts: Sequence[Part], config: GenerationConfig) -> int:
    """The tokens of a request by our estimate: instructions, schema, texts and audio."""
    total = token_limit.estimate_fixed(config.instructions)
    if config.answers_by:
        total += token_limit.estimate_fixed(config.answers_by)
    for part in parts:
        total += token_limit.estimate(part.text)
        total += token_limit.estimate_audio(len(part.file))
    return total


# As little thinking as a model allows: a customer waits, and passages are short. Google's page on
# thinking, October 2026 (ai.google.dev/gemini-api/docs/thinking);
# docs/decisions/0022-gemini-requests.md.
# Not -image, -tts and others, which know other levels.
VERSIONED = r"(-preview)?(-\d{2}-\d{4}|-\d{3})?"
LEAST_THINKING: tuple[tuple[str, int | str], ...] = (  # the first that fits: a budget or a level
    (r"gemini-2\.5-flash(-lite)?", 0),
    (r"gemini-(3|3\.5|3\.6)-flash", "MINIMAL"),
    (r"gemini-3\.\d+-flash-lite", "MINIMAL"),
    (r"gemini-3(\.\d+)?-(flash|pro)", "LOW"),
    (r"gemini-(flash|flash-lite|pro)-latest", "LOW"),
)


def _thinking(model: str) -> JsonObject | None:
    """How a model is told to think as little as it can; None for a model that we do not know."""
    name = plain_model_name(model)
    known = (least for pattern, least in LEAST_THINKING if re.fullmatch(pattern + VERSIONED, name))
    least = next(known, None)
    if least is None:
        return None
    return {"thinkingBudget" if isinstance(least, int) else "thinkingLevel": least}
