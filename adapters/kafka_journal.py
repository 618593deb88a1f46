"""A live journal and what was decided on it, read from Kafka as far as they go, and kept."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from adapters.errors import BrokerAbsentError
from adapters.kept import KeptJournal
from adapters.kept_rows import KeptError
from adapters.kept_writer import KeptWriter
from contracts.journal import HEADER, Entry, unpack
from contracts.topics import Topic

OUTPUTS_MARK = b"m/outputs"
"""The key in `decide-state.v1` under which `decide` says up to where its outputs are out."""

_OPTIONS: dict[str, Any] = {
    "group.id": "replay",  # librdkafka wants a name; nothing is ever committed under it
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "fetch.message.max.bytes": 16 << 20,
    "queued.max.messages.kbytes": 65_536,
    "fetch.wait.max.ms": 20,
    "log_level": 2,  # what goes wrong is told once, by the error that is raised
}
_AT_ONCE = 5_000
_WAIT_SECONDS = 0.1
_SILENT_SECONDS = 60.0
_ANSWER_SECONDS = 10.0


class _Mark(msgspec.Struct):
    seq: int


class LiveJournal:
    """The journal and outputs of a running deployment, committed records only.

    Args:
        bootstrap: Kafka, host:port, several with commas.
        prefix: Stands before every topic name.

    Raises:
        BrokerAbsentError: nobody answers.
        KeptError: there is no journal under that prefix.
    """

    def __init__(self, bootstrap: str, *, prefix: str = "") -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        consumer = Consumer({"bootstrap.servers": bootstrap, **_OPTIONS})
        try:
            found = consumer.list_topics(self._name(Topic.JOURNAL), timeout=_ANSWER_SECONDS)
        except KafkaException as error:
            raise BrokerAbsentError(
                f"a live journal needs Kafka at {bootstrap!r}; nobody answered within "
                f"{_ANSWER_SECONDS:.0f} s. Start it, or set SHOUWEN_KAFKA_BOOTSTRAP."
            ) from error
        finally:
            consumer.close()
        metadata = found.topics[self._name(Topic.JOURNAL)]
        if metadata.error is not None:
            raise KeptError(
                f"a live journal needs the topic {self._name(Topic.JOURNAL)!r} at {bootstrap!r}; "
                f"got {metadata.error.str()!r}. Check SHOUWEN_TOPIC_PREFIX, or `shouwen topics`."
            )
        self.partitions: tuple[int, ...] = tuple(sorted(metadata.partitions))

    def entries(self, partition: int) -> Iterator[list[Entry]]:
        """Yield the journal in bulk, to its end as it is now.

        Raises:
            JournalError: a record is not what was written.
        """
        for records in self._read(Topic.JOURNAL, partition):
            yield [
                unpack(partition, record.key(), record.value(), _header(record))
                for record in records
            ]

    def records(self, topic: Topic, partition: int) -> Iterator[tuple[str, bytes]]:
        """Yield (key, value) of an output topic, to its end as it is now."""
        for records in self._read(topic, partition):
            for record in records:
                yield (record.key() or b"").decode(), record.value() or b""

    def decided_until(self, partition: int) -> int:
        """Return the journal number up to which outputs are published; -1 before the first."""
        seq = -1
        for records in self._read(Topic.DECIDE_STATE, partition):
            for record in records:
                value = record.value()
                if record.key() == OUTPUTS_MARK and value:
                    seq = msgspec.json.decode(value, type=_Mark).seq
        return seq

    def _name(self, topic: Topic) -> str:
        return f"{self._prefix}{topic.value}"

    def _read(self, topic: Topic, partition: int) -> Iterator[list[Message]]:
        consumer = Consumer({"bootstrap.servers": self._bootstrap, **_OPTIONS})
        consumer.assign([TopicPartition(self._name(topic), partition, 0)])
        heard = time.monotonic()
        at_end = False
        try:
            while not at_end:
                records, at_end = _split(consumer.consume(_AT_ONCE, _WAIT_SECONDS))
                if records:
                    heard = time.monotonic()
                    yield records
                elif time.monotonic() - heard > _SILENT_SECONDS:
                    raise BrokerAbsentError(
                        f"reading {self._name(topic)}[{partition}] needs an answer within "
                        f"{_SILENT_SECONDS:.0f} s; {self._bootstrap!r} gave none. Try again."
                    )
        finally:
            consumer.close()


def keep(
    bootstrap: str,
    folder: Path,
    *,
    prefix: str = "",
    progress: Callable[[int], None] | None = None,
) -> KeptJournal:
    """Copy a live journal, its decisions and conversions into a new folder, and return it.

    How far `decide` has come is read first and the journal last, so that the folder holds every
    output up to that point and the journal entries of all outputs.

    Args:
        bootstrap: Kafka, host:port.
        folder: A folder without a kept journal.
        prefix: Stands before every topic name.
        progress: Is told how many records were read since it was told last.

    Raises:
        BrokerAbsentError: nobody answers.
        JournalError: a journal record is damaged.
        KeptError: the folder holds a journal already, or the live one is not whole.
    """
    live = LiveJournal(bootstrap, prefix=prefix)
    tell = progress or (lambda _: None)
    with KeptWriter(folder, partitions=live.partitions) as kept:
        for partition in live.partitions:
            kept.decided_until(partition, seq=live.decided_until(partition))
            for topic in (Topic.DECISIONS, Topic.CONVERSIONS):
                for key, value in live.records(topic, partition):
                    kept.add_record(topic, partition=partition, key=key, value=value)
                    tell(1)
            for entries in live.entries(partition):
                kept.add_entries(entries)
                tell(len(entries))
    return KeptJournal(folder)


def _split(messages: list[Message]) -> tuple[list[Message], bool]:
    """Return the records among what a consumer gave, and whether it stands at the end.

    Raises:
        KafkaException: the broker refused.
    """
    records: list[Message] = []
    at_end = False
    for message in messages:
        error = message.error()
        if error is None:
            records.append(message)
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the only name it has
            at_end = True
        elif not error.retriable():
            raise KafkaException(error)
    return records, at_end


def _header(message: Message) -> bytes:
    headers: Any = message.headers()  # its stub allows a str, which it never is
    return next((value for key, value in headers or () if key == HEADER), b"")
