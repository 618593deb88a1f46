"""Is a ranking by uplift worth anything: the Qini of randomised rows, with its interval."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contracts.ids import unit_interval

SIDE = 50
BUCKETS = 2 * SIDE + 1
GROUPS = 64
REPLICATES = 400

_MICRO_PER_SQUARE = 100
_MILLI = 1_000
_MOST_WEIGHT_MILLI = 20_000
_TAIL = REPLICATES // 40
_POISSON_1 = (0.3678794412, 0.7357588823, 0.9196986029, 0.9810118431, 0.9963401532, 0.9994058152)
"""Distribution function of Poisson(1) at 0 to 5."""

Sums = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value and its 95 % bootstrap interval; none of them is known without both arms.

    `low` and `high` are the 2.5 % and 97.5 % quantiles over resamplings of customers.
    """

    value: float
    low: float
    high: float


class Qini:
    """How much better than at random a score picks those whom a contact helps.

    The curve: contact the best share of customers by score, and count outcomes gained per customer
    (treated less control, each weighed by 1 / probability, at most 20 times). `qini` is the area
    between this curve and the straight line to its end, in outcomes per customer: 0 for a score
    that knows nothing, below 0 for one that is upside down.

    Everything kept is a count in whole numbers: 101 buckets of the score x two arms x 64 groups of
    customers. So the order of rows does not matter, two of them add up, and a copy is the same.
    Buckets are fixed for ever, finer around 0: bucket k holds scores from k² / 10,000 on. An
    interval comes from drawing the groups again, Poisson(1) times each (400 draws, by hashes):
    all rows of a customer are in one group, so that they count as one witness.

    Source:
        Radcliffe (2007), "Using control groups to target on predicted lift", Direct Marketing
        Analytics Journal, for the curve. He gives areas as a share of the perfect one; we do not,
        because a share of a small and uncertain number says little.

    >>> knows, guesses = Qini(), Qini()
    >>> for customer in range(4_000):
    ...     treated, helped = customer % 2 == 0, customer % 4 < 2
    ...     drawn = treated and helped
    ...     row = {"treated": treated, "prob_micro": 500_000, "outcome": drawn}
    ...     knows.add(50_000 if helped else 0, customer=customer // 4, **row)
    ...     guesses.add(0, customer=customer // 4, **row)
    >>> knows.effect().value, knows.qini().value, guesses.qini().value
    (0.5, 0.125, 0.0)
    """

    def __init__(self) -> None:
        self._sums: Sums = np.zeros((GROUPS, BUCKETS, 2, 2), dtype=np.int64)
        self.rows = [0, 0]
        self.positives = [0, 0]

    @property
    def evidence(self) -> int:
        """Rows in the smaller arm."""
        return min(self.rows)

    def add(
        self, score_micro: int, *, treated: bool, prob_micro: int, outcome: bool, customer: int
    ) -> None:
        """Take one matured row: the score before its outcome, and how likely its arm was.

        Args:
            score_micro: Uplift in millionths, as it was scored.
            treated: Whether the customer was contacted.
            prob_micro: The probability of that, above 0.
            outcome: Whether the label came true.
            customer: A number of the customer, the same each time.
        """
        weight = min(_MILLI * 1_000_000 // prob_micro, _MOST_WEIGHT_MILLI)
        cell = self._sums[customer % GROUPS, bucket_of(score_micro), int(treated)]
        cell[0] += weight
        cell[1] += weight * outcome
        self.rows[treated] += 1
        self.positives[treated] += outcome

    def merge(self, other: Self) -> None:
        """Take all rows of another one."""
        self._sums += other._sums
        self.rows = [a + b for a, b in zip(self.rows, other.rows, strict=True)]
        self.positives = [a + b for a, b in zip(self.positives, other.positives, strict=True)]

    def qini(self) -> Estimate | None:
        """Return the area between curve and line, in outcomes per customer."""
        return self._estimate(0)

    def effect(self) -> Estimate | None:
        """Return by how much contacting everybody changes the outcome, per customer."""
        return self._estimate(1)

    def curve(self) -> list[tuple[float, float]]:
        """Return (share contacted, outcomes gained per customer), from nobody to everybody."""
        shares, gains = _curves(self._sums.sum(axis=0)[None])
        return [(0.0, 0.0), *zip(shares[0].tolist(), gains[0].tolist(), strict=True)]

    def measures(self) -> dict[str, float]:
        """Return what can be said so far; a measure without both arms is absent."""
        found = {
            "treated_rows": float(self.rows[1]),
            "control_rows": float(self.rows[0]),
            "treated_positives": float(self.positives[1]),
            "control_positives": float(self.positives[0]),
        }
        for name, estimate in (("qini", self.qini()), ("effect", self.effect())):
            if estimate is not None:
                found |= {
                    name: estimate.value,
                    f"{name}_low": estimate.low,
                    f"{name}_high": estimate.high,
                }
        return found

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data: only cells that hold something."""
        flat = self._sums.reshape(-1)
        places = np.flatnonzero(flat)
        return {
            "places": np.diff(places, prepend=0).tolist(),
            "sums": flat[places].tolist(),
            "rows": self.rows,
            "positives": self.positives,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described."""
        qini = cls()
        places = np.cumsum(np.array(data["places"], dtype=np.int64))
        qini._sums.reshape(-1)[places] = data["sums"]
        qini.rows, qini.positives = list(data["rows"]), list(data["positives"])
        return qini

    def _estimate(self, which: int) -> Estimate | None:
        if not self.evidence:
            return None
        value = _measures_of(self._sums.sum(axis=0)[None])[which][0]
        drawn = np.tensordot(_draws(), self._sums, axes=1)
        values = np.sort(_measures_of(drawn)[which])
        return Estimate(
            value=float(value), low=float(values[_TAIL]), high=float(values[-1 - _TAIL])
        )


def bucket_of(score_micro: int) -> int:
    """Return the bucket of an uplift in millionths: 0 for -25 % and below, 100 for 25 % and above.

    >>> bucket_of(0), bucket_of(-99), bucket_of(100), bucket_of(-10_000), bucket_of(999_999)
    (50, 50, 51, 40, 100)
    """
    k = min(math.isqrt(abs(score_micro) // _MICRO_PER_SQUARE), SIDE)
    return SIDE + k if score_micro > 0 else SIDE - k


def qini_of_effects(scores_micro: list[int], effects: list[float]) -> float:
    """Return the Qini of a score where the effect on each row is known, as in a simulation.

    >>> qini_of_effects([50_000, 0], [1.0, 0.0]), qini_of_effects([0, 50_000], [1.0, 0.0])
    (0.125, -0.125)
    """
    counts, gains = np.zeros(BUCKETS), np.zeros(BUCKETS)
    for score_micro, effect in zip(scores_micro, effects, strict=True):
        counts[bucket_of(score_micro)] += 1
        gains[bucket_of(score_micro)] += effect
    shares = np.cumsum(counts[::-1])[None] / len(effects)
    return float(_area(shares, np.cumsum(gains[::-1])[None] / len(effects))[0])


def _curves(sums: Sums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shares and gains (R, buckets), best bucket first, of sums (R, buckets, 2, 2)."""
    upto = np.cumsum(sums[:, ::-1], axis=1)
    weight, true = upto[..., 0].astype(np.float64), upto[..., 1].astype(np.float64)
    rates = np.divide(true, weight, out=np.zeros_like(true), where=weight > 0)
    known = (weight > 0).all(axis=2)
    both = weight.sum(axis=2)
    shares = both / np.maximum(both[:, -1:], 1.0)
    return shares, np.where(known, shares * (rates[..., 1] - rates[..., 0]), 0.0)


def _measures_of(sums: Sums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shares, gains = _curves(sums)
    return _area(shares, gains), gains[:, -1]


def _area(shares: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.float64]:
    widths = np.diff(shares, axis=1, prepend=0.0)
    heights = gains + np.concatenate((np.zeros((len(gains), 1)), gains[:, :-1]), axis=1)
    area: NDArray[np.float64] = (widths * heights).sum(axis=1) / 2 - gains[:, -1] / 2
    return area


@cache
def _draws() -> Sums:
    """Return how often each group is in each resampling: (replicates, groups), by hashes."""
    draws = np.zeros((REPLICATES, GROUPS), dtype=np.int64)
    for replicate in range(REPLICATES):
        for group in range(GROUPS):
            at = unit_interval("qini", replicate, group)
            draws[replicate, group] = sum(at >= edge for edge in _POISSON_1)
    return draws
