"""The command model: what a customer does with a turn in its place, as labels with probabilities.

A logistic regression for each label over words, pieces of words, features of the place and the
sentence vector. Learning is convex and goes on until the optimum, so every machine learns the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatte.conversation.commands import LabelScore, TurnReading
from gatte.intelligence import embedding
from gatte.intelligence.understanding.logistic_regression import NotConverged
from gatte.intelligence.understanding.tfidf import Vocabulary, fit_vocabulary
from gatte.intelligence.understanding.turn_examples import TurnExample
from gatte.intelligence.understanding.turn_features import TurnContext, features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Stored = NDArray[np.float32]

C = 5.0
PLACE_WEIGHT, VECTOR_WEIGHT = 0.5, 3.0
MIN_FEATURE_COUNT = 2
SLOPE = 1e-5
STEPS = 1_000
LEAST_SHOWN = 0.02
"""Labels below this probability are not told: they change nothing and fill the trace."""


@dataclass(frozen=True)
class CommandModel:
    """A trained model: its name, labels, known terms and features, and weights (a row each)."""

    name: str
    labels: tuple[str, ...]
    vocabulary: Vocabulary
    columns: dict[str, int]
    terms: "Stored"
    places: "Stored"
    vector: "Stored"
    bias: "Stored"

    def read(self, messages: Sequence[str], context: TurnContext) -> TurnReading:
        """The labels of a turn with their probabilities, the likeliest first."""
        import numpy as np

        text = "\n".join(messages)
        term_columns, weights = self.vocabulary.transform(text)
        scores = self.bias.astype("f8") + weights.astype("f8") @ self.terms[term_columns].astype(
            "f8"
        )
        known = [
            (self.columns[name], weight * PLACE_WEIGHT)
            for name, weight in features(messages, context).items()
            if name in self.columns
        ]
        if known:
            rows = np.array([column for column, _ in known])
            scores += np.array([weight for _, weight in known]) @ self.places[rows].astype("f8")
        if len(self.vector) and embedding.available():
            vector = embedding.embed_one(text.lower()).astype("f8") * VECTOR_WEIGHT
            scores += vector @ self.vector.astype("f8")
        chances = 1 / (1 + np.exp(-scores))
        ranked = sorted(zip(self.labels, chances.tolist(), strict=True), key=lambda one: -one[1])
        shown = [LabelScore(label, round(p, 4)) for label, p in ranked if p >= LEAST_SHOWN]
        return TurnReading(labels=tuple(shown or [LabelScore(*ranked[0])]), model=self.name)


def fit(examples: Sequence[TurnExample], name: str) -> CommandModel:
    """Train on these turns; the same ones give the same model everywhere.

    NotConverged when the optimum was not reached.
    """
    import numpy as np
    from scipy import sparse

    embedding.limit_blas_threads()
    labels = tuple(sorted({label for one in examples for label in one.labels}))
    texts = ["\n".join(one.messages) for one in examples]
    vocabulary = fit_vocabulary(texts)
    found = [features(one.messages, one.context) for one in examples]
    columns = _known_features(found)
    inputs = sparse.hstack(
        [
            _rows([vocabulary.transform(text) for text in texts], len(vocabulary.columns)),
            _rows([_place_row(one, columns) for one in found], len(columns)),
        ]
    ).tocsr()
    vectors = (
        embedding.embed([text.lower() for text in texts]).astype(np.float64) * VECTOR_WEIGHT
        if embedding.installed()
        else np.zeros((len(texts), 0))
    )
    targets = np.array([[label in one.labels for label in labels] for one in examples], np.float64)
    weights = _optimum(inputs, vectors, targets)
    ends = np.cumsum([len(vocabulary.columns), len(columns), vectors.shape[1]])
    parts = np.split(weights.astype(np.float32), ends)
    terms, places, vector, bias = parts
    return CommandModel(name, labels, vocabulary, columns, terms, places, vector, bias[0])


def _known_features(found: Sequence[dict[str, float]]) -> dict[str, int]:
    from collections import Counter

    counts = Counter(name for one in found for name in one)
    kept = sorted(name for name, count in counts.items() if count >= MIN_FEATURE_COUNT)
    return {name: column for column, name in enumerate(kept)}


def _place_row(found: dict[str, float], columns: dict[str, int]) -> tuple[list[int], list[float]]:
    known = [(columns[name], weight) for name, weight in found.items() if name in columns]
    return [column for column, _ in known], [weight * PLACE_WEIGHT for _, weight in known]


def _rows(rows: Sequence[tuple[Any, Any]], width: int) -> Any:  # noqa: ANN401 - scipy has no types
    import numpy as np
    from scipy import sparse

    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([np.asarray(one, np.int64) for one, _ in rows])
    values = np.concatenate([np.asarray(one, np.float64) for _, one in rows])
    return sparse.csr_matrix((values, columns, ends), shape=(len(rows), width))


def _optimum(inputs: Any, vectors: "Matrix", targets: "Matrix") -> "Matrix":  # noqa: ANN401 - scipy
    """The weights of all labels: terms, features, vector dimensions, and a bias in the last row."""
    import numpy as np
    from scipy.optimize import minimize

    height, width = inputs.shape[1] + vectors.shape[1] + 1, targets.shape[1]
    transposed = inputs.T.tocsr()

    def loss(flat: "Matrix") -> tuple[float, "Matrix"]:
        weights = flat.reshape(height, width)
        sparse_part, dense_part, bias = (
            weights[: inputs.shape[1]],
            weights[inputs.shape[1] : -1],
            weights[-1],
        )
        scores = inputs @ sparse_part + vectors @ dense_part + bias
        chances = 1 / (1 + np.exp(-scores))
        value = float(np.sum(np.logaddexp(0, scores) - targets * scores))
        error = chances - targets
        slope = np.empty_like(weights)
        slope[: inputs.shape[1]] = transposed @ error
        slope[inputs.shape[1] : -1] = vectors.T @ error
        slope[-1] = error.sum(axis=0)
        free = weights[:-1]
        value = C * value + 0.5 * float(np.sum(free * free))
        slope *= C
        slope[:-1] += free
        return value, slope.ravel()

    found = minimize(
        loss,
        np.zeros(height * width),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": STEPS, "ftol": 3e-8, "gtol": SLOPE, "maxcor": 20},
    )
    if not found.success:
        raise NotConverged(found.message)
    return np.asarray(found.x).reshape(height, width)
