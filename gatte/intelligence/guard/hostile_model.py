"""The local model of the guard: how likely a text tries to take over the bot, by its words.

Logistic regression over hashed words, pairs and stems: no vocabulary is stored, a message costs
some tens of microseconds, and an answering process needs numpy alone. Trained at build on our own
examples and on what customers of the teaching voices write; docs/decisions/0067-guard.md has why.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from gatte.intelligence.understanding.logistic_regression import NotConverged

if TYPE_CHECKING:
    from numpy import float32, float64
    from numpy.typing import NDArray

    Sparse = Any  # scipy has no types

COLUMNS = 1 << 16
STEM = 5
"""Letters of a word that its forms share."""
REACH = 3
"""Words apart at which two stems still make a pair."""
MOST_WORDS = 160
"""Words of a reading that are weighed; a longer one is weighed in pieces."""
SIMPLICITY = 2e-5
FLAT = 1e-7
STEPS = 2_000

_TOKEN = re.compile(r"\w+|[^\w\s]")


def features(plain: str) -> list[int]:
    """The columns of a folded text, each once."""
    return sorted({crc32(term.encode()) % COLUMNS for term in _terms(_TOKEN.findall(plain))})


def _terms(words: Sequence[str]) -> Iterator[str]:
    """Words, pairs of words, stems, and pairs of stems that stand near each other."""
    stems = [word[:STEM] for word in words]
    for place, word in enumerate(words):
        yield word
        yield f"{word} {words[place + 1]}" if place + 1 < len(words) else f"{word} ."
        yield f"~{stems[place]}"
        for other in stems[place + 1 : place + 1 + REACH]:
            yield f"{stems[place]}~{other}"


@dataclass(frozen=True, eq=False)
class HostileModel:
    """A weight by column and a bias; a model equals itself alone."""

    weights: "NDArray[float32]"
    bias: float

    def probability(self, plain: str) -> float:
        """How likely a folded text is hostile, 0 to 1; of a long one, its likeliest piece."""
        words = plain.split()
        if len(words) <= MOST_WORDS:
            return self._probability(plain)
        half = MOST_WORDS // 2
        starts = range(0, len(words) - half, half)
        pieces = [" ".join(words[start : start + MOST_WORDS]) for start in starts]
        return max(self._probability(piece) for piece in pieces)

    def _probability(self, plain: str) -> float:
        columns = features(plain)
        if not columns:
            return 0.0
        score = float(self.weights[columns].sum()) / math.sqrt(len(columns)) + self.bias
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))


def fit(hostile: Sequence[str], honest: Sequence[str]) -> HostileModel:
    """Train on folded texts of both kinds, each kind with half of the weight; the same texts give
    the same model. NotConverged when the optimum was not reached.
    """
    import numpy as np
    from scipy.optimize import minimize

    texts = [*hostile, *honest]
    matrix = _matrix(texts)
    transposed = matrix.T.tocsr()
    signs = np.array([1.0] * len(hostile) + [-1.0] * len(honest))
    share = np.array([0.5 / len(hostile)] * len(hostile) + [0.5 / len(honest)] * len(honest))

    def loss(flat: "NDArray[float64]") -> "tuple[float, NDArray[float64]]":
        weights, bias = flat[:-1], flat[-1]
        margins = signs * (matrix @ weights + bias)
        pull = -signs * share / (1 + np.exp(np.clip(margins, -60, 60)))
        price = SIMPLICITY * float(weights @ weights) / 2
        value = float(share @ np.logaddexp(0, -margins)) + price
        slope = np.append(transposed @ pull + SIMPLICITY * weights, pull.sum())
        return value, slope

    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "ftol": 0, "gtol": FLAT}
    start = np.zeros(COLUMNS + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    if abs(found.jac).max() > FLAT:
        raise NotConverged(f"after {found.nit} steps: {found.message}")
    return HostileModel(found.x[:-1].astype(np.float32), float(np.float32(found.x[-1])))


def _matrix(texts: Sequence[str]) -> "Sparse":
    """A row by text, of length 1."""
    import numpy as np
    from scipy.sparse import csr_matrix

    rows = [features(text) for text in texts]
    starts = np.cumsum([0] + [len(row) for row in rows])
    values = np.concatenate([np.full(len(row), len(row) ** -0.5) for row in rows if row])
    return csr_matrix((values, np.concatenate(rows), starts), shape=(len(texts), COLUMNS))
