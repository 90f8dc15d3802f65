"""How Gemini is asked: instructions apart from contents, a fixed temperature, a limit of tokens, as
little thinking as the model allows.

A configuration is made once for the same words and shared by all calls.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from gatte.intelligence import token_limit
from gatte.setting_formats import plain_model_name

if TYPE_CHECKING:
    from google.genai.types import Content, GenerateContentConfig, Part, ThinkingConfig


@lru_cache(maxsize=32)
def generation_config(
    model: str,
    temperature: float,
    most_tokens: int,
    instructions: str,
    answers_by: str | None = None,
) -> "GenerateContentConfig":
    """The configuration of one call; `most_tokens` bounds what may be written, thinking included;
    `answers_by` is a JSON schema.

    Not to be changed: it is shared. No function is ever called.
    """
    from google.genai.types import AutomaticFunctionCallingConfig

    from gatte.intelligence.gemini.request_types import RequestConfig

    return RequestConfig(
        system_instruction=user_content(instructions),
        temperature=temperature,
        max_output_tokens=most_tokens,
        thinking_config=_thinking(model),
        response_mime_type="application/json" if answers_by else None,
        response_json_schema=json.loads(answers_by) if answers_by else None,
        automatic_function_calling=AutomaticFunctionCallingConfig(disable=True),
    )


def instructions_of(config: "GenerateContentConfig") -> str:
    """The instructions of a configuration that `generation_config` made."""
    return str(config.system_instruction.parts[0].text)  # type: ignore[union-attr, index]


def most_written(config: "GenerateContentConfig") -> int:
    """The most tokens that may be written, thinking included."""
    return config.max_output_tokens or 0


def tokens_of(contents: "Content | Sequence[Part]", config: "GenerateContentConfig") -> int:
    """The tokens of a request by our estimate: instructions, schema, texts and audio."""
    total = token_limit.estimate_fixed(instructions_of(config))
    if config.response_json_schema:
        total += token_limit.estimate_fixed(json.dumps(config.response_json_schema))
    parts = contents if isinstance(contents, Sequence) else contents.parts or ()
    for part in parts:
        total += token_limit.estimate(part.text or "")
        if part.inline_data is not None:
            total += token_limit.estimate_audio(len(part.inline_data.data or b""))
    return total


def user_content(text: str) -> "Content":
    """A text as the contents of a call."""
    from gatte.intelligence.gemini.request_types import RequestContent, RequestPart

    return RequestContent(role="user", parts=[RequestPart(text=text)])


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


@lru_cache(maxsize=32)
def _thinking(model: str) -> "ThinkingConfig | None":
    """How a model is told to think as little as it can; None for a model that we do not know."""
    from google.genai.types import ThinkingConfig, ThinkingLevel

    name = plain_model_name(model)
    known = (least for pattern, least in LEAST_THINKING if re.fullmatch(pattern + VERSIONED, name))
    least = next(known, None)
    if least is None:
        return None
    if isinstance(least, int):
        return ThinkingConfig(thinking_budget=least)
    return ThinkingConfig(thinking_level=ThinkingLevel(least))
