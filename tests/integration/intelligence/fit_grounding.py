"""Fit the constants of `gatte.intelligence.answer_confidence` on the demo content: `python -m
tests.integration.intelligence.fit_grounding`.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from devstack.postgres import Postgres
from gatte.extensions import db
from gatte.intelligence import answer_confidence
from gatte.intelligence.knowledge import articles, passages, reranker, retrieval
from gatte.models.knowledge import Article, KnowledgeVersion, Passage, PassageKind


def rank_without(
    session: Session,
    question: str,
    own_passage: int | None = None,
    own_background: int | None = None,
) -> reranker.Ranking:
    """The ranking of a stored text, as if it were not stored."""
    asked = reranker.tokenize(question, retrieval.vector_of(question))
    near, _ = retrieval.candidate_rows(session, asked)
    texts = passages.vectorize(session, near)
    kept = [(row, text) for row, text in zip(near, texts, strict=True) if row.id != own_passage]
    background = [
        known for index, known in enumerate(retrieval._background()) if index != own_background
    ]
    return reranker.rerank(
        asked, [reranker.RerankCandidate(row.article_id, text) for row, text in kept], background
    )


def samples(session: Session) -> list[tuple[reranker.Ranking, bool]]:
    variants = list(session.scalars(select(Passage).where(Passage.kind == PassageKind.VARIANT)))
    asked = [
        (rank_without(session, variant.text, own_passage=variant.id), variant.article_id)
        for variant in variants
    ]
    strange = [
        rank_without(session, known, own_background=index)
        for index, known in enumerate(articles.off_topic_texts())
    ]
    return [(order, order.articles[0].article == own) for order, own in asked] + [
        (order, False) for order in strange
    ]


def fitted(rows: np.ndarray, right: np.ndarray) -> tuple[float, np.ndarray]:
    """Bias and weights of the logistic regression; the penalty only keeps it finite."""

    def loss(parameters: np.ndarray) -> float:
        logits = parameters[0] + rows @ parameters[1:]
        return float(
            np.logaddexp(0, np.where(right, -logits, logits)).sum()
            + 5e-4 * (parameters[1:] ** 2).sum()
        )

    best = minimize(loss, np.zeros(rows.shape[1] + 1)).x
    return best[0], best[1:]


def main() -> None:
    server = Postgres(Path(tempfile.mkdtemp()), durable=False)
    engine = create_engine(server.start().replace("postgresql://", "postgresql+psycopg2://"))
    try:
        with Session(engine) as session:
            session.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
            db.metadata.create_all(
                session.connection(),
                tables=[one.__table__ for one in (Article, Passage, KnowledgeVersion)],
            )
            articles.import_articles(session, articles.read_articles())
            seen = samples(session)
    finally:
        engine.dispose()
        server.stop()
    rows = np.array([list(answer_confidence.features(order).values()) for order, _ in seen])
    right = np.array([is_right for _, is_right in seen])
    bias, by_feature = fitted(rows, right)
    weights = dict(zip(answer_confidence.WEIGHTS, by_feature.round(2).tolist(), strict=True))
    sys.stdout.write(f"BIAS = {bias:.2f}\nWEIGHTS = {weights}\n")
    probabilities = 1 / (1 + np.exp(-bias - rows @ by_feature))
    for threshold in (0.4, 0.5, 0.55, 0.6, 0.7):
        given = probabilities >= threshold
        sys.stdout.write(
            f"{threshold}: answered {given.mean():.2f}, of these right {right[given].mean():.2f}\n"
        )


if __name__ == "__main__":
    main()
