"""How far a running bank is: read on from where it was read last, by one reader for all of it."""

from types import TracebackType
from typing import Any, Self

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from contracts.journal import HEADER, unpack
from contracts.topics import Topic
from streams.changelog import header_of
from streams.state_log import Mark, mark_key

_AT_ONCE = 10_000
_OUTPUTS = mark_key("outputs")


class _Tick(msgspec.Struct):
    slice_no: int | None = None


class Standing:
    """Follows the journal and the marks of `decide`, committed records only.

    A look costs what was written since the last one; looking at the ends anew each time takes two
    clients per partition, and so the processor from the workers that one waits for.

    Args:
        bootstrap: The brokers.
        partitions: Of every keyed topic.
    """

    def __init__(self, bootstrap: str, *, partitions: int) -> None:
        self._decided = dict.fromkeys(range(partitions), -1)
        self._ticks: dict[int, tuple[int, int]] = {}
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "none",  # librdkafka wants a name; nothing is ever committed under it
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.message.max.bytes": 16 << 20,
                "fetch.wait.max.ms": 50,
                "log_level": 2,
            }
        )
        self._consumer.assign(
            [
                TopicPartition(topic.value, partition, OFFSET_BEGINNING)
                for topic in (Topic.JOURNAL, Topic.DECIDE_STATE)
                for partition in range(partitions)
            ]
        )

    @property
    def decided(self) -> int:
        """How many journal entries are decided, over all partitions."""
        return sum(seq + 1 for seq in self._decided.values())

    def look(self, *, seconds: float) -> None:
        """Read what there is, for at most so long."""
        for message in self._consumer.consume(_AT_ONCE, seconds):
            if message.error() is None:
                self._note(message)

    def behind(self, slice_no: int) -> list[int]:
        """Return the partitions that have not decided on the tick of a slice."""
        return [
            partition
            for partition, decided in self._decided.items()
            for last_slice, seq in [self._ticks.get(partition, (-1, 0))]
            if last_slice < slice_no or decided < seq
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def _note(self, message: Any) -> None:
        partition, value = message.partition(), message.value()
        if message.topic() == Topic.DECIDE_STATE.value:
            if message.key() == _OUTPUTS:
                self._decided[partition] = msgspec.json.decode(value, type=Mark).seq
            return
        header = header_of(message, HEADER) or b""
        entry = unpack(partition, message.key(), value, header)
        if entry.topic is Topic.CLOCK:
            tick = msgspec.json.decode(value, type=_Tick)
            if tick.slice_no is not None:
                self._ticks[partition] = (tick.slice_no, entry.seq)
