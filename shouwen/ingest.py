"""Recorded events into Kafka: in slices of recorded time, with a tick and markers behind each.

See contracts/slices.py for what is written beside a record and why.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from contracts.clock import Tick
from contracts.ids import partition_of
from contracts.neighbours import MOST_HOPS
from contracts.recorded import RecordedLine
from contracts.slices import HEADER, SliceStamp
from contracts.topics import BANK_SOURCES, Topic
from shouwen.ingest_plan import IngestPlan, RecordedEnd

__all__ = [
    "HOPS",
    "UNKEYED_PARTITION",
    "IngestPlan",
    "Ingested",
    "Publisher",
    "RecordedEnd",
    "Travel",
    "ingest",
]

HOPS: dict[Topic, int] = {
    Topic.APP_EVENTS: 2,
    Topic.LOAN_EVENTS: 3,
    Topic.SIGNALS: 1,
    Topic.RELATIONS: MOST_HOPS,
}
"""Over how many hops a record can reach others: customer, device, customer for one of the app."""

_ALONG_EDGES = frozenset({Topic.LOAN_EVENTS, Topic.SIGNALS})
"""What reaches nobody as long as the recording has told of no relation."""

UNKEYED_PARTITION = 0
"""Where a record without a key goes: it has no subject, and the front door will say so."""


class Publisher(Protocol):
    """Takes records for topic-partitions, in order, and holds back when there are too many."""

    def publish(
        self,
        topic: Topic,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
    ) -> None:
        """Send one record."""


@dataclass(slots=True)
class Travel:
    """Knows for how many more slices neighbour signals may be on their way.

    A hop takes a slice. To think that there are signals where there are none costs a wait; to miss
    one would cost the signal its place, so this asks what a record could do, not what it does.
    `has_edges` says that relations may be known, also from a recording before this one.

    >>> travel = Travel()
    >>> travel.note(Topic.LOAN_EVENTS)
    >>> travel.pass_slice()
    False
    >>> travel.note(Topic.APP_EVENTS)
    >>> [travel.pass_slice() for _ in range(3)]
    [True, True, False]
    """

    hops_left: int = 0
    has_edges: bool = False

    def note(self, topic: Topic) -> None:
        """Take in that a record of this topic is in the slice."""
        self.has_edges = self.has_edges or topic is Topic.RELATIONS
        if self.has_edges or topic not in _ALONG_EDGES:
            self.hops_left = max(self.hops_left, HOPS.get(topic, 0))

    def pass_slice(self) -> bool:
        """Return whether the slice may cause signals, and go on to the next one."""
        is_on = self.hops_left > 0
        self.hops_left = max(0, self.hops_left - 1)
        return is_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What went in: records of the recording, slices, and the recorded time of the last tick.

    `last_slice` is the number of the last slice, over all recordings in the deployment.
    """

    records: int
    control: int
    ticks: int
    slices: int
    first_ms: int
    last_ms: int
    last_slice: int


def ingest(
    lines: Iterable[RecordedLine],
    publisher: Publisher,
    plan: IngestPlan,
    *,
    after_slice: Callable[[int, int, int], None] = lambda _slice_no, _end_ms, _records: None,
) -> Ingested:
    """Publish a recording, slice by slice.

    Args:
        lines: The records, in `known_at_ms` order.
        publisher: Where they go.
        plan: How they are cut.
        after_slice: Called with a slice's number, end and count of records; it may wait (pace).

    Raises:
        ValueError: the records go back in time, or a control record comes from the recording.
    """
    records = slices = 0
    first_ms = end_ms = learnt_ms = 0
    before = 0 if plan.after is None else plan.after.slice_no
    tick = Tick()
    travel = Travel(has_edges=plan.after is not None)
    for (from_ms, end_ms), group in _slices(lines, plan):
        if slices == 0:
            first_ms = learnt_ms = from_ms
            # What follows a recording has no slice 0; its first slice awaits what it switches.
            tick = tick.model_copy(update={"learn": _open(publisher, plan, first_ms)})
        slices += 1
        count = _publish_slice(publisher, plan, before + slices, group, travel=travel)
        records += count
        learn = 0 < plan.learn_every_ms <= end_ms - learnt_ms
        if learn:
            learnt_ms = end_ms
        no = before + slices
        last, tick = tick, Tick(learn=learn, slice_no=no, neighbours=travel.pass_slice())
        _close(publisher, plan, end_ms, tick=tick, last=last)
        after_slice(no, end_ms, count)
    while tick.learn or tick.neighbours:
        # The last slice asked for something, and the answer belongs to one more slice.
        slices += 1
        last, tick = tick, Tick(slice_no=before + slices, neighbours=travel.pass_slice())
        _close(publisher, plan, end_ms, tick=tick, last=last)
    return Ingested(
        records=records,
        control=len(plan.control) * plan.partitions if slices else 0,
        ticks=slices * plan.partitions,
        slices=slices,
        first_ms=first_ms,
        last_ms=end_ms,
        last_slice=before + slices,
    )


def _slices(
    lines: Iterable[RecordedLine], plan: IngestPlan
) -> Iterator[tuple[tuple[int, int], Iterator[RecordedLine]]]:
    """Yield the bounds and the records of each slice that has records."""

    def checked() -> Iterator[RecordedLine]:
        last_ms = 0 if plan.after is None else plan.after.end_ms
        for line in lines:
            if line.known_at_ms < last_ms:
                raise ValueError(
                    f"a recording needs records in order of known_at_ms; got {line.known_at_ms} "
                    f"after {last_ms}. Sort it by known_at_ms."
                )
            if line.topic not in BANK_SOURCES:
                raise ValueError(
                    f"a recording holds events of {[topic.value for topic in BANK_SOURCES]}; got "
                    f"one of {line.topic.value!r}. Activate strategies through the command."
                )
            last_ms = line.known_at_ms
            yield line

    yield from groupby(checked(), key=lambda line: plan.slice_of(line.known_at_ms))


def _open(publisher: Publisher, plan: IngestPlan, at_ms: int) -> bool:
    """Write what is active from the beginning, in every partition, and a marker behind it.

    A deployment's first recording has a slice 0 for that. The next one has it in its own first
    slice, which is to await the marker: then true is returned.
    """
    slice_no = 0 if plan.after is None else plan.after.slice_no + 1
    stamp = SliceStamp(slice_no=slice_no, known_at_ms=at_ms)
    marker = SliceStamp(slice_no=slice_no, known_at_ms=at_ms, marker=True)
    for partition in range(plan.partitions):
        for control in plan.control:
            publisher.publish(
                Topic.CONTROL,
                partition=partition,
                key=None,
                value=control.model_dump_json().encode(),
                headers=((HEADER, stamp.pack()),),
            )
    _mark(publisher, plan, (Topic.CONTROL,), marker)
    if plan.after is not None:
        return True
    stamp = SliceStamp(slice_no=0, known_at_ms=at_ms, marker=True, await_control=True)
    _mark(publisher, plan, (*BANK_SOURCES, Topic.CLOCK), stamp)
    return False


def _publish_slice(
    publisher: Publisher,
    plan: IngestPlan,
    slice_no: int,
    group: Iterable[RecordedLine],
    *,
    travel: Travel,
) -> int:
    count = 0
    for line in group:
        travel.note(line.topic)
        if line.partition is not None:
            partition = line.partition % plan.partitions
        elif line.key is not None:
            partition = partition_of(line.key, plan.partitions)
        else:
            partition = UNKEYED_PARTITION
        stamp = SliceStamp(slice_no=slice_no, known_at_ms=line.known_at_ms)
        publisher.publish(
            line.topic,
            partition=partition,
            key=None if line.key is None else line.key.encode(),
            value=line.raw_value,
            headers=((HEADER, stamp.pack()),),
        )
        count += 1
    return count


def _close(publisher: Publisher, plan: IngestPlan, end_ms: int, *, tick: Tick, last: Tick) -> None:
    """Write a slice's tick, and the markers behind all that it holds.

    It awaits the answers to what `last`, the tick of the slice before it, asked for.
    """
    slice_no = tick.slice_no or 0
    value = tick.model_dump_json().encode()
    stamp = SliceStamp(slice_no=slice_no, known_at_ms=end_ms)
    for partition in range(plan.partitions):
        publisher.publish(
            Topic.CLOCK,
            partition=partition,
            key=None,
            value=value,
            headers=((HEADER, stamp.pack()),),
        )
    marker = SliceStamp(
        slice_no=slice_no,
        known_at_ms=end_ms,
        marker=True,
        await_control=last.learn,
        await_neighbours=last.neighbours,
    )
    _mark(publisher, plan, (*BANK_SOURCES, Topic.CLOCK), marker)


def _mark(
    publisher: Publisher,
    plan: IngestPlan,
    topics: Iterable[Topic],
    marker: SliceStamp,
) -> None:
    for topic in topics:
        for partition in range(plan.partitions):
            publisher.publish(
                topic,
                partition=partition,
                key=None,
                value=None,
                headers=((HEADER, marker.pack()),),
            )
