"""What every model that learns can do, ours and River's."""

from typing import Any, Protocol, Self, runtime_checkable

from models.rows import Row


@runtime_checkable
class OnlineModel(Protocol):
    """A binary classifier that learns row by row and can take one row back.

    `learn_row` and `undo_row` change the model; `score_row` never does.
    """

    def score_row(self, row: Row) -> float:
        """Return the probability of the label being true."""
        ...

    def learn_row(self, row: Row, y: bool, w: float = 1.0) -> float:  # noqa: FBT001 - River's order
        """Learn one labelled row; return the probability that it had just before."""
        ...

    def undo_row(self, row: Row, y: bool, probability: float) -> None:  # noqa: FBT001
        """Take back what `learn_row(row, y)` did when it returned `probability`."""
        ...

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        ...

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return the model that `to_data` described, to the bit."""
        ...
