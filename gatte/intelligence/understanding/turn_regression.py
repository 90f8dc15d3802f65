"""Learning: one logistic regression a label, with weights of the sentence vector that all places
share and more for each group of places.

The loss is convex with one optimum, and the search goes on until it is there.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatte.intelligence.understanding.logistic_regression import NotConverged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

SLOPE = 1e-4
CHANGE = 3e-8
STEPS = 1_000
REMEMBERED_STEPS = 10


@dataclass(frozen=True)
class Inputs:
    """Turns as numbers, a row each: `sparse` terms and features, the dense `vectors`, the group of
    places, for each label whether it is meant (1 or 0), and how much that counts (0: not known).
    """

    sparse: Any  # scipy has no types
    vectors: "Matrix"
    groups: "NDArray[np.int64]"
    group_count: int
    targets: "Matrix"
    counts: "Matrix"


@dataclass(frozen=True)
class Found:
    """The weights of the optimum, a column a label; `dense` has a block for each group of places."""

    sparse: "Matrix"
    dense: "Matrix"
    bias: "Matrix"


def optimum(inputs: Inputs, c: float) -> Found:
    """The weights of least loss, where `c` says how far turns may outweigh simplicity.

    NotConverged when the search ends short of it.
    """
    import numpy as np
    from scipy.optimize import minimize

    loss = _Loss(inputs, c)
    options = {"maxiter": STEPS, "ftol": CHANGE, "gtol": SLOPE, "maxcor": REMEMBERED_STEPS}
    start = np.zeros(loss.height * loss.labels)
    found = minimize(loss.with_slope, start, jac=True, method="L-BFGS-B", options=options)
    if not found.success:
        raise NotConverged(found.message)
    weights = found.x.reshape(loss.height, loss.labels)
    shared = loss.shared(weights)
    dense = np.array([shared + loss.own(weights, group) for group in loss.groups])
    return Found(weights[: loss.width], dense, weights[-1])


class _Loss:
    """How badly weights explain the targets, with a price on large weights.

    Rows of weights: sparse columns, shared vector dimensions, those of each group, the bias.
    """

    def __init__(self, inputs: Inputs, c: float) -> None:
        import numpy as np

        self._inputs = inputs
        self._c = c
        self._transposed = inputs.sparse.T.tocsr()
        self.groups = range(inputs.group_count)
        self._rows = [np.flatnonzero(inputs.groups == group) for group in self.groups]
        self._parts = [inputs.vectors[rows] for rows in self._rows]
        self.width, self._dimensions = inputs.sparse.shape[1], inputs.vectors.shape[1]
        self.labels = inputs.targets.shape[1]
        self.height = self.width + self._dimensions * (1 + len(self.groups)) + 1

    def shared(self, weights: "Matrix") -> "Matrix":
        """The rows of the vector dimensions that all places share."""
        return weights[self.width : self.width + self._dimensions]

    def own(self, weights: "Matrix", group: int) -> "Matrix":
        """The rows of the vector dimensions of one group of places."""
        start = self.width + self._dimensions * (1 + group)
        return weights[start : start + self._dimensions]

    def _scores(self, weights: "Matrix") -> "Matrix":
        scores: Matrix = self._inputs.sparse @ weights[: self.width] + weights[-1]
        shared = self.shared(weights)
        for group in self.groups:
            block = shared + self.own(weights, group)
            scores[self._rows[group]] += self._parts[group] @ block
        return scores

    def with_slope(self, flat: "Matrix") -> "tuple[float, Matrix]":
        """The loss of these weights and its slope, both flat as L-BFGS wants them."""
        import numpy as np

        weights = flat.reshape(self.height, self.labels)
        scores = self._scores(weights)
        targets, counts = self._inputs.targets, self._inputs.counts
        surprise = counts * (np.logaddexp(0, scores) - targets * scores)
        miss = counts * (1 / (1 + np.exp(-scores)) - targets) * self._c
        free = weights[:-1]
        slope = np.empty_like(weights)
        slope[: self.width] = self._transposed @ miss
        self.shared(slope)[:] = 0
        for group in self.groups:
            part = self._parts[group].T @ miss[self._rows[group]]
            self.own(slope, group)[:] = part
            self.shared(slope)[:] += part
        slope[:-1] += free
        slope[-1] = miss.sum(axis=0)
        loss = self._c * float(surprise.sum()) + 0.5 * float((free * free).sum())
        return loss, slope.ravel()
