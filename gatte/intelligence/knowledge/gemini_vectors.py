"""The vectors of passages that Gemini makes, some at a time: those of articles in use that have
none of the model of the settings. Personal values that stand in them do not leave.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from gatte.intelligence import token_limit
from gatte.intelligence.gemini.client import LONGEST_TEXT, Gemini
from gatte.intelligence.pseudonymization import Pseudonymizer
from gatte.store import passage_vectors
from gatte.store.passage_vectors import MissingVector

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

EMBEDDED_AT_ONCE = 50
"""Passages in a request; Google takes 100 at most."""


def next_batch(session: Session, gemini: Gemini) -> list[MissingVector]:
    """Passages without a vector, as many as fit into one request; none when all have theirs."""
    missing = passage_vectors.list_missing(session, gemini.models.embedding, EMBEDDED_AT_ONCE)
    batch: list[MissingVector] = []
    room = gemini.bounds.most_tokens
    for passage in missing:
        room -= token_limit.estimate(_text_for_model(passage))
        if room < 0 and batch:
            break
        batch.append(passage)
    return batch


def embed(gemini: Gemini, batch: Sequence[MissingVector]) -> "NDArray[float32]":
    """A row of numbers for each passage; GeminiUnavailable when there are none. No transaction may
    be open.
    """
    vectors, _ = gemini.embed([_text_for_model(passage) for passage in batch])
    return vectors


def _text_for_model(passage: MissingVector) -> str:
    """What leaves of a passage; placeholders alone where it is nothing but personal values."""
    hidden = Pseudonymizer()
    text = hidden.hide(passage.text[:LONGEST_TEXT]).text
    return hidden.without_placeholders(text) or text
