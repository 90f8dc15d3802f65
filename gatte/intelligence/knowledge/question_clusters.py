"""Unanswered questions that ask alike, put into groups: by meaning where vectors can be made, else
by their words.
"""

from collections.abc import Sequence
from typing import Any

from gatte.conversation.parsing.normalize import expand_for_search, normalize_for_search
from gatte.extensions import db
from gatte.intelligence import embedding
from gatte.models import QuestionGroup, UnansweredQuestion
from gatte.store import unanswered

QUESTIONS_AT_ONCE = 500
MOST_GROUPS = 300
COMPARED_OF_GROUP = 5
"""Questions of a group that a new one is compared with: the first ones, so that groups do not
drift.
"""
LEAST_SIMILARITY = 0.62
"""Cosine to a question of a group from which on another one joins: docs/decisions/0063."""


class Clusters:
    """Groups with the vectors of some of their questions."""

    def __init__(self, groups: Sequence[QuestionGroup]) -> None:
        self._members: list[tuple[QuestionGroup, Any]] = []
        for group in groups:
            in_order = sorted(group.questions, key=lambda one: (one.created_at, one.id))
            texts = [one.question for one in in_order[:COMPARED_OF_GROUP] if one.question]
            for vector in _vectors(texts):
                self._members.append((group, vector))

    def nearest(self, vector: Any) -> QuestionGroup | None:  # noqa: ANN401 - an array
        """The group that a question joins; None when it is like no other."""
        best = max(self._members, key=lambda member: float(member[1] @ vector), default=None)
        if best is None or float(best[1] @ vector) < LEAST_SIMILARITY:
            return None
        return best[0]

    def add(self, group: QuestionGroup, vector: Any) -> None:  # noqa: ANN401 - an array
        """Let a question of a group be compared with those to come."""
        self._members.append((group, vector))


def group_new() -> int:
    """Put the questions that came since into groups; how many those were. The caller commits."""
    questions = [one for one in unanswered.list_ungrouped(QUESTIONS_AT_ONCE) if one.question]
    unanswered.delete_empty_groups()
    if not questions:
        return 0
    clusters = Clusters(unanswered.list_joinable(MOST_GROUPS))
    texts = [one.question or "" for one in questions]
    for question, vector in zip(questions, _vectors(texts), strict=True):
        _join(clusters, question, vector)
    db.session.flush()
    return len(questions)


def _join(clusters: Clusters, question: UnansweredQuestion, vector: Any) -> None:  # noqa: ANN401
    group = clusters.nearest(vector)
    if group is None:
        group = unanswered.add_group()
        db.session.flush()
        clusters.add(group, vector)
    question.group_id = group.id


def _vectors(texts: Sequence[str]) -> list[Any]:
    """The meaning of texts as vectors of length 1; without the embedding package vectors of which
    only those of the same words are near.
    """
    if not texts:
        return []
    if embedding.available():
        return list(embedding.embed([expand_for_search(text) for text in texts]))
    return [_word_vector(text) for text in texts]


def _word_vector(text: str) -> Any:  # noqa: ANN401 - an array
    import zlib

    import numpy as np

    vector = np.zeros(embedding.DIMENSIONS, dtype=np.float32)
    for word in normalize_for_search(text).split():
        vector[zlib.crc32(word.encode()) % embedding.DIMENSIONS] += 1
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
