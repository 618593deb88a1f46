"""The recorded order: slices of recorded time, each held until it is whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.slices import SliceStamp
from contracts.topics import RANK, SOURCES, Topic
from streams.records import SourceRecord, TimedRecord

_UNSTAMPED = "the header shouwen-slice is missing or not ours"
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


class SliceBuffer:
    """Holds the records of one partition until the slice they belong to is whole.

    A slice is whole when every source topic has passed its marker; `control.v1` only where the
    slice's clock marker says so. Whole slices leave in ascending order, sorted by (known_at, topic
    rank, offset): one order, whatever the fetches did. Records without an honest place do not hold
    the partition up: they leave as faults, with the slice of the next stamped record of their
    topic.

    >>> buffer = SliceBuffer()
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
    ...     if topic not in {Topic.CONTROL, Topic.CLOCK}:
    ...         buffer.add(marker(topic, 7))
    >>> buffer.release()
    []
    >>> buffer.add(marker(Topic.CLOCK, 7))
    >>> [s.slice_no for s in buffer.release()]
    [1]
    """

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}
        self._passed: dict[Topic, int] = {}
        self._unplaced: dict[Topic, list[SourceRecord]] = {}

    def add(self, record: SourceRecord) -> None:
        """Take the next record of its topic-partition."""
        stamp = record.stamp
        if stamp is None:
            self._unplaced.setdefault(record.topic, []).append(record)
            return
        passed = self._passed.get(record.topic)
        slice_no = stamp.slice_no
        if passed is not None and slice_no <= passed:
            slice_no = passed + 1
        held = self._held.setdefault(slice_no, _Held())
        for lost in self._unplaced.pop(record.topic, ()):
            self._keep(held, lost, time_ms=stamp.known_at_ms, fault=_UNSTAMPED)
        if not stamp.marker:
            fault = None if slice_no == stamp.slice_no else _WENT_BACK
            self._keep(held, record, time_ms=stamp.known_at_ms, fault=fault)
            return
        held.offsets[record.topic] = record.offset
        if slice_no != stamp.slice_no:
            return  # a marker that came twice closes nothing
        self._passed[record.topic] = slice_no
        if record.topic is Topic.CLOCK:
            held.awaits_control = stamp.await_control

    def release(self) -> list[Slice]:
        """Return and forget every whole slice that no smaller one stands before."""
        whole: list[Slice] = []
        for slice_no in sorted(self._held):
            held = self._held[slice_no]
            if not self._is_whole(slice_no, held):
                break
            del self._held[slice_no]
            held.records.sort(key=_place)
            whole.append(Slice(slice_no=slice_no, records=held.records, offsets=held.offsets))
        return whole

    def _keep(self, held: _Held, record: SourceRecord, *, time_ms: int, fault: str | None) -> None:
        held.records.append(TimedRecord(record=record, time_ms=time_ms, fault=fault))
        held.offsets[record.topic] = record.offset

    def _is_whole(self, slice_no: int, held: _Held) -> bool:
        return all(
            self._passed.get(topic, slice_no - 1) >= slice_no
            for topic in SOURCES
            if topic is not Topic.CONTROL or held.awaits_control
        )


def _place(timed: TimedRecord) -> tuple[int, int, int]:
    return timed.time_ms, RANK[timed.record.topic], timed.record.offset


__all__ = ["Slice", "SliceBuffer", "SliceStamp"]
