"""The models of one head that learn side by side: one may serve, the others are measured."""

from collections.abc import Callable, Mapping
from typing import Any

from models.features_of import FEATURES_OF, ROW
from models.labels import LabelPolicy
from models.linear import LinearLearner
from models.online import OnlineModel
from models.progress import Progress
from models.river_challenger import RiverChallenger
from models.rows import Row, RowSchema

MAIN, FAST, RIVER = "main", "fast", "river"
SERVABLE = frozenset({MAIN, FAST})
"""Lines whose arithmetic has the same bits everywhere; only those may ever score."""

FAST_ALPHA = 0.12
SHADOW_WINDOW_ROWS = 2_000

_Make = Callable[[tuple[str, ...], LabelPolicy], OnlineModel]


def _main(names: tuple[str, ...], policy: LabelPolicy) -> OnlineModel:
    return LinearLearner(names, prior=policy.prior, warmup=policy.warmup)


def _fast(names: tuple[str, ...], policy: LabelPolicy) -> OnlineModel:
    return LinearLearner(names, alpha=FAST_ALPHA, prior=policy.prior, warmup=policy.warmup)


def _river(names: tuple[str, ...], policy: LabelPolicy) -> OnlineModel:
    return RiverChallenger(names, prior=policy.prior)


_MAKES: Mapping[str, _Make] = {MAIN: _main, FAST: _fast, RIVER: _river}
_FROM_DATA: Mapping[str, Callable[[dict[str, Any]], OnlineModel]] = {
    MAIN: LinearLearner.from_data,
    FAST: LinearLearner.from_data,
    RIVER: RiverChallenger.from_data,
}


class Line:
    """One model of a head, with its measures.

    It reads its own features out of the shared row. Beside each open row it needs two numbers: the
    score at opening, which is what is measured, and the score before the step that stands now,
    which is what undo needs (NaN: no step stands).

    Args:
        name: Which line.
        policy: Of the head's label.
    """

    def __init__(self, name: str, policy: LabelPolicy) -> None:
        names = FEATURES_OF[policy.label_name]
        self.name = name
        self.model = _MAKES[name](names, policy)
        self.progress = Progress() if name == MAIN else Progress(window_rows=SHADOW_WINDOW_ROWS)
        self._places = RowSchema(names).indices(ROW.names)

    def score(self, row: Row) -> float:
        """Return what it says now of a shared row."""
        return self.model.score_row(row[self._places])

    def teach(self, row: Row, *, y: bool) -> float:
        """Take one step; return the score just before it."""
        return self.model.learn_row(row[self._places], y)

    def undo(self, row: Row, *, y: bool, probability: float) -> None:
        """Take back the step that `teach` took when it returned `probability`."""
        self.model.undo_row(row[self._places], y, probability)

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {"model": self.model.to_data(), "progress": self.progress.to_data()}

    @classmethod
    def from_data(cls, data: dict[str, Any], name: str, policy: LabelPolicy) -> "Line":
        """Return what `to_data` described, to the bit."""
        line = cls(name, policy)
        line.model = _FROM_DATA[name](data["model"])
        line.progress = Progress.from_data(data["progress"])
        return line
