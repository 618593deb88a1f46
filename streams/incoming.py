"""From the consumer's records to ours."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from contracts.topics import Topic
from streams.microbatch import RecordBatch
from streams.records import SourceRecord, read_cause, read_stamp
from streams.settings import StreamSettings


class FetchedRecord(Protocol):
    """The attributes of aiokafka's `ConsumerRecord` that we read."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def header_value(record: FetchedRecord, name: str) -> bytes | None:
    """Return the value of a header, or none where it is absent."""
    return next((value for key, value in record.headers if key == name), None)


def source_records(
    batches: Sequence[RecordBatch], settings: StreamSettings
) -> Iterator[SourceRecord]:
    """Yield the records of the batches in the order of delivery."""
    is_recorded = settings.clock == "recorded"
    topics: dict[str, Topic] = {}
    for batch in batches:
        topic = topics.get(batch.topic) or topics.setdefault(
            batch.topic, settings.topic(batch.topic)
        )
        for record in batch.records:
            yield SourceRecord(
                topic=topic,
                partition=record.partition,
                offset=record.offset,
                appended_ms=record.timestamp,
                key=record.key,
                value=record.value,
                stamp=read_stamp(record.headers) if is_recorded else None,
                cause=read_cause(record.headers) if is_recorded else None,
            )
