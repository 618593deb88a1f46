"""One label's learner: lines that learn side by side, measured, watched, and served by one."""

import math
from functools import partial
from typing import Any, Self

import numpy as np

from contracts.examples import Example, LabelName, RowKind
from contracts.model_orders import ModelOrder
from contracts.model_reports import ModelReport
from models.calibration import Calibration, LogOddsLine
from models.canary import Canary
from models.encoding import Encoding
from models.features_of import FEATURES_OF, ROW
from models.kernels import log
from models.labels import LabelPolicy
from models.lines import LINES, MAIN, RIVER, Body, Line, lines_in, new_lines
from models.open_rows import OpenRow
from models.progress import Progress
from models.promotion import is_calibrated
from models.reporting import report_of
from models.rows import RowSchema
from models.scorer import LinearScorer, checked_body
from models.watch import Settled, Standing, Watch

_SERVED = len(LINES)
"""Places among a row's scores: one per line, then what the decision saw, what the last good
snapshot says, and what the main line said before calibration."""
_LAST_GOOD, _RAW = _SERVED + 1, _SERVED + 2
SERVED_WINDOW_ROWS = 2_000
LEAST_KNOWN_SHARE = 0.25


class Head:
    """Learns one label under its policy (see `models.labels`).

    The learner tells it each thing once and in order (`models.lessons`). Every row is scored
    before it teaches, and measured at its horizon with the score that it had when it was opened.
    `watch` says which line serves. The main line's snapshots are calibrated on rows that have
    matured, but for those of the first horizon: their scores are of a head that had seen hardly any
    outcome, and it has corrected itself since.

    Args:
        policy: The label, the rows that it is learnt from, and when it teaches.
        encoding: Of the shared row.
        serves_unapproved: Whether a risk model serves as it learns, before people approved one.
    """

    def __init__(
        self, policy: LabelPolicy, encoding: Encoding, *, serves_unapproved: bool = False
    ) -> None:
        self.policy = policy
        self.lines = new_lines(policy, encoding)
        self.served = Progress(window_rows=SERVED_WINDOW_ROWS)
        self.calibration = Calibration()
        waits = policy.is_risk and not serves_unapproved
        self.watch = Watch(
            FEATURES_OF[policy.label_name],
            lines=LINES,
            champion=None if waits else MAIN,
            is_risk=policy.is_risk,
        )
        self.learned = 0
        self.positives = 0
        self.steps = 0
        self._places = RowSchema(FEATURES_OF[policy.label_name]).indices(ROW.names)
        self._first_ms: int | None = None
        self._fitted: LogOddsLine | None = None
        self._last_good: tuple[Body, LinearScorer] | None = None

    @property
    def name(self) -> LabelName:
        """The label."""
        return self.policy.label_name

    @property
    def progress(self) -> Progress:
        """The measures of the main line, calibrated as its snapshots are."""
        return self.lines[MAIN].progress

    @property
    def is_calibrated(self) -> bool:
        """Whether what serves may be read as probabilities."""
        return is_calibrated(self.served) or is_calibrated(self.progress)

    @property
    def approved_by(self) -> tuple[str, ...]:
        """Who let what serves now serve."""
        champion = self.watch.champion
        return champion.approvers_of(champion.served)

    def listens(self, kind: RowKind, labels: tuple[LabelName, ...]) -> bool:
        """Whether rows of this kind, with these labels, teach this head."""
        return kind == self.policy.row_kind and self.name in labels

    def opened(self, row: OpenRow, example: Example) -> None:
        """Score a new row; under `fake_negative` it teaches "no" at once."""
        if self._first_ms is None:
            self._first_ms = row.opened_at_ms
        scores = [line.score(row) for line in self.lines.values()]
        raw, served = scores[0], example.scores.get(self.name)
        if self._fitted is not None:
            scores[0] = self._fitted.calibrated(raw)
        good = self._last_good_scorer()
        scores += [
            math.nan if served is None else float.fromhex(served),
            math.nan if good is None else good.score(row.row),
            raw,
        ]
        row.scores[self.name] = np.array(scores, dtype=np.float32).tolist()
        row.numbers[self.name] = [math.nan] * len(LINES)
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
        scores, at_ms = row.scores[self.name], row.opened_at_ms
        for score, line in zip(scores, self.lines.values(), strict=False):
            line.progress.add(score, outcome=outcome, opened_at_ms=at_ms)
        if not math.isnan(scores[_SERVED]):
            self.served.add(scores[_SERVED], outcome=outcome, opened_at_ms=at_ms)
        if self._first_ms is not None and at_ms >= self._first_ms + self.policy.horizon_ms:
            self.calibration.add(scores[_RAW], outcome=outcome)
        self.watch.settled(
            Settled(
                outcome=outcome,
                opened_at_ms=at_ms,
                scores=dict(zip(self.lines, scores, strict=False)),
                served=scores[_SERVED],
                last_good=scores[_LAST_GOOD],
                bins=row.codes[0][self._places],
            )
        )
        if math.isnan(row.numbers[self.name][0]):
            self._teach(row, y=outcome)

    def obey(self, order: ModelOrder, *, at_ms: int) -> None:
        """Do what people ordered of this model, at a time of the rows."""
        self.watch.obey(order, self._standings(), scorer_of=self._scorer, at_ms=at_ms)

    def snapshot_body(self, at_ms: int, canary: Canary) -> Body | None:
        """Return what serves from now on, or none before there is something good enough."""
        self._fitted = self.calibration.line() or self._first_horizon_line(at_ms)
        standings = self._standings()
        return self.watch.serve(at_ms, standings, canary=canary, scorer_of=self._scorer)

    def candidate_body(self) -> Body | None:
        """Return what the main line knows now, for people to approve."""
        return self._body(MAIN, self.lines[MAIN])

    def metrics(self) -> dict[str, float]:
        """Return the measures of the main line, of the lines beside it, and of what was served."""
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
        }

    def report(self, psi: dict[str, float], *, frozen_id: str | None) -> ModelReport:
        """Return what people read about this model."""
        return report_of(
            self.name,
            self.watch,
            self._standings(),
            served=self.served,
            psi=psi,
            frozen_id=frozen_id,
        )

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "lines": {name: line.to_data() for name, line in self.lines.items()},
            "served": self.served.to_data(),
            "calibration": self.calibration.to_data(),
            "first_ms": self._first_ms,
            "fitted": None if self._fitted is None else self._fitted.to_data(),
            "watch": self.watch.to_data(),
            "learned": self.learned,
            "positives": self.positives,
            "steps": self.steps,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any], policy: LabelPolicy, encoding: Encoding) -> Self:
        """Return what `to_data` described, to the bit."""
        head = cls(policy, encoding)
        head.lines = lines_in(data["lines"], policy, encoding)
        head.served = Progress.from_data(data["served"])
        head.calibration = Calibration.from_data(data["calibration"])
        head._first_ms, fitted = data["first_ms"], data["fitted"]
        head._fitted = None if fitted is None else LogOddsLine.from_data(fitted)
        head.watch = Watch.from_data(data["watch"], is_risk=policy.is_risk)
        head.learned, head.positives, head.steps = (
            data["learned"], data["positives"], data["steps"],
        )  # fmt: skip
        return head

    def _teach(self, row: OpenRow, *, y: bool) -> None:
        numbers = row.numbers[self.name]
        for place, line in enumerate(self.lines.values()):
            numbers[place] = line.teach(row, y=y)
        self.learned += 1
        self.positives += y
        self.steps += 1

    def _undo(self, row: OpenRow, *, y: bool) -> None:
        """Take back the step that stands, if one does."""
        numbers = row.numbers[self.name]
        if math.isnan(numbers[0]):
            return
        for probability, line in zip(numbers, self.lines.values(), strict=True):
            line.undo(row, y=y, probability=probability)
        self.learned -= 1
        self.positives -= y

    def _standings(self) -> dict[str, Standing]:
        return {
            name: Standing(
                progress=line.progress,
                same_bits=line.same_bits,
                body=partial(self._body, name, line),
            )
            for name, line in self.lines.items()
        }

    def _body(self, name: str, line: Line) -> Body | None:
        """Return a line's snapshot: calibrated where that was fitted to it."""
        if self.learned < self.policy.warmup:
            return None
        body = line.body()
        if body is not None and name == MAIN and self._fitted is not None:
            body["calibration"] = self._fitted.to_data()
        return body

    def _first_horizon_line(self, at_ms: int) -> LogOddsLine | None:
        """Return what makes up for positives that cannot be known yet, in the first horizon.

        Until then every row teaches "no", and only those that came true soon have been corrected.
        Spread evenly over the horizon, a share of them as large as the share of it that has passed
        would be known; so much too low are the odds. Four times is the most that is made up for.
        """
        if self.policy.kind != "fake_negative" or self._first_ms is None:
            return None
        passed = (at_ms - self._first_ms) / self.policy.horizon_ms
        if passed >= 1.0:
            return None
        return LogOddsLine(shift=-log(max(passed, LEAST_KNOWN_SHARE)))

    def _scorer(self, body: Body) -> LinearScorer:
        """Return the scorer of a body of this head.

        Raises:
            SnapshotError: it reads other features, or holds a number that is none.
        """
        return checked_body(self.name, f"{self.name}:canary", body)

    def _last_good_scorer(self) -> LinearScorer | None:
        good = self.watch.champion.last_good
        if good is None:
            return None
        if self._last_good is None or self._last_good[0] is not good.body:
            self._last_good = (good.body, self._scorer(good.body))
        return self._last_good[1]
