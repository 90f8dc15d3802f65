"""How Gemini is asked: instructions apart from contents, a fixed temperature, a limit of tokens, as little thinking as the model allows.

A configuration is made once for the same words and shared by all calls: making and turning it into JSON cost more than the call itself.
"""

import json
from functools import lru_cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from google.genai.types import Content, GenerateContentConfig, ThinkingConfig
    from pydantic import BaseModel


@lru_cache(maxsize=32)
def configured(
    model: str, temperature: float, most_tokens: int, instructions: str, answers_by: str | None = None
) -> "GenerateContentConfig":
    """The configuration of one call; `most_tokens` bounds what may be written, thinking included; `answers_by` is a JSON schema.

    Not to be changed: it is shared. The answer comes as it was received (`gemini_answer` reads it), and no function is ever called.
    """
    from google.genai.types import AutomaticFunctionCallingConfig

    return cast("type[GenerateContentConfig]", _quick("GenerateContentConfig"))(
        system_instruction=said_by_user(instructions),
        temperature=temperature,
        max_output_tokens=most_tokens,
        candidate_count=1,
        thinking_config=_thinking(model),
        response_mime_type="application/json" if answers_by else None,
        response_json_schema=json.loads(answers_by) if answers_by else None,
        automatic_function_calling=AutomaticFunctionCallingConfig(disable=True),
        should_return_http_response=True,
    )


def said_by_user(text: str) -> "Content":
    """A text as the contents of a call."""
    content, part = _quick("Content"), _quick("Part")
    return cast("Content", content(role="user", parts=[part(text=text)]))


@lru_cache(maxsize=8)
def _quick(name: str) -> "type[BaseModel]":
    """A type of google-genai that is asked for its fields without a walk through all of them."""
    from google.genai import types

    def contains(_: object, __: object) -> bool:
        """What `in` gives for a name anyway, being meant for pairs: the package asks it for every field of every object."""
        return False

    return cast("type[BaseModel]", type(name, (getattr(types, name),), {"__contains__": contains, "__module__": __name__}))


def _thinking(model: str) -> "ThinkingConfig | None":
    """As little thinking as the model allows: a customer waits, and passages are short. Models differ in how they are told."""
    from google.genai.types import ThinkingConfig, ThinkingLevel

    if model.startswith("gemini-2.5-flash"):
        return ThinkingConfig(thinking_budget=0)
    if model.startswith("gemini-3"):
        return ThinkingConfig(thinking_level=ThinkingLevel.MINIMAL if "flash" in model else ThinkingLevel.LOW)
    return None
