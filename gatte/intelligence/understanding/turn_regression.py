"""Learning: one logistic regression a label, with weights of the sentence vector that all places
share and more for each group of places.

The loss is convex with one optimum, and the search goes on until it is there.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gatte.intelligence.understanding.logistic_regression import NotConverged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

SLOPE = 1e-4
CHANGE = 1e-10
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
    """The weights of the optimum, a column a label; `dense` has a block for each group."""

    sparse: "Matrix"
    dense: "Matrix"
    bias: "Matrix"


def optimum(inputs: Inputs, c: float, start: Found | None = None, most_steps: int = STEPS) -> Found:
    """The weights of least loss, where `c` says how far turns may outweigh simplicity. A search
    from `start`, the optimum of nearly the same turns, ends at the same place sooner.

    NotConverged when the search ends short of it, unless `most_steps` are given: then what was
    found so far is near enough.
    """
    import numpy as np

    space = _Space(inputs)
    label_count = inputs.targets.shape[1]
    rows = np.zeros((label_count, space.size)) if start is None else space.joined(start)
    columns = [
        _of_label(
            space, inputs.targets[:, label], inputs.counts[:, label] * c, rows[label], most_steps
        )
        for label in range(label_count)
    ]
    weights = np.array(columns).T
    shared = weights[space.shared]
    dense = np.array([shared + weights[own] for own in space.own])
    return Found(weights[space.sparse], dense, weights[-1])


class _Space:
    """Where each kind of weight stands in one long row: sparse columns, shared vector dimensions,
    those of each group, the bias.
    """

    def __init__(self, inputs: Inputs) -> None:
        import numpy as np

        width, dimensions = inputs.sparse.shape[1], inputs.vectors.shape[1]
        ends = [width + dimensions * number for number in range(inputs.group_count + 2)]
        self.sparse = slice(0, width)
        self.shared = slice(width, ends[1])
        self.own = [slice(start, start + dimensions) for start in ends[1:-1]]
        self.size = ends[-1] + 1
        order = np.argsort(inputs.groups, kind="stable")
        bounds = np.searchsorted(inputs.groups[order], range(inputs.group_count + 1))
        self.order = order
        self.rows = [slice(*pair) for pair in pairwise(bounds)]
        self.inputs = inputs.sparse[order]
        self.transposed = self.inputs.T.tocsr()
        self.vectors = inputs.vectors[order]

    def joined(self, found: Found) -> "Matrix":
        """Weights as long rows, a row a label; what the groups share is told from what each has of
        its own as at every optimum: the shared weights are the sum of the own ones.
        """
        import numpy as np

        shared = found.dense.sum(axis=0) / (1 + len(found.dense))
        own = found.dense - shared
        return np.vstack([found.sparse, shared, *own, found.bias]).T

    def scores(self, weights: "Matrix") -> "Matrix":
        """The score of each turn, in the order of the groups."""
        scores: Matrix = self.inputs @ weights[self.sparse] + weights[-1]
        for rows, own in zip(self.rows, self.own, strict=True):
            scores[rows] += self.vectors[rows] @ (weights[self.shared] + weights[own])
        return scores

    def slope(self, miss: "Matrix") -> "Matrix":
        """How the weights would have to change to change the scores like this."""
        import numpy as np

        slope = np.zeros(self.size)
        slope[self.sparse] = self.transposed @ miss
        for rows, own in zip(self.rows, self.own, strict=True):
            slope[own] = self.vectors[rows].T @ miss[rows]
            slope[self.shared] += slope[own]
        slope[-1] = miss.sum()
        return slope


def _of_label(
    space: _Space, targets: "Matrix", counts: "Matrix", start: "Matrix", most_steps: int
) -> "Matrix":
    """The weights of one label, found by L-BFGS."""
    import numpy as np
    from scipy.optimize import minimize

    targets, counts = targets[space.order], counts[space.order]

    def loss(weights: "Matrix") -> tuple[float, "Matrix"]:
        scores = space.scores(weights)
        surprise = np.logaddexp(0, scores) - targets * scores
        miss = counts * (1 / (1 + np.exp(-scores)) - targets)
        free = weights.copy()
        free[-1] = 0  # a bias costs nothing
        value = float(counts @ surprise) + float(free @ free) / 2
        return value, space.slope(miss) + free

    options = {"maxiter": most_steps, "ftol": CHANGE, "gtol": SLOPE, "maxcor": REMEMBERED_STEPS}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    if not found.success and most_steps == STEPS:
        raise NotConverged(found.message)
    weights: Matrix = found.x
    return weights
