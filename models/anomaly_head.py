"""The learner's part for what is unusual: it learns no label, only how scores are spread."""

import math
from typing import Any, Literal, Self

import numpy as np

from contracts.examples import Example, LabelName, RowKind
from models.anomaly import (
    ALERT_FROM,
    FORMAT,
    LEAST_ROWS,
    LEAST_ROWS_OF_SEGMENT,
    SEGMENTS,
    WATCH_FROM,
    Quantiles,
    Segment,
    segment_of,
)
from models.canary import Canary
from models.half_space import HalfSpaceTrees
from models.open_rows import OpenRow
from models.profile import PROFILE_FEATURES

_COUNTS = ("rows", "watched", "beside", "both")


class AnomalyHead:
    """Turns the anomaly scores of weekly rows into limits by segment, one snapshot at a time.

    The score itself is not learnt here: each customer's profile makes it, in the decider. River's
    half-space trees score the same rows before they learn them; how often the two would watch the
    same customer is measured.

    Every row has one vote (one per customer and week), or busy customers would set the limits.
    """

    width = 0

    def __init__(self) -> None:
        self.steps = 0
        self._overall = Quantiles()
        self._segments: dict[Segment, Quantiles] = {name: Quantiles() for name in SEGMENTS}
        self._beside = Quantiles()
        self._trees = HalfSpaceTrees()
        self._counts = dict.fromkeys(_COUNTS, 0)

    @property
    def name(self) -> Literal["anomaly"]:
        """What its snapshots are called."""
        return "anomaly"

    def listens(self, kind: RowKind, labels: tuple[LabelName, ...]) -> bool:
        """Whether rows of this kind are its business; labels are not."""
        del labels
        return kind == "week"

    def opened(self, row: OpenRow, example: Example) -> None:
        """Count the score of a row; one without a score (too young a profile) says nothing.

        It takes no step: limits ride along with the snapshots that other heads make due.
        """
        if math.isnan(row.anomaly):
            return
        self._compare(row.anomaly, example.anomaly_z_hex)
        self._overall.add(row.anomaly)
        self._segments[segment_of(row.row)].add(row.anomaly)

    def told(self, row: OpenRow, label: LabelName, *, outcome: bool) -> None:
        """Do nothing: no label teaches what is unusual."""

    def settled(self, row: OpenRow, label: LabelName, *, outcome: bool) -> None:
        """Do nothing: no label teaches what is unusual."""

    def metrics(self) -> dict[str, float]:
        """Return rows by segment, the limits, and how far half-space trees agree.

        `challenger_overlap_ratio` is the share of rows that both would watch among those that
        either would; absent before either would watch any.
        """
        found = {"rows": float(self._overall.rows)}
        found |= {f"rows_{name}": float(each.rows) for name, each in self._segments.items()}
        if self._overall.rows >= LEAST_ROWS:
            found["watch_from"] = self._overall.limit(WATCH_FROM)
            found["alert_from"] = self._overall.limit(ALERT_FROM)
        counts = self._counts
        either = counts["watched"] + counts["beside"] - counts["both"]
        if either:
            found["challenger_overlap_ratio"] = counts["both"] / either
        return found

    def snapshot_body(self, at_ms: int, canary: Canary) -> dict[str, Any] | None:
        """Return the limits, or none before there are 400 rows."""
        del at_ms, canary
        if self._overall.rows < LEAST_ROWS:
            return None
        return {
            "format": FORMAT,
            "features": list(PROFILE_FEATURES),
            "overall": _limits(self._overall),
            "segments": {
                name: _limits(quantiles)
                for name, quantiles in self._segments.items()
                if quantiles.rows >= LEAST_ROWS_OF_SEGMENT
            },
        }

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "overall": self._overall.to_data(),
            "segments": {name: each.to_data() for name, each in self._segments.items()},
            "beside": self._beside.to_data(),
            "trees": self._trees.to_data(),
            "counts": dict(self._counts),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit."""
        head = cls()
        head._overall = Quantiles(data["overall"])
        head._segments = {name: Quantiles(data["segments"].get(name, ())) for name in SEGMENTS}
        head._beside = Quantiles(data["beside"])
        head._trees = HalfSpaceTrees.from_data(data["trees"])
        head._counts = dict(data["counts"])
        return head

    def _compare(self, score: float, z_hex: str | None) -> None:
        """Score with the trees, count who would be watched by either, then let the trees learn."""
        if z_hex is None or len(z_hex) != 8 * len(PROFILE_FEATURES):
            return
        z = np.frombuffer(bytes.fromhex(z_hex), dtype="<f4").astype(np.float64).tolist()
        beside = self._trees.score(z)
        if self._beside.rows >= LEAST_ROWS:
            watched = score >= self._overall.limit(WATCH_FROM)
            also = beside >= self._beside.limit(WATCH_FROM)
            self._counts["rows"] += 1
            self._counts["watched"] += watched
            self._counts["beside"] += also
            self._counts["both"] += watched and also
        if beside > 0.0:
            self._beside.add(beside)
        self._trees.learn(z)


def _limits(quantiles: Quantiles) -> list[str]:
    return [quantiles.limit(share).hex() for share in (WATCH_FROM, ALERT_FROM)]
