"""Logs of many customers, and streams taken into them by the batch: what is timed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from features import EMPTY, LOG_CAP, PLAN, update_and_read_many
from features.plan import Plan
from features.relation_rows import add_relations_many
from features.relations import Relations
from features.state import WIDTH
from shouwen.bench.histories import Arrival

Rows = npt.NDArray[np.float64]


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
        """Take a batch in; return the rows in its order."""
        places: dict[int, int] = {}
        steps = [
            (places.setdefault(customer, len(places)), events, at_ms)
            for customer, at_ms, events in batch
        ]
        logs = [self.logs.get(customer, EMPTY) for customer in places]
        width = 0 if self.relations is None else WIDTH
        new, rows = update_and_read_many(
            logs, steps, plan=self.plan, log_cap=self.log_cap, width=width
        )
        self.logs.update(zip(places, new, strict=True))
        if self.relations is not None:
            self._add_relations(rows, batch, self.relations)
        return rows

    def take_all(self, stream: Sequence[Arrival], *, batch: int) -> list[Rows]:
        """Take a stream in, so many events at once; return the rows of each batch."""
        return [self.take(stream[i : i + batch]) for i in range(0, len(stream), batch)]

    def copy(self) -> "Bank":
        """Return a bank that goes on from here by itself."""
        return replace(self, logs=dict(self.logs))

    @staticmethod
    def _add_relations(
        rows: Rows, batch: Sequence[Arrival], relations: Mapping[int, Relations]
    ) -> None:
        """Fill in the features of relations of those who have any."""
        related = [
            (line, relations[arrival.customer], arrival.at_ms)
            for line, arrival in enumerate(batch)
            if arrival.customer in relations
        ]
        add_relations_many(rows, related)
