"""What one customer is going to do, in the order of time."""

import heapq
from collections.abc import Callable

Action = Callable[[int], object]
"""Something that is done at a moment; it may put more on the agenda."""


class Agenda:
    """Actions by time; actions of the same millisecond are done in the order they were added.

    >>> agenda, done = Agenda(), []
    >>> agenda.add(20, lambda at_ms: done.append(at_ms))
    >>> agenda.add(10, lambda at_ms: agenda.add(at_ms + 5, done.append))
    >>> agenda.run(until_ms=20)
    >>> done
    [15]
    """

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Action]] = []
        self._added = 0

    def add(self, at_ms: int, action: Action) -> None:
        """Put an action on the agenda."""
        heapq.heappush(self._due, (at_ms, self._added, action))
        self._added += 1

    def run(self, *, until_ms: int) -> None:
        """Do all that is due before `until_ms`."""
        while self._due and self._due[0][0] < until_ms:
            at_ms, _, action = heapq.heappop(self._due)
            action(at_ms)

    def clear(self) -> None:
        """Forget everything: the customer has left."""
        self._due.clear()
