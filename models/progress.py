"""Progressive validation: how good were the scores that were given before the label was known?"""

from collections import deque
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.canonical import pack, unpack
from models.kernels import log_loss_sum

WINDOW_ROWS = 5_000
"""Matured rows over which AUC and log loss are measured."""

_BLOCK_POSITIVES = 50
_BLOCKS = 8


class Progress:
    """Rolling measures of one model over matured rows, in the order in which they mature.

    AUC and log loss are exact over the last `window_rows` rows. The calibration ratio (mean
    predicted over observed) reaches back over the last 350 to 400 positives, however many rows
    they take, because its error is that of the count of positives.

    Args:
        window_rows: Rows kept for AUC and log loss.

    Source:
        Blum, Kalai, Langford (1999), "Beating the Hold-Out", COLT, for progressive validation.

    >>> progress = Progress()
    >>> for probability, outcome in ((0.9, True), (0.2, False), (0.6, True), (0.7, False)):
    ...     progress.add(probability, outcome=outcome)
    >>> {name: round(value, 3) for name, value in progress.measures().items()}
    {'rows': 4.0, 'positives': 2.0, 'log_loss': 0.511, 'auc': 0.75, 'calibration_ratio': 1.2}
    """

    def __init__(self, *, window_rows: int = WINDOW_ROWS) -> None:
        self.window_rows = window_rows
        self.rows = 0
        self.positives = 0
        self._window: deque[tuple[float, bool]] = deque(maxlen=window_rows)
        self._blocks: list[tuple[int, float]] = [(0, 0.0)]

    def add(self, probability: float, *, outcome: bool) -> None:
        """Take one matured row: the score before its label, and the label."""
        self.rows += 1
        self.positives += outcome
        self._window.append((probability, outcome))
        positives, predicted = self._blocks[-1]
        self._blocks[-1] = (positives + outcome, predicted + probability)
        if self._blocks[-1][0] >= _BLOCK_POSITIVES:
            self._blocks.append((0, 0.0))
            del self._blocks[:-_BLOCKS]

    def measures(self) -> dict[str, float]:
        """Return what can be said so far; a measure without enough rows is absent."""
        measures = {"rows": float(self.rows), "positives": float(self.positives)}
        if self._window:
            probabilities, outcomes = self._arrays()
            loss = log_loss_sum(probabilities, outcomes)
            measures["log_loss"] = loss / len(outcomes)
            if 0 < int(outcomes.sum()) < len(outcomes):
                measures["auc"] = auc_of(probabilities, outcomes)
        if (ratio := self.calibration_ratio()) is not None:
            measures["calibration_ratio"] = ratio
        return measures

    def calibration_ratio(self) -> float | None:
        """Return the mean predicted over the observed share, or None without a positive."""
        observed = sum(positives for positives, _ in self._blocks)
        predicted = sum(total for _, total in self._blocks)
        return predicted / observed if observed else None

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        probabilities, outcomes = self._arrays()
        return {
            "window_rows": self.window_rows,
            "rows": self.rows,
            "positives": self.positives,
            "probabilities": pack(probabilities),
            "outcomes": "".join("1" if outcome else "0" for outcome in outcomes),
            "blocks": [[positives, predicted.hex()] for positives, predicted in self._blocks],
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit."""
        progress = cls(window_rows=data["window_rows"])
        progress.rows, progress.positives = data["rows"], data["positives"]
        probabilities = unpack(data["probabilities"], -1).tolist()
        outcomes = (digit == "1" for digit in data["outcomes"])
        progress._window.extend(zip(probabilities, outcomes, strict=True))
        progress._blocks = [(count, float.fromhex(total)) for count, total in data["blocks"]]
        return progress

    def _arrays(self) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        probabilities = np.array([p for p, _ in self._window], dtype=np.float64)
        outcomes = np.array([outcome for _, outcome in self._window], dtype=np.uint8)
        return probabilities, outcomes


def auc_of(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.uint8] | Sequence[bool]
) -> float:
    """Return the exact area under the ROC curve; ties count half.

    It is the share of (positive, negative) pairs in which the positive has the higher score,
    counted in integers, so the order of the rows cannot matter.

    Source: Hanley, McNeil (1982), "The Meaning and Use of the Area under a ROC Curve", Radiology
    143(1). River's ROCAUC approximates it by thresholds, which at 2 % positives is far off.

    >>> auc_of(np.array([0.1, 0.4, 0.4, 0.8]), [False, False, True, True])
    0.875
    """
    positive = np.asarray(outcomes, dtype=bool)
    negatives = np.sort(probabilities[~positive])
    below = int(np.searchsorted(negatives, probabilities[positive], side="left").sum())
    not_above = int(np.searchsorted(negatives, probabilities[positive], side="right").sum())
    return (below + not_above) / (2 * int(positive.sum()) * len(negatives))
