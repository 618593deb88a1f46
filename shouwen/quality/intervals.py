"""Bootstrap intervals of ranking: whole customers drawn again, the same draw for every model."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SEED = 20_260_101
_PERCENT_95 = (2.5, 97.5)

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Scores as ranks, so that a draw only has to count."""

    group: NDArray[np.intp]
    groups: int

    @classmethod
    def of(cls, scores: NDArray[np.float64]) -> "_Ranked":
        values, group = np.unique(scores, return_inverse=True)
        return cls(group, len(values))

    def auc(self, outcomes: NDArray[np.bool_], weights: NDArray[np.float64]) -> float:
        """Return the AUC of weighted rows; NaN where all that were drawn had one outcome."""
        positive = np.bincount(self.group, weights * outcomes, self.groups)
        negative = np.bincount(self.group, weights * ~outcomes, self.groups)
        pairs = float(positive.sum() * negative.sum())
        below = np.cumsum(negative) - negative
        won = float((positive * (below + negative / 2.0)).sum())
        return won / pairs if pairs else float("nan")


def auc_intervals(
    scores: Mapping[str, NDArray[np.float64]],
    outcomes: NDArray[np.bool_],
    units: NDArray[np.int64],
    *,
    draws: int,
) -> dict[str, Interval]:
    """Return 95 % intervals of the AUC of each model, and of how far the first is above the others.

    Args:
        scores: Of each model; the first is ours.
        outcomes: Of the rows.
        units: What is drawn, with replacement: all rows of a unit come or stay together.
        draws: How often; the seed is fixed.

    Source: Efron, Tibshirani (1993), "An Introduction to the Bootstrap", percentile intervals.

    >>> outcomes = np.arange(200) % 4 == 0
    >>> scores = {"ours": outcomes + np.arange(200) / 100.0, "coin": np.zeros(200)}
    >>> found = auc_intervals(scores, outcomes, np.arange(200), draws=50)
    >>> sorted(found), found["coin"], found["ours minus coin"][0] > 0.2
    (['coin', 'ours', 'ours minus coin'], (0.5, 0.5), True)
    """
    ranked = {name: _Ranked.of(values) for name, values in scores.items()}
    numbers, unit = np.unique(units, return_inverse=True)
    chance = np.random.default_rng(_SEED)
    found: dict[str, list[float]] = {name: [] for name in scores}
    for _ in range(draws):
        drawn = np.bincount(chance.integers(0, len(numbers), len(numbers)), minlength=len(numbers))
        weights = drawn[unit].astype(np.float64)
        for name, one in ranked.items():
            found[name].append(one.auc(outcomes, weights))
    ours, *others = scores
    first = np.array(found[ours])
    intervals = {name: _interval(np.array(values)) for name, values in found.items()}
    for name in others:
        intervals[f"{ours} minus {name}"] = _interval(first - np.array(found[name]))
    return intervals


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.nanpercentile(values, _PERCENT_95)
    return float(low), float(high)
