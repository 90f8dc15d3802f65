"""Passages of articles in force, and the cache of those that this process has vectorized."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from gatte.intelligence import embedding
from gatte.intelligence.knowledge import reranker
from gatte.models.knowledge import Article, Passage, PassageKind

VECTOR_HEADER_BYTES = 4  # bytes before the numbers when Postgres sends a vector
KEPT_TEXTS = 10_000  # passages kept ready in a process, about 4 kB each


@dataclass(frozen=True)
class PassageRow:
    """A passage without its vector."""

    id: int
    article_id: UUID
    kind: PassageKind
    text: str


def active_passages() -> Select[int, UUID, PassageKind, str]:
    """The passages of articles that are switched on and valid today."""
    valid = or_(Article.valid_from.is_(None), Article.valid_from <= func.current_date())
    return (
        select(Passage.id, Passage.article_id, Passage.kind, Passage.text)
        .join(Passage.article)
        .where(Article.active, valid)
    )


def read_rows(session: Session, found: Select[int, UUID, PassageKind, str]) -> list[PassageRow]:
    """The rows of a query made from `in_force`."""
    return [
        PassageRow(row.id, row.article_id, row.kind, row.text) for row in session.execute(found)
    ]


class _PassageCache:
    """Passages made ready, by id and text: a passage whose text changes is another key, so several
    processes never see old ones.
    """

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[int, str], reranker.TokenisedText] = OrderedDict()
        self._lock = Lock()

    def get(self, row: PassageRow) -> reranker.TokenisedText | None:
        with self._lock:
            kept = self._texts.get((row.id, row.text))
            if kept is not None:
                self._texts.move_to_end((row.id, row.text))
            return kept

    def put(self, row: PassageRow, prepared: reranker.TokenisedText) -> None:
        with self._lock:
            self._texts[row.id, row.text] = prepared
            if len(self._texts) > KEPT_TEXTS:
                self._texts.popitem(last=False)


_kept = _PassageCache()


def vectorize(session: Session, rows: Sequence[PassageRow]) -> list[reranker.TokenisedText]:
    """The rows ready to be compared, in their order; vectors are read for those not kept in this
    process.
    """
    texts = [_kept.get(row) for row in rows]
    vectors = _stored_vectors(
        session, [row.id for row, text in zip(rows, texts, strict=True) if text is None]
    )
    return [text or _keep(row, vectors.get(row.id)) for row, text in zip(rows, texts, strict=True)]


def _stored_vectors(session: Session, ids: list[int]) -> dict[int, Any]:
    """The vectors of passages, by their ids; read as bytes, for reading 500 numbers as text takes
    longer than all the rest.
    """
    import numpy as np

    if not ids:
        return {}
    found = session.execute(
        select(Passage.id, func.vector_send(Passage.embedding)).where(Passage.id.in_(ids))
    )
    return {
        passage: None
        if sent is None
        else np.frombuffer(sent, ">f4", offset=VECTOR_HEADER_BYTES).astype("f4")
        for passage, sent in found
    }


def _keep(row: PassageRow, vector: Any) -> reranker.TokenisedText:  # noqa: ANN401 - an array or None
    ready = reranker.tokenize(row.text, _or_nothing(vector))
    _kept.put(row, ready)
    return ready


def _or_nothing(vector: Any) -> Any:  # noqa: ANN401 - an array or None
    import numpy as np

    return (
        np.zeros(embedding.DIMENSIONS, dtype=np.float32)
        if vector is None
        else np.asarray(vector, dtype=np.float32)
    )
