"""Exact measures of scores against outcomes: ranking, calibration, loss; whole sets at a time.

Counts are integers and sums are `math.fsum`, which is rounded once: neither the order of the rows
nor the processor can change a measure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kernels import log_loss_sum

Outcomes = NDArray[np.uint8] | NDArray[np.bool_] | Sequence[bool]

BINS = 10
"""Bins of equal mass in which calibration is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Rows of similar scores: how many, how many came true, and the mean score."""

    rows: int
    positives: int
    mean_score: float

    @property
    def observed(self) -> float:
        """The share that came true."""
        return self.positives / self.rows


def auc_of(probabilities: NDArray[np.float64], outcomes: Outcomes) -> float:
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


def average_precision_of(probabilities: NDArray[np.float64], outcomes: Outcomes) -> float:
    """Return the average precision: precision at each score, weighted by the recall that it adds.

    Equal scores are one threshold, so their order cannot matter. It needs at least one positive.

    Source: the definition of scikit-learn's `average_precision_score`, which is a sum of steps;
    the area under an interpolated precision-recall curve is too kind (Davis, Goadrich 2006,
    "The Relationship between Precision-Recall and ROC Curves", ICML).

    >>> average_precision_of(np.array([0.9, 0.8, 0.7, 0.6]), [True, False, True, False])
    0.8333333333333333
    """
    positive = np.asarray(outcomes, dtype=bool)
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], np.cumsum(positive[order])
    last_of_its_score = np.append(ranked[1:] != ranked[:-1], True)
    rows = (np.flatnonzero(last_of_its_score) + 1).tolist()
    found = hits[last_of_its_score].tolist()
    total: int = found[-1]
    added = [now - before for now, before in zip(found, [0, *found[:-1]], strict=True)]
    steps = (more * hit / n for more, hit, n in zip(added, found, rows, strict=True))
    return math.fsum(steps) / total


def log_loss_of(probabilities: NDArray[np.float64], outcomes: Outcomes) -> float:
    """Return the mean of -ln of the probability given to what came true, in nats.

    >>> round(log_loss_of(np.array([0.8, 0.4]), [True, False]), 4)
    0.367
    """
    came_true = np.asarray(outcomes, dtype=np.uint8)
    return log_loss_sum(np.asarray(probabilities, dtype=np.float64), came_true) / len(came_true)


def reliability_of(
    probabilities: NDArray[np.float64], outcomes: Outcomes, *, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Return rows grouped by score into at most `bins` groups of nearly equal size, lowest first.

    Equal scores stay in one group, so a model with three scores has three groups at most.

    >>> reliability_of(np.array([0.1, 0.1, 0.6, 0.8]), [False, False, True, True], bins=2)
    (ReliabilityBin(rows=2, positives=0, mean_score=0.1), ReliabilityBin(rows=2, positives=2, \
mean_score=0.7))
    """
    positive = np.asarray(outcomes, dtype=bool)
    order = np.argsort(probabilities, kind="stable")
    ranked, came_true = probabilities[order], positive[order]
    groups, start = [], 0
    for group in range(1, bins + 1):
        wanted = group * len(ranked) // bins
        if wanted <= start:
            continue
        end = int(np.searchsorted(ranked, ranked[wanted - 1], side="right"))
        groups.append(
            ReliabilityBin(
                rows=end - start,
                positives=int(came_true[start:end].sum()),
                mean_score=math.fsum(ranked[start:end].tolist()) / (end - start),
            )
        )
        start = end
    return tuple(groups)


def calibration_error_of(
    probabilities: NDArray[np.float64], outcomes: Outcomes, *, bins: int = BINS
) -> float:
    """Return the expected calibration error: the mean gap of score and outcome over equal masses.

    Source: Naeini, Cooper, Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using
    Bayesian Binning", AAAI. They cut [0, 1] evenly; with 2 % positives nearly all rows would fall
    into one bin, so the bins hold equal numbers of rows here.

    >>> calibration_error_of(np.array([0.2] * 10), [True] * 3 + [False] * 7)
    0.09999999999999998
    """
    groups = reliability_of(probabilities, outcomes, bins=bins)
    gaps = [group.rows * abs(group.mean_score - group.observed) for group in groups]
    return math.fsum(gaps) / sum(group.rows for group in groups)
