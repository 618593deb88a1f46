"""The first rows of a learner: they fix the encoding, and what they teach waits until then."""

import json
from typing import Any, Self

import numpy as np

from contracts.examples import Example
from contracts.model_orders import ModelOrder
from models.errors import RowError
from models.features_of import ROW
from models.rows import Row

NEEDED = 200
"""Rows that fix the encoding: 12 or 13 in each of its sixteen bins."""

TELLING = 16
"""Features that have to tell rows apart before the encoding is fixed."""

_VALUES = 8
_FIT_ON_MOST = 400
_LOOK_EVERY = 20

_MOST = 2_000


class FirstRows:
    """Keeps examples and orders in the order in which they came until enough rows are there.

    Two hundred rows are enough if at least sixteen features take eight or more values in them. In a
    deployment that began with its history, they do. In one that began empty, the first rows are all
    alike, since no window holds anything yet: bins made of them would tell nobody apart, ever, and
    each of the features would only move the bias. There the encoding waits until the windows have
    filled a little, or for two thousand rows, and is made of the newest four hundred.

    Rows that this version cannot read do not count and are not kept. Of outcomes whose row is not
    there, at most as many wait as two thousand messages have room for: then they are dropped.

    >>> first = FirstRows()
    >>> len(first), first.is_enough
    (0, False)
    """

    def __init__(self) -> None:
        self.needed = NEEDED
        self._rows: dict[str, Row] = {}
        self._waiting: list[Example | ModelOrder] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def is_enough(self) -> bool:
        """Whether the encoding can be fixed."""
        count = len(self._rows)
        if count < self.needed or (count - self.needed) % _LOOK_EVERY:
            return False
        return count >= _MOST or _telling(self.rows()) >= TELLING

    def rows(self) -> Row:
        """Return the rows (N, F) to make the encoding of: the newest, in the order of opening."""
        return np.stack(list(self._rows.values())[-_FIT_ON_MOST:])

    def put(self, example: Example) -> None:
        """Keep an example."""
        if example.status == "opened":
            row = _readable(example)
            if row is None:
                return
            self._rows.setdefault(example.row_id, row)
        self._waiting.append(example)
        if len(self._waiting) > _MOST:
            self._waiting = [
                message
                for message in self._waiting
                if isinstance(message, ModelOrder) or message.row_id in self._rows
            ]

    def put_order(self, order: ModelOrder) -> None:
        """Keep an order."""
        self._waiting.append(order)

    def take(self) -> list[Example | ModelOrder]:
        """Return all that waits, in order, and keep nothing."""
        waiting, self._waiting, self._rows = self._waiting, [], {}
        return waiting

    def to_data(self) -> list[dict[str, Any]]:
        """Return what waits as JSON data."""
        return [
            message.model_dump(mode="json", exclude_defaults=True)
            | {"event_type": message.event_type}
            for message in self._waiting
        ]

    @classmethod
    def from_data(cls, data: list[dict[str, Any]]) -> Self:
        """Return what `to_data` described."""
        first = cls()
        for raw in data:
            if raw["event_type"] == "example":
                first.put(Example.model_validate_json(json.dumps(raw)))
            else:
                first.put_order(ModelOrder.model_validate_json(json.dumps(raw)))
        return first


def _telling(rows: Row) -> int:
    """Return how many features take at least eight values."""
    return sum(len(np.unique(column[~np.isnan(column)])) >= _VALUES for column in rows.T)


def _readable(example: Example) -> Row | None:
    if example.schema_hash != ROW.schema_hash or example.row_hex is None:
        return None
    try:
        return ROW.from_hex(example.row_hex)
    except RowError:
        return None
