"""A feature that knows the answer all by itself was made after the answer was known."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.kernels import MISSING

LIMIT = 0.9
"""AUC of one feature alone, above which it is suspected to know the outcome."""

_POSITIVES = 50
_GENERATION_POSITIVES = 200
Bins = NDArray[np.int16]


class LeakAlarm:
    """The AUC of each feature alone over matured rows, and which of them are too good to be true.

    Honest features of credit and marketing rank at 0.5 to 0.8; one that is filled in once the
    outcome is known (how long the call took that ended in a sale) ranks far above. The area is
    exact over the feature's bins, in whichever direction it is larger, with "no value" as the
    lowest or as the highest, again whichever is larger: a field that is empty until the outcome is
    known leaks too. It is taken over the newest 200 to 400 positives and the negatives between
    them, and not before there are 50 of each.

    Args:
        names: The features, in the order of a row.

    Source:
        Kaufman, Rosset, Perlich, Stitelman (2012), "Leakage in Data Mining: Formulation,
        Detection, and Avoidance", ACM TKDD 6(4).

    >>> alarm = LeakAlarm(("call_seconds", "age_years"))
    >>> for i in range(400):
    ...     sold = i % 4 == 0
    ...     alarm.add(np.array([20 if sold else 4, i % 16], dtype=np.int16), outcome=sold)
    >>> alarm.suspects()
    {'call_seconds': 1.0}
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._columns = np.arange(len(self.names))
        self._newer = self._none()
        self._older = self._none()

    def add(self, bins: Bins, *, outcome: bool) -> None:
        """Take the bins of one matured row and its outcome."""
        self._newer[int(outcome), self._columns, bins] += 1
        if len(self.names) and int(self._newer[1, 0].sum()) >= _GENERATION_POSITIVES:
            self._older, self._newer = self._newer, self._none()

    def areas(self) -> dict[str, float]:
        """Return the AUC of each feature alone, 0.5 to 1; nothing before there are enough rows."""
        counts = self._older + self._newer
        if not len(self.names) or int(counts[:, 0].sum(axis=1).min()) < _POSITIVES:
            return {}
        return {name: _area(counts[:, f]) for f, name in enumerate(self.names)}

    def suspects(self) -> dict[str, float]:
        """Return the features above the limit, and the AUC of each."""
        return {name: area for name, area in self.areas().items() if area > LIMIT}

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "names": list(self.names),
            "newer": self._newer.tolist(),
            "older": self._older.tolist(),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described."""
        alarm = cls(data["names"])
        alarm._newer = np.array(data["newer"], dtype=np.int64)
        alarm._older = np.array(data["older"], dtype=np.int64)
        return alarm

    def _none(self) -> NDArray[np.int64]:
        return np.zeros((2, len(self.names), MISSING + 1), dtype=np.int64)


def _area(counts: NDArray[np.int64]) -> float:
    """Return the area of (outcome, bin) counts, in the better direction, both ways of missing."""
    last = _wins(counts)
    first = _wins(np.roll(counts, 1, axis=1))
    pairs = 2 * int(counts[0].sum()) * int(counts[1].sum())
    return max(last, first, pairs - last, pairs - first) / pairs


def _wins(counts: NDArray[np.int64]) -> int:
    """Return twice the pairs in which the positive stands in a higher bin, ties as one."""
    negatives, positives = counts
    below = np.cumsum(negatives) - negatives
    return int((positives * (2 * below + negatives)).sum())
