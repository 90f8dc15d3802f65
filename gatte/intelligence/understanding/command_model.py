"""The command model: what a customer does with a turn in its place, as labels with probabilities.

A logistic regression for each label over words, pieces of words, features of the place and wording,
and the sentence vector with weights for all places and for each kind of place. Learning is convex
and goes on until the optimum, so every machine learns the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gatte.conversation.commands import LabelScore, TurnReading
from gatte.intelligence import embedding
from gatte.intelligence.understanding import turn_regression
from gatte.intelligence.understanding.tfidf import Vocabulary, fit_vocabulary
from gatte.intelligence.understanding.turn_examples import TurnExample
from gatte.intelligence.understanding.turn_features import TurnContext, features
from gatte.intelligence.understanding.turn_regression import Found, Inputs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gatte.intelligence.understanding.calibration import Calibration

    Matrix = NDArray[np.float64]
    Stored = NDArray[np.float32]

C = 1.0
TERM_WEIGHT, VECTOR_WEIGHT = 3.5, 1.5
PLACE_GROUPS = {"start": 0, "between": 0, "offer": 1, "slot": 2, "confirm": 3, "queue": 4}
"""Which kinds of place share the weights of the sentence vector."""
MIN_FEATURE_COUNT = 2
MOST_SCORE = 7.0
"""Scores beyond this say no more, for and against."""
LEAST_SHOWN = 0.02
"""Labels below this probability are not told: they change nothing and fill the trace."""


@dataclass(frozen=True)
class CommandModel:
    """A trained model: its name, labels, known terms and features, and weights: a row each, a
    column a label, and the last one for a call for a person.

    `vectors` holds for each group of places the weights of the sentence vector: none without the
    embedding. `stack` and `offsets` are the second stage, which makes honest probabilities of the
    scores of all labels together (see calibration.py): a row of `stack` for each piece of evidence.
    """

    name: str
    labels: tuple[str, ...]
    vocabulary: Vocabulary
    columns: dict[str, int]
    terms: "Stored"
    places: "Stored"
    vectors: "Stored"
    bias: "Stored"
    stack: "Stored"
    offsets: "Stored"

    def read(self, messages: Sequence[str], context: TurnContext) -> TurnReading:
        """The labels of a turn with their probabilities, the likeliest first; and how surely a call
        for a person is heard.
        """
        scores = self._all_scores(messages, context)
        chances = self._chances_of(scores[:-1]).tolist()
        call = round(1 / (1 + math.exp(-max(-MOST_SCORE, float(scores[-1])))), 4)
        ranked = sorted(zip(self.labels, chances, strict=True), key=lambda one: -one[1])
        shown = [LabelScore(label, round(p, 4)) for label, p in ranked if p >= LEAST_SHOWN]
        labels = tuple(shown or [LabelScore(*ranked[0])])
        return TurnReading(labels=labels, model=self.name, call=call)

    def chances(self, messages: Sequence[str], context: TurnContext) -> "Matrix":
        """The probability of each label, in the order of `labels`."""
        return self._chances_of(self.scores(messages, context))

    def _chances_of(self, scores: "Matrix") -> "Matrix":
        import numpy as np

        evidence = evidence_of(scores)
        chances: Matrix = 1 / (1 + np.exp(-(evidence @ self._stack) - self.offsets))
        return chances

    def scores(self, messages: Sequence[str], context: TurnContext) -> "Matrix":
        """What the first stage says of each label: log-odds that are not yet honest."""
        return self._all_scores(messages, context)[:-1]

    def _all_scores(self, messages: Sequence[str], context: TurnContext) -> "Matrix":
        """The scores of all labels, and of a call for a person."""
        text = "\n".join(messages)
        scores = self.bias.astype("f8") + self._of_terms(text)
        scores += self._of_features(features(messages, context))
        if self.vectors.shape[1] and embedding.available():
            vector = embedding.embed_one(text.lower()).astype("f8")
            scores += vector @ self._vectors[PLACE_GROUPS[context.place]]
        return scores

    @cached_property
    def _vectors(self) -> "Matrix":
        """The weights of the sentence vector in the precision in which scores are added up."""
        return self.vectors.astype("f8")

    @cached_property
    def _stack(self) -> "Matrix":
        return self.stack.astype("f8")

    def calibrated(self, calibration: "Calibration") -> "CommandModel":
        """The same first stage with this second one; labels that it does not know keep their own
        score.
        """
        import numpy as np

        stack, offsets = identity_stack(len(self.labels))
        here = {label: column for column, label in enumerate(self.labels)}
        there = {label: row for row, label in enumerate(calibration.labels)}
        shared = [label for label in self.labels if label in there]
        rows = np.array([here[label] for label in shared], np.int64)
        rows = np.concatenate([rows, rows + len(here)])
        taken = np.array([there[label] for label in shared], np.int64)
        taken = np.concatenate([taken, taken + len(there)])
        for label in shared:
            weights = np.array(calibration.weights[there[label]])
            stack[:, here[label]] = 0
            stack[rows, here[label]] = weights[taken]
            offsets[here[label]] = calibration.offsets[there[label]]
        return replace(self, stack=stack, offsets=offsets)

    def _of_terms(self, text: str) -> "Matrix":
        columns, weights = self.vocabulary.transform(text)
        scores: Matrix = weights.astype("f8") @ self.terms[columns].astype("f8")
        return scores * TERM_WEIGHT

    def _of_features(self, found: dict[str, float]) -> "Matrix":
        import numpy as np

        known = [(self.columns[name], found[name]) for name in found if name in self.columns]
        rows = np.array([column for column, _ in known], np.int64)
        weights = np.array([weight for _, weight in known], np.float64)
        scores: Matrix = weights @ self.places[rows].astype("f8")
        return scores


def fit(
    examples: Sequence[TurnExample], name: str, most_steps: int = turn_regression.STEPS
) -> CommandModel:
    """Train on these turns, without calibration; the same ones give the same model everywhere.
    With fewer steps the model is made sooner, and a little short of the optimum.

    NotConverged when the optimum was not reached.
    """
    import numpy as np

    embedding.limit_blas_threads()
    labels = tuple(sorted({label for one in examples for label in one.labels}))
    vocabulary = fit_vocabulary(["\n".join(one.messages) for one in examples])
    found = features_of(examples)
    columns = known_features(found)
    inputs = _inputs(examples, found, labels, vocabulary, columns)
    weights = turn_regression.optimum(inputs, C, most_steps=most_steps)
    terms, places = np.split(weights.sparse.astype(np.float32), [len(vocabulary.columns)])
    vectors = (weights.dense * VECTOR_WEIGHT).astype(np.float32)
    bias = weights.bias.astype(np.float32)
    stack, offsets = identity_stack(len(labels))
    return CommandModel(
        name, labels, vocabulary, columns, terms, places, vectors, bias, stack, offsets
    )


def identity_stack(label_count: int) -> "tuple[Stored, Stored]":
    """A second stage that leaves every score as it is."""
    import numpy as np

    stack = np.eye(2 * label_count, label_count, dtype=np.float32)
    return stack, np.zeros(label_count, np.float32)


def evidence_of(scores: "Matrix") -> "Matrix":
    """What the second stage sees: the bounded scores of all labels, then their probabilities."""
    import numpy as np

    bounded = np.clip(scores, -MOST_SCORE, MOST_SCORE)
    evidence: Matrix = np.concatenate([bounded, 1 / (1 + np.exp(-bounded))], axis=-1)
    return evidence


def fit_again(model: CommandModel, examples: Sequence[TurnExample], name: str) -> CommandModel:
    """Train a model on these turns with the labels, terms, features and calibration that it has,
    from where it stands: no word enters that it did not know.

    NotConverged when the optimum was not reached.
    """
    import numpy as np

    embedding.limit_blas_threads()
    found = features_of(examples)
    inputs = _inputs(examples, found, model.labels, model.vocabulary, model.columns)
    start = Found(
        np.vstack([model.terms, model.places]).astype("f8"),
        model.vectors.astype("f8") / VECTOR_WEIGHT,
        model.bias.astype("f8"),
    )
    weights = turn_regression.optimum(inputs, C, start)
    terms, places = np.split(weights.sparse.astype(np.float32), [len(model.vocabulary.columns)])
    vectors = (weights.dense * VECTOR_WEIGHT).astype(np.float32)
    bias = weights.bias.astype(np.float32)
    return replace(model, name=name, terms=terms, places=places, vectors=vectors, bias=bias)


def features_of(examples: Sequence[TurnExample]) -> list[dict[str, float]]:
    """The named features of each turn."""
    return [features(one.messages, one.context) for one in examples]


def _inputs(
    examples: Sequence[TurnExample],
    found: Sequence[dict[str, float]],
    labels: Sequence[str],
    vocabulary: Vocabulary,
    columns: dict[str, int],
) -> Inputs:
    """Turns as the regression takes them, with these labels, terms and features."""
    import numpy as np

    texts = ["\n".join(one.messages) for one in examples]
    return Inputs(
        _sparse(texts, vocabulary, found, columns),
        _vectors(texts),
        np.array([PLACE_GROUPS[one.context.place] for one in examples]),
        1 + max(PLACE_GROUPS.values()),
        np.array([_targets(one, labels) for one in examples], np.float64),
        np.array([_counts(one, labels) for one in examples], np.float64),
    )


def _targets(one: TurnExample, labels: Sequence[str]) -> list[bool]:
    """Which labels are meant, and whether a person is called for."""
    return [*(label in one.labels for label in labels), one.calls_for_person]


def _counts(one: TurnExample, labels: Sequence[str]) -> list[float]:
    """How much the example tells of each label, and of calls for a person."""
    return [*(one.weight_of(label) for label in labels), one.call_weight]


def _vectors(texts: Sequence[str]) -> "Matrix":
    import numpy as np

    if not embedding.installed():
        return np.zeros((len(texts), 0))
    lowered = [text.lower() for text in texts]
    return embedding.embed(lowered).astype(np.float64) * VECTOR_WEIGHT


def _sparse(
    texts: Sequence[str],
    vocabulary: Vocabulary,
    found: Sequence[dict[str, float]],
    columns: dict[str, int],
) -> Any:  # noqa: ANN401 - scipy has no types
    """A row a turn: its weighted terms, then its features."""
    from scipy import sparse

    terms = sparse_rows([vocabulary.transform(text) for text in texts], len(vocabulary.columns))
    places = sparse_rows([_place_row(one, columns) for one in found], len(columns))
    return sparse.hstack([terms * TERM_WEIGHT, places]).tocsr()


def known_features(found: Sequence[dict[str, float]]) -> dict[str, int]:
    from collections import Counter

    counts = Counter(name for one in found for name in one)
    kept = sorted(name for name, count in counts.items() if count >= MIN_FEATURE_COUNT)
    return {name: column for column, name in enumerate(kept)}


def _place_row(found: dict[str, float], columns: dict[str, int]) -> tuple[list[int], list[float]]:
    known = [(columns[name], weight) for name, weight in found.items() if name in columns]
    return [column for column, _ in known], [weight for _, weight in known]


def sparse_rows(rows: Sequence[tuple[Any, Any]], width: int) -> Any:  # noqa: ANN401 - scipy has no types
    import numpy as np
    from scipy import sparse

    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([np.asarray(one, np.int64) for one, _ in rows])
    values = np.concatenate([np.asarray(one, np.float64) for _, one in rows])
    return sparse.csr_matrix((values, columns, ends), shape=(len(rows), width))
