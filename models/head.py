"""One label's learner: champion and challenger, their measures, and the rows still open."""

import heapq
from collections import Counter
from typing import Any, Self

from contracts.examples import Example
from models.errors import RowError
from models.labels import LabelPolicy
from models.linear import LinearLearner
from models.open_rows import MAX_OPEN_ROWS, OpenRow, OpenRows
from models.progress import Progress
from models.river_challenger import RiverChallenger
from models.rows import RowSchema

POSITIVES_TO_CALIBRATE = 200
"""Matured positives before a calibration ratio means anything: its error is then about 7 %."""

CALIBRATED_FROM, CALIBRATED_TO = 0.8, 1.25
"""Mean predicted over observed that counts as calibrated."""


class Head:
    """Learns one label under its policy (see `models.labels`).

    An example is applied at most once by (row, status): an `opened` behind the newest of its
    partition, a second `positive`, `closed` or `revised`, or one whose row is gone, changes
    nothing but `counts`.

    Args:
        policy: The label, and when it teaches.
        schema: The features of its rows.
        max_open_rows: Open rows kept at most; beyond half of it, a sample teaches.
    """

    def __init__(
        self, policy: LabelPolicy, schema: RowSchema, *, max_open_rows: int = MAX_OPEN_ROWS
    ) -> None:
        self.policy = policy
        self.schema = schema
        self.champion = LinearLearner(schema.names, prior=policy.prior, warmup=policy.warmup)
        self.challenger = RiverChallenger(schema.names, prior=policy.prior)
        self.progress = Progress()
        self.challenger_progress = Progress()
        self.learned = 0
        self.positives = 0
        self.steps = 0
        self.counts: Counter[str] = Counter()
        self._rows = OpenRows(limit=max_open_rows)
        self._due: list[tuple[int, str]] = []
        self._newest_opened: dict[int, tuple[int, int]] = {}

    @property
    def is_calibrated(self) -> bool:
        """Whether the scores may be read as probabilities."""
        ratio = self.progress.calibration_ratio()
        enough = self.progress.positives >= POSITIVES_TO_CALIBRATE
        return enough and ratio is not None and CALIBRATED_FROM <= ratio <= CALIBRATED_TO

    def apply(self, example: Example) -> None:
        """Apply one step in the life of one row."""
        match example.status:
            case "opened":
                self._open(example)
            case "positive":
                self._come_true(example.row_id)
            case "revised":
                self._take_back(example.row_id)
            case "closed":
                self._close(example.row_id)

    def advance(self, at_ms: int) -> None:
        """Make final what is known of rows whose horizon is over at `at_ms`."""
        while self._due and self._due[0][0] <= at_ms:
            _, row_id = heapq.heappop(self._due)
            row = self._rows.get(row_id)
            if row is not None and row.state != "open":
                self._settle(row_id, row, outcome=row.state == "positive")

    def metrics(self) -> dict[str, float]:
        """Return the measures of the champion, of the challenger, and the counts."""
        challenger = self.challenger_progress.measures()
        return {
            **self.progress.measures(),
            **{f"challenger_{name}": value for name, value in challenger.items()},
            **{f"examples_{name}": float(n) for name, n in sorted(self.counts.items())},
            "open_rows": float(len(self._rows)),
            "dropped_rows": float(self._rows.dropped),
            "refused_updates": float(self.champion.refused),
        }

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "schema_hash": self.schema.schema_hash,
            "champion": self.champion.to_data(),
            "challenger": self.challenger.to_data(),
            "progress": self.progress.to_data(),
            "challenger_progress": self.challenger_progress.to_data(),
            "learned": self.learned,
            "positives": self.positives,
            "steps": self.steps,
            "counts": dict(sorted(self.counts.items())),
            "rows": self._rows.to_data(),
            "newest_opened": {str(p): list(c) for p, c in sorted(self._newest_opened.items())},
        }

    @classmethod
    def from_data(cls, data: dict[str, Any], policy: LabelPolicy, schema: RowSchema) -> Self:
        """Return what `to_data` described, to the bit."""
        head = cls(policy, schema)
        head.champion = LinearLearner.from_data(data["champion"])
        head.challenger = RiverChallenger.from_data(data["challenger"])
        head.progress = Progress.from_data(data["progress"])
        head.challenger_progress = Progress.from_data(data["challenger_progress"])
        head.learned, head.positives, head.steps = (
            data["learned"], data["positives"], data["steps"],
        )  # fmt: skip
        head.counts = Counter(data["counts"])
        head._rows = OpenRows.from_data(data["rows"])
        head._due = head._rows.waiting(policy.horizon_ms)
        head._newest_opened = {int(p): (c[0], c[1]) for p, c in data["newest_opened"].items()}
        return head

    def _open(self, example: Example) -> None:
        place = (example.seq, example.ordinal)
        newest = self._newest_opened.get(example.partition, (-1, -1))
        if example.row_id in self._rows or place <= newest:
            self.counts["duplicates"] += 1
            return
        self._newest_opened[example.partition] = place
        if example.schema_hash != self.schema.schema_hash or example.row_hex is None:
            self.counts["unreadable"] += 1
            return
        try:
            row = self.schema.from_hex(example.row_hex)
        except RowError:
            self.counts["unreadable"] += 1
            return
        if not self._rows.has_room(example.row_id):
            return
        probability = self.champion.score_row(row)
        opened = OpenRow(
            row=row,
            opened_at_ms=example.at_ms,
            probability=probability,
            taught_probability=probability,
            challenger_probability=self.challenger.score_row(row),
        )
        self._rows.put(example.row_id, opened)
        self.counts["opened"] += 1
        if self.policy.kind == "fake_negative":
            self._teach(opened, y=False)

    def _come_true(self, row_id: str) -> None:
        row = self._find(row_id)
        if row is None:
            return
        if row.was_positive:
            self.counts["duplicates"] += 1
            return
        self._relabel(row, y=True)
        row.state, row.was_positive = "positive", True
        heapq.heappush(self._due, (row.opened_at_ms + self.policy.horizon_ms, row_id))
        self.counts["positive"] += 1

    def _take_back(self, row_id: str) -> None:
        row = self._find(row_id)
        if row is None:
            return
        if row.state != "positive":
            self.counts["duplicates"] += 1
            return
        self._relabel(row, y=False)
        row.state = "revised"
        self.counts["revised"] += 1

    def _close(self, row_id: str) -> None:
        row = self._find(row_id)
        if row is None:
            return
        if row.state == "positive":
            self.counts["duplicates"] += 1
            return
        self._settle(row_id, row, outcome=False)
        self.counts["closed"] += 1

    def _find(self, row_id: str) -> OpenRow | None:
        row = self._rows.get(row_id)
        if row is None:
            self.counts["without_row"] += 1
        return row

    def _settle(self, row_id: str, row: OpenRow, *, outcome: bool) -> None:
        self.progress.add(row.probability, outcome=outcome)
        self.challenger_progress.add(row.challenger_probability, outcome=outcome)
        if self.policy.kind == "wait":
            self._teach(row, y=outcome)
        self._rows.remove(row_id)

    def _teach(self, row: OpenRow, *, y: bool) -> None:
        row.taught_probability = self.champion.learn_row(row.row, y)
        self.challenger.learn_row(row.row, y)
        self.learned += 1
        self.positives += y
        self.steps += 1

    def _relabel(self, row: OpenRow, *, y: bool) -> None:
        """Replace the step that stands by one with the other label."""
        if self.policy.kind == "wait":
            return
        self.champion.undo_row(row.row, not y, row.taught_probability)
        self.challenger.undo_row(row.row, not y, row.challenger_probability)
        self.learned -= 1
        self.positives -= not y
        self._teach(row, y=y)
