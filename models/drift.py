"""ADWIN: the mean of a stream over the longest window in which it has not changed."""

from typing import Any, Self

import numpy as np

from models.kernels import log

_MAX_BUCKETS = 5
_CLOCK = 32
_GRACE = 10
_LEAST = 5
_Bucket = tuple[float, float]


class Adwin:
    """Keeps a window of values whose mean has not changed, and says when it drops older ones.

    The window is a list of rows of buckets; a bucket of row i stands for 2**i values by their sum
    and their squared deviations, so 1,000,000 values take about 100 buckets. Every 32 values each
    cut into an older and a newer part is tested; if their means differ by more than chance allows,
    the oldest bucket goes, until no cut differs.

    River's ADWIN keeps the window inside its compiled part, from where it cannot be read as data,
    and takes logarithms from the C library; a learner that must resume to the bit can use neither.
    The first change is found at the same value as by River's (a test compares them). After it River
    starts with an empty window; here the newer part stays, as in the paper.

    Args:
        delta: Chance of a false change, per test.

    Source:
        Bifet, Gavaldà (2007), "Learning from Time-Changing Data with Adaptive Windowing", SDM.

    >>> adwin = Adwin()
    >>> found = [i for i in range(2_000) if adwin.add(float(i >= 1_000)) == "up"]
    >>> found[0] - 1_000, round(adwin.mean, 2)
    (23, 1.0)
    """

    def __init__(self, *, delta: float = 0.002) -> None:
        self.delta = delta
        self.changes = 0
        self.width = 0
        self._ticks = 0
        self._total = 0.0
        self._squares = 0.0
        self._rows: list[list[_Bucket]] = [[]]

    @property
    def mean(self) -> float:
        """Mean over the window; 0 before the first value."""
        return self._total / self.width if self.width else 0.0

    def add(self, value: float) -> str | None:
        """Take one value; return "up" or "down" if the mean has changed, else None."""
        if self.width:
            gap = value - self._total / self.width
            self._squares += self.width * gap * gap / (self.width + 1)
        self._rows[0].append((value, 0.0))
        self.width += 1
        self._total += value
        self._compress()
        self._ticks += 1
        if self._ticks % _CLOCK or self.width <= _GRACE:
            return None
        before, changed = self.mean, False
        while self._differs_somewhere():
            self._drop_oldest()
            changed = True
        if not changed:
            return None
        self.changes += 1
        return "up" if self.mean > before else "down"

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "delta": self.delta.hex(),
            "changes": self.changes,
            "width": self.width,
            "ticks": self._ticks,
            "total": self._total.hex(),
            "squares": self._squares.hex(),
            "rows": [[[total.hex(), s.hex()] for total, s in row] for row in self._rows],
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit."""
        adwin = cls(delta=float.fromhex(data["delta"]))
        adwin.changes, adwin.width, adwin._ticks = data["changes"], data["width"], data["ticks"]
        adwin._total, adwin._squares = float.fromhex(data["total"]), float.fromhex(data["squares"])
        adwin._rows = [
            [(float.fromhex(total), float.fromhex(squares)) for total, squares in row]
            for row in data["rows"]
        ]
        return adwin

    def _compress(self) -> None:
        for i in range(len(self._rows)):
            row = self._rows[i]
            if len(row) <= _MAX_BUCKETS:
                return
            (total_a, squares_a), (total_b, squares_b) = row[:2]
            del row[:2]
            size = 1 << i
            gap = total_a / size - total_b / size
            squares = squares_a + squares_b + size * size * gap * gap / (2 * size)
            if i + 1 == len(self._rows):
                self._rows.append([])
            self._rows[i + 1].append((total_a + total_b, squares))

    def _differs_somewhere(self) -> bool:
        older, older_total = 0, 0.0
        # ln of twice ln of the width over delta: 2 ln(width) tests of one window (the paper, 4.1).
        confidence = log(2.0 * log(float(self.width)) / self.delta)
        variance = self._squares / self.width
        for i in range(len(self._rows) - 1, -1, -1):
            for total, _ in self._rows[i]:
                older += 1 << i
                older_total += total
                newer = self.width - older
                if newer < _LEAST:
                    return False
                if older < _LEAST:
                    continue
                share = 1.0 / (older - _LEAST + 1) + 1.0 / (newer - _LEAST + 1)
                root = float(np.sqrt(2.0 * share * variance * confidence))
                gap = abs(older_total / older - (self._total - older_total) / newer)
                if gap > root + 2.0 / 3.0 * confidence * share:
                    return True
        return False

    def _drop_oldest(self) -> None:
        size = 1 << (len(self._rows) - 1)
        total, squares = self._rows[-1].pop(0)
        if not self._rows[-1]:
            self._rows.pop()
        self.width -= size
        self._total -= total
        gap = total / size - self._total / self.width
        self._squares -= squares + size * self.width * gap * gap / (size + self.width)
        self._squares = max(self._squares, 0.0)
