"""Learning: softmax regression over word weights and sentence vectors, with a temperature that makes its confidence honest.

The same model as scikit-learn's LogisticRegression, three times as fast here because the sentence vectors stay a dense matrix; and no
process needs scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatte.conversation.understanding import Intent
from gatte.intelligence import embedding
from gatte.intelligence.examples import Example
from gatte.intelligence.features import Vocabulary, learn_vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Sparse = Any  # scipy has no types

STRENGTH = 60.0  # how far examples may outweigh simplicity (C of LogisticRegression)
STEPS = 50  # more steps changed no figure
MEMORY = 5  # past steps that L-BFGS keeps; half its usual number, and half the time
RUN = 5


@dataclass(frozen=True)
class Weights:
    """What was learned: a row of scores by term, a row by vector dimension (none without the embedding), a bias by intent."""

    terms: "Matrix"
    vector: "Matrix"
    bias: "Matrix"


@dataclass(frozen=True)
class Learned:
    """A trained model with its vocabulary, its intents in column order, and its temperature."""

    intents: tuple[Intent, ...]
    vocabulary: Vocabulary
    weights: Weights
    temperature: float


@dataclass(frozen=True)
class _Inputs:
    """Texts as numbers: sparse word weights, dense vectors, and for learning the intent of each as a row with a single 1."""

    terms: "Sparse"
    vectors: "Matrix"
    targets: "Matrix"

    def take(self, rows: "NDArray[np.bool_]") -> "_Inputs":
        return _Inputs(self.terms[rows], self.vectors[rows], self.targets[rows])


def learn(examples: Sequence[Example]) -> Learned:
    """Train on these examples: a few seconds for some thousand; the same examples give the same model."""
    _limit_threads()
    intents = tuple(intent for intent in Intent if any(example.intent is intent for example in examples))
    vocabulary = learn_vocabulary([example.text for example in examples])
    inputs = _inputs(examples, intents, vocabulary)
    temperature = _best_temperature(inputs)
    return Learned(intents, vocabulary, _fit(inputs), temperature)


def _limit_threads() -> None:
    import scipy.optimize  # noqa: F401 -- scipy brings a BLAS of its own, which can be limited once it is loaded

    embedding.limit_blas_threads()


def _inputs(examples: Sequence[Example], intents: tuple[Intent, ...], vocabulary: Vocabulary) -> _Inputs:
    import numpy as np

    texts = [example.text for example in examples]
    vectors = embedding.embed([prepared(text) for text in texts]) if embedding.available() else np.zeros((len(texts), 0), np.float32)
    targets = np.array([[example.intent is intent for intent in intents] for example in examples], np.float32)
    return _Inputs(_sparse(texts, vocabulary), vectors, targets)


def prepared(text: str) -> str:
    """A text as the embedding sees it: lower case, accents kept, for it knows Portuguese spelling."""
    return text.lower()


def _sparse(texts: Sequence[str], vocabulary: Vocabulary) -> "Sparse":
    import numpy as np
    from scipy.sparse import csr_matrix

    rows = [vocabulary.weigh(text) for text in texts]
    starts = np.cumsum([0] + [len(columns) for columns, _ in rows])
    columns = np.concatenate([columns for columns, _ in rows])
    weights = np.concatenate([weights for _, weights in rows])
    return csr_matrix((weights, columns, starts), shape=(len(texts), len(vocabulary.columns)))


def _fit(inputs: _Inputs) -> Weights:
    import numpy as np
    from scipy.optimize import minimize

    texts, intents = inputs.targets.shape
    sizes = (inputs.terms.shape[1], inputs.vectors.shape[1], 1)
    cuts = np.cumsum(sizes)[:2]
    transposed = inputs.terms.T.tocsr()
    simplicity = 1 / (STRENGTH * texts)

    def loss_and_slope(flat: "NDArray[np.float64]") -> "tuple[float, NDArray[np.float64]]":
        parts = np.split(flat.astype(np.float32).reshape(sum(sizes), intents), cuts)
        chances = softmax(_scores(inputs, Weights(*parts)))
        miss = (chances - inputs.targets) / texts
        slopes = (transposed @ miss + simplicity * parts[0], inputs.vectors.T @ miss + simplicity * parts[1], miss.sum(0, keepdims=True))
        penalty = simplicity / 2 * float((parts[0] ** 2).sum() + (parts[1] ** 2).sum())
        return _surprise(chances, inputs.targets) + penalty, np.concatenate(slopes).ravel().astype(np.float64)

    found = minimize(
        loss_and_slope, np.zeros(sum(sizes) * intents), jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": MEMORY}
    )
    return Weights(*np.split(found.x.astype(np.float32).reshape(sum(sizes), intents), cuts))


def _scores(inputs: _Inputs, weights: Weights) -> "Matrix":
    scores: Matrix = inputs.terms @ weights.terms + inputs.vectors @ weights.vector + weights.bias
    return scores


def softmax(scores: "Matrix") -> "Matrix":
    """Scores as chances that add up to 1, row by row."""
    import numpy as np

    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    chances: Matrix = raised / raised.sum(axis=-1, keepdims=True)
    return chances


def _surprise(chances: "Matrix", targets: "Matrix") -> float:
    import numpy as np

    return float(-np.log((chances * targets).sum(axis=1) + 1e-12).mean())


def _best_temperature(inputs: _Inputs) -> float:
    """The temperature under which the right intents of texts that were left out are least surprising."""
    import numpy as np

    left_out = _left_out(inputs.targets)
    if not left_out.any():
        return 1.0  # too few examples to leave any out
    unseen = inputs.take(left_out)
    scores = _scores(unseen, _fit(inputs.take(~left_out)))
    candidates = [float(candidate) for candidate in np.arange(0.3, 3.0, 0.05)]
    return min(candidates, key=lambda temperature: _surprise(softmax(scores / temperature), unseen.targets))


def _left_out(targets: "Matrix") -> "NDArray[np.bool_]":
    """Every third run of five examples of an intent: neighbours in the file are often one thought, and must stay together."""
    import numpy as np

    position = (np.cumsum(targets, axis=0) * targets).max(axis=1) - 1
    left_out: NDArray[np.bool_] = position // RUN % 3 == 1
    return left_out
