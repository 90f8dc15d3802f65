"""Articles that are asked for alike and say different figures or terms: one of them is wrong, or
customers get the one answer today and the other tomorrow.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from gatte.intelligence.factual_claims import extract_claims
from gatte.store import article_conflicts
from gatte.store.article_conflicts import SimilarArticles

LEAST_SIMILARITY = 0.75
"""Cosine of two questions that ask the same: docs/decisions/0063 has the figures."""


def refresh(session: Session, article_ids: Collection[UUID]) -> int:
    """Compare these articles with those that are asked for alike; how many contradict one. The
    caller commits.
    """
    if not article_ids:
        return 0
    article_conflicts.delete_of(session, article_ids)
    found = 0
    for pair in article_conflicts.list_similar(session, article_ids, LEAST_SIMILARITY):
        mine, others = figures_apart(pair)
        if mine and others:
            article_conflicts.insert(session, pair, mine, others)
            found += 1
    return found


def figures_apart(pair: SimilarArticles) -> tuple[list[str], list[str]]:
    """The figures that only the one article has, and those that only the other one has."""
    mine = _figures(pair.answer)
    others = _figures(pair.other_answer)
    return sorted(mine - others), sorted(others - mine)


def _figures(answer: str) -> frozenset[str]:
    """Numbers with their units ("30 dia"), and those without any."""
    claims = extract_claims(answer)
    with_unit = {measure.partition(" ")[0] for measure in claims.measures}
    return claims.measures | (claims.numbers - with_unit)
