"""The life of shared rows: opened once, told about each label, and final at its horizon."""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from contracts.examples import Example, LabelName, RowKind
from contracts.ids import unit_interval
from models.arrivals import Arrivals
from models.encoding import Encoding
from models.errors import RowError
from models.features_of import ROW
from models.labels import POLICIES
from models.lessons import LearnsRows
from models.open_rows import LIMITS, OpenRow, OpenRows

_CUSTOMERS = 1 << 32
Seen = Callable[[str, OpenRow], None]


class RowLife:
    """Takes examples in any number and order, and tells each head each thing once.

    (row, label, status) is applied at most once: a second `positive`, `closed` or `revised`, an
    opening that was seen, or an outcome of a row that is gone changes no weight, only `counts`. A
    label that came true keeps its row until its horizon, since it may be taken back, and because
    measures are taken there, in the order of decision.

    Args:
        heads: Who is told, in this order.
        encoding: Gives each row its codes, once.
        limits: Rows kept of each kind.
        seen: Is told of every new row.
    """

    def __init__(
        self,
        heads: Sequence[LearnsRows],
        encoding: Encoding,
        *,
        limits: Mapping[RowKind, int] = LIMITS,
        seen: Seen = lambda _row_id, _row: None,
    ) -> None:
        self.heads = heads
        self._seen = seen
        self.encoding = encoding
        self.rows = OpenRows(limits=limits)
        self.counts: dict[str, Counter[str]] = {name: Counter() for name in POLICIES}
        self._arrivals = Arrivals()
        self._due: list[tuple[int, str, LabelName]] = []

    def apply(self, example: Example) -> None:
        """Apply one step in the life of one row."""
        if example.status == "opened":
            self._open(example)
            return
        row = self.rows.get(example.row_id)
        if row is not None:
            self._tell(example, row)
        elif not self._arrivals.keep_early(example):
            self._count(example, "duplicates")

    def advance(self, at_ms: int) -> None:
        """Make final what is known of labels whose horizon is over at `at_ms`."""
        while self._due and self._due[0][0] <= at_ms:
            _, row_id, label = heapq.heappop(self._due)
            row = self.rows.get(row_id)
            state = None if row is None else row.states.get(label)
            if row is not None and state is not None and state != "open":
                self._settle(row_id, row, label, outcome=state == "positive")
        for example in self._arrivals.give_up(at_ms):
            self._count(example, "without_row")

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "rows": self.rows.to_data(),
            "arrivals": self._arrivals.to_data(),
            "counts": {
                label: dict(sorted(counts.items())) for label, counts in self.counts.items()
            },
        }

    @classmethod
    def from_data(
        cls,
        data: dict[str, Any],
        heads: Sequence[LearnsRows],
        encoding: Encoding,
        *,
        seen: Seen = lambda _row_id, _row: None,
    ) -> Self:
        """Return what `to_data` described, to the bit."""
        life = cls(heads, encoding, seen=seen)
        life.rows = OpenRows.from_data(data["rows"], encoding.encode)
        life._arrivals = Arrivals.from_data(data["arrivals"])
        life.counts = {name: Counter(data["counts"].get(name, {})) for name in POLICIES}
        life._due = sorted(
            (_due_ms(row, label), row_id, label)
            for row_id, row in life.rows
            for label, state in row.states.items()
            if state != "open"
        )
        return life

    def _open(self, example: Example) -> None:
        if example.row_id in self.rows or not self._arrivals.is_new(example):
            self._count(example, "duplicates")
            return
        if example.schema_hash != ROW.schema_hash or example.row_hex is None:
            self._count(example, "unreadable")
            return
        try:
            values = ROW.from_hex(example.row_hex)
        except RowError:
            self._count(example, "unreadable")
            return
        early = self._arrivals.take_early(example.row_id)
        if not self.rows.has_room(example.row_kind, example.row_id):
            return
        row = OpenRow(
            row=values,
            codes=self.encoding.encode(values),
            opened_at_ms=example.at_ms,
            kind=example.row_kind,
            customer=int(unit_interval("customer", example.subject_id) * _CUSTOMERS),
            treated=example.treated,
            selection_prob_micro=example.selection_prob_micro or 0,
            states=dict.fromkeys(example.labels, "open"),
        )
        if example.anomaly_hex is not None:
            row.anomaly = float.fromhex(example.anomaly_hex)
        self.rows.put(example.row_id, row)
        self._seen(example.row_id, row)
        self._count(example, "opened")
        for head in self.heads:
            if head.listens(row.kind, example.labels):
                head.opened(row, example)
        for outcome in early:
            self._tell(outcome, row)

    def _tell(self, example: Example, row: OpenRow) -> None:
        label, status = example.label, example.status
        state = row.states.get(label)
        if status == "revised" and state == "open" and self._arrivals.keep_early(example):
            return  # it overtook what it takes back
        wanted = "positive" if status == "revised" else "open"
        if state != wanted:
            self._count(example, "duplicates")
            return
        self._count(example, status)
        match status:
            case "positive" | "revised":
                row.states[label] = status
                if status == "positive":
                    heapq.heappush(self._due, (_due_ms(row, label), example.row_id, label))
                for head in self._listeners(row, label):
                    head.told(row, label, outcome=status == "positive")
                for overtaken in self._arrivals.take_early(example.row_id):
                    self._tell(overtaken, row)
            case "closed":
                self._settle(example.row_id, row, label, outcome=False)
            case "void":
                self._forget(example.row_id, row, label)
            case "opened":
                raise ValueError(f"{example.row_id} is open, and cannot be told to open")

    def _settle(self, row_id: str, row: OpenRow, label: LabelName, *, outcome: bool) -> None:
        for head in self._listeners(row, label):
            head.settled(row, label, outcome=outcome)
        self._forget(row_id, row, label)

    def _forget(self, row_id: str, row: OpenRow, label: LabelName) -> None:
        del row.states[label]
        if not row.states:
            self.rows.remove(row_id)

    def _listeners(self, row: OpenRow, label: LabelName) -> list[LearnsRows]:
        return [
            head
            for head in self.heads
            if head.name in row.numbers and head.listens(row.kind, (label,))
        ]

    def _count(self, example: Example, what: str) -> None:
        for label in example.labels:
            self.counts[label][what] += 1


def _due_ms(row: OpenRow, label: LabelName) -> int:
    return row.opened_at_ms + POLICIES[label].horizon_ms
