"""Rows whose label is not final yet: bounded, in the order of opening, and stored compactly."""

import base64
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from contracts.ids import unit_interval
from models.rows import Row

State = Literal["open", "positive", "revised"]
_STATES: tuple[State, ...] = ("open", "positive", "revised")

MAX_OPEN_ROWS = 12_000
"""Rows kept per label; a checkpoint of two full labels stays below 6 MB of the topic's 8 MB."""


@dataclass(slots=True)
class OpenRow:
    """A row that was scored and may still come true.

    Args:
        row: The features as they were scored.
        opened_at_ms: When it was opened.
        probability: The learner's score at that time: what is measured.
        taught_probability: The score before the step that stands now: what undo needs.
        challenger_probability: The challenger's score at opening.
        state: What is known so far.
        was_positive: Whether a `positive` was ever applied: a second one is a duplicate.
    """

    row: Row
    opened_at_ms: int
    probability: float
    taught_probability: float
    challenger_probability: float
    state: State = "open"
    was_positive: bool = False


class OpenRows:
    """At most `limit` open rows by id; where they get many, a sample of the new ones is kept.

    A row that is kept stays until its label is final. To drop the oldest for the newest would
    leave early negatives whose positives come too late to find them: beyond a few thousand
    customers the learner would hear of hardly any success. So up to half the limit every row is
    kept, and from there on fewer and fewer, by a hash of the id; the rest are counted in `dropped`.

    >>> rows = OpenRows(limit=2)
    >>> a_row = OpenRow(np.zeros(1, dtype=np.float32), 0, 0.5, 0.5, 0.5)
    >>> for row_id in ("r-1", "r-2", "r-3"):
    ...     if rows.has_room(row_id):
    ...         rows.put(row_id, a_row)
    >>> "r-1" in rows, len(rows), rows.dropped
    (True, 2, 1)
    """

    def __init__(self, *, limit: int = MAX_OPEN_ROWS) -> None:
        self.limit = limit
        self.dropped = 0
        self._rows: dict[str, OpenRow] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row_id: str) -> bool:
        return row_id in self._rows

    def get(self, row_id: str) -> OpenRow | None:
        """Return the open row of this id, if there is one."""
        return self._rows.get(row_id)

    def has_room(self, row_id: str) -> bool:
        """Say whether a new row is to be kept; one that is not is counted."""
        free_share = (self.limit - len(self._rows)) / self.limit
        if unit_interval("open-row", row_id) < 2 * free_share:
            return True
        self.dropped += 1
        return False

    def put(self, row_id: str, row: OpenRow) -> None:
        """Keep a new row, for which there is room."""
        self._rows[row_id] = row

    def remove(self, row_id: str) -> None:
        """Forget a row whose label is final."""
        del self._rows[row_id]

    def waiting(self, horizon_ms: int) -> list[tuple[int, str]]:
        """Return (due, id) of the rows whose outcome is known and waits for the horizon."""
        return sorted(
            (row.opened_at_ms + horizon_ms, row_id)
            for row_id, row in self._rows.items()
            if row.state != "open"
        )

    def to_data(self) -> dict[str, Any]:
        """Return all rows as JSON data, column by column: a third of the size of row by row."""
        rows = list(self._rows.values())
        matrix = np.array([row.row for row in rows], dtype="<f4")
        numbers = [
            (row.probability, row.taught_probability, row.challenger_probability) for row in rows
        ]
        return {
            "limit": self.limit,
            "dropped": self.dropped,
            "ids": "\n".join(self._rows),
            "rows": _text(matrix.tobytes()),
            "opened_at_ms": _text(np.array([r.opened_at_ms for r in rows], dtype="<i8").tobytes()),
            "probabilities": _text(np.array(numbers, dtype="<f8").tobytes()),
            "states": "".join(str(_STATES.index(row.state)) for row in rows),
            "were_positive": "".join("1" if row.was_positive else "0" for row in rows),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, in the same order."""
        rows = cls(limit=data["limit"])
        rows.dropped = data["dropped"]
        ids = data["ids"].split("\n") if data["ids"] else []
        count = len(ids)
        matrix = np.frombuffer(base64.b64decode(data["rows"]), dtype="<f4")
        matrix = matrix.astype(np.float32).reshape(count, -1 if count else 0)
        opened = np.frombuffer(base64.b64decode(data["opened_at_ms"]), dtype="<i8").tolist()
        numbers = np.frombuffer(base64.b64decode(data["probabilities"]), dtype="<f8")
        triples = numbers.reshape(count, 3).tolist()
        for i, row_id in enumerate(ids):
            rows._rows[row_id] = OpenRow(
                matrix[i].copy(),
                opened[i],
                triples[i][0],
                triples[i][1],
                triples[i][2],
                state=_STATES[int(data["states"][i])],
                was_positive=data["were_positive"][i] == "1",
            )
        return rows


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
