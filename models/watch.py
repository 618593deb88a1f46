"""The watch over one head: what serves, how well, what is wrong, and who is to serve instead."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contracts.model_orders import ModelOrder
from contracts.model_reports import EventKind
from models.canary import Canary
from models.champion import Champion
from models.diary import Diary
from models.drift import Adwin
from models.errors import SnapshotError
from models.last_good import Body
from models.leak_alarm import LeakAlarm
from models.measures import log_loss_of
from models.orders import PEOPLE, ScorerOf, Standing, body_ordered, people_behind
from models.promotion import POSITIVES_NEEDED, Verdict, judge

__all__ = ["ScorerOf", "Settled", "Standing", "Watch"]

_ORDERS_KEPT = 200
_DONE: Mapping[str, EventKind] = {
    "promote": "promoted",
    "rollback": "rolled_back",
    "freeze": "frozen",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A row whose label is final, with the scores that it had when it was opened (NaN: none).

    Args:
        outcome: Whether the label came true.
        opened_at_ms: When it was opened and scored.
        scores: Of each line.
        served: What the decision saw.
        last_good: Of the body `champion.last_good`, if there was one.
        bins: Of the head's features; None while the bins are not fixed.
    """

    outcome: bool
    opened_at_ms: int
    scores: Mapping[str, float]
    served: float
    last_good: float
    bins: NDArray[np.int16] | None


class Watch:
    """Watches the lines of one head and decides which of them serves.

    The champion changes in four ways, all of them noted in the diary:

    - a line is promoted by the rule of `models.promotion`;
    - it is rolled back to the last good body, when that is shown to be better;
    - people order it (`obey`);
    - a snapshot that its canary refuses does not serve; what served before serves on, until the
      line is shown to be better than that. A line with fewer than 200 matured positives may still
      move as it likes, as long as its scores are numbers: nobody takes it for calibrated yet.

    Rows come in decision order, at their full horizon: a loss that falls only because negatives
    mature later than positives would look like drift.

    Args:
        names: The head's features, in the order of its bins.
        lines: The head's lines; each may challenge.
        champion: The line that serves first, or None.
        is_risk: Nothing is promoted by itself, and a line that is promoted serves frozen.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        lines: Sequence[str],
        champion: str | None = "main",
        is_risk: bool = False,
    ) -> None:
        self.names = tuple(names)
        self.is_risk = is_risk
        self.champion = Champion(lines, champion)
        self.diary = Diary()
        self.drift = Adwin()
        self.leaks = LeakAlarm(self.names)
        self.wants_snapshot = False
        self._suspected: set[str] = set()
        self._orders: list[str] = []

    def settled(self, row: Settled) -> None:
        """Take one matured row, in decision order."""
        if row.bins is not None:
            self.leaks.add(row.bins, outcome=row.outcome)
        score = row.served
        if math.isnan(score) and self.champion.line is not None:
            score = row.scores.get(self.champion.line, math.nan)
        if math.isnan(score):
            return
        if self.drift.add(log_loss_of(np.array([score]), [row.outcome])) == "up":
            about = (
                f"log loss of what served rose to {self.drift.mean:.4f} on rows opened until then"
            )
            self.diary.note(row.opened_at_ms, "drift", about)
        self.champion.add(
            score=score,
            last_good=row.last_good,
            challengers=row.scores,
            outcome=row.outcome,
            opened_at_ms=row.opened_at_ms,
        )

    def serve(
        self, at_ms: int, lines: Mapping[str, Standing], *, canary: Canary, scorer_of: ScorerOf
    ) -> Body | None:
        """Return the body that is to serve from now on, or None before there is one.

        Args:
            at_ms: When the snapshot is taken.
            lines: All lines of the head.
            canary: The rows that a new body is held against.
            scorer_of: Makes a scorer of a body; raises SnapshotError for one that cannot score.
        """
        champion = self.champion
        self.wants_snapshot = False
        self._note_leaks(at_ms)
        if not champion.is_locked:
            self._change_by_itself(at_ms, lines, canary, scorer_of)
        body = champion.frozen
        if body is None and champion.line is not None:
            body = lines[champion.line].body()
        if body is None:
            return champion.served
        before = None if champion.may_jump or self._is_young(lines) else champion.served
        refused = _refusal(before, body, canary, scorer_of)
        if refused is not None and self._has_outdone_what_serves():
            refused = _refusal(None, body, canary, scorer_of)
            if refused is None:
                champion.crown(
                    at_ms, line=champion.line, frozen=None, approved_by=champion.approved_by
                )
                about = f"{champion.line} as it is now: shown to be better than what it was"
                self.diary.note(at_ms, "promoted", about)
        if refused is not None:
            self.diary.note(at_ms, "snapshot_refused", refused)
            return champion.served
        champion.serves(at_ms, body)
        return body

    def verdict(self, line: str, standing: Standing) -> Verdict:
        """Say whether a line would take over by itself, and by which conditions."""
        return judge(
            contest=self.champion.contests[line],
            progress=standing.progress,
            same_bits=standing.same_bits,
            is_risk=self.is_risk,
            is_frozen=self.champion.is_locked,
        )

    def obey(
        self,
        order: ModelOrder,
        lines: Mapping[str, Standing],
        *,
        scorer_of: ScorerOf,
        at_ms: int | None = None,
    ) -> None:
        """Do what people ordered, once by the order's id; a refusal is noted with its reason.

        Args:
            order: What they ordered.
            lines: All lines of the head.
            scorer_of: Makes a scorer of a body; raises SnapshotError for one that cannot score.
            at_ms: The time of the rows, which may be long before that of the order; rows opened
                before it were scored by another champion. None: the order's own.
        """
        if order.order_id in self._orders:
            return
        self._orders = [*self._orders, order.order_id][-_ORDERS_KEPT:]
        self.wants_snapshot = True
        who = " and ".join(order.people)
        body, refused = body_ordered(order, self.champion, lines, scorer_of, is_risk=self.is_risk)
        if body is None:
            about = f"{order.order} by {who} ({order.reason}): {refused}"
            self.diary.note(order.at_ms, "order_refused", about)
            return
        champion = self.champion
        champion.is_locked = order.order == "freeze"
        since_ms = order.at_ms if at_ms is None else at_ms
        people = people_behind(order, champion, body)
        if order.order == "promote" and order.line is not None and not self.is_risk:
            champion.crown(since_ms, line=order.line, frozen=None, approved_by=people)
        else:
            champion.crown(since_ms, line=None, frozen=body, approved_by=people)
        champion.may_jump = True
        what = order.line or (order.snapshot.model_id if order.snapshot else "what was good")
        about = f"{what}, by order of {who}: {order.reason}"
        self.diary.note(order.at_ms, _DONE[order.order], about)

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "champion": self.champion.to_data(),
            "diary": self.diary.to_data(),
            "drift": self.drift.to_data(),
            "leaks": self.leaks.to_data(),
            "wants_snapshot": self.wants_snapshot,
            "suspected": sorted(self._suspected),
            "orders": list(self._orders),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any], *, is_risk: bool) -> Self:
        """Return what `to_data` described, to the bit."""
        champion = Champion.from_data(data["champion"])
        watch = cls(data["leaks"]["names"], lines=champion.lines, is_risk=is_risk)
        watch.champion = champion
        watch.diary = Diary.from_data(data["diary"])
        watch.drift = Adwin.from_data(data["drift"])
        watch.leaks = LeakAlarm.from_data(data["leaks"])
        watch.wants_snapshot = data["wants_snapshot"]
        watch._suspected, watch._orders = set(data["suspected"]), list(data["orders"])
        return watch

    def _change_by_itself(
        self, at_ms: int, lines: Mapping[str, Standing], canary: Canary, scorer_of: ScorerOf
    ) -> None:
        champion = self.champion
        good = champion.last_good
        people = champion.approvers_of(None if good is None else good.body)
        is_allowed = not self.is_risk or len(set(people)) >= PEOPLE
        if good is not None and good.should_serve and is_allowed:
            champion.crown(at_ms, line=None, frozen=good.body, approved_by=people)
            champion.may_jump = True
            self.diary.note(at_ms, "rolled_back", "the last good snapshot was shown to be better")
            return
        champion.outgrow(at_ms)
        for line, contest in champion.challengers.items():
            told = line in champion.told_of
            if contest.is_won and not lines[line].same_bits and not told:
                self.diary.note(at_ms, "shadow_better", f"{line} predicts better; it never serves")
                champion.told_of = (*champion.told_of, line)
            if self.verdict(line, lines[line]).promote:
                self._promote(at_ms, line, lines[line].body(), canary, scorer_of)
                return

    def _promote(
        self, at_ms: int, line: str, body: Body | None, canary: Canary, scorer_of: ScorerOf
    ) -> None:
        contest = self.champion.contests[line]
        refused: str | None = "it has no snapshot yet"
        if body is not None:
            refused = _refusal(None, body, canary, scorer_of)
        if refused is not None:
            self.diary.note(at_ms, "snapshot_refused", f"{line} is not promoted: {refused}")
            return
        self.champion.crown(at_ms, line=line, frozen=None)
        self.champion.may_jump = True
        about = f"{line}: evidence {contest.most:.2f} of {contest.needed:.2f} needed"
        self.diary.note(at_ms, "promoted", f"{about}, after {contest.rows} rows")

    def _is_young(self, lines: Mapping[str, Standing]) -> bool:
        line = self.champion.line
        return line is not None and lines[line].progress.positives < POSITIVES_NEEDED

    def _has_outdone_what_serves(self) -> bool:
        line = self.champion.line
        return line is not None and self.champion.contests[line].is_won

    def _note_leaks(self, at_ms: int) -> None:
        suspects = self.leaks.suspects()
        for name in sorted(set(suspects) - self._suspected):
            about = f"{name} alone ranks with an AUC of {suspects[name]:.3f}: is it known in time?"
            self.diary.note(at_ms, "leak_suspected", about)
        self._suspected = set(suspects)


def _refusal(before: Body | None, after: Body, canary: Canary, scorer_of: ScorerOf) -> str | None:
    """Return why `after` may not follow `before`, or None."""
    try:
        return canary.check(None if before is None else scorer_of(before), scorer_of(after)).refused
    except SnapshotError as error:
        return str(error)
