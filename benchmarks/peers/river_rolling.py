"""River's own time windows: `utils.TimeRolling` over `stats.Sum`, one per customer and window.

A count is a sum of ones: `stats.Count` cannot be reverted. A window moves only when an event of its
own filter comes, so one that is merely read keeps what has long left it; and `update` wants a
`datetime`. Both are how the library is.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from river import stats, utils

from benchmarks.peers.harness import Event, Window, main


class RiverRolling:
    """Every window of every customer."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.periods = [timedelta(milliseconds=window.window_ms) for window in windows]
        self.of_kind: dict[int, list[tuple[int, bool]]] = {}
        for place, window in enumerate(windows):
            for kind in window.kinds:
                entry = (place, window.aggregation == "sum")
                self.of_kind.setdefault(kind, []).append(entry)
        self.customers: dict[int, list[Any]] = {}

    def warm(self, events: Sequence[Event]) -> None:
        """Take a history in."""
        for event in events:
            self._add(event)

    def take(self, events: Sequence[Event]) -> list[list[float]]:
        """Take events in one by one; return every window after each."""
        return [[window.get() for window in self._add(event)] for event in events]

    def _add(self, event: Event) -> list[Any]:
        own = self.customers.get(event.customer)
        if own is None:
            own = [utils.TimeRolling(stats.Sum, period=period) for period in self.periods]
            self.customers[event.customer] = own
        at = datetime.fromtimestamp(event.at_ms / 1000, UTC).replace(tzinfo=None)
        for kind, amount in event.lines:
            for place, is_sum in self.of_kind.get(kind, ()):
                own[place].update(amount if is_sum else 1, t=at)
        return own


if __name__ == "__main__":
    main(RiverRolling)
