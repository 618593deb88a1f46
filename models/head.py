"""One label's learner: lines that learn side by side, and their measures."""

import math
from typing import Any, Self

from contracts.examples import Example, LabelName, RowKind
from models.labels import LabelPolicy
from models.linear import LinearLearner
from models.lines import FAST, MAIN, RIVER, Line
from models.open_rows import OpenRow
from models.progress import Progress

POSITIVES_TO_CALIBRATE = 200
"""Matured positives before a calibration ratio means anything: its error is then about 7 %."""

CALIBRATED_FROM, CALIBRATED_TO = 0.8, 1.25
"""Mean predicted over observed that counts as calibrated."""

LINES = (MAIN, FAST, RIVER)
_SERVED = 2 * len(LINES)
"""Place, among a row's numbers, of the score that the decision saw; before it two per line."""


class Head:
    """Learns one label under its policy (see `models.labels`).

    The learner tells it each thing once and in order (`models.lessons`). Every row is scored
    before it teaches, and measured at its horizon with the score that it had when it was opened.

    Args:
        policy: The label, the rows that it is learnt from, and when it teaches.
    """

    width = _SERVED + 1

    def __init__(self, policy: LabelPolicy) -> None:
        self.policy = policy
        self.lines = {name: Line(name, policy) for name in LINES}
        self.served = Progress()
        self.learned = 0
        self.positives = 0
        self.steps = 0

    @property
    def name(self) -> LabelName:
        """The label."""
        return self.policy.label_name

    @property
    def progress(self) -> Progress:
        """The measures of the line that serves."""
        return self.lines[MAIN].progress

    @property
    def champion(self) -> LinearLearner:
        """The line that serves."""
        model = self.lines[MAIN].model
        if not isinstance(model, LinearLearner):
            raise TypeError(f"head {self.name} needs a linear line to serve; got {type(model)}")
        return model

    @property
    def is_calibrated(self) -> bool:
        """Whether the scores may be read as probabilities."""
        ratio = self.progress.calibration_ratio()
        enough = self.progress.positives >= POSITIVES_TO_CALIBRATE
        return enough and ratio is not None and CALIBRATED_FROM <= ratio <= CALIBRATED_TO

    def listens(self, kind: RowKind, labels: tuple[LabelName, ...]) -> bool:
        """Whether rows of this kind, with these labels, teach this head."""
        return kind == self.policy.row_kind and self.name in labels

    def opened(self, row: OpenRow, example: Example) -> None:
        """Score a new row; under `fake_negative` it teaches "no" at once."""
        numbers = [math.nan] * self.width
        for place, line in enumerate(self.lines.values()):
            numbers[2 * place] = line.score(row.row)
        served = example.scores.get(self.name)
        numbers[_SERVED] = math.nan if served is None else float.fromhex(served)
        row.numbers[self.name] = numbers
        if self.policy.kind == "fake_negative":
            self._teach(row, y=False)

    def told(self, row: OpenRow, label: LabelName, *, outcome: bool) -> None:
        """Let a label that came true, or was taken back, teach as the policy says."""
        del label
        if self.policy.kind == "wait":
            return
        self._undo(row, y=not outcome)
        self._teach(row, y=outcome)

    def settled(self, row: OpenRow, label: LabelName, *, outcome: bool) -> None:
        """Measure a row at its horizon; teach it now if it has not taught yet."""
        del label
        numbers = row.numbers[self.name]
        for place, line in enumerate(self.lines.values()):
            line.progress.add(numbers[2 * place], outcome=outcome, opened_at_ms=row.opened_at_ms)
        if not math.isnan(numbers[_SERVED]):
            self.served.add(numbers[_SERVED], outcome=outcome, opened_at_ms=row.opened_at_ms)
        if math.isnan(numbers[1]):
            self._teach(row, y=outcome)

    def metrics(self) -> dict[str, float]:
        """Return the measures of what serves, of the lines beside it, and of what was served."""
        beside = {
            f"{'challenger' if name == RIVER else name}_{what}": value
            for name, line in self.lines.items()
            if name != MAIN
            for what, value in line.progress.measures().items()
        }
        return {
            **self.progress.measures(),
            **beside,
            **{f"served_{what}": value for what, value in self.served.measures().items()},
            "refused_updates": float(self.champion.refused),
        }

    def snapshot_body(self) -> dict[str, Any] | None:
        """Return what scores, or none while the bins are not fixed."""
        return self.champion.scoring_data() if self.champion.is_ready else None

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "lines": {name: line.to_data() for name, line in self.lines.items()},
            "served": self.served.to_data(),
            "learned": self.learned,
            "positives": self.positives,
            "steps": self.steps,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any], policy: LabelPolicy) -> Self:
        """Return what `to_data` described, to the bit."""
        head = cls(policy)
        for name in LINES:
            head.lines[name] = Line.from_data(data["lines"][name], name, policy)
        head.served = Progress.from_data(data["served"])
        head.learned, head.positives, head.steps = (
            data["learned"], data["positives"], data["steps"],
        )  # fmt: skip
        return head

    def _teach(self, row: OpenRow, *, y: bool) -> None:
        numbers = row.numbers[self.name]
        for place, line in enumerate(self.lines.values()):
            numbers[2 * place + 1] = line.teach(row.row, y=y)
        self.learned += 1
        self.positives += y
        self.steps += 1

    def _undo(self, row: OpenRow, *, y: bool) -> None:
        """Take back the step that stands, if one does."""
        numbers = row.numbers[self.name]
        if math.isnan(numbers[1]):
            return
        for place, line in enumerate(self.lines.values()):
            line.undo(row.row, y=y, probability=numbers[2 * place + 1])
        self.learned -= 1
        self.positives -= y
