"""The recorded order: slices of recorded time, each held until it is whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.slices import SliceStamp
from contracts.topics import RANK, SOURCES, Topic
from streams.records import SourceRecord, TimedRecord

_UNSTAMPED = "the header shouwen-slice is missing or not ours"
_UNCAUSED = "the header shouwen-cause is missing or not ours"
_WENT_BACK = "the slice was closed before this record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A whole slice in its one order, and the highest offset of each topic in it, markers too."""

    slice_no: int
    records: list[TimedRecord]
    offsets: Mapping[Topic, int]


@dataclass(slots=True)
class _Held:
    records: list[TimedRecord] = field(default_factory=list)
    offsets: dict[Topic, int] = field(default_factory=dict)
    awaits_control: bool = False
    awaits_neighbours: bool = False
    answered: set[int] = field(default_factory=set)


class SliceBuffer:
    """Holds the records of one partition until the slice they belong to is whole.

    A slice is whole when every source topic has passed its marker; `control.v1` only where the
    slice's clock marker says so, and `neighbour-signals.v1` where it says so too, with a marker of
    every partition. Whole slices leave in ascending order: neighbour signals first, by (known_at,
    cause), since the slice before caused them; then the rest by (known_at, topic rank, offset). One
    order, whatever the fetches did. Records without an honest place do not hold the partition up:
    they leave as faults, with the slice of the next stamped record of their topic.

    Args:
        partitions: How many partitions answer for their neighbour signals.

    >>> buffer = SliceBuffer(partitions=1)
    >>> def marker(topic: Topic, offset: int) -> SourceRecord:
    ...     stamp = SliceStamp(slice_no=1, known_at_ms=9, marker=True)
    ...     return SourceRecord(
    ...         topic=topic,
    ...         partition=0,
    ...         offset=offset,
    ...         appended_ms=0,
    ...         key=None,
    ...         value=None,
    ...         stamp=stamp,
    ...     )
    >>> for topic in SOURCES:
    ...     if topic not in {Topic.CONTROL, Topic.CLOCK, Topic.NEIGHBOUR_SIGNALS}:
    ...         buffer.add(marker(topic, 7))
    >>> buffer.release()
    []
    >>> buffer.add(marker(Topic.CLOCK, 7))
    >>> [s.slice_no for s in buffer.release()]
    [1]
    """

    def __init__(self, *, partitions: int) -> None:
        self._partitions = partitions
        self._released: int | None = None
        self._held: dict[int, _Held] = {}
        self._passed: dict[Topic, int] = {}
        self._unplaced: dict[Topic, list[SourceRecord]] = {}

    def add(self, record: SourceRecord) -> None:
        """Take the next record of its topic-partition."""
        stamp = record.stamp
        if stamp is None:
            self._unplaced.setdefault(record.topic, []).append(record)
            return
        is_neighbour = record.topic is Topic.NEIGHBOUR_SIGNALS
        passed = self._released if is_neighbour else self._passed.get(record.topic)
        slice_no = stamp.slice_no
        if passed is not None and slice_no <= passed:
            slice_no = passed + 1
        held = self._held.setdefault(slice_no, _Held())
        for lost in self._unplaced.pop(record.topic, ()):
            self._keep(held, lost, time_ms=stamp.known_at_ms, fault=_UNSTAMPED)
        if not stamp.marker:
            fault = None if slice_no == stamp.slice_no else _WENT_BACK
            if is_neighbour and record.cause is None:
                fault = _UNCAUSED
            self._keep(held, record, time_ms=stamp.known_at_ms, fault=fault)
            return
        held.offsets[record.topic] = record.offset
        if slice_no != stamp.slice_no:
            return  # a marker that came twice closes nothing
        if is_neighbour:
            held.answered.update(() if record.cause is None else (record.cause.partition,))
            return
        self._passed[record.topic] = slice_no
        if record.topic is Topic.CLOCK:
            held.awaits_control = stamp.await_control
            held.awaits_neighbours = stamp.await_neighbours

    def release(self) -> list[Slice]:
        """Return and forget every whole slice that no smaller one stands before."""
        whole: list[Slice] = []
        for slice_no in sorted(self._held):
            held = self._held[slice_no]
            if not self._is_whole(slice_no, held):
                break
            del self._held[slice_no]
            self._released = slice_no
            held.records.sort(key=_place)
            whole.append(Slice(slice_no=slice_no, records=held.records, offsets=held.offsets))
        return whole

    def _keep(self, held: _Held, record: SourceRecord, *, time_ms: int, fault: str | None) -> None:
        held.records.append(TimedRecord(record=record, time_ms=time_ms, fault=fault))
        held.offsets[record.topic] = record.offset

    def _is_whole(self, slice_no: int, held: _Held) -> bool:
        if held.awaits_neighbours and len(held.answered) < self._partitions:
            return False
        return all(
            self._passed.get(topic, slice_no - 1) >= slice_no
            for topic in SOURCES
            if topic is not Topic.NEIGHBOUR_SIGNALS
            and (topic is not Topic.CONTROL or held.awaits_control)
        )


def _place(timed: TimedRecord) -> tuple[int, ...]:
    """Return what a record is sorted by within its slice."""
    record, cause = timed.record, timed.record.cause
    if record.topic is Topic.NEIGHBOUR_SIGNALS and cause is not None:
        return 0, timed.time_ms, cause.partition, cause.seq, cause.ordinal, record.offset
    return 1, timed.time_ms, RANK[record.topic], record.offset


__all__ = ["Slice", "SliceBuffer", "SliceStamp"]
