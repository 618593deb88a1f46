"""The models of one head that learn side by side: one may serve, the others are measured."""

from typing import Any, Protocol, Self

from models.encoding import Encoding
from models.features_of import FEATURES_OF, ROW
from models.labels import LabelPolicy
from models.linear import LinearLearner
from models.monotone import RISK_DIRECTIONS
from models.open_rows import OpenRow
from models.progress import Progress
from models.river_challenger import RiverChallenger
from models.river_tree import RiverTree
from models.rows import RowSchema

MAIN, FAST, RIVER, TREE = "main", "fast", "river", "tree"
LINES = (MAIN, FAST, RIVER, TREE)
MAIN_KEPT, FAST_KEPT = 0.9998, 0.998
"""How much a coordinate still counts of what it has seen: the last 5,000 steps, and the last 500.

Chosen on synthetic streams of 3 % and 15 % positives whose cause changes half way, and on the first
halves of two public ones. Right after the change the AUC is .02 and .035 above that of a learner
that never forgets (3 %; the fast one .08 at 15 %); without one it is at most .001 and .007 below.
"""
SHADOW_WINDOW_ROWS = 2_000

Body = dict[str, Any]


class Line(Protocol):
    """One model of a head, with its measures.

    Beside each open row it needs two numbers: the score at opening, which is what is measured, and
    the score before the step that stands now, which is what undo needs (NaN: no step stands).
    """

    progress: Progress
    same_bits: bool
    """Whether its arithmetic has the same bits everywhere; only then may it ever score."""

    def score(self, row: OpenRow) -> float:
        """Return what it says now of a row."""
        ...

    def teach(self, row: OpenRow, *, y: bool) -> float:
        """Take one step; return the score just before it."""
        ...

    def undo(self, row: OpenRow, *, y: bool, probability: float) -> None:
        """Take back the step that `teach` took when it returned `probability`."""
        ...

    def body(self) -> Body | None:
        """Return what scores, as plain data; none for a line that may never serve."""
        ...

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        ...


class LinearLine:
    """Our linear learner on the encoding that all heads share.

    Args:
        model: The learner.
        progress: Its measures.
        is_risk: Whether its snapshots are made monotone where the risk table says so.
    """

    same_bits = True

    def __init__(self, model: LinearLearner, progress: Progress, *, is_risk: bool) -> None:
        self.model = model
        self.progress = progress
        self._directions = RISK_DIRECTIONS if is_risk else {}

    def score(self, row: OpenRow) -> float:
        """Return what it says now of a row."""
        return self.model.score_encoded(*row.codes)

    def teach(self, row: OpenRow, *, y: bool) -> float:
        """Take one step; return the score just before it."""
        return self.model.learn_encoded(*row.codes, y)

    def undo(self, row: OpenRow, *, y: bool, probability: float) -> None:
        """Take back the step that `teach` took when it returned `probability`."""
        self.model.undo_encoded(*row.codes, y, probability)

    def body(self) -> Body | None:
        """Return what scores, as plain data."""
        return self.model.scoring_data(self._directions)

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data, without the encoding."""
        return {
            "model": self.model.to_data(with_encoding=False),
            "progress": self.progress.to_data(),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any], encoding: Encoding, *, is_risk: bool) -> Self:
        """Return what `to_data` described, to the bit."""
        model = LinearLearner.from_data(data["model"], encoding=encoding)
        return cls(model, Progress.from_data(data["progress"]), is_risk=is_risk)


class RiverLine:
    """A model of River, on the values themselves.

    Args:
        model: The challenger.
        progress: Its measures.
    """

    same_bits = False

    def __init__(self, model: RiverChallenger | RiverTree, progress: Progress) -> None:
        self.model = model
        self.progress = progress
        self._places = RowSchema(model.names).indices(ROW.names)

    def score(self, row: OpenRow) -> float:
        """Return what it says now of a row."""
        return self.model.score_row(row.row[self._places])

    def teach(self, row: OpenRow, *, y: bool) -> float:
        """Take one step; return the score just before it."""
        return self.model.learn_row(row.row[self._places], y)

    def undo(self, row: OpenRow, *, y: bool, probability: float) -> None:
        """Step back from `y` at today's weights."""
        self.model.undo_row(row.row[self._places], y, probability)

    def body(self) -> Body | None:
        """Return none: it never serves."""
        return None

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {"model": self.model.to_data(), "progress": self.progress.to_data()}

    @classmethod
    def from_data(cls, data: dict[str, Any], kind: type[RiverChallenger] | type[RiverTree]) -> Self:
        """Return what `to_data` described."""
        model = kind.from_data(data["model"])
        return cls(model, Progress.from_data(data["progress"]))


def new_lines(policy: LabelPolicy, encoding: Encoding) -> dict[str, Line]:
    """Return the lines of a label's head that has learnt nothing yet."""
    names, prior = FEATURES_OF[policy.label_name], policy.prior
    main = LinearLearner(names, prior=prior, kept_share=MAIN_KEPT, encoding=encoding)
    fast = LinearLearner(names, prior=prior, kept_share=FAST_KEPT, encoding=encoding)
    beside = SHADOW_WINDOW_ROWS
    return {
        MAIN: LinearLine(main, Progress(), is_risk=policy.is_risk),
        FAST: LinearLine(fast, Progress(window_rows=beside), is_risk=policy.is_risk),
        RIVER: RiverLine(RiverChallenger(names, prior=prior), Progress(window_rows=beside)),
        TREE: RiverLine(RiverTree(names, prior=prior), Progress(window_rows=beside)),
    }


def lines_in(data: dict[str, Any], policy: LabelPolicy, encoding: Encoding) -> dict[str, Line]:
    """Return the lines whose `to_data` is in `data`, by name."""
    return {
        MAIN: LinearLine.from_data(data[MAIN], encoding, is_risk=policy.is_risk),
        FAST: LinearLine.from_data(data[FAST], encoding, is_risk=policy.is_risk),
        RIVER: RiverLine.from_data(data[RIVER], RiverChallenger),
        TREE: RiverLine.from_data(data[TREE], RiverTree),
    }
