"""How rows of features change: what is missing, how far values reach, and drift from a reference.

A sample of the rows that decisions were made with is compared, window by window, with the first
rows, or with stored ones. For people who look after data; no decision reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Row = npt.NDArray[np.float64]

ROWS_ONE_IN: Final = 32
"""Of so many events the row is kept."""

REFERENCE_ROWS: Final = 512
WINDOW_ROWS: Final = 256
_QUANTILES: Final = 10
_SMOOTHING: Final = 0.5
"""Added to each bin: an empty one would make the index infinite."""

_MIX: Final = 0x9E3779B97F4A7C15
_MASK: Final = (1 << 64) - 1


def sampled_of(block: int, *, one_in: int) -> int:
    """Return which of the entries `block * one_in … + one_in - 1` is in the sample, by a hash.

    >>> [sampled_of(block, one_in=32) - 32 * block for block in range(5)]
    [0, 25, 18, 12, 5]
    """
    return block * one_in + (((block * _MIX) & _MASK) >> 32) % one_in


def is_sampled(seq: int, *, one_in: int) -> bool:
    """Return whether a journal entry is in the sample: the same on every machine.

    >>> sum(is_sampled(seq, one_in=32) for seq in range(32_000))
    1000
    """
    return seq == sampled_of(seq // one_in, one_in=one_in)


def psi(before: Sequence[int], after: Sequence[int]) -> float:
    """Return the population stability index of two counts over the same bins.

    It is `sum((p - q) * ln(p / q))` over the shares. Under 0.1 nothing happened, over 0.25
    something did.

    Source:
        S. Kullback, R. A. Leibler (1951), "On Information and Sufficiency", Annals of Mathematical
        Statistics 22(1), where it is the divergence J(1, 2); the two limits are custom in credit.

    >>> psi([50, 50], [500, 500])
    0.0
    >>> round(psi([50, 50], [10, 90]), 2)
    0.85
    """
    p, q = _shares(before), _shares(after)
    return float(np.sum((p - q) * np.log(p / q)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """One feature's reference: bins between the deciles of what was present, and their counts.

    The first count is of the rows where the feature was missing. Deciles that are equal (a count
    that is mostly 0) make fewer bins.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, values: Row) -> "Bins":
        """Return the bins of a feature's values in the reference rows.

        >>> Bins.of(np.array([0.0, 0.0, 0.0, 5.0, np.nan]))
        Bins(edges=(0.0, 5.0), counts=(1, 0, 3, 1))
        """
        present = np.sort(values[~np.isnan(values)])
        picks = [
            present[len(present) * k // _QUANTILES] for k in range(1, _QUANTILES) if len(present)
        ]
        edges = np.unique(np.array(picks, np.float64))
        return cls(edges=tuple(edges.tolist()), counts=tuple(_counted(values, edges)))

    def drift(self, values: Row) -> float:
        """Return the stability index of newer values against these."""
        return psi(self.counts, _counted(values, np.array(self.edges, np.float64)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One feature in one window of rows: the share that is missing, the range, the drift.

    `low` and `high` are missing (NaN) where the feature is missing in every row.
    """

    missing_ratio: float
    low: float
    high: float
    drift_psi: float


class RowSketch:
    """Watches a sample of rows.

    The first `REFERENCE_ROWS` rows are the reference, unless one is given; then each
    `WINDOW_ROWS` rows are compared with it. Memory is for that many rows.

    Args:
        names: The features of a row, in order.
        reference: Bins by feature, of an earlier time; those of other names are not used.
    """

    def __init__(self, names: Sequence[str], *, reference: dict[str, Bins] | None = None) -> None:
        self._names = tuple(names)
        self._rows: list[Row] = []
        self._compare: _Comparison | None = None
        self.reference = reference

    def add(self, rows: Sequence[Row]) -> dict[str, Health]:
        """Take rows in; return the health of each feature when a window is full, else nothing."""
        self._rows += rows
        health: dict[str, Health] = {}
        if self.reference is None and len(self._rows) >= REFERENCE_ROWS:
            table = self._take(REFERENCE_ROWS)
            self.reference = {
                name: Bins.of(table[:, column]) for column, name in enumerate(self._names)
            }
        if self.reference is not None and self._compare is None:
            self._compare = _Comparison(self._names, self.reference)
        while self._compare is not None and len(self._rows) >= WINDOW_ROWS:
            health = self._compare.health(self._take(WINDOW_ROWS))
        return health

    def _take(self, count: int) -> Row:
        taken, self._rows = self._rows[:count], self._rows[count:]
        return np.stack(taken)


class _Comparison:
    """The reference of all features as arrays, so that a window costs microseconds per feature."""

    def __init__(self, names: Sequence[str], reference: dict[str, Bins]) -> None:
        self._columns = [column for column, name in enumerate(names) if name in reference]
        self._names = [names[column] for column in self._columns]
        bins = [reference[name] for name in self._names]
        self._edges = np.full((_QUANTILES - 1, len(bins)), np.inf)
        self._before = np.zeros((len(bins), _QUANTILES + 1))
        self._used = np.zeros((len(bins), _QUANTILES + 1), np.bool_)
        for place, known in enumerate(bins):
            self._edges[: len(known.edges), place] = known.edges
            self._before[place, : len(known.counts)] = known.counts
            self._used[place, : len(known.counts)] = True

    def health(self, table: Row) -> dict[str, Health]:
        """Return the health of each feature in a window of rows."""
        values = table[:, self._columns]
        missing = np.isnan(values)
        bins = (~missing).astype(np.int64)
        for edges in self._edges:
            bins += values >= edges
        width = _QUANTILES + 1
        flat = (bins + width * np.arange(len(self._names))).ravel()
        after = np.bincount(flat, minlength=width * len(self._names)).reshape(-1, width)
        p, q = self._shares(self._before), self._shares(after)
        drift = np.sum((p - q) * np.log(np.where(self._used, p / q, 1.0)), axis=1)
        told = zip(
            self._names,
            missing.mean(axis=0).tolist(),
            np.fmin.reduce(values, axis=0).tolist(),
            np.fmax.reduce(values, axis=0).tolist(),
            drift.tolist(),
            strict=True,
        )
        return {
            name: Health(missing_ratio=ratio, low=low, high=high, drift_psi=index)
            for name, ratio, low, high, index in told
        }

    def _shares(self, counts: npt.NDArray[Any]) -> Row:
        smooth = np.where(self._used, counts + _SMOOTHING, 0.0)
        shares: Row = smooth / smooth.sum(axis=1, keepdims=True)
        return np.where(self._used, shares, 1.0)


def _counted(values: Row, edges: Row) -> list[int]:
    present = values[~np.isnan(values)]
    places = np.searchsorted(edges, present, side="right")
    counts = np.bincount(places, minlength=len(edges) + 1).tolist()
    return [len(values) - len(present), *counts]


def _shares(counts: Sequence[int]) -> Row:
    smooth = np.array(counts, np.float64) + _SMOOTHING
    shares: Row = smooth / smooth.sum()
    return shares
