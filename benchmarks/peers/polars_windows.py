"""Polars: one expression per window, one group-by per batch over its customers' stored events.

A customer's events are kept as a frame. The events of a batch are joined with the frames of their
customers, so that each is seen as of its own place in the order.
"""

from collections.abc import Sequence

import polars as pl

from benchmarks.peers.harness import Event, Window, main

COLUMNS = ("customer", "place", "at", "kind", "amount")


class PolarsWindows:
    """Every window of every customer."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.expressions = [_expression(window) for window in windows]
        self.longest_ms = max(window.window_ms for window in windows)
        self.schema = dict.fromkeys(COLUMNS, pl.Int64)
        self.history: dict[int, pl.DataFrame] = {}
        self.seen = 0

    def warm(self, events: Sequence[Event]) -> None:
        """Take a history in, as far back as the longest window sees."""
        frame = self._frame(events)
        last = max((event.at_ms for event in events), default=0)
        self._store(frame.filter(pl.col("at") > last - self.longest_ms))

    def take(self, events: Sequence[Event]) -> list[tuple[float, ...]]:
        """Take a batch in; return every window as of each event."""
        first = self.seen
        frame = self._frame(events)
        self._store(frame)
        asked = pl.DataFrame(
            {
                "customer": [event.customer for event in events],
                "asked": range(first, first + len(events)),
                "now": [event.at_ms for event in events],
            },
            schema={"customer": pl.Int64, "asked": pl.Int64, "now": pl.Int64},
        )
        none = pl.DataFrame(schema=self.schema)
        stored = pl.concat(
            [self.history.get(customer, none) for customer in {event.customer for event in events}]
        )
        rows = (
            asked.join(stored, on="customer", how="left")
            .group_by("asked", maintain_order=True)
            .agg(self.expressions)
            .drop("asked")
        )
        return rows.cast(pl.Float64).rows()

    def _frame(self, events: Sequence[Event]) -> pl.DataFrame:
        rows = [
            (event.customer, self.seen + i, event.at_ms, kind, amount)
            for i, event in enumerate(events)
            for kind, amount in event.lines
        ]
        self.seen += len(events)
        return pl.DataFrame(rows, schema=self.schema, orient="row")

    def _store(self, frame: pl.DataFrame) -> None:
        for own in frame.partition_by("customer", maintain_order=True):
            customer = int(own["customer"][0])
            known = self.history.get(customer)
            self.history[customer] = own if known is None else pl.concat([known, own])


def _expression(window: Window) -> pl.Expr:
    seen = (
        pl.col("kind").is_in(window.kinds)
        & (pl.col("place") <= pl.col("asked"))
        & (pl.col("at") > pl.col("now") - window.window_ms)
        & (pl.col("at") <= pl.col("now"))
    )
    value = pl.col("amount").filter(seen).sum() if window.aggregation == "sum" else seen.sum()
    return value.alias(window.name)


if __name__ == "__main__":
    main(PolarsWindows)
