"""Reading a partition in bulk, committed records only, to its end as it is now."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stubs forget OffsetSpec
    AdminClient,
    OffsetSpec,
)

from streams.errors import ChangelogError

_OPTIONS: dict[str, Any] = {
    "group.id": "none",  # librdkafka wants a name; nothing is ever committed under it
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "fetch.message.max.bytes": 16 << 20,
    "fetch.max.bytes": 64 << 20,
    "queued.max.messages.kbytes": 65_536,
    "fetch.wait.max.ms": 20,
    "log_level": 2,
}
_AT_ONCE = 5_000
_WAIT_SECONDS = 0.1
_ANSWER_SECONDS = 10.0
_ASK_AGAIN_SECONDS = 0.05
_LOOK_BACK = 50
_LOOK_FURTHER = 20


def read_to_end(
    bootstrap: str, topic: str, partition: int, *, start: int = 0, timeout_seconds: float = 300.0
) -> Iterator[list[Message]]:
    """Yield lists of records from `start` to the end of what is committed.

    Raises:
        ChangelogError: The end was not reached in time.
        KafkaException: The broker refused.
    """
    consumer = Consumer({"bootstrap.servers": bootstrap, **_OPTIONS})
    consumer.assign([TopicPartition(topic, partition, start)])
    deadline = time.monotonic() + timeout_seconds
    try:
        while time.monotonic() < deadline:
            records: list[Message] = []
            at_end = False
            for message in consumer.consume(_AT_ONCE, _WAIT_SECONDS):
                error = message.error()
                if error is None:
                    records.append(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its name is spelt so
                    at_end = True
                elif not error.retriable():
                    raise KafkaException(error)
            if records:
                yield records
            if at_end:
                return
    finally:
        consumer.close()
    raise ChangelogError(
        f"recovery needs {topic}[{partition}] read to its end within {timeout_seconds:.0f} s; "
        "it was not reached. Look at the broker's load, then start again."
    )


def last_record(
    bootstrap: str,
    topic: str,
    partition: int,
    *,
    wanted: Callable[[Message], bool] = lambda _: True,
) -> Message | None:
    """Return the last committed record that is `wanted`, or none where there is no such record.

    Looks back further and further: transaction markers and undone records take offsets too.
    """
    consumer = Consumer({"bootstrap.servers": bootstrap, **_OPTIONS})
    try:
        low, high = consumer.get_watermark_offsets(
            TopicPartition(topic, partition), timeout=_ANSWER_SECONDS
        )
    finally:
        consumer.close()
    back = _LOOK_BACK
    while high > low:
        found: Message | None = None
        for records in read_to_end(bootstrap, topic, partition, start=max(low, high - back)):
            found = next((record for record in reversed(records) if wanted(record)), found)
        if found is not None or high - back <= low:
            return found
        back *= _LOOK_FURTHER
    return None


def await_stable_end(
    bootstrap: str, topic: str, partition: int, *, timeout_seconds: float = 60.0
) -> None:
    """Wait until no transaction is open on a partition, so that its end is its end.

    What is committed behind an open transaction of somebody else cannot be read before that one is
    over. Its owner's next start ends it, or the broker does after the transaction's own timeout.

    Raises:
        ChangelogError: A transaction stayed open for too long.
        KafkaException: The broker refused.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap})
    place = TopicPartition(topic, partition)
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # nor does it say its type

    def end(level: IsolationLevel) -> int:
        asked = admin.list_offsets({place: latest}, isolation_level=level)
        offset: int = asked[place].result(_ANSWER_SECONDS).offset
        return offset

    deadline = time.monotonic() + timeout_seconds
    # Asked first: what is written while we wait is nothing that we wait for.
    written = end(IsolationLevel.READ_UNCOMMITTED)
    while end(IsolationLevel.READ_COMMITTED) < written:
        if time.monotonic() > deadline:
            raise ChangelogError(
                f"recovery needs {topic}[{partition}] without an open transaction; one stayed open "
                f"for {timeout_seconds:.0f} s. Look at the transactions on the broker."
            )
        time.sleep(_ASK_AGAIN_SECONDS)


def header_of(message: Message, name: str) -> bytes | None:
    """Return the value of a record's header, or none where it is absent."""
    headers: Any = message.headers()  # its stub allows a str, which it never is
    return next((value for key, value in headers or () if key == name), None)
