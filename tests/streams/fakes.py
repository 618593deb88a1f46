"""Small stand-ins for a broker, a lane's work and a delivery."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from contracts.topics import Topic
from streams.microbatch import RecordBatch
from streams.sink import Headers


@dataclass
class Produced:
    """A record that a sink took."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class MemorySink:
    """A `Sink` that remembers what was committed."""

    def __init__(self) -> None:
        self.transactions: list[list[Produced]] = []
        self.is_fenced = False
        self._open: list[Produced] | None = None

    def fence(self) -> None:
        self.is_fenced = True

    def begin(self) -> None:
        assert self.is_fenced
        assert self._open is None
        self._open = []

    def produce(
        self,
        topic: str,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        assert self._open is not None
        self._open.append(Produced(topic, partition, key, value, headers))

    def commit(self) -> None:
        assert self._open is not None
        self.transactions.append(self._open)
        self._open = None

    def abort(self) -> None:
        self._open = None

    def close(self) -> None:
        """Let go."""

    def of(self, topic: Topic) -> list[Produced]:
        return [record for batch in self.transactions for record in batch if record.topic == topic]


def a_fetched(offset: int, value: bytes | None, **changes: Any) -> Any:
    """A record as aiokafka hands it over."""
    fields = {"key": b"k", "timestamp": 0, "timestamp_type": 1, "headers": (), "partition": 0}
    return SimpleNamespace(**{**fields, **changes, "offset": offset, "value": value})


def a_batch(
    values: Sequence[bytes | None],
    *,
    topic: str = "journal.v1",
    first: int = 0,
    after: int = -1,
    partition: int = 0,
    **changes: Any,
) -> RecordBatch:
    """A batch of records with offsets from `first` on."""
    records = [
        a_fetched(first + i, value, topic=topic, partition=partition, **changes)
        for i, value in enumerate(values)
    ]
    return RecordBatch(TP(topic, partition), records, after=after)


@dataclass
class Delivered:
    """A delivery that remembers whether it was acknowledged."""

    value: RecordBatch
    acked: bool = False

    def ack(self) -> None:
        self.acked = True


@dataclass
class ScriptedWork:
    """A lane's work that records its calls, and stands still while `gate` is closed."""

    calls: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    fails: BaseException | None = None
    durable: bool = True

    def __post_init__(self) -> None:
        self.gate.set()

    def recover(self) -> Mapping[Topic, int]:
        self.calls.append("recover")
        return {Topic.JOURNAL: 0}

    def apply(self, batches: Sequence[RecordBatch]) -> Mapping[Topic, int]:
        self.calls.append("apply")
        assert self.gate.wait(10)
        if self.fails is not None:
            raise self.fails
        self.sizes.append(sum(map(len, batches)))
        return {Topic.JOURNAL: batches[-1].offset} if self.durable else {}

    def idle(self) -> None:
        self.calls.append("idle")

    def hurry(self) -> None:
        self.calls.append("hurry")

    def pause(self) -> Mapping[Topic, int]:
        self.calls.append("pause")
        return {Topic.JOURNAL: sum(self.sizes)}

    def close(self) -> None:
        self.calls.append("close")
