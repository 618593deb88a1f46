"""How good the scores of a stream were, model beside model, over its second half."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.measures import auc_of, average_precision_of, calibration_error_of
from shouwen.quality.intervals import Interval, auc_intervals
from shouwen.quality.stream import Stream

BLOCK_ROWS = 1_000
"""Rows that follow each other, within which the block AUC ranks."""

Scores = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Of one model over some rows.

    Attributes:
        auc: Area under the ROC curve.
        ap: Average precision.
        ece: Calibration error in ten bins of equal mass.
        block_auc: Mean AUC within blocks of 1,000 rows: how it ranks those who come together,
            without what it knows of better and worse times. None without a whole block.
    """

    auc: float
    ap: float
    ece: float
    block_auc: float | None

    @classmethod
    def of(cls, scores: NDArray[np.float64], outcomes: NDArray[np.bool_]) -> "Measures":
        """Measure."""
        return cls(
            auc=auc_of(scores, outcomes),
            ap=average_precision_of(scores, outcomes),
            ece=calibration_error_of(scores, outcomes),
            block_auc=_block_auc(scores, outcomes),
        )

    def as_json(self) -> dict[str, float | None]:
        """Return the numbers, rounded to what they can tell."""
        numbers = {"auc": self.auc, "ap": self.ap, "ece": self.ece, "block_auc": self.block_auc}
        return {name: None if v is None else round(v, 4) for name, v in numbers.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A stream and its models.

    Attributes:
        rows: Of the second half, which is what is measured.
        positives: Of them.
        second_half: Measures of each model.
        whole: The same over all rows, the cold start among them.
        intervals: 95 % of the AUC and of the paired differences, over the second half.
    """

    data: str
    about: str
    rows: int
    positives: int
    second_half: Mapping[str, Measures]
    whole: Mapping[str, Measures]
    intervals: Mapping[str, Interval]

    def as_json(self) -> dict[str, object]:
        """Return it as plain data."""
        return {
            "data": self.data,
            "about": self.about,
            "rows": self.rows,
            "positives": self.positives,
            **{name: measures.as_json() for name, measures in self.second_half.items()},
            "whole": {name: measures.as_json() for name, measures in self.whole.items()},
            "intervals": {
                f"auc_{name.replace(' ', '_')}": [round(low, 4), round(high, 4)]
                for name, (low, high) in self.intervals.items()
            },
        }


def judged(stream: Stream, scores: Scores, *, draws: int) -> Judged:
    """Measure what was scored; the first model is ours, against which the others are held."""
    half = slice(len(stream) // 2, None)
    outcomes = stream.outcomes
    late = {name: values[half] for name, values in scores.items()}
    return Judged(
        data=stream.name,
        about=stream.about,
        rows=len(outcomes[half]),
        positives=int(outcomes[half].sum()),
        second_half={name: Measures.of(v, outcomes[half]) for name, v in late.items()},
        whole={name: Measures.of(values, outcomes) for name, values in scores.items()},
        intervals=auc_intervals(late, outcomes[half], stream.units[half], draws=draws),
    )


def _block_auc(scores: NDArray[np.float64], outcomes: NDArray[np.bool_]) -> float | None:
    areas = []
    for start in range(0, len(scores) - BLOCK_ROWS + 1, BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        if outcomes[block].any() and not outcomes[block].all():
            areas.append(auc_of(scores[block], outcomes[block]))
    return sum(areas) / len(areas) if areas else None
