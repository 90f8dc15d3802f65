"""How Gemini is asked: instructions apart from contents, a fixed temperature, a limit of tokens, as little thinking as the model allows."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.genai.types import GenerateContentConfig, ThinkingConfig


def configured(model: str, temperature: float, most_tokens: int, instructions: str) -> "GenerateContentConfig":
    """The configuration of one call; `most_tokens` bounds what may be written, thinking included."""
    from google.genai.types import GenerateContentConfig

    return GenerateContentConfig(
        system_instruction=instructions,
        temperature=temperature,
        max_output_tokens=most_tokens,
        candidate_count=1,
        thinking_config=_thinking(model),
    )


def _thinking(model: str) -> "ThinkingConfig | None":
    """As little thinking as the model allows: a customer waits, and passages are short. Models differ in how they are told."""
    from google.genai.types import ThinkingConfig, ThinkingLevel

    if model.startswith("gemini-2.5-flash"):
        return ThinkingConfig(thinking_budget=0)
    if model.startswith("gemini-3"):
        return ThinkingConfig(thinking_level=ThinkingLevel.MINIMAL if "flash" in model else ThinkingLevel.LOW)
    return None
