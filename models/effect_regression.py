"""A second opinion on uplift: ridge regression on doubly robust pseudo-outcomes."""

from typing import Any, Self

import numpy as np

from models.canonical import pack, unpack
from models.chances import MOST_WEIGHT, Chances
from models.kernels import F64

_SOLVED_EVERY = 50
_MICRO = 1_000_000


class EffectRegression:
    """A DR-learner: the effect itself is regressed on the z-scores of a row.

    The pseudo-outcome of a row is what the two models of the T-learner say, put right by what
    really happened: its mean is the effect if either the models or the probabilities are right,
    and probabilities that we drew ourselves are. The models' word is taken from before the row
    taught them, so that no row is its own witness.

    It is a challenger: it is measured beside the T-learner and never serves, for it solves its
    equations with LAPACK, whose bits are those of the machine.

    Args:
        width: Features in a row.
        ridge: Pull of the coefficients to zero. One row's pseudo-outcome scatters by about 0.4 and
            effects by about 0.02 per standard deviation: 0.4² / 0.02² = 400.

    Source:
        Kennedy (2023), "Towards optimal doubly robust estimation of heterogeneous causal effects",
        Electronic Journal of Statistics 17(2).
    """

    def __init__(self, width: int, *, ridge: float = 400.0) -> None:
        self.ridge = ridge
        self.learned = 0
        self._gram: F64 = np.zeros((width + 1, width + 1))
        self._sums: F64 = np.zeros(width + 1)
        self._effects: F64 = np.zeros(width + 1)

    def score_micro(self, z: F64) -> int:
        """Return the effect on a row in millionths, within ±1,000,000."""
        effect = self._effects[0] + float((self._effects[1:] * z).sum())
        return int(np.floor(min(max(effect, -1.0), 1.0) * _MICRO + 0.5))

    def learn(
        self, z: F64, before: Chances, *, treated: bool, outcome: bool, prob_micro: int
    ) -> None:
        """Take one row: what the models said before it, and what came of it."""
        weight = min(_MICRO / prob_micro, 2.0 * MOST_WEIGHT)
        expected = before.contacted if treated else before.left_alone
        correction = weight * (float(outcome) - expected)
        effect = before.contacted - before.left_alone + (correction if treated else -correction)
        x = np.concatenate(([1.0], z))
        self._gram += np.outer(x, x)
        self._sums += effect * x
        self.learned += 1
        if self.learned % _SOLVED_EVERY == 0:
            pulled = self._gram + self.ridge * np.eye(len(x))
            pulled[0, 0] -= self.ridge
            self._effects = np.asarray(np.linalg.solve(pulled, self._sums), dtype=np.float64)

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data; of a symmetric matrix one half."""
        return {
            "width": len(self._sums) - 1,
            "ridge": self.ridge.hex(),
            "learned": self.learned,
            "gram": pack(self._gram[np.triu_indices(len(self._sums))]),
            "sums": pack(self._sums),
            "effects": pack(self._effects),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit."""
        model = cls(data["width"], ridge=float.fromhex(data["ridge"]))
        model.learned = data["learned"]
        upper = np.triu_indices(data["width"] + 1)
        model._gram[upper] = unpack(data["gram"], -1)
        model._gram.T[upper] = model._gram[upper]
        model._sums = unpack(data["sums"], -1)
        model._effects = unpack(data["effects"], -1)
        return model
