"""How a recording becomes slices of recorded time, and where the one before it ended."""

from dataclasses import dataclass

from contracts.control import Control


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEnd:
    """Where the recordings that are in a deployment already end: their last slice, and its end."""

    slice_no: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestPlan:
    """How a recording becomes slices.

    Args:
        partitions: Of every keyed topic.
        slice_ms: Recorded time in one slice.
        history_slice_ms: The same before `history_until_ms`, where nobody watches: fewer, larger
            slices mean fewer markers and ticks.
        history_until_ms: Where history ends, and with it a slice; 0 where there is none.
        learn_every_ms: Recorded time between ticks that ask the learner for a snapshot; 0 never.
        control: What becomes active before the first event.
        after: Where the recording before this one ended; none where this is the first.

    >>> IngestPlan(partitions=4, slice_ms=0, learn_every_ms=0)
    Traceback (most recent call last):
    ...
    ValueError: a slice needs at least 1 ms of recorded time; got 0
    """

    partitions: int
    slice_ms: int
    learn_every_ms: int
    control: tuple[Control, ...] = ()
    history_slice_ms: int = 1
    history_until_ms: int = 0
    after: RecordedEnd | None = None

    def __post_init__(self) -> None:
        shortest_ms = min(self.slice_ms, self.history_slice_ms)
        if shortest_ms < 1:
            raise ValueError(f"a slice needs at least 1 ms of recorded time; got {shortest_ms}")

    def slice_of(self, known_at_ms: int) -> tuple[int, int]:
        """Return the slice [from, to) in which a record lies, in epoch milliseconds.

        >>> plan = IngestPlan(
        ...     partitions=1,
        ...     slice_ms=10,
        ...     learn_every_ms=0,
        ...     history_slice_ms=100,
        ...     history_until_ms=145,
        ... )
        >>> [plan.slice_of(at_ms) for at_ms in (99, 144, 145, 150)]
        [(0, 100), (100, 145), (145, 150), (150, 160)]
        """
        is_history = known_at_ms < self.history_until_ms
        slice_ms = self.history_slice_ms if is_history else self.slice_ms
        from_ms = known_at_ms // slice_ms * slice_ms
        to_ms = from_ms + slice_ms
        if self.after is not None:
            from_ms = max(from_ms, self.after.end_ms)
        if is_history:
            return from_ms, min(to_ms, self.history_until_ms)
        return max(from_ms, self.history_until_ms), to_ms
