"""Learning: softmax regression over word weights and sentence vectors, with a temperature that
makes its confidence honest.

The same model as scikit-learn's LogisticRegression; no process needs scikit-learn
(docs/decisions/0031-local-classifier.md).

The loss is convex and has one optimum. Training goes on in double precision until it is there, and
so every machine gets the same model, whichever way its processor adds numbers up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatte.conversation.nlu import Intent
from gatte.intelligence import embedding
from gatte.intelligence.understanding.examples import Example
from gatte.intelligence.understanding.tfidf import Vocabulary, fit_vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Stored = NDArray[np.float32]
    Sparse = Any  # scipy has no types

C = 60.0  # how far examples may outweigh simplicity (C of LogisticRegression)
FLAT = 1e-8  # the largest slope at the optimum; confidences are then right to about five digits
STEPS = 5_000  # some 250 are enough
TEMPERATURES = (0.3, 3.0)
HOLDOUT_RUN = 5


class NotConverged(Exception):
    """Training ended short of the optimum, so its outcome would be another on another machine."""


@dataclass(frozen=True)
class Weights:
    """Scores by intent: a row by term, a row by vector dimension (none without the embedding), a
    bias.

    In single precision, which is what a model file keeps.
    """

    terms: "Stored"
    vector: "Stored"
    bias: "Stored"


@dataclass(frozen=True)
class TrainedModel:
    """A trained model with its vocabulary, its intents in column order, and its temperature."""

    intents: tuple[Intent, ...]
    vocabulary: Vocabulary
    weights: Weights
    temperature: float


@dataclass(frozen=True)
class _Inputs:
    """Texts as numbers: sparse word weights, dense vectors, and for learning the intent of each as
    a row with a single 1.
    """

    terms: "Sparse"
    vectors: "Matrix"
    targets: "Matrix"

    def take(self, rows: "NDArray[np.bool_]") -> "_Inputs":
        return _Inputs(self.terms[rows], self.vectors[rows], self.targets[rows])


def fit(examples: Sequence[Example]) -> TrainedModel:
    """Train on these examples: half a minute for some thousand; they give the same model
    everywhere.

    NotConverged when the optimum was not reached; EmbeddingUnavailable when the package is there
    but broken.
    """
    _limit_threads()
    import numpy as np

    intents = tuple(
        intent for intent in Intent if any(example.intent is intent for example in examples)
    )
    vocabulary = fit_vocabulary([example.text for example in examples])
    inputs = _inputs(examples, intents, vocabulary)
    start = np.zeros((_height(inputs), len(intents)))
    temperature, start = _best_temperature(inputs, start)
    return TrainedModel(intents, vocabulary, _stored(inputs, _fit(inputs, start)), temperature)


def _limit_threads() -> None:
    import scipy.optimize  # noqa: F401 -- scipy brings a BLAS of its own, which can be limited once it is loaded

    embedding.limit_blas_threads()


def _inputs(
    examples: Sequence[Example], intents: tuple[Intent, ...], vocabulary: Vocabulary
) -> _Inputs:
    import numpy as np

    texts = [example.text for example in examples]
    targets = np.array(
        [[example.intent is intent for intent in intents] for example in examples], np.float64
    )
    return _Inputs(_sparse(texts, vocabulary), _vectors(texts), targets)


def _vectors(texts: Sequence[str]) -> "Matrix":
    import numpy as np

    if not embedding.installed():
        return np.zeros((len(texts), 0))
    return embedding.embed([prepared(text) for text in texts]).astype(np.float64)


def prepared(text: str) -> str:
    """A text for the embedding: lower case, accents kept, since it knows Portuguese spelling."""
    return text.lower()


def _sparse(texts: Sequence[str], vocabulary: Vocabulary) -> "Sparse":
    import numpy as np
    from scipy.sparse import csr_matrix

    rows = [vocabulary.transform(text) for text in texts]
    starts = np.cumsum([0] + [len(columns) for columns, _ in rows])
    columns = np.concatenate([columns for columns, _ in rows])
    weights = np.concatenate([weights for _, weights in rows]).astype(np.float64)
    return csr_matrix((weights, columns, starts), shape=(len(texts), len(vocabulary.columns)))


def _height(inputs: _Inputs) -> int:
    """How many rows of scores are learned: one by term, one by vector dimension, and the bias."""
    return int(inputs.terms.shape[1] + inputs.vectors.shape[1] + 1)


def _split(inputs: _Inputs, weights: "Matrix") -> "tuple[Matrix, Matrix, Matrix]":
    """The rows of terms, of vector dimensions, and of the bias."""
    cut = inputs.terms.shape[1]
    return weights[:cut], weights[cut:-1], weights[-1:]


def _stored(inputs: _Inputs, weights: "Matrix") -> Weights:
    import numpy as np

    return Weights(*(part.astype(np.float32) for part in _split(inputs, weights)))


def _fit(inputs: _Inputs, start: "Matrix") -> "Matrix":
    """The weights of least loss, found from `start`; NotConverged when the search stops early."""
    from scipy.optimize import minimize

    loss = _Loss(inputs)
    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "ftol": 0, "gtol": FLAT}
    found = minimize(loss.with_slope, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    if abs(found.jac).max() > FLAT:
        raise NotConverged(f"after {found.nit} steps: {found.message}")
    best: Matrix = found.x.reshape(start.shape)
    return best


class _Loss:
    """How badly weights explain the targets, with a price on large weights."""

    def __init__(self, inputs: _Inputs) -> None:
        self._inputs = inputs
        self._transposed = inputs.terms.T.tocsr()
        self._texts, self._intents = inputs.targets.shape
        self._simplicity = 1 / (C * self._texts)

    def with_slope(self, flat: "Matrix") -> "tuple[float, Matrix]":
        """The loss of these weights and its slope, both flat as L-BFGS wants them."""
        import numpy as np

        weights = flat.reshape(-1, self._intents)
        chances = softmax(_scores(self._inputs, weights))
        miss = (chances - self._inputs.targets) / self._texts
        price = self._simplicity * weights
        price[-1] = 0  # a bias costs nothing
        parts = (self._transposed @ miss, self._inputs.vectors.T @ miss, miss.sum(0, keepdims=True))
        loss = _log_loss(chances, self._inputs.targets) + float((price * weights).sum()) / 2
        return loss, (np.concatenate(parts) + price).ravel()


def _scores(inputs: _Inputs, weights: "Matrix") -> "Matrix":
    terms, vector, bias = _split(inputs, weights)
    scores: Matrix = inputs.terms @ terms + inputs.vectors @ vector + bias
    return scores


def softmax(scores: "Matrix") -> "Matrix":
    """Scores as chances that add up to 1, row by row."""
    import numpy as np

    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    chances: Matrix = raised / raised.sum(axis=-1, keepdims=True)
    return chances


def _log_loss(chances: "Matrix", targets: "Matrix") -> float:
    import numpy as np

    return float(-np.log((chances * targets).sum(axis=1) + 1e-12).mean())


def _best_temperature(inputs: _Inputs, start: "Matrix") -> "tuple[float, Matrix]":
    """The temperature under which the right intents of texts that were left out are least
    surprising.

    With it the weights that were learned for that: the search for the whole model is short from
    there.
    """
    from scipy.optimize import minimize_scalar

    left_out = _holdout_mask(inputs.targets)
    if not left_out.any():
        return 1.0, start  # too few examples to leave any out
    unseen = inputs.take(left_out)
    weights = _fit(inputs.take(~left_out), start)
    scores = _scores(unseen, weights)
    found = minimize_scalar(
        lambda temperature: _log_loss(softmax(scores / temperature), unseen.targets),
        bounds=TEMPERATURES,
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(found.x), weights


def _holdout_mask(targets: "Matrix") -> "NDArray[np.bool_]":
    """Every third run of five examples of an intent: neighbours in the file are often one thought,
    and must stay together.
    """
    import numpy as np

    position = (np.cumsum(targets, axis=0) * targets).max(axis=1) - 1
    left_out: NDArray[np.bool_] = position // HOLDOUT_RUN % 3 == 1
    return left_out
