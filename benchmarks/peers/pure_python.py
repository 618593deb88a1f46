"""Pure Python, as one would write it by hand to be fast: running totals, and nothing summed twice.

Windows of one filter share its list of events. Each window remembers where it begins in that list
and what is in it; to read, it moves its beginning up to the edge.
"""

from collections.abc import Sequence

from benchmarks.peers.harness import Event, Window, main

TRIM = 512


class Filtered:
    """The events of one filter of one customer, and the windows over them."""

    def __init__(self, spans_ms: Sequence[int]) -> None:
        self.spans_ms = spans_ms
        self.times: list[int] = []
        self.amounts: list[int] = []
        self.begins = [0] * len(spans_ms)
        self.sums = [0] * len(spans_ms)

    def add(self, at_ms: int, amount: int) -> None:
        """Take one event in; it is in every window until it leaves."""
        self.times.append(at_ms)
        self.amounts.append(amount)
        for i in range(len(self.sums)):
            self.sums[i] += amount

    def read(self, at_ms: int, counts: list[int], sums: list[int]) -> None:
        """Append the count and the sum of every window at a time."""
        times, amounts = self.times, self.amounts
        end = len(times)
        for i, span in enumerate(self.spans_ms):
            begin, edge = self.begins[i], at_ms - span
            while begin < end and times[begin] <= edge:
                self.sums[i] -= amounts[begin]
                begin += 1
            self.begins[i] = begin
            counts.append(end - begin)
            sums.append(self.sums[i])
        gone = min(self.begins)
        if gone > TRIM:
            del times[:gone], amounts[:gone]
            self.begins = [begin - gone for begin in self.begins]


class PurePython:
    """Every window of every customer."""

    def __init__(self, windows: Sequence[Window]) -> None:
        filters: dict[tuple[int, ...], list[int]] = {}
        for window in windows:
            spans = filters.setdefault(tuple(window.kinds), [])
            if window.window_ms not in spans:
                spans.append(window.window_ms)
        self.filters = list(filters)
        self.spans = list(filters.values())
        self.of_kind: dict[int, list[int]] = {}
        for place, kinds in enumerate(self.filters):
            for kind in kinds:
                self.of_kind.setdefault(kind, []).append(place)
        cells = [(kinds, span) for kinds, spans in filters.items() for span in spans]
        self.columns = [
            (window.aggregation == "sum", cells.index((tuple(window.kinds), window.window_ms)))
            for window in windows
        ]
        self.customers: dict[int, list[Filtered]] = {}

    def warm(self, events: Sequence[Event]) -> None:
        """Take a history in, and let go of what is out of every window already."""
        for event in events:
            self._add(event)
        last = max((event.at_ms for event in events), default=0)
        for own in self.customers.values():
            for filtered in own:
                filtered.read(last, [], [])

    def take(self, events: Sequence[Event]) -> list[list[int]]:
        """Take events in one by one; return every window after each."""
        rows = []
        for event in events:
            own = self._add(event)
            counts: list[int] = []
            sums: list[int] = []
            for filtered in own:
                filtered.read(event.at_ms, counts, sums)
            rows.append([sums[cell] if is_sum else counts[cell] for is_sum, cell in self.columns])
        return rows

    def _add(self, event: Event) -> list[Filtered]:
        own = self.customers.get(event.customer)
        if own is None:
            own = [Filtered(spans) for spans in self.spans]
            self.customers[event.customer] = own
        for kind, amount in event.lines:
            for place in self.of_kind.get(kind, ()):
                own[place].add(event.at_ms, amount)
        return own


if __name__ == "__main__":
    main(PurePython)
