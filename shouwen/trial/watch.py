"""A reader that stands where a channel stands: it sees each decision when it can be read."""

import math
import threading
import time
from collections.abc import Callable, Iterable

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from contracts.decisions import Decision

APPENDED_HEADER = "shouwen-appended-ms"
_POLL_SECONDS = 0.05


class DecisionWatch:
    """Reads committed decisions in a thread, from the beginning, and measures their latency.

    Latency is from the broker's stamp of the source record to the moment the decision is read.

    Args:
        bootstrap: The brokers.
        topic: Name of the decisions topic, prefix and all.
        partitions: Of that topic.
        measured_from_ms: Recorded time from which latency counts: history that is run through at
            full speed waits in a queue, and says nothing.
        on_decision: Called in the thread with each decision and its latency in milliseconds.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        topic: str,
        partitions: int,
        measured_from_ms: int = 0,
        on_decision: Callable[[Decision, float], None] = lambda _decision, _latency_ms: None,
    ) -> None:
        self.latencies_ms: list[float] = []
        self.read = 0
        self._on_decision = on_decision
        self._measured_from_ms = measured_from_ms
        self._stop = threading.Event()
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "shouwen-watch",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 20,
                "log_level": 2,
            }
        )
        self._consumer.assign(
            [TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)]
        )
        self._thread = threading.Thread(target=self._run, name="decision-watch", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading; returns when the reader is gone."""
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            for message in self._consumer.consume(500, _POLL_SECONDS):
                if message.error() is not None:
                    continue
                now_ms = time.time() * 1000
                appended = dict(message.headers() or ()).get(APPENDED_HEADER)
                latency_ms = now_ms - int(appended) if appended else float("nan")
                decision = Decision.model_validate_json(message.value() or b"")
                self.read += 1
                if decision.at_ms >= self._measured_from_ms:
                    self.latencies_ms.append(latency_ms)
                self._on_decision(decision, latency_ms)


def percentile(values: Iterable[float], share: float) -> float | None:
    """Return the nearest-rank percentile: the smallest value with `share` of all at or below it.

    A value that is not a number (a decision whose cause has no stamp) counts for nothing; without
    values there is no percentile.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5), percentile([4.0, 1.0, 3.0, 2.0], 0.51)
    (2.0, 3.0)
    """
    ordered = sorted(value for value in values if not math.isnan(value))
    if not ordered:
        return None
    rank = math.ceil(round(share * len(ordered), 9))  # 0.07 * 100 is a hair above 7
    return ordered[max(1, rank) - 1]
