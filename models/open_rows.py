"""Rows that wait for labels, shared by all heads: bounded, in the order of opening, and compact."""

import base64
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

import numpy as np

from contracts.examples import LabelName, RowKind
from contracts.ids import unit_interval
from models.kernels import F64, I16
from models.rows import Row

Codes = tuple[I16, F64]
_NO_CODES: Codes = (np.empty(0, dtype=np.int16), np.empty(0))
State = Literal["open", "positive", "revised"]
_STATES: tuple[State, ...] = ("open", "positive", "revised")
_ABSENT = "-"
_KINDS: tuple[RowKind, ...] = get_args(RowKind)
_TREATED = (None, False, True)

LIMITS: Mapping[RowKind, int] = {"week": 4_000, "contact": 1_500, "loan": 1_500}
"""Rows kept of each kind; a full checkpoint stays below the 8 MB that the topic takes."""


@dataclass(slots=True)
class OpenRow:
    """A row that was scored, and what is known of each label that still waits.

    Args:
        row: The features as they were scored.
        opened_at_ms: When it was opened.
        kind: What it is about.
        customer: A hash of the customer (32 bits), to resample by customer.
        treated: Of a contact: whether the customer was contacted, or held out.
        selection_prob_micro: How likely that was, in millionths; 0 where nothing was chosen.
        anomaly: How unusual the customer was, NaN where nobody said.
        states: Each label that is not final, and what is known of it.
        numbers: What each head keeps with the row, exactly (see `models.lessons`).
        scores: What each head keeps with the row and only measures; float32 is enough for that.
        codes: Bins and z-scores of the row (`models.encoding`); derived, and not stored.
    """

    row: Row
    opened_at_ms: int
    kind: RowKind = "week"
    customer: int = 0
    treated: bool | None = None
    selection_prob_micro: int = 0
    anomaly: float = float("nan")
    states: dict[LabelName, State] = field(default_factory=dict)
    numbers: dict[str, list[float]] = field(default_factory=dict)
    scores: dict[str, list[float]] = field(default_factory=dict)
    codes: Codes = _NO_CODES


class OpenRows:
    """Open rows by id, at most so many of each kind; of more, a sample of the new ones is kept.

    A row that is kept stays until its last label is final. To drop the oldest for the newest would
    leave early negatives whose positives come too late to find them: beyond a few thousand
    customers the learner would hear of hardly any success. So up to half the limit every row is
    kept, and from there on fewer and fewer, by a hash of the id; the rest are counted in `dropped`.

    >>> rows = OpenRows(limits={"week": 2, "contact": 2, "loan": 2})
    >>> for row_id in ("r-1", "r-2", "r-3"):
    ...     if rows.has_room("week", row_id):
    ...         rows.put(row_id, OpenRow(np.zeros(1, dtype=np.float32), 0))
    >>> "r-1" in rows, len(rows), rows.dropped["week"]
    (True, 2, 1)
    """

    def __init__(self, *, limits: Mapping[RowKind, int] = LIMITS) -> None:
        self.limits = dict(limits)
        self.dropped: Counter[str] = Counter()
        self._rows: dict[str, OpenRow] = {}
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row_id: str) -> bool:
        return row_id in self._rows

    def __iter__(self) -> Iterator[tuple[str, OpenRow]]:
        return iter(self._rows.items())

    def get(self, row_id: str) -> OpenRow | None:
        """Return the open row of this id, if there is one."""
        return self._rows.get(row_id)

    def has_room(self, kind: RowKind, row_id: str) -> bool:
        """Say whether a new row is to be kept; one that is not is counted."""
        limit = self.limits[kind]
        free_share = (limit - self._held[kind]) / limit
        if unit_interval("open-row", row_id) < 2 * free_share:
            return True
        self.dropped[kind] += 1
        return False

    def put(self, row_id: str, row: OpenRow) -> None:
        """Keep a new row, for which there is room."""
        self._rows[row_id] = row
        self._held[row.kind] += 1

    def remove(self, row_id: str) -> None:
        """Forget a row whose last label is final."""
        self._held[self._rows.pop(row_id).kind] -= 1

    def to_data(self) -> dict[str, Any]:
        """Return all rows as JSON data, column by column: a third of the size of row by row."""
        rows = list(self._rows.values())
        labels = sorted({label for row in rows for label in row.states})
        return {
            "limits": self.limits,
            "dropped": dict(sorted(self.dropped.items())),
            "ids": "\n".join(self._rows),
            "rows": _text(np.array([row.row for row in rows], dtype="<f4")),
            "opened_at_ms": _text(np.array([row.opened_at_ms for row in rows], dtype="<i8")),
            "kinds": "".join(str(_KINDS.index(row.kind)) for row in rows),
            "customers": _text(np.array([row.customer for row in rows], dtype="<u4")),
            "treated": "".join(str(_TREATED.index(row.treated)) for row in rows),
            "selection": _text(np.array([r.selection_prob_micro for r in rows], dtype="<u4")),
            "anomalies": _text(np.array([row.anomaly for row in rows], dtype="<f8")),
            "states": {label: "".join(_digit(row, label) for row in rows) for label in labels},
            "numbers": _by_head([row.numbers for row in rows], "<f8"),
            "scores": _by_head([row.scores for row in rows], "<f4"),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any], encode: Callable[[Row], Codes]) -> Self:
        """Return what `to_data` described, in the same order; `encode` gives each row its codes."""
        rows = cls(limits=data["limits"])
        rows.dropped = Counter(data["dropped"])
        ids = data["ids"].split("\n") if data["ids"] else []
        count = len(ids)
        matrix = _array(data["rows"], "<f4").astype(np.float32)
        matrix = matrix.reshape(count, -1 if count else 0)
        opened = _array(data["opened_at_ms"], "<i8").tolist()
        customers = _array(data["customers"], "<u4").tolist()
        selection = _array(data["selection"], "<u4").tolist()
        anomalies = _array(data["anomalies"], "<f8").tolist()
        for i, row_id in enumerate(ids):
            row = OpenRow(
                matrix[i].copy(),
                opened[i],
                codes=encode(matrix[i]),
                kind=_KINDS[int(data["kinds"][i])],
                customer=customers[i],
                treated=_TREATED[int(data["treated"][i])],
                selection_prob_micro=selection[i],
                anomaly=anomalies[i],
                states={
                    label: _STATES[int(digits[i])]
                    for label, digits in data["states"].items()
                    if digits[i] != _ABSENT
                },
            )
            rows.put(row_id, row)
        for head, place, numbers in _in(data["numbers"], "<f8"):
            rows._rows[ids[place]].numbers[head] = numbers
        for head, place, numbers in _in(data["scores"], "<f4"):
            rows._rows[ids[place]].scores[head] = numbers
        return rows


def _digit(row: OpenRow, label: LabelName) -> str:
    state = row.states.get(label)
    return _ABSENT if state is None else str(_STATES.index(state))


def _by_head(rows: list[dict[str, list[float]]], dtype: str) -> dict[str, dict[str, str]]:
    return {
        head: {
            "present": "".join("1" if head in kept else "0" for kept in rows),
            "values": _text(np.array([kept[head] for kept in rows if head in kept], dtype=dtype)),
        }
        for head in sorted({head for kept in rows for head in kept})
    }


def _in(data: dict[str, dict[str, str]], dtype: str) -> Iterator[tuple[str, int, list[float]]]:
    for head, kept in data.items():
        present = [place for place, digit in enumerate(kept["present"]) if digit == "1"]
        values = _array(kept["values"], dtype).reshape(len(present), -1).tolist()
        for place, numbers in zip(present, values, strict=True):
            yield head, place, numbers


def _text(array: Any) -> str:  # Any: an array of any of the types above
    return base64.b64encode(array.tobytes()).decode()


def _array(text: str, dtype: str) -> Any:  # Any: an array of that type
    return np.frombuffer(base64.b64decode(text), dtype=dtype)
