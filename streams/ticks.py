"""Ticks: one per second and owned partition, so that a partition without events grows older too."""

import asyncio
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from contracts.clock import Tick
from contracts.topics import Topic
from streams.settings import StreamSettings
from streams.sink import PRODUCER_OPTIONS

INTERVAL_SECONDS = 1.0
_TICK = Tick().model_dump_json(exclude_defaults=True).encode()


class Ticker:
    """Publishes the ticks of the partitions that this worker owns (live clock only).

    A tick lost or sent twice is no harm: its time is the broker's. A broker that takes none of
    them for long is an error like any other.

    Args:
        settings: Where to, and how the topic is called.
        partitions: Asked each second; the worker that owns `sequence` for them sends.
        fatal: Told when ticks cannot be delivered.
    """

    def __init__(
        self,
        settings: StreamSettings,
        *,
        partitions: Callable[[], list[int]],
        fatal: Callable[[BaseException], None],
    ) -> None:
        self._topic = settings.name(Topic.CLOCK)
        self._partitions = partitions
        self._fatal = fatal
        options: dict[str, Any] = {"bootstrap.servers": settings.bootstrap, **PRODUCER_OPTIONS}
        self._producer = Producer(options)

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            for partition in self._partitions():
                self._producer.produce(
                    self._topic,
                    value=_TICK,
                    key=str(partition).encode(),
                    partition=partition,
                    on_delivery=self._delivered,
                )
            self._producer.poll(0)
            await asyncio.sleep(INTERVAL_SECONDS)

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._fatal(KafkaException(error))
