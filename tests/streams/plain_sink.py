"""A sink without transactions, for the negative controls: nothing in production makes one."""

from confluent_kafka import Producer

from streams.sink import PRODUCER_OPTIONS, Headers


class PlainSink:
    """The negative control: what is produced is out, whatever happens next."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap, **PRODUCER_OPTIONS})

    def fence(self) -> None:
        """Fence nobody."""

    def begin(self) -> None:
        """Begin nothing."""

    def produce(
        self,
        topic: str,
        *,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        self._producer.produce(
            topic, value=value, key=key, partition=partition, headers=list(headers)
        )

    def commit(self) -> None:
        self._producer.flush()

    def abort(self) -> None:
        """Undo nothing."""

    def close(self) -> None:
        """Let go."""
