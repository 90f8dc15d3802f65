"""Passages of articles in force, and the cache of those that this process has vectorized."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from gatte.infra.lru_cache import LruCache
from gatte.intelligence import embedding
from gatte.intelligence.knowledge import reranker
from gatte.store import knowledge, passage_vectors
from gatte.store.knowledge import PassageRow

VECTOR_HEADER_BYTES = 4  # bytes before the numbers when Postgres sends a vector
CACHE_SIZE = 10_000  # passages kept ready in a process, about 4 kB each


_cache: LruCache[tuple[int, str], reranker.TokenisedText] = LruCache(CACHE_SIZE)
"""By id and text: a passage whose text changes is another entry, so no process sees an old one."""


_by_gemini: LruCache[tuple[int, str, str], Any] = LruCache(CACHE_SIZE)
"""Vectors by Gemini, by id and text of the passage and model."""


def vectorize(session: Session, rows: Sequence[PassageRow]) -> list[reranker.TokenisedText]:
    """The rows ready to be compared, in their order; vectors are read for those not kept in this
    process.
    """
    texts = [_cache.get((row.id, row.text)) for row in rows]
    vectors = _stored_vectors(
        session, [row.id for row, text in zip(rows, texts, strict=True) if text is None]
    )
    return [text or _keep(row, vectors.get(row.id)) for row, text in zip(rows, texts, strict=True)]


def _stored_vectors(session: Session, ids: list[int]) -> dict[int, Any]:
    """The vectors of passages, by their ids; None for a passage without one."""
    return {
        passage: None if sent is None else _numbers(sent)
        for passage, sent in knowledge.sent_vectors(session, ids).items()
    }


def vectors_by_gemini(session: Session, rows: Sequence[PassageRow], model: str) -> list[Any | None]:
    """The vectors of the rows that a model of Gemini made, in their order, None where there is
    none; read where they are not kept in this process.
    """
    known = [_by_gemini.get((row.id, row.text, model)) for row in rows]
    unknown = [row for row, vector in zip(rows, known, strict=True) if vector is None]
    sent = passage_vectors.sent_vectors(session, model, [row.id for row in unknown])
    read = {passage: _numbers(numbers) for passage, numbers in sent.items()}
    for row in unknown:
        if row.id in read:
            _by_gemini.put((row.id, row.text, model), read[row.id])
    return [read.get(row.id, vector) for row, vector in zip(rows, known, strict=True)]


def _numbers(sent: Any) -> Any:  # noqa: ANN401 - an array out of bytes
    """A vector out of the bytes that Postgres sends."""
    import numpy as np

    return np.frombuffer(sent, ">f4", offset=VECTOR_HEADER_BYTES).astype("f4")


def _keep(row: PassageRow, vector: Any) -> reranker.TokenisedText:  # noqa: ANN401 - an array or None
    ready = reranker.tokenize(row.text, _or_nothing(vector))
    _cache.put((row.id, row.text), ready)
    return ready


def _or_nothing(vector: Any) -> Any:  # noqa: ANN401 - an array or None
    import numpy as np

    return (
        np.zeros(embedding.DIMENSIONS, dtype=np.float32)
        if vector is None
        else np.asarray(vector, dtype=np.float32)
    )
