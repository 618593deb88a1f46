"""Where a role's partition writes: one Kafka transaction at a time, fenced by its id."""

from collections.abc import Sequence
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.errors import FencedError

Headers = Sequence[tuple[str, bytes]]

PRODUCER_OPTIONS: dict[str, str | int | float | bool] = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 0,
    # A new transaction is refused for a moment while the last one is completed; asking again
    # after 5 ms instead of librdkafka's 100 takes the median batch from 104 to 10 ms.
    "retry.backoff.ms": 5,
    "message.max.bytes": 8 << 20,
    "queue.buffering.max.messages": 500_000,
    # Its lines about an absent broker come twenty times a second; what ends us, we tell ourselves.
    "log_level": 2,
}
_FENCED = {
    KafkaError._FENCED,  # noqa: SLF001 - librdkafka's own name for it is spelt so
    KafkaError.PRODUCER_FENCED,
    KafkaError.INVALID_PRODUCER_EPOCH,
    KafkaError.INVALID_PRODUCER_ID_MAPPING,
}
_INIT_SECONDS = 60.0
_COMMIT_SECONDS = 30.0
_BACK_PRESSURE_SECONDS = 0.05


class Sink(Protocol):
    """What a partition's work needs of its output."""

    def fence(self) -> None:
        """Shut out every older writer with the same id; whatever it left open is undone."""

    def begin(self) -> None:
        """Start a transaction."""

    def produce(
        self,
        topic: str,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        """Add a record to the transaction."""

    def commit(self) -> None:
        """Make the transaction visible, whole; returns when it is durable."""

    def abort(self) -> None:
        """Undo the transaction."""

    def close(self) -> None:
        """Let go of the connection."""


class TransactionalSink:
    """A `Sink` over librdkafka's transactional producer.

    Errors that librdkafka can retry, it retries itself; what is raised here ends the process.

    Args:
        bootstrap: `host:port` of the brokers.
        transactional_id: The same for every worker that ever writes this role's partition.
        timeout_ms: The broker undoes a transaction that is open longer than this.

    Raises (from every method but `close`):
        FencedError: Another worker has called `fence` with this id since.
        KafkaException: The broker refused, or did not answer in time.
    """

    def __init__(self, bootstrap: str, *, transactional_id: str, timeout_ms: int = 15_000) -> None:
        self._options: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "transactional.id": transactional_id,
            "transaction.timeout.ms": timeout_ms,
            **PRODUCER_OPTIONS,
        }
        self._transactional_id = transactional_id
        self._producer: Producer | None = None

    def fence(self) -> None:
        """Shut out every older writer with the same id; whatever it left open is undone."""
        self.close()
        producer = Producer(self._options)
        try:
            producer.init_transactions(_INIT_SECONDS)
        except KafkaException as error:
            raise self._explained(error) from error
        self._producer = producer

    def begin(self) -> None:
        """Start a transaction."""
        self._open().begin_transaction()

    def produce(
        self,
        topic: str,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        """Add a record to the transaction; waits while the client's own queue is full."""
        producer = self._open()
        while True:
            try:
                producer.produce(
                    topic, value=value, key=key, partition=partition, headers=list(headers)
                )
            except BufferError:
                producer.poll(_BACK_PRESSURE_SECONDS)
            except KafkaException as error:
                raise self._explained(error) from error
            else:
                return

    def commit(self) -> None:
        """Make the transaction visible, whole; returns when it is durable."""
        try:
            self._open().commit_transaction(_COMMIT_SECONDS)
        except KafkaException as error:
            raise self._explained(error) from error

    def abort(self) -> None:
        """Undo the transaction."""
        try:
            self._open().abort_transaction(_COMMIT_SECONDS)
        except KafkaException as error:
            raise self._explained(error) from error

    def close(self) -> None:
        """Let go of the connection; an open transaction is left to the next `fence`."""
        self._producer = None

    def _open(self) -> Producer:
        if self._producer is None:
            raise RuntimeError(f"sink {self._transactional_id!r} needs fence() before it is used")
        return self._producer

    def _explained(self, error: KafkaException) -> Exception:
        if error.args[0].code() not in _FENCED:
            return error
        return FencedError(
            f"{self._transactional_id!r} needs to be the only writer of its partition; the broker "
            f"says {error.args[0].name()}: another worker took it over. "
            "Nothing was written; start again and the group gives out the partitions anew."
        )
