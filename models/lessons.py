"""What a part of the learner is taught: rows that open, and labels as they become known."""

from typing import Any, Protocol

from contracts.examples import Example, LabelName, RowKind
from contracts.model_names import ModelName
from models.canary import Canary
from models.open_rows import OpenRow


class LearnsRows(Protocol):
    """One head of the learner: of a label, of the effect of a contact, of what is unusual.

    The learner keeps the rows, finds duplicates and waits for horizons; a head hears each thing
    once. Numbers that it must find again when a row's label comes (its scores at opening) are kept
    with the row: `opened` sets `row.numbers[head.name]`, a list of float64 whose length never
    changes, or `row.scores[head.name]` of float32; a head that sets no numbers is not told of the
    row's labels.
    Whatever decides a weight is in `to_data`, so that a resumed head is the same one to the bit.
    """

    @property
    def name(self) -> ModelName:
        """What its snapshots are called."""
        ...

    @property
    def steps(self) -> int:
        """How many lessons it has taken, ever: a snapshot is worth taking after enough of them."""
        ...

    def listens(self, kind: RowKind, labels: tuple[LabelName, ...]) -> bool:
        """Whether rows of this kind, which wait for these labels, are its business."""
        ...

    def opened(self, row: OpenRow, example: Example) -> None:
        """Take a row that was scored just now; nothing is known of its labels."""
        ...

    def told(self, row: OpenRow, label: LabelName, *, outcome: bool) -> None:
        """Hear of a label before its horizon: it came true, or (False) that was taken back."""
        ...

    def settled(self, row: OpenRow, label: LabelName, *, outcome: bool) -> None:
        """Hear the final outcome at the full horizon, in the order of decision."""
        ...

    def metrics(self) -> dict[str, float]:
        """Return its measures, as snapshots carry them."""
        ...

    def snapshot_body(self, at_ms: int, canary: Canary) -> dict[str, Any] | None:
        """Return what serves from now on, as plain data, or none before there is anything.

        A head that scores rows holds a new body against the last one on the canary's rows.
        """
        ...

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data; `from_data(data)` is its inverse."""
        ...
