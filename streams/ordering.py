"""The live order: what is buffered for one partition, by (time, topic rank, offset)."""

from collections.abc import Iterable

from contracts.topics import RANK, Topic
from streams.records import SourceRecord, TimedRecord


def live_order(records: Iterable[SourceRecord]) -> list[TimedRecord]:
    """Return the buffered records of one partition in the order of the journal.

    Time is the broker's append time. Offsets of one topic never change places, whatever the
    broker's clock does: a time that goes back is taken as standing still.

    >>> def record(topic: Topic, offset: int, appended_ms: int) -> SourceRecord:
    ...     return SourceRecord(
    ...         topic=topic,
    ...         partition=0,
    ...         offset=offset,
    ...         appended_ms=appended_ms,
    ...         key=None,
    ...         value=None,
    ...     )
    >>> buffered = [
    ...     record(Topic.CLOCK, 0, 50),
    ...     record(Topic.CONSENTS, 3, 50),
    ...     record(Topic.CONSENTS, 4, 20),
    ... ]
    >>> [(t.record.topic.value, t.record.offset, t.time_ms) for t in live_order(buffered)]
    [('consents.v1', 3, 50), ('consents.v1', 4, 50), ('clock.v1', 0, 50)]
    """
    latest_ms: dict[Topic, int] = {}
    timed: list[TimedRecord] = []
    for record in records:
        time_ms = max(record.appended_ms, latest_ms.get(record.topic, 0))
        latest_ms[record.topic] = time_ms
        timed.append(TimedRecord(record=record, time_ms=time_ms))
    timed.sort(key=_place)
    return timed


def _place(timed: TimedRecord) -> tuple[int, int, int]:
    return timed.time_ms, RANK[timed.record.topic], timed.record.offset
