"""The numbers of the linear learner: bins, sums of gradients, weights, and what they rest on."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from models import kernels
from models.bins import fit_bins, without_rows
from models.canonical import pack, unpack
from models.kernels import COLUMNS, EDGES, F64, LINEAR
from models.rows import Row


class FtrlWeights:
    """Weights of `count` features, each in bins and as a z-score, and of the bias.

    The arrays are laid out as `models.kernels` says. Nothing here knows what a label is: a step is
    a row and its gradient in the log-odds.

    Args:
        count: How many features.
        hyper: alpha, beta, l1, l2 and the weight cap, in the kernels' order.

    >>> weights = FtrlWeights(1, np.array([0.05, 1.0, 0.0, 1.0, 8.0]))
    >>> row = np.array([2.0], dtype=np.float32)
    >>> weights.learn(row, -0.5)
    >>> weights.probability(row, prior_logit=0.0) > 0.5
    True
    >>> weights.unlearn(row, -0.5)
    >>> weights.probability(row, prior_logit=0.0)
    0.5
    """

    def __init__(self, count: int, hyper: F64) -> None:
        self._hyper = hyper
        self._edges, self._scaler = without_rows(count)
        self._state = np.zeros((3, count + 1, COLUMNS))
        self._seen = np.zeros((count, COLUMNS))

    @property
    def count(self) -> int:
        """How many features."""
        return len(self._edges)

    @property
    def bias(self) -> float:
        """What was learnt of the bias: to be added to the log-odds of the prior."""
        return float(self._state[2, -1, 0])

    def fit_bins(self, rows: Sequence[Row]) -> None:
        """Fix the bins and scales from these rows; weights learnt before would lose their place."""
        self._edges, self._scaler = fit_bins(np.stack(rows))

    def probability(self, row: Row, *, prior_logit: float) -> float:
        """Return the probability of `row`."""
        bias = prior_logit + self.bias
        return kernels.score(row, self._edges, self._scaler, self._state[2, :-1], bias)

    def learn(self, row: Row, gradient: float) -> None:
        """Take one step against `gradient`."""
        kernels.learn(
            row, gradient, self._edges, self._scaler, self._state, self._seen, self._hyper
        )

    def unlearn(self, row: Row, gradient: float) -> None:
        """Take back one step that was taken with this row and gradient."""
        kernels.unlearn(
            row, gradient, self._edges, self._scaler, self._state, self._seen, self._hyper
        )

    def parts(self, row: Row) -> F64:
        """Return what each feature adds to the log-odds of `row`."""
        out = np.empty(self.count)
        kernels.parts(row, self._edges, self._scaler, self._state[2, :-1], out)
        return out

    def reference(self) -> F64:
        """Return the mean of `parts` over the rows that the weights rest on."""
        means = np.zeros(self.count)
        for f, (seen, weights) in enumerate(zip(self._seen, self._state[2], strict=False)):
            rows = sum(seen[:LINEAR].tolist())
            total = sum((seen * weights).tolist())
            means[f] = total / rows if rows > 0 else 0.0
        return means

    def grow(self, more: int) -> None:
        """Make room for features that come late: no row has taught them anything yet."""
        edges, scaler = without_rows(more)
        self._state = np.insert(self._state, [self.count] * more, 0.0, axis=1)
        self._edges = np.concatenate((self._edges, edges))
        self._scaler = np.concatenate((self._scaler, scaler))
        self._seen = np.concatenate((self._seen, np.zeros((more, COLUMNS))))

    def scoring_data(self) -> dict[str, Any]:
        """Return only what scoring and explaining need, as JSON data."""
        return {
            "edges": [pack(edges) for edges in self._edges],
            "scaler": pack(self._scaler),
            "weights": [pack(weights) for weights in self._state[2, :-1]],
            "reference": pack(self.reference()),
        }

    def to_data(self) -> dict[str, Any]:
        """Return all numbers as JSON data."""
        return {
            "hyper": pack(self._hyper),
            "edges": [pack(edges) for edges in self._edges],
            "scaler": pack(self._scaler),
            "state": [[pack(row) for row in part] for part in self._state],
            "seen": [pack(row) for row in self._seen],
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit."""
        count = len(data["edges"])
        weights = cls(count, unpack(data["hyper"], -1))
        weights._edges = unpack("".join(data["edges"]), count, EDGES)
        weights._scaler = unpack(data["scaler"], count, 2)
        rows = "".join(row for part in data["state"] for row in part)
        weights._state = unpack(rows, 3, count + 1, COLUMNS)
        weights._seen = unpack("".join(data["seen"]), count, COLUMNS)
        return weights
