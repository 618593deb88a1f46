"""The learner's head for the effect of a contact: taught by trials when their month is over."""

from typing import Any, Literal, Self

from contracts.examples import Example, LabelName, RowKind
from models.canary import Canary
from models.canonical import sha256_of
from models.chances import Chances
from models.effect_regression import EffectRegression
from models.encoding import Encoding
from models.open_rows import OpenRow
from models.qini import Qini
from models.scorer import model_id_of
from models.uplift import UpliftLearner
from models.uplift_scorer import UpliftScorer

LABEL: LabelName = "drawn_30d"
LEAST_ROWS = 100
"""Matured rows in each arm before a snapshot is worth its bytes; a strategy asks for more."""

Body = dict[str, Any]


class UpliftHead:
    """Learns what a contact changes, from contacts that chance alone decided on.

    A row is scored when it is opened and teaches once, when its 30 days are over, whatever it
    became: a label that is still unknown looks like "no" in both arms, and twice a too small
    chance is a too small difference. A row without a probability teaches nothing here.

    Beside the T-learner, whose snapshots serve, a regression of the effect learns as a
    challenger; both are measured by the Qini of the scores that they gave when the row was opened.

    Args:
        encoding: Of the shared row.
    """

    name: Literal["uplift_30d"] = "uplift_30d"
    width = 3

    def __init__(self, encoding: Encoding) -> None:
        self.learner = UpliftLearner(encoding)
        self.challenger = EffectRegression(len(encoding.names))
        self.qini = Qini()
        self.challenger_qini = Qini()
        self.steps = 0
        self.refused_snapshots = 0
        self._last_good: Body | None = None

    @property
    def positives(self) -> int:
        """Rows of either arm that came true."""
        return sum(self.qini.positives)

    def listens(self, kind: RowKind, labels: tuple[LabelName, ...]) -> bool:
        """Whether rows of this kind, with these labels, teach this head."""
        return kind == "contact" and LABEL in labels

    def opened(self, row: OpenRow, example: Example) -> None:
        """Score a new row, if chance decided on its contact."""
        del example
        if row.treated is None or row.selection_prob_micro == 0:
            return
        chances = self.learner.score(*row.codes)
        challenger = float(self.challenger.score_micro(row.codes[1]))
        row.numbers[self.name] = [chances.contacted, chances.left_alone, challenger]

    def told(self, row: OpenRow, label: LabelName, *, outcome: bool) -> None:
        """Wait: a label teaches when its time is over."""

    def settled(self, row: OpenRow, label: LabelName, *, outcome: bool) -> None:
        """Measure a row at its horizon with the scores it was given, then learn it."""
        if label != LABEL or row.treated is None:
            return
        contacted, left_alone, challenger_micro = row.numbers[self.name]
        then = Chances(contacted, left_alone)
        prob_micro = row.selection_prob_micro
        for qini, score_micro in (
            (self.qini, then.uplift_micro),
            (self.challenger_qini, int(challenger_micro)),
        ):
            qini.add(
                score_micro,
                treated=row.treated,
                prob_micro=prob_micro,
                outcome=outcome,
                customer=row.customer,
            )
        bins, z = row.codes
        before = self.learner.learn(
            bins, z, outcome=outcome, treated=row.treated, prob_micro=prob_micro
        )
        self.challenger.learn(
            z, before, treated=row.treated, outcome=outcome, prob_micro=prob_micro
        )
        self.steps += 1

    def metrics(self) -> dict[str, float]:
        """Return the Qini and the effect with their intervals, of the model and the challenger."""
        beside = self.challenger_qini.qini()
        return {
            **self.qini.measures(),
            **({} if beside is None else {"challenger_qini": beside.value}),
            "refused_updates": float(self.learner.refused),
            "refused_snapshots": float(self.refused_snapshots),
        }

    def snapshot_body(self, at_ms: int, canary: Canary) -> Body | None:
        """Return what serves from now on, or none before both arms have enough rows.

        A body that is not finite or moves the canary's rows too far in either arm is refused and
        counted; the last good one stays.
        """
        del at_ms
        if min(self.learner.learned) < LEAST_ROWS:
            return None
        body = self.learner.scoring_data()
        new, old = self._scorer(body), self._scorer(self._last_good)
        before = (None, None) if old is None else old.arms
        checks = [] if new is None else list(zip(before, new.arms, strict=True))
        if not new or not new.is_finite() or any(canary.check(a, b).refused for a, b in checks):
            self.refused_snapshots += 1
        else:
            self._last_good = body
        return self._last_good

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "learner": self.learner.to_data(),
            "challenger": self.challenger.to_data(),
            "qini": self.qini.to_data(),
            "challenger_qini": self.challenger_qini.to_data(),
            "steps": self.steps,
            "refused_snapshots": self.refused_snapshots,
            "last_good": self._last_good,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any], *, encoding: Encoding) -> Self:
        """Return what `to_data` described, to the bit."""
        head = cls(encoding)
        head.learner = UpliftLearner.from_data(data["learner"], encoding=encoding)
        head.challenger = EffectRegression.from_data(data["challenger"])
        head.qini = Qini.from_data(data["qini"])
        head.challenger_qini = Qini.from_data(data["challenger_qini"])
        head.steps, head.refused_snapshots = data["steps"], data["refused_snapshots"]
        head._last_good = data["last_good"]
        return head

    def _scorer(self, body: Body | None) -> UpliftScorer | None:
        if body is None:
            return None
        model_id = model_id_of(self.name, sha256_of(body))
        return UpliftScorer(model_id, body, evidence=min(body["learned"].values()))
