"""PSI: how far the rows of today have moved from the rows that the bins were fixed with."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.kernels import MISSING, log

GROUPS = 8
"""Groups of neighbouring bins per feature, besides "no value"."""

_BLOCK_ROWS = 500
_BLOCKS = 4
_LEAST_ROWS = 500
_SMOOTHING = 0.5
Bins = NDArray[np.int16]


class FeatureDrift:
    """Population stability index of each feature of opened rows, by the bins of the encoding.

    The reference is the rows that fixed the bins. Their neighbouring bins are put together into
    eight groups of about equal size at most, because an index over 31 bins and 200 rows is mostly
    chance: without any drift it is about groups * (1/reference + 1/rows), 0.05 here. Today's rows
    are the newest 1,500 to 2,000. Each share is smoothed by half a row, so that no logarithm is
    infinite.

    By custom, below 0.1 nothing has moved, above 0.25 much has.

    Args:
        names: The features, in the order of a row.
        reference: The bins of the reference rows, one row each; `MISSING` for "no value".

    Source:
        Lewis (1994), "An Introduction to Credit Scoring", for the index and its limits. It is the
        symmetric Kullback-Leibler divergence (Jeffreys 1946).

    >>> rows = np.array([[i % 16] for i in range(200)], dtype=np.int16)
    >>> drift = FeatureDrift(("cash_buffer_days",), rows)
    >>> for row in np.tile(rows, (3, 1)):
    ...     drift.add(row)
    >>> {name: round(psi, 2) for name, psi in drift.psi().items()}
    {'cash_buffer_days': 0.0}
    """

    def __init__(self, names: Sequence[str], reference: Bins) -> None:
        self.names = tuple(names)
        self._group_of = np.stack([_groups(reference[:, f]) for f in range(len(self.names))])
        self._columns = np.arange(len(self.names))
        self._reference = np.zeros((len(self.names), GROUPS + 1), dtype=np.int64)
        for row in reference:
            self._count(self._reference, row)
        self._blocks = [np.zeros_like(self._reference)]
        self._rows_in_last = 0

    def add(self, bins: Bins) -> None:
        """Take the bins of one opened row."""
        if self._rows_in_last == _BLOCK_ROWS:
            self._blocks.append(np.zeros_like(self._reference))
            del self._blocks[:-_BLOCKS]
            self._rows_in_last = 0
        self._count(self._blocks[-1], bins)
        self._rows_in_last += 1

    def psi(self) -> dict[str, float]:
        """Return the index of each feature; nothing before 500 rows are there to compare."""
        today = np.sum(self._blocks, axis=0)
        if int(today[0].sum()) < _LEAST_ROWS:
            return {}
        return {
            name: _psi(self._reference[f].tolist(), today[f].tolist())
            for f, name in enumerate(self.names)
        }

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "names": list(self.names),
            "group_of": self._group_of.tolist(),
            "reference": self._reference.tolist(),
            "blocks": [block.tolist() for block in self._blocks],
            "rows_in_last": self._rows_in_last,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described."""
        drift = cls(data["names"], np.empty((0, len(data["names"])), dtype=np.int16))
        drift._group_of = np.array(data["group_of"], dtype=np.int64)
        drift._reference = np.array(data["reference"], dtype=np.int64)
        drift._blocks = [np.array(block, dtype=np.int64) for block in data["blocks"]]
        drift._rows_in_last = data["rows_in_last"]
        return drift

    def _count(self, counts: NDArray[np.int64], bins: Bins) -> None:
        counts[self._columns, self._group_of[self._columns, bins]] += 1


def _groups(bins: Bins) -> NDArray[np.int64]:
    """Return the group of each bin: neighbours together, about as many reference rows in each."""
    counts = np.bincount(bins, minlength=MISSING + 1)[: MISSING + 1].tolist()
    present = sum(counts[:MISSING])
    groups, group, held, left = [], 0, 0, present
    for count in counts[:MISSING]:
        if held and (held + count / 2) * (GROUPS - group) > left and group < GROUPS - 1:
            left -= held
            group, held = group + 1, 0
        groups.append(group)
        held += count
    return np.array([*groups, GROUPS], dtype=np.int64)


def _psi(reference: Sequence[int], today: Sequence[int]) -> float:
    used = [(then, now) for then, now in zip(reference, today, strict=True) if then or now]
    before = sum(then for then, _ in used) + _SMOOTHING * len(used)
    after = sum(now for _, now in used) + _SMOOTHING * len(used)
    total = 0.0
    for then, now in used:
        expected, actual = (then + _SMOOTHING) / before, (now + _SMOOTHING) / after
        total += (actual - expected) * log(actual / expected)
    return total
