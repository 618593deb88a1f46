"""A hundred rows that every new snapshot must score about as the last good one did."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from contracts.ids import unit_interval
from models.kernels import logit
from models.rows import Row

ROWS = 100
"""Rows kept."""

MEDIAN_LIMIT = 1.0
"""Log-odds by which half of the rows may move from one snapshot to the next."""

LARGEST_LIMIT = 5.0
"""Log-odds by which any row may move; for comparison, 1 % and 60 % are 5.0 apart."""

_LEAST_PROBABILITY = 1e-15


class ScoresMany(Protocol):
    """What is asked of a snapshot here."""

    def score_many(self, rows: Row) -> NDArray[np.float64]:
        """Return the probability of each row of a matrix."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryResult:
    """What a snapshot did to the rows: how far they moved in log-odds, and why it is refused.

    `refused` is None for a snapshot that may serve, else a sentence.
    """

    rows: int
    median: float
    largest: float
    refused: str | None


class Canary:
    """Keeps a sample of the rows that were opened, and holds snapshots against each other on it.

    The sample is of all rows so far, each with the same chance, by a hash of the row's id: those
    with the lowest hashes stay. So it depends neither on the order nor on a restart.

    Args:
        width: Features of a row.

    >>> class Says:
    ...     def __init__(self, probability):
    ...         self.probability = probability
    ...
    ...     def score_many(self, rows):
    ...         return np.full(len(rows), self.probability)
    >>> canary = Canary(1)
    >>> canary.offer("r-1", np.array([3.0], dtype=np.float32))
    >>> canary.check(Says(0.02), Says(0.03)).refused is None
    True
    >>> canary.check(Says(0.02), Says(0.9)).refused
    'half of 1 canary rows moved by 6.1 in log-odds or more; at most 1.0 is allowed'
    >>> canary.check(None, Says(math.nan)).refused
    '1 of 1 canary rows got a score that is no probability'
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._rows: list[tuple[float, str, Row]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def offer(self, row_id: str, row: Row) -> None:
        """Take a row into the sample if its hash is among the lowest, once by its id."""
        place = unit_interval("canary", row_id)
        if len(self._rows) == ROWS and place >= self._rows[-1][0]:
            return
        if any(known == row_id for _, known, _ in self._rows):
            return
        self._rows.append((place, row_id, row.copy()))
        self._rows.sort(key=lambda kept: kept[:2])
        del self._rows[ROWS:]

    def check(self, before: ScoresMany | None, after: ScoresMany) -> CanaryResult:
        """Score the rows with the last good snapshot and the new one; say whether it may serve.

        Args:
            before: The last good snapshot, or None if there was none: then only what is no
                probability is refused.
            after: The snapshot that wants to serve.
        """
        if not self._rows:
            return CanaryResult(rows=0, median=0.0, largest=0.0, refused=None)
        rows = np.stack([row for _, _, row in self._rows])
        scores = after.score_many(rows).tolist()
        wrong = sum(not 0.0 <= score <= 1.0 for score in scores)
        if wrong:
            return _result(rows, math.inf, math.inf, (
                f"{wrong} of {len(rows)} canary rows got a score that is no probability"
            ))  # fmt: skip
        if before is None:
            return _result(rows, 0.0, 0.0, None)
        moved = sorted(
            abs(_log_odds(new) - _log_odds(old))
            for new, old in zip(scores, before.score_many(rows).tolist(), strict=True)
        )
        return _result(rows, moved[len(moved) // 2], moved[-1], _too_far(moved))

    def to_data(self) -> dict[str, Any]:
        """Return the sample as JSON data."""
        return {
            "width": self.width,
            "ids": [row_id for _, row_id, _ in self._rows],
            "rows": [base64.b64encode(_bytes(row)).decode() for _, _, row in self._rows],
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described."""
        canary = cls(data["width"])
        canary._rows = [
            (unit_interval("canary", row_id), row_id, _row(text))
            for row_id, text in zip(data["ids"], data["rows"], strict=True)
        ]
        return canary


def _too_far(moved: Sequence[float]) -> str | None:
    median, largest = moved[len(moved) // 2], moved[-1]
    if median > MEDIAN_LIMIT:
        return (
            f"half of {len(moved)} canary rows moved by {median:.1f} in log-odds or more; at most "
            f"{MEDIAN_LIMIT} is allowed"
        )
    if largest > LARGEST_LIMIT:
        return (
            f"a canary row moved by {largest:.1f} in log-odds; at most {LARGEST_LIMIT} is allowed"
        )
    return None


def _result(rows: Row, median: float, largest: float, refused: str | None) -> CanaryResult:
    return CanaryResult(rows=len(rows), median=median, largest=largest, refused=refused)


def _log_odds(probability: float) -> float:
    return logit(min(max(probability, _LEAST_PROBABILITY), 1.0 - _LEAST_PROBABILITY))


def _bytes(row: Row) -> bytes:
    return row.astype("<f4").tobytes()


def _row(text: str) -> Row:
    return np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32)
