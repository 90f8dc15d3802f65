"""A question and its candidates compared by two models at once: the local vector and that of
Gemini, one behind the other, so that a dot product is the mean of both cosines.

All of Gemini's vectors lie in a narrow cone: even texts that have nothing in common have a high
cosine. What these candidates have in common is taken away first, so that its cosines spread as the
local ones do, and the confidence that was fitted for those holds. A text without a vector by Gemini
(new, or off topic) is compared by the local one alone: docs/decisions/0088 has the figures.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gatte.intelligence.knowledge.reranker import TokenisedText
from gatte.models.knowledge import GEMINI_DIMENSIONS

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

HALF = 0.5**0.5
"""The share of each of two vectors of length 1 in one of length 1."""


def join(
    asked: TokenisedText,
    asked_by_gemini: "NDArray[float32]",
    texts: Sequence[TokenisedText],
    by_gemini: "Sequence[NDArray[float32] | None]",
) -> tuple[TokenisedText, list[TokenisedText]]:
    """The question and the texts with joined vectors; the texts' numbers by Gemini stand in the
    same order, None for a text that has none.
    """
    import numpy as np

    present = [numbers for numbers in by_gemini if numbers is not None]
    common = np.mean(present, axis=0) if present else np.zeros(GEMINI_DIMENSIONS, np.float32)
    joined = [
        alone(text) if numbers is None else _joined(text, numbers - common)
        for text, numbers in zip(texts, by_gemini, strict=True)
    ]
    return _joined(asked, asked_by_gemini - common), joined


def alone(text: TokenisedText) -> TokenisedText:
    """A text that Gemini has made no vector of, in the length of those that it has."""
    import numpy as np

    nothing = np.zeros(GEMINI_DIMENSIONS, np.float32)
    return replace(text, vector=np.concatenate([text.vector, nothing]))


def _joined(text: TokenisedText, numbers: "NDArray[float32]") -> TokenisedText:
    import numpy as np

    length = np.linalg.norm(numbers)
    if not length:
        return alone(text)
    both = [text.vector * HALF, numbers * (HALF / length)]
    return replace(text, vector=np.concatenate(both).astype(np.float32))
