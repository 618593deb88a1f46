"""Micro-batches: many records of one partition travel through Faust as one message."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import faust
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP

from streams.errors import BatchOrderError


class RecordBatch:
    """A run of records of one topic-partition, dressed as one consumer record.

    Its offset is that of its last record: to acknowledge the batch is to acknowledge all of it.
    `after` is the offset of the last record delivered before it on this assignment, or -1 where
    reading starts; whoever receives it can tell that nothing is missing, also where transaction
    markers and undone records make offsets jump.

    The attributes are those that Faust's aiokafka driver copies (a test pins them).
    """

    __slots__ = (
        "after",
        "checksum",
        "headers",
        "key",
        "offset",
        "partition",
        "records",
        "serialized_key_size",
        "serialized_value_size",
        "timestamp",
        "timestamp_type",
        "topic",
    )

    def __init__(self, tp: TP, records: Sequence[Any], *, after: int = -1) -> None:
        last = records[-1]
        self.topic: str = tp.topic
        self.partition: int = tp.partition
        self.offset: int = last.offset
        self.timestamp: int | None = last.timestamp
        self.timestamp_type: int | None = last.timestamp_type
        self.headers: tuple[()] = ()
        self.key: bytes | None = None
        self.checksum: int | None = None
        self.serialized_key_size = 0
        self.serialized_value_size = 0
        self.records = records
        self.after = after

    def __len__(self) -> int:
        return len(self.records)

    @property
    def value(self) -> "RecordBatch":
        """The batch itself: it is what the agent receives."""
        return self


class BatchFlow:
    """Remembers, per place (a topic-partition), the last offset that went in or out.

    The sender numbers its batches with it, the receiver checks them with another one of its own.

    >>> flow = BatchFlow()
    >>> flow.start("t[0]", next_offset=5)
    >>> flow.follow("t[0]", after=4, last=9)
    >>> flow.follow("t[0]", after=11, last=12)
    Traceback (most recent call last):
        ...
    streams.errors.BatchOrderError: t[0] needs the batch after offset 9 next; got the one after
    11. Records were lost on the way to the lane: start again from what is committed.
    """

    def __init__(self) -> None:
        self._last: dict[Hashable, int] = {}

    def start(self, place: Hashable, *, next_offset: int) -> None:
        """Begin at `next_offset`."""
        self._last[place] = next_offset - 1

    def last(self, place: Hashable) -> int:
        """Return the last offset, or -1 where nothing began yet."""
        return self._last.get(place, -1)

    def follow(self, place: Hashable, *, after: int, last: int) -> None:
        """Take the batch that ends at `last`.

        Raises:
            BatchOrderError: it does not follow the one before.
        """
        expected = self._last.get(place, after)
        if after != expected:
            raise BatchOrderError(
                f"{place} needs the batch after offset {expected} next; got the "
                f"one after {after}. Records were lost on the way to the lane: start again from "
                "what is committed."
            )
        self._last[place] = last


class MicroBatchScheduler(DefaultSchedulingStrategy):
    """Faust's documented hook between fetch and delivery: one batch per partition and fetch."""

    max_batch: ClassVar[int] = 1_000

    def iterate(self, records: Mapping[TP, Sequence[Any]]) -> Iterator[tuple[TP, Any]]:
        """Yield the fetched records as batches of at most `max_batch`."""
        size = self.max_batch
        batches = {
            tp: [RecordBatch(tp, fetched[i : i + size]) for i in range(0, len(fetched), size)]
            for tp, fetched in records.items()
        }
        return super().iterate(batches)


class BatchSchema(faust.Schema[bytes, RecordBatch]):
    """Hands keys and batches through as they are: each record is decoded, or buried, on its own."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> Any:  # noqa: ARG002 - Faust's
        """Return the key."""
        return message.key

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:  # noqa: ARG002 - Faust's
        """Return the batch."""
        return message.value
