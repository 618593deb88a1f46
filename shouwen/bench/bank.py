"""Logs of many customers, and streams taken into them by the batch: what is timed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from features import EMPTY, LOG_CAP, NAMES, PLAN, Step, update_and_read_many
from features.plan import Plan
from features.relations import Relations
from features.state import whole_row
from shouwen.bench.histories import Arrival

Rows = npt.NDArray[np.float64]
_NOBODY: Final = Relations()


@dataclass(slots=True)
class Bank:
    """The log of each customer. A log is a value: a copy of the dict is a bank of its own.

    Attributes:
        logs: By customer.
        plan: Which features are read off them.
        log_cap: Most records of one log.
        relations: By customer, where the features of relations are read too; most have none.

    >>> from shouwen.bench.histories import Traffic, arrivals
    >>> bank = Bank({})
    >>> rows = bank.take(arrivals(1, Traffic(days=2)))
    >>> rows.shape[0], list(bank.logs)
    (6, [1])
    """

    logs: dict[int, bytes]
    plan: Plan = PLAN
    log_cap: int = LOG_CAP
    relations: Mapping[int, Relations] | None = None

    def take(self, batch: Sequence[Arrival]) -> Rows:
        """Take a batch in, customer by customer; return the rows in that order."""
        steps: dict[int, list[Step]] = {}
        for customer, at_ms, events in batch:
            own = steps.get(customer)
            if own is None:
                steps[customer] = own = []
            own.append((events, at_ms))
        logs = [self.logs.get(customer, EMPTY) for customer in steps]
        new, rows = update_and_read_many(
            logs, list(steps.values()), plan=self.plan, log_cap=self.log_cap
        )
        self.logs.update(zip(steps, new, strict=True))
        return rows if self.relations is None else self._with_relations(rows, steps)

    def take_all(self, stream: Sequence[Arrival], *, batch: int) -> list[Rows]:
        """Take a stream in, so many events at once; return the rows of each batch."""
        return [self.take(stream[i : i + batch]) for i in range(0, len(stream), batch)]

    def copy(self) -> "Bank":
        """Return a bank that goes on from here by itself."""
        return replace(self, logs=dict(self.logs))

    def _with_relations(self, rows: Rows, steps: Mapping[int, Sequence[Step]]) -> Rows:
        """Append the features of relations; the engine has no other way to them than row by row."""
        relations = self.relations or {}
        whole = np.empty((len(rows), len(NAMES)), np.float64)
        at = 0
        for customer, own in steps.items():
            related = relations.get(customer, _NOBODY)
            for _, at_ms in own:
                whole[at] = whole_row(rows[at], related, at_ms)
                at += 1
        return whole


def by_arrival(rows: Rows, batch: Sequence[Arrival]) -> Rows:
    """Return the rows of a batch in the order of its events.

    >>> import numpy as np
    >>> batch = [Arrival(7, 0, ()), Arrival(9, 1, ()), Arrival(7, 2, ())]
    >>> by_arrival(np.array([[7.0], [7.2], [9.1]]), batch).ravel().tolist()
    [7.0, 9.1, 7.2]
    """
    first: dict[int, int] = {}
    for arrival in batch:
        first.setdefault(arrival.customer, len(first))
    taken = np.argsort([first[arrival.customer] for arrival in batch], kind="stable")
    ordered = np.empty_like(rows)
    ordered[taken] = rows
    return ordered
