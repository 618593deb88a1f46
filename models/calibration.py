"""Calibration: log-odds that mean what they say, by a line fitted on matured rows."""

from dataclasses import dataclass
from typing import Self

from models import kernels

MIN_POSITIVES = 200
"""Matured positives, and negatives, before a line is fitted: its error is then about 7 %."""

HALVED_AT_POSITIVES = 2_000
"""Positives after which everything counts half, so that the line follows what is recent."""

SLOPES = (0.25, 4.0)
"""A line may not be flatter or steeper: beyond that the model is wrong, not its scale."""

_BUCKETS = 64
_WIDTH = 0.25
_LOWEST = -8.0
_STEPS = 25
_PRIOR_WEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class LogOddsLine:
    """Calibrated log-odds = `slope` * log-odds + `shift`; monotone, since the slope is positive.

    A line and not a staircase, because a score must stay the sum of its reasons: with a line, the
    contributions of all features are multiplied by the slope and still add up exactly.

    >>> LogOddsLine(slope=0.5, shift=-1.0).apply(2.0)
    0.0
    >>> LogOddsLine().apply(-3.25)
    -3.25
    """

    slope: float = 1.0
    shift: float = 0.0

    @property
    def numbers(self) -> tuple[float, float]:
        """Slope and shift."""
        return self.slope, self.shift

    def apply(self, log_odds: float) -> float:
        """Return the calibrated log-odds."""
        return self.slope * log_odds + self.shift

    def calibrated(self, probability: float) -> float:
        """Return the calibrated probability of a raw one.

        >>> LogOddsLine(shift=kernels.logit(0.2)).calibrated(0.5)
        0.2
        """
        return kernels.sigmoid(self.apply(kernels.logit(probability)))

    def to_data(self) -> dict[str, str]:
        """Return the line as JSON data, for a snapshot's body."""
        return {"slope": self.slope.hex(), "shift": self.shift.hex()}

    @classmethod
    def from_data(cls, data: dict[str, str] | None) -> Self:
        """Return what `to_data` described; without data, the line that changes nothing."""
        if data is None:
            return cls()
        return cls(float.fromhex(data["slope"]), float.fromhex(data["shift"]))


class Calibration:
    """Fits the line of a head from matured rows: the raw score at opening, and the outcome.

    Rows are counted in 64 buckets of log-odds from -8 to 8, with the sum of their log-odds, so that
    a state is small, and the fit the same whatever machine makes it: Newton's steps in our own
    arithmetic. A few pseudo-rows hold the line at "change nothing"; there is none at all
    before 200 positives and 200 negatives.

    Source:
        Platt (1999), "Probabilistic Outputs for Support Vector Machines", Advances in Large Margin
        Classifiers. We differ: on buckets, and a ridge instead of smoothed targets.

    >>> calibration = Calibration()
    >>> calibration.line() is None
    True
    >>> for i in range(8_000):  # it says 40 % and 10 %; half as many come true
    ...     calibration.add(0.1 if i % 2 else 0.4, outcome=i % 40 in {0, 2, 4, 6, 1})
    >>> line = calibration.line()
    >>> round(line.calibrated(0.4), 2), round(line.calibrated(0.1), 2)
    (0.2, 0.05)
    """

    def __init__(self) -> None:
        self._rows = [0.0] * _BUCKETS
        self._positives = [0.0] * _BUCKETS
        self._sums = [0.0] * _BUCKETS

    def add(self, probability: float, *, outcome: bool) -> None:
        """Take one matured row: the raw score of its opening, and what became of it."""
        log_odds = kernels.logit(min(max(probability, 1e-9), 1.0 - 1e-9))
        bucket = min(max(int((log_odds - _LOWEST) / _WIDTH), 0), _BUCKETS - 1)
        self._rows[bucket] += 1
        self._positives[bucket] += outcome
        self._sums[bucket] += log_odds
        if sum(self._positives) >= HALVED_AT_POSITIVES:
            for numbers in (self._rows, self._positives, self._sums):
                numbers[:] = [number / 2.0 for number in numbers]

    def line(self) -> LogOddsLine | None:
        """Return the line, or none while there is not enough evidence for one."""
        positives = sum(self._positives)
        if min(positives, sum(self._rows) - positives) < MIN_POSITIVES:
            return None
        slope, shift = 1.0, 0.0
        for _ in range(_STEPS):
            step_slope, step_shift, shift_alone = self._newton(slope, shift)
            free = slope - step_slope
            slope = min(max(free, SLOPES[0]), SLOPES[1])
            shift -= step_shift if slope == free else shift_alone
        return LogOddsLine(slope, shift)

    def to_data(self) -> dict[str, list[str]]:
        """Return the whole state as JSON data."""
        counted = {"rows": self._rows, "positives": self._positives, "sums": self._sums}
        return {name: [number.hex() for number in numbers] for name, numbers in counted.items()}

    @classmethod
    def from_data(cls, data: dict[str, list[str]]) -> Self:
        """Return what `to_data` described, to the bit."""
        calibration = cls()
        calibration._rows, calibration._positives, calibration._sums = (
            [float.fromhex(number) for number in data[name]]
            for name in ("rows", "positives", "sums")
        )
        return calibration

    def _newton(self, slope: float, shift: float) -> tuple[float, float, float]:
        """Return Newton's step of the log-likelihood, ridged towards slope 1 and shift 0.

        The third number is the step of the shift where the slope is held.
        """
        g0, g1 = _PRIOR_WEIGHT * (slope - 1.0), _PRIOR_WEIGHT * shift
        h00, h01, h11 = _PRIOR_WEIGHT, 0.0, _PRIOR_WEIGHT
        for rows, positives, total in zip(self._rows, self._positives, self._sums, strict=True):
            if not rows:
                continue
            x = total / rows
            p = kernels.sigmoid(slope * x + shift)
            miss, weight = rows * p - positives, rows * p * (1.0 - p)
            g0 += miss * x
            g1 += miss
            h00 += weight * x * x
            h01 += weight * x
            h11 += weight
        determinant = h00 * h11 - h01 * h01
        return (
            (h11 * g0 - h01 * g1) / determinant,
            (h00 * g1 - h01 * g0) / determinant,
            g1 / h11,
        )
