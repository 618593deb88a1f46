"""What a flagger would hit who picks any eligible customer: counted, not thrown with dice."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Span = tuple[int, int]
Spans = Sequence[Span]
"""Half-open [from, to) in epoch milliseconds, in order, without overlaps."""

_FOREVER_MS = 1 << 62


def eligible_spans(changes: Sequence[tuple[int, bool]]) -> list[Span]:
    """Return when a customer was eligible.

    Args:
        changes: (at_ms, whether eligible from then on), in order; before the first, not eligible.

    >>> eligible_spans([(10, True), (20, True), (30, False)])
    [(10, 30)]
    """
    spans: list[Span] = []
    since_ms: int | None = None
    for at_ms, is_eligible in changes:
        if is_eligible and since_ms is None:
            since_ms = at_ms
        elif not is_eligible and since_ms is not None:
            if since_ms < at_ms:
                spans.append((since_ms, at_ms))
            since_ms = None
    if since_ms is not None:
        spans.append((since_ms, _FOREVER_MS))
    return spans


def hit_spans(drawn_ms: Iterable[int], *, stands_ms: int) -> list[Span]:
    """Return the times at which a flag would have come true: less than `stands_ms` before a draw.

    >>> hit_spans([100, 130], stands_ms=50)
    [(51, 130)]
    """
    spans: list[Span] = []
    for at_ms in sorted(drawn_ms):
        from_ms = at_ms - stands_ms + 1
        if spans and from_ms <= spans[-1][1]:
            spans[-1] = (spans[-1][0], at_ms)
        else:
            spans.append((from_ms, at_ms))
    return spans


def chances(at_ms: Iterable[int], customers: Iterable[tuple[Spans, Spans]]) -> list[float]:
    """Return the share of the eligible who would have been a hit, at each time that had any.

    Args:
        at_ms: When somebody is picked.
        customers: When each customer was eligible, and when a flag on them would have come true.

    >>> chances([5, 15, 99], [([(0, 50)], [(0, 10)]), ([(0, 50)], [])])
    [0.5, 0.0]
    """
    eligible, hit = _Count(), _Count()
    for spans, hits in customers:
        for span in spans:
            eligible.add(span)
            for other in hits:
                hit.add((max(span[0], other[0]), min(span[1], other[1])))
    eligible.sort()
    hit.sort()
    there = [(hit.at(now_ms), eligible.at(now_ms)) for now_ms in at_ms]
    return [hits / customers_there for hits, customers_there in there if customers_there]


class _Count:
    """How many spans cover a time: those that have begun, less those that are over."""

    def __init__(self) -> None:
        self._from_ms: list[int] = []
        self._to_ms: list[int] = []

    def add(self, span: Span) -> None:
        if span[0] < span[1]:
            self._from_ms.append(span[0])
            self._to_ms.append(span[1])

    def sort(self) -> None:
        self._from_ms.sort()
        self._to_ms.sort()

    def at(self, now_ms: int) -> int:
        return bisect_right(self._from_ms, now_ms) - bisect_right(self._to_ms, now_ms)
