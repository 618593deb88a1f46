"""How far behind a worker is, per topic, for the metric."""

import asyncio
from collections import Counter
from typing import Any

from adapters.metrics import Metrics
from streams.lanes import Lanes
from streams.settings import StreamSettings

_EVERY_SECONDS = 2.0


async def watch_lag(app: Any, *, settings: StreamSettings, lanes: Lanes, metrics: Metrics) -> None:
    """Measure until cancelled; a partition that is being moved counts as not behind."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        if not lanes.is_ready:
            continue
        lag: Counter[str] = Counter()
        for tp in app.consumer.assignment():
            behind = await _behind(app.consumer, tp) + lanes.waiting(tp.partition, tp.topic)
            lag[settings.topic(tp.topic).value] += behind
        for topic, records in lag.items():
            metrics.lag.labels(topic=topic).set(records)


async def _behind(consumer: Any, tp: Any) -> int:
    """Return how many offsets the broker has that the consumer has not passed."""
    high = consumer.highwater(tp)
    position = await consumer.position(tp)
    return 0 if high is None or position is None else max(0, high - position)
