"""Records into Kafka, in order and once each, as fast as the broker takes them."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from contracts.topics import LARGE_MESSAGE_BYTES, Topic
from shouwen.errors import StuckError

_FLUSH_SECONDS = 60.0


class KafkaPublisher:
    """An idempotent producer: per partition, what is published first is stored first.

    Args:
        bootstrap: The brokers.
        topic_prefix: Stands before every topic.

    Raises (from `publish` and `flush`):
        KafkaException: the broker refused a record.
        StuckError: the broker did not take a record in a minute.
    """

    def __init__(self, bootstrap: str, *, topic_prefix: str = "") -> None:
        self._prefix = topic_prefix
        self._failed: KafkaError | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.max.bytes": LARGE_MESSAGE_BYTES,
                "queue.buffering.max.messages": 50_000,
                "log_level": 2,  # what goes wrong is told once, by the error that is raised
            }
        )

    def publish(
        self,
        topic: Topic,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
    ) -> None:
        """Send one record; waits while too many are on their way."""
        while True:
            try:
                self._producer.produce(
                    f"{self._prefix}{topic.value}",
                    key=key,
                    value=value,
                    partition=partition,
                    headers=list(headers),
                    on_delivery=self._delivered,
                )
            except BufferError:
                self._producer.poll(0.1)
                continue
            break
        self._producer.poll(0)
        self._check()

    def flush(self) -> None:
        """Return when every record is stored."""
        left = self._producer.flush(_FLUSH_SECONDS)
        self._check()
        if left:
            raise StuckError(
                f"ingest needs its records stored within {_FLUSH_SECONDS:.0f} s; {left} were not. "
                "Look at the broker's log and its disk."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.flush()

    def _delivered(self, error: Any, _message: Message) -> None:
        if error is not None:
            self._failed = error

    def _check(self) -> None:
        if self._failed is not None:
            raise KafkaException(self._failed)
