"""Tokens of a request before it leaves: a conservative local estimate, and what is left out where a
request would be too long.

Gemini's own count needs a second request (`countTokens`), and its tokenizer is not published as a
package. The estimate counts three bytes of letters, every digit and every mark as a token: more
than Gemini counts in Portuguese, so that no request is longer than it is believed to be.
docs/decisions/0068-budget.md has the measured margin.
"""

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

BYTES_OF_A_TOKEN = 3
AUDIO_BYTES_PER_TOKEN = 60
"""Gemini counts 32 tokens for a second of audio, and WhatsApp records some 2,000 bytes a second."""
LEAST_MESSAGE = 200
"""Characters that are left of a customer's words when they are cut."""
_PIECES = re.compile(r"[^\W\d_]+|\s+|.", re.DOTALL)


class RequestTooLong(Exception):
    """A request that is too long even without all that may be left out."""


@dataclass(frozen=True)
class TrimStep:
    """A list or a text of a request that may become shorter: `field` names it; a list loses its
    first or its last entry, a text its end.
    """

    field: str
    from_end: bool = False
    least: int = 0


TURN_ORDER = (
    TrimStep("historico"),
    TrimStep("mensagens", least=1),
)
"""What a turn loses before it is read, in this order: the oldest lines of the history, then the
oldest messages of the customer, all but the last.
"""
QUESTION_ORDER = (
    TrimStep("historico"),
    TrimStep("trechos", from_end=True, least=1),
    TrimStep("pergunta"),
)
"""What a question loses before it is answered, in this order: the oldest lines of the history, the
passages that fit worst, then the end of the question.
"""


def estimate(text: str) -> int:
    """The tokens of a text, rather too many than too few."""
    return sum(map(_tokens_of, _PIECES.findall(text)))


@lru_cache(maxsize=64)
def estimate_fixed(text: str) -> int:
    """The tokens of a text of ours that comes with every request."""
    return estimate(text)


def estimate_audio(size: int) -> int:
    """The tokens of a voice message of so many bytes."""
    return -(-size // AUDIO_BYTES_PER_TOKEN)


def _tokens_of(piece: str) -> int:
    """A run of letters by its bytes, a run of blanks as one, any other mark by itself."""
    if piece.isspace():
        return 1 if len(piece) > 1 else 0
    size = len(piece.encode("utf-8", "surrogatepass"))
    return -(-size // BYTES_OF_A_TOKEN)


def fit(sent: dict[str, Any], order: tuple[TrimStep, ...], room: int) -> dict[str, Any]:
    """The request with as much left out as needed to have at most `room` tokens, step by step in
    this order. RequestTooLong when that is not enough.
    """
    if _has_room(sent, room):
        return sent
    trimmed = deepcopy(sent)
    for step in order:
        while _size(trimmed) > room and _shorten(trimmed, step):
            pass
    if _size(trimmed) > room:
        raise RequestTooLong
    return trimmed


def _has_room(sent: dict[str, Any], room: int) -> bool:
    """Whether a request fits; most do by their bytes, which are more than their tokens."""
    written = json.dumps(sent, ensure_ascii=False)
    if len(written.encode("utf-8", "surrogatepass")) <= room:
        return True
    return estimate(written) <= room


def _size(sent: dict[str, Any]) -> int:
    return estimate(json.dumps(sent, ensure_ascii=False))


def _shorten(sent: dict[str, Any], step: TrimStep) -> bool:
    """Shorten a field by one step; False when it is as short as it may be."""
    value = sent.get(step.field)
    if isinstance(value, list) and len(value) > step.least:
        value.pop(-1 if step.from_end else 0)
        return True
    if isinstance(value, str) and len(value) > LEAST_MESSAGE:
        sent[step.field] = value[: max(LEAST_MESSAGE, len(value) * 3 // 4)]
        return True
    return False
