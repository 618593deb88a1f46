"""From ordered source records to numbered journal entries and dead letters, without any client."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.dead_letters import DeadLetter
from contracts.journal import Entry
from contracts.topics import Topic
from streams.frontdoor import Accepted, Dead, admit
from streams.records import SourceRecord, TimedRecord

LATE_AFTER_MS = 5 * 60_000
"""An event known this long after it occurred is counted as late; it counts all the same."""

MAX_BURIED_KEY_BYTES = 64 << 10
MAX_BURIED_BYTES = 7 << 20
"""What the broker takes is 8 MiB with key and headers; of a larger value the beginning is kept."""

LATEST_MS = 4_102_444_800_000
"""The year 2100. A time beyond it is no time, and the clock of a partition never comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPlace:
    """Where a partition's journal stands: its last number, its clock, and what it has taken.

    `offsets` holds the highest source offset taken per topic; what is at or below it is known.
    """

    seq: int = -1
    clock_ms: int = 0
    offsets: dict[Topic, int] = field(default_factory=dict)

    def next_offset(self, topic: Topic) -> int:
        """Return the first offset of a source topic that is not yet taken."""
        return self.offsets.get(topic, -1) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Buried:
    """A dead letter: the record as it came, and its story.

    Of a record that is too large to be written again, its beginning: the letter says how much.
    """

    record: SourceRecord
    letter: DeadLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """What one batch comes to. Nothing of it is true before it is committed, `place` included.

    `events` are the entries' values as their contracts read them, in the same order.
    `known` counts records that were taken before, `late` events that occurred more than
    `LATE_AFTER_MS` before the bank knew of them; both per topic.
    """

    entries: list[Entry]
    events: list[Any]
    buried: list[Buried]
    place: JournalPlace
    known: Counter[Topic]
    late: Counter[Topic]
    unknown_fields: int


def number(
    records: Iterable[TimedRecord],
    place: JournalPlace,
    *,
    partition: int,
    partitions: int,
    passed: dict[Topic, int] | None = None,
) -> Numbered:
    """Give each new record, in this order, its journal number or its place among the dead letters.

    The clock of the partition never goes back: a time before it is taken as the clock itself. A
    record whose time is none (beyond the year 2100) moves no clock: it becomes a dead letter.
    `passed` names offsets that carry no record (markers) and yet are done with.

    >>> from contracts.clock import Tick
    >>> tick = SourceRecord(
    ...     topic=Topic.CLOCK, partition=0, offset=4, appended_ms=70, key=b"0", value=b"{}"
    ... )
    >>> place = JournalPlace(seq=8, clock_ms=90, offsets={Topic.CLOCK: 3})
    >>> batch = number([TimedRecord(record=tick, time_ms=70)], place, partition=0, partitions=4)
    >>> [(entry.seq, entry.at_ms, entry.source) for entry in batch.entries]
    [(9, 90, 'clock.v1:0:4')]
    >>> again = number(
    ...     [TimedRecord(record=tick, time_ms=70)], batch.place, partition=0, partitions=4
    ... )
    >>> again.entries, again.known.total()
    ([], 1)
    """
    entries: list[Entry] = []
    events: list[Any] = []
    buried: list[Buried] = []
    seq, clock_ms = place.seq, place.clock_ms
    offsets = dict(place.offsets)
    known: Counter[Topic] = Counter()
    late: Counter[Topic] = Counter()
    unknown_fields = 0
    for timed in records:
        record = timed.record
        if record.offset <= place.offsets.get(record.topic, -1):
            known[record.topic] += 1
            continue
        offsets[record.topic] = max(record.offset, offsets.get(record.topic, -1))
        fault = timed.fault
        if timed.time_ms >= LATEST_MS:
            fault = f"its time is {timed.time_ms}, beyond the year 2100"
        at_ms = clock_ms if timed.time_ms >= LATEST_MS else max(clock_ms, timed.time_ms)
        fate: Accepted | Dead
        if fault is None:
            fate = admit(record, at_ms=at_ms, partitions=partitions)
        else:
            fate = Dead(reason="invalid", detail=fault)
        if isinstance(fate, Dead):
            buried.append(_bury(record, fate, at_ms=at_ms))
            continue
        seq, clock_ms = seq + 1, at_ms
        unknown_fields += fate.unknown_fields
        if fate.occurred_at_ms is not None and at_ms - fate.occurred_at_ms > LATE_AFTER_MS:
            late[record.topic] += 1
        events.append(fate.event)
        entries.append(
            Entry(
                partition=partition,
                seq=seq,
                at_ms=at_ms,
                topic=record.topic,
                source_partition=record.partition,
                source_offset=record.offset,
                key=fate.key,
                value=fate.value,
                appended_ms=record.appended_ms,
            )
        )
    for topic, offset in (passed or {}).items():
        offsets[topic] = max(offset, offsets.get(topic, -1))
    return Numbered(
        entries=entries,
        events=events,
        buried=buried,
        place=JournalPlace(seq=seq, clock_ms=clock_ms, offsets=offsets),
        known=known,
        late=late,
        unknown_fields=unknown_fields,
    )


def _bury(record: SourceRecord, dead: Dead, *, at_ms: int) -> Buried:
    key, value = record.key, record.value
    detail = dead.detail
    if len(key or b"") > MAX_BURIED_KEY_BYTES or len(value or b"") > MAX_BURIED_BYTES:
        detail = f"{detail}; only the beginning is kept here, the rest is at the source"
        record = replace(
            record, key=key and key[:MAX_BURIED_KEY_BYTES], value=value and value[:MAX_BURIED_BYTES]
        )
    return Buried(
        record=record,
        letter=DeadLetter(
            reason=dead.reason,
            detail=detail[:1000],
            source_topic=record.topic.value,
            source_partition=record.partition,
            source_offset=record.offset,
            at_ms=at_ms,
        ),
    )
