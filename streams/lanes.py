"""All lanes of a worker: they open, pause and close as the group gives and takes partitions."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor

from faust.types import TP

from adapters.metrics import Metrics
from contracts.topics import Topic
from streams.errors import BatchOrderError, StreamsError
from streams.lane import Delivery, Lane
from streams.settings import Role, StreamSettings
from streams.work import PartitionWork


class Lanes:
    """The partitions of one role in this process (it is the transport's `FlowHooks`).

    A partition that stays with this worker over a rebalance keeps its lane, its state and its
    fenced producer; should somebody else have had it meanwhile, its next transaction is refused.

    Args:
        role: Whose lanes these are.
        topics: What the role reads; a lane gets the same partition number of each.
        make_work: Makes the work of a partition.
        settings: Names and bounds.
        executor: Where the work runs.
        metrics: Told of partitions and recoveries.
        fatal: Told of any error, once; expected to end the process.
    """

    def __init__(
        self,
        role: Role,
        *,
        topics: Iterable[Topic],
        make_work: Callable[[int], PartitionWork],
        settings: StreamSettings,
        executor: Executor,
        metrics: Metrics,
        fatal: Callable[[BaseException], None],
    ) -> None:
        self._role = role
        self._names = {topic: settings.name(topic) for topic in topics}
        self._make_work = make_work
        self._settings = settings
        self._executor = executor
        self._metrics = metrics
        self._fatal = fatal
        self._lanes: dict[int, Lane] = {}
        self._is_flowing = False

    @property
    def partitions(self) -> list[int]:
        """The partitions this worker owns, in order."""
        return sorted(self._lanes)

    @property
    def is_ready(self) -> bool:
        """Whether partitions are assigned, recovered, and their records flow."""
        return self._is_flowing and bool(self._lanes)

    async def recover(self, assigned: frozenset[TP]) -> Mapping[TP, int]:
        """Close lanes that went, open those that came; return where each topic is read on."""
        try:
            return await self._open(assigned)
        except Exception as error:
            self._fatal(error)
            raise

    def flowing(self, *, is_flowing: bool) -> None:
        """Hear from the transport that records flow, or that they do not."""
        self._is_flowing = is_flowing
        self._metrics.ready.labels(role=self._role).set(int(self.is_ready))

    async def deliver(self, delivery: Delivery) -> None:
        """Hand a batch to its lane; a partition that is not ours any more drops it."""
        lane = self._lanes.get(delivery.value.partition)
        if lane is None:
            return
        try:
            await lane.put(delivery)
        except BatchOrderError as error:
            # An exception that left the agent would only restart it, past this batch.
            self._fatal(error)

    async def pause(self) -> None:
        """Settle all lanes: what follows is either `recover` or the end."""
        await asyncio.gather(*(lane.pause() for lane in self._lanes.values()))

    async def close(self) -> None:
        """Settle all lanes and let them go."""
        lanes, self._lanes = self._lanes, {}
        await asyncio.gather(*(lane.close() for lane in lanes.values()))

    def waiting(self, partition: int, topic_name: str) -> int:
        """Return how many records of a topic were delivered and are not durable yet."""
        lane = self._lanes.get(partition)
        return 0 if lane is None else lane.waiting(topic_name)

    async def _open(self, assigned: frozenset[TP]) -> Mapping[TP, int]:
        ours = [tp for tp in assigned if tp.topic in self._names.values()]
        wanted = {tp.partition for tp in ours}
        self._require_all_topics(ours, wanted)
        gone = [self._lanes.pop(number) for number in self._lanes.keys() - wanted]
        await asyncio.gather(*(lane.close() for lane in gone))
        for number in sorted(wanted - self._lanes.keys()):
            self._lanes[number] = self._new_lane(number)
        self._metrics.partitions.labels(role=self._role).set(len(wanted))
        started = time.perf_counter()
        opened = await asyncio.gather(*(self._lanes[number].open() for number in sorted(wanted)))
        if wanted:
            took_seconds = time.perf_counter() - started
            self._metrics.state_recovery.labels(role=self._role).observe(took_seconds)
        return {
            TP(self._names[topic], number): offset
            for number, positions in zip(sorted(wanted), opened, strict=True)
            for topic, offset in positions.items()
        }

    def _new_lane(self, partition: int) -> Lane:
        return Lane(
            self._make_work(partition),
            max_records=self._settings.max_batch,
            idle_seconds=min(self._settings.soon_ms, self._settings.state_interval_ms) / 1000,
            topic_of=self._settings.topic,
            executor=self._executor,
            fatal=self._fatal,
        )

    def _require_all_topics(self, ours: Iterable[TP], wanted: set[int]) -> None:
        got = set(ours)
        missing = [
            f"{name}[{number}]"
            for number in sorted(wanted)
            for name in self._names.values()
            if TP(name, number) not in got
        ]
        if missing:
            raise StreamsError(
                f"{self._role} needs the same partitions of all its topics on one worker; "
                f"the group did not assign {', '.join(missing)}. "
                "Give all keyed topics the same partition count: `shouwen topics check`."
            )
