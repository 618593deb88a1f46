"""Progressive validation: how good were the scores that were given before the label was known?"""

from collections import deque
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contracts.topics import DAY_MS
from models.canonical import pack, unpack
from models.measures import (
    ReliabilityBin,
    auc_of,
    average_precision_of,
    calibration_error_of,
    log_loss_of,
    reliability_of,
)

__all__ = ["BLOCK_DAYS", "WINDOW_ROWS", "Block", "Progress", "auc_of"]

WINDOW_ROWS = 5_000
"""Matured rows over which the measures are taken."""

BLOCK_DAYS = 10
"""Days of opening that one block of the calibration over time holds."""

_BLOCK_POSITIVES = 50
_BLOCKS = 8
_DAYS_BLOCKS = 54


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The rows opened in ten days that have matured, oldest block first where there are several."""

    from_ms: int
    rows: int
    positives: int
    predicted: float
    loss: float

    @property
    def calibration_ratio(self) -> float | None:
        """Return predicted over observed positives, or None without a positive."""
        return self.predicted / self.positives if self.positives else None

    @property
    def log_loss(self) -> float:
        """Return the mean log loss, in nats."""
        return self.loss / self.rows


class Progress:
    """Rolling measures of one model over matured rows, in the order in which they mature.

    AUC, average precision, log loss and calibration error are exact over the last `window_rows`
    rows. The calibration ratio (mean predicted over observed) reaches back over the last 350 to
    400 positives, however many rows they take, because its error is that of the count of
    positives. Blocks of ten days of opening (the last 54) show it over time.

    Args:
        window_rows: Rows kept for the exact measures.

    Source:
        Blum, Kalai, Langford (1999), "Beating the Hold-Out", COLT, for progressive validation.

    >>> progress = Progress()
    >>> for probability, outcome in ((0.9, True), (0.2, False), (0.6, True), (0.7, False)):
    ...     progress.add(probability, outcome=outcome)
    >>> {name: round(value, 3) for name, value in progress.measures().items()}
    {'rows': 4.0, 'positives': 2.0, 'log_loss': 0.511, 'auc': 0.75, 'average_precision': 0.833, \
'calibration_error': 0.4, 'calibration_ratio': 1.2}
    """

    def __init__(self, *, window_rows: int = WINDOW_ROWS) -> None:
        self.window_rows = window_rows
        self.rows = 0
        self.positives = 0
        self._window: deque[tuple[float, bool]] = deque(maxlen=window_rows)
        self._blocks: list[tuple[int, float]] = [(0, 0.0)]
        self._days: dict[int, tuple[int, int, float, float]] = {}

    def add(self, probability: float, *, outcome: bool, opened_at_ms: int | None = None) -> None:
        """Take one matured row: the score before its label, the label, and when it was opened."""
        self.rows += 1
        self.positives += outcome
        self._window.append((probability, outcome))
        positives, predicted = self._blocks[-1]
        self._blocks[-1] = (positives + outcome, predicted + probability)
        if self._blocks[-1][0] >= _BLOCK_POSITIVES:
            self._blocks.append((0, 0.0))
            del self._blocks[:-_BLOCKS]
        if opened_at_ms is not None:
            self._add_to_its_days(opened_at_ms, probability, outcome=outcome)

    def measures(self) -> dict[str, float]:
        """Return what can be said so far; a measure without enough rows is absent."""
        measures = {"rows": float(self.rows), "positives": float(self.positives)}
        if self._window:
            probabilities, outcomes = self._arrays()
            measures["log_loss"] = log_loss_of(probabilities, outcomes)
            if 0 < int(outcomes.sum()) < len(outcomes):
                measures["auc"] = auc_of(probabilities, outcomes)
                measures["average_precision"] = average_precision_of(probabilities, outcomes)
                measures["calibration_error"] = calibration_error_of(probabilities, outcomes)
        if (ratio := self.calibration_ratio()) is not None:
            measures["calibration_ratio"] = ratio
        return measures

    def calibration_ratio(self) -> float | None:
        """Return the mean predicted over the observed share, or None without a positive."""
        observed = sum(positives for positives, _ in self._blocks)
        predicted = sum(total for _, total in self._blocks)
        return predicted / observed if observed else None

    def reliability(self) -> tuple[ReliabilityBin, ...]:
        """Return the rows of the window grouped by score, for a reliability diagram."""
        return reliability_of(*self._arrays()) if self._window else ()

    def blocks(self) -> tuple[Block, ...]:
        """Return the ten-day blocks of opening, oldest first."""
        return tuple(
            Block(
                from_ms=number * BLOCK_DAYS * DAY_MS,
                rows=rows,
                positives=positives,
                predicted=predicted,
                loss=loss,
            )
            for number, (rows, positives, predicted, loss) in sorted(self._days.items())
        )

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
            "days": [
                [number, rows, positives, predicted.hex(), loss.hex()]
                for number, (rows, positives, predicted, loss) in sorted(self._days.items())
            ],
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit; data from before the ten-day blocks too."""
        progress = cls(window_rows=data["window_rows"])
        progress.rows, progress.positives = data["rows"], data["positives"]
        probabilities = unpack(data["probabilities"], -1).tolist()
        outcomes = (digit == "1" for digit in data["outcomes"])
        progress._window.extend(zip(probabilities, outcomes, strict=True))
        progress._blocks = [(count, float.fromhex(total)) for count, total in data["blocks"]]
        progress._days = {
            number: (rows, positives, float.fromhex(predicted), float.fromhex(loss))
            for number, rows, positives, predicted, loss in data.get("days", ())
        }
        return progress

    def _add_to_its_days(self, opened_at_ms: int, probability: float, *, outcome: bool) -> None:
        number = opened_at_ms // (BLOCK_DAYS * DAY_MS)
        loss = log_loss_of(np.array([probability]), [outcome])
        nothing = (0, 0, 0.0, 0.0)
        rows, positives, predicted, lost = self._days.get(number, nothing)
        self._days[number] = (
            rows + 1, positives + outcome, predicted + probability, lost + loss,
        )  # fmt: skip
        if len(self._days) > _DAYS_BLOCKS:
            del self._days[min(self._days)]

    def _arrays(self) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        probabilities = np.array([p for p, _ in self._window], dtype=np.float64)
        outcomes = np.array([outcome for _, outcome in self._window], dtype=np.uint8)
        return probabilities, outcomes
