"""Rows that wait until there are enough of them to fix the bins."""

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import RowError
from models.rows import Row


class Warmup:
    """Rows, each with the gradient that it had when it came, in the order in which they came.

    >>> waiting = Warmup()
    >>> waiting.put(np.array([1.0], dtype=np.float32), 0.5)
    >>> waiting.rows().tolist(), waiting.gradients
    ([[1.0]], [0.5])
    """

    def __init__(self) -> None:
        self._held: list[tuple[bytes, float]] = []

    def __len__(self) -> int:
        return len(self._held)

    @property
    def gradients(self) -> list[float]:
        """The gradient of each row."""
        return [gradient for _, gradient in self._held]

    def rows(self) -> NDArray[np.float32]:
        """Return the rows as a matrix."""
        return np.stack([np.frombuffer(row, dtype=np.float32) for row, _ in self._held])

    def put(self, row: Row, gradient: float) -> None:
        """Let a row wait."""
        self._held.append((row.tobytes(), gradient))

    def take_back(self, row: Row, gradient: float) -> None:
        """Forget a row.

        Raises:
            RowError: no such row waits with this gradient.
        """
        step = (row.tobytes(), gradient)
        if step not in self._held:
            raise RowError(
                "LinearLearner.undo_row needs a row that was learnt with this label and "
                f"probability; got one whose gradient is {gradient!r}, which is not among the "
                f"{len(self._held)} that wait for the bins. Pass what learn_row returned."
            )
        self._held.remove(step)

    def grow(self, more: int) -> None:
        """Let rows have features that nobody knew when they came."""
        missing = np.full(more, math.nan, dtype=np.float32).tobytes()
        self._held = [(row + missing, gradient) for row, gradient in self._held]

    def to_data(self) -> list[list[str]]:
        """Return all of it as JSON data."""
        return [[row.hex(), gradient.hex()] for row, gradient in self._held]

    @classmethod
    def from_data(cls, data: list[list[Any]]) -> Self:
        """Return what `to_data` described, to the bit."""
        waiting = cls()
        waiting._held = [(bytes.fromhex(row), float.fromhex(gradient)) for row, gradient in data]
        return waiting
