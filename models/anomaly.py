"""How unusual is too unusual: reference quantiles of the anomaly score, by segment."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal

from contracts.snapshots import ModelSnapshot
from models.canonical import sha256_of
from models.errors import SnapshotError
from models.features_of import ROW
from models.profile import PROFILE_FEATURES
from models.rows import Row

Anomaly = Literal["normal", "watch", "alert"]
Segment = Literal["merchant", "payroll", "other"]
SEGMENTS: tuple[Segment, ...] = ("merchant", "payroll", "other")
FORMAT = "anomaly-quantiles/1"
WATCH_FROM, ALERT_FROM = 0.970, 0.995
"""Percentiles (docs/domain.md, "Risk screen")."""
LEAST_ROWS = 400
"""Below this the alarm would rest on fewer than two rows."""
LEAST_ROWS_OF_SEGMENT = 1_000
_STEP = 0.01
_MOST_ROWS = 20_000
_PAYROLL_MONTHS = 3.0
_PLACES = {
    name: ROW.names.index(name)
    for name in (
        "customer_receipt_sum_minor_30d",
        "settle_sum_minor_30d",
        "salary_month_cnt_180d",
    )
}


def segment_of(row: Row) -> Segment:
    """Return whom a customer is compared with, by a row of `ROW`: who takes money in, who is paid.

    Nothing else is known of segments yet (docs/domain.md, "Segments").

    >>> segment_of(ROW.row({"salary_month_cnt_180d": 6.0}))
    'payroll'
    >>> segment_of(ROW.row({"settle_sum_minor_30d": 1.0, "salary_month_cnt_180d": 6.0}))
    'merchant'
    """
    receipts, settled, months = (float(row[place]) for place in _PLACES.values())
    if receipts > 0.0 or settled > 0.0:  # not so where it is missing
        return "merchant"
    return "payroll" if months >= _PAYROLL_MONTHS else "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From which score on a customer is watched, and from which on it is an alert."""

    watch_from: float
    alert_from: float


class AnomalyScorer:
    """The limits of a snapshot, by segment; one with too few rows has those of all customers.

    >>> body = {"overall": [(2.0).hex(), (3.0).hex()], "segments": {"payroll": [(1.0).hex()] * 2}}
    >>> scorer = AnomalyScorer("anomaly:0123456789abcdef", body)
    >>> [scorer.grade(score, "other") for score in (1.99, 2.0, 3.0)]
    ['normal', 'watch', 'alert']
    >>> scorer.grade(1.5, "payroll")
    'alert'
    """

    def __init__(self, model_id: str, body: Mapping[str, Any]) -> None:
        self.model_id = model_id
        self._overall = _limits(body["overall"])
        self._segments = {name: _limits(pair) for name, pair in body["segments"].items()}

    def limits(self, segment: Segment) -> Limits:
        """Return the limits of a segment."""
        return self._segments.get(segment, self._overall)

    def grade(self, score: float, segment: Segment) -> Anomaly:
        """Return what a score means among the customers of its segment."""
        limits = self.limits(segment)
        if score >= limits.alert_from:
            return "alert"
        return "watch" if score >= limits.watch_from else "normal"


def load_anomaly(snapshot: ModelSnapshot) -> AnomalyScorer:
    """Return the limits of a snapshot, after checking that it is what it says.

    Raises:
        SnapshotError: its hash, its id, its format, its features or its numbers are not those that
            it claims or that this version computes.
    """
    who = f"load_anomaly({snapshot.model_id!r})"
    if (sha256 := sha256_of(snapshot.body)) != snapshot.sha256:
        raise SnapshotError(
            f"{who} needs a body with sha256 {snapshot.sha256}; got one with {sha256}. "
            "The snapshot was changed after it was made: take it again from models.v1."
        )
    if snapshot.model_id != f"anomaly:{sha256[:16]}":
        raise SnapshotError(
            f"{who} needs the id that its hash gives, 'anomaly:{sha256[:16]}'. "
            "Take the snapshot again from models.v1."
        )
    body = snapshot.body
    if body.get("format") != FORMAT or body.get("features") != list(PROFILE_FEATURES):
        raise SnapshotError(
            f"{who} needs format {FORMAT!r} on this version's profile; got {body.get('format')!r} "
            f"on {body.get('features')!r}. Learn it again with this version."
        )
    scorer = AnomalyScorer(snapshot.model_id, body)
    for segment in SEGMENTS:
        limits = scorer.limits(segment)
        if not 0.0 < limits.watch_from <= limits.alert_from < math.inf:
            raise SnapshotError(
                f"{who} needs limits above 0, the alert's not below the watch's; got {limits} of "
                f"{segment}. Keep the last one."
            )
    return scorer


class Quantiles:
    """How often each score came, in steps of 0.01; beyond 20,000 rows the past counts half.

    >>> scores = Quantiles()
    >>> for hundredth in range(100):
    ...     scores.add(hundredth / 100)
    >>> scores.rows, scores.limit(0.97)
    (100, 0.97)
    """

    def __init__(self, counts: Iterable[int] = ()) -> None:
        self._counts = list(counts)
        self.rows = sum(self._counts)

    def add(self, score: float) -> None:
        """Count one score, 0 or more."""
        place = int(score / _STEP + 1e-6)  # what is meant as a multiple of the step is one
        self._counts += [0] * (place + 1 - len(self._counts))
        self._counts[place] += 1
        self.rows += 1
        if self.rows > _MOST_ROWS:
            self._counts = [count // 2 for count in self._counts]
            self.rows = sum(self._counts)

    def limit(self, share: float) -> float:
        """Return the least score above 0, in steps of 0.01, that `share` of the rows are below."""
        below = list(accumulate(self._counts))
        return (bisect_left(below, share * self.rows) + 1) / 100

    def to_data(self) -> list[int]:
        """Return all counts; they are what it is made of."""
        return list(self._counts)


def _limits(pair: list[str]) -> Limits:
    watch_from, alert_from = (float.fromhex(text) for text in pair)
    return Limits(watch_from=watch_from, alert_from=alert_from)
