"""The numbers of the linear learner: sums of gradients, weights, and the rows they rest on."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import kernels
from models.canonical import pack, unpack
from models.kernels import COLUMNS, F64, I16, LINEAR, Places


class FtrlWeights:
    """Weights of some features of an encoded row, each in bins and as a z-score, and of the bias.

    The arrays are laid out as `models.kernels` says. A step is an encoded row and its gradient in
    the log-odds, which is never more than `clip`; one that is not a number is refused and counted.

    Args:
        places: Where the features stand in an encoded row, ascending.
        hyper: alpha, beta, l1, l2, the weight cap and the kept share, in the kernels' order.
        prior: Probability before anything is learnt.
        clip: Largest gradient of one row (its weight included).

    >>> hyper = np.array([0.05, 1.0, 0.0, 1.0, 8.0, 1.0])
    >>> weights = FtrlWeights((0,), hyper, prior=0.5, clip=4.0)
    >>> bins, z = np.array([3], dtype=np.int16), np.array([0.5])
    >>> weights.learn(bins, z, weights.gradient(y=True, probability=0.5, w=1.0))
    >>> weights.probability(bins, z) > 0.5
    True
    >>> weights.unlearn(bins, z, weights.gradient(y=True, probability=0.5, w=1.0))
    >>> weights.probability(bins, z)
    0.5
    """

    def __init__(
        self, places: Sequence[int] | Places, hyper: F64, *, prior: float, clip: float
    ) -> None:
        self._places = np.asarray(places, dtype=np.int64)
        self._hyper = hyper
        self._prior_logit = kernels.logit(prior)
        self._clip = clip
        self.refused = 0
        self._state = np.zeros((3, self.count + 1, COLUMNS))
        self._seen = np.zeros((self.count, COLUMNS))

    @property
    def count(self) -> int:
        """How many features."""
        return len(self._places)

    @property
    def bias(self) -> float:
        """Log-odds of a row whose features add nothing."""
        return self._prior_logit + float(self._state[2, -1, 0])

    @property
    def weights(self) -> F64:
        """(F, 32): what is added to the log-odds, a copy."""
        return self._state[2, :-1].copy()

    @property
    def seen(self) -> F64:
        """(F, 32): rows per bin and the sum of z-scores, a copy."""
        return self._seen.copy()

    def probability(self, bins: I16, z: F64) -> float:
        """Return the probability of an encoded row."""
        return kernels.score(bins, z, self._places, self._state[2], self.bias)

    def gradient(self, *, y: bool, probability: float, w: float) -> float:
        """Return the gradient of a label, clipped; NaN if it is not a number."""
        gradient = w * (probability - (1.0 if y else 0.0))
        return gradient if math.isnan(gradient) else min(max(gradient, -self._clip), self._clip)

    def learn(self, bins: I16, z: F64, gradient: float) -> None:
        """Take one step against `gradient`, unless it is not a number."""
        if math.isnan(gradient):
            self.refused += 1
        else:
            kernels.learn(bins, z, self._places, gradient, self._state, self._seen, self._hyper)

    def unlearn(self, bins: I16, z: F64, gradient: float) -> None:
        """Take back one step that was taken with this row and gradient."""
        if not math.isnan(gradient):
            kernels.unlearn(bins, z, self._places, gradient, self._state, self._seen, self._hyper)

    def learn_many(self, bins: I16, z: F64, labels: NDArray[np.bool_], importance: F64) -> F64:
        """Learn rows in order; return the probability before each."""
        before = np.empty(len(bins))
        self.refused += kernels.learn_many(
            bins, z, self._places, labels, importance, self._prior_logit, self._clip,
            self._state, self._seen, self._hyper, before,
        )  # fmt: skip
        return before

    def parts(self, bins: I16, z: F64) -> F64:
        """Return what each feature adds to the log-odds of an encoded row."""
        out = np.empty(self.count)
        kernels.parts(bins, z, self._places, self._state[2], out)
        return out

    def reference(self) -> F64:
        """Return the mean of `parts` over the rows that the weights rest on."""
        return mean_parts(self._seen, self._state[2, :-1])

    def grow(self, more: int) -> None:
        """Make room for features that come late: no row has taught them anything yet."""
        self._state = np.insert(self._state, [self.count] * more, 0.0, axis=1)
        self._seen = np.concatenate((self._seen, np.zeros((more, COLUMNS))))
        late = np.arange(self.count, self.count + more, dtype=np.int64)
        self._places = np.concatenate((self._places, late))

    def to_data(self) -> dict[str, Any]:
        """Return all numbers as JSON data."""
        return {
            "state": [[pack(row) for row in part] for part in self._state],
            "seen": [pack(row) for row in self._seen],
        }

    def fill(self, data: dict[str, Any]) -> None:
        """Take over the numbers that `to_data` described, to the bit."""
        count = len(data["seen"])
        rows = "".join(row for part in data["state"] for row in part)
        self._state = unpack(rows, 3, count + 1, COLUMNS)
        self._seen = unpack("".join(data["seen"]), count, COLUMNS)


def mean_parts(seen: F64, weights: F64) -> F64:
    """Return the mean of what each feature added, over the rows that were seen.

    >>> seen, weights = np.zeros((1, COLUMNS)), np.zeros((1, COLUMNS))
    >>> seen[0, :2], weights[0, :2] = (3.0, 1.0), (0.2, 1.0)
    >>> mean_parts(seen, weights).round(3)
    array([0.4])
    """
    means = np.zeros(len(seen))
    for f, (rows_seen, row_weights) in enumerate(zip(seen, weights, strict=True)):
        rows = sum(rows_seen[:LINEAR].tolist())
        total = sum((rows_seen * row_weights).tolist())
        means[f] = total / rows if rows > 0 else 0.0
    return means
