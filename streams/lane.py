"""A lane: one partition's records, in order, while other partitions do not wait for it."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, Protocol, TypeVar

from contracts.topics import Topic
from streams.microbatch import BatchFlow, RecordBatch
from streams.work import PartitionWork

T = TypeVar("T")


class Delivery(Protocol):
    """A batch as Faust hands it over."""

    value: RecordBatch

    def ack(self) -> Any:
        """Let the batch count as processed in the group's offsets."""


class Lane:
    """Takes batches in the order of delivery, merges all that is queued, works in a thread.

    Any error is given to `fatal`, which is expected to end the process: what was not committed is
    delivered again, and nothing is skipped to get past an error.

    Args:
        work: What to do; called from one thread at a time.
        max_records: Records handed to the work at once; twice as many may queue.
        idle_seconds: After this long without a record the work hears of it.
        topic_of: Turns a topic's name on the broker into ours.
        executor: Where the work runs.
        fatal: Told of any error, once.
    """

    def __init__(
        self,
        work: PartitionWork,
        *,
        max_records: int,
        idle_seconds: float,
        topic_of: Callable[[str], Topic],
        executor: Executor,
        fatal: Callable[[BaseException], None],
    ) -> None:
        self._work = work
        self._max_records = max_records
        self._idle_seconds = idle_seconds
        self._topic_of = topic_of
        self._executor = executor
        self._fatal = fatal
        self._queue: deque[Delivery] = deque()
        self._unacknowledged: deque[Delivery] = deque()
        self._queued_records = 0
        self._flow = BatchFlow()
        self._changed = asyncio.Condition()
        self._opening: asyncio.Task[Mapping[Topic, int]] | None = None
        self._running: asyncio.Task[None] | None = None
        self._is_open = False

    async def open(self) -> Mapping[Topic, int]:
        """Recover, or go on where a pause left off; return where to read.

        The recovery goes on when the caller is cancelled: a second call finds it.
        """
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._in_thread(self._work.recover))
        positions = await asyncio.shield(self._opening)
        self._flow = BatchFlow()
        for topic, offset in positions.items():
            self._flow.start(topic, next_offset=offset)
        if not self._is_open:
            self._is_open = True
            self._running = asyncio.ensure_future(self._guarded())
        return positions

    async def put(self, delivery: Delivery) -> None:
        """Queue a batch; waits while twice the records of a batch are queued already.

        A batch that comes while the lane is paused is dropped: it is delivered again.

        Raises:
            BatchOrderError: the batch does not follow the one before it.
        """
        async with self._changed:
            await self._changed.wait_for(self._has_room)
            if not self._is_open:
                return
            batch = delivery.value
            self._flow.follow(self._topic_of(batch.topic), after=batch.after, last=batch.offset)
            self._queue.append(delivery)
            self._queued_records += len(batch)
            self._changed.notify_all()

    async def pause(self) -> None:
        """Finish the batch in hand, drop what is queued, and let the work settle."""
        if self._opening is None:
            return
        await asyncio.shield(self._opening)
        async with self._changed:
            was_open, self._is_open = self._is_open, False
            self._queue.clear()
            self._queued_records = 0
            self._changed.notify_all()
        if was_open:
            self._work.hurry()
        if self._running is not None:
            await self._running
            self._running = None
        self._unacknowledged.clear()
        if was_open:
            self._opening = asyncio.ensure_future(self._in_thread(self._work.pause))
            await asyncio.shield(self._opening)

    async def close(self) -> None:
        """Pause, and let the partition go."""
        await self.pause()
        await self._in_thread(self._work.close)

    def waiting(self, topic_name: str) -> int:
        """Return how many records of a topic are queued, or wait to be durable."""
        batches = [delivery.value for delivery in (*self._unacknowledged, *self._queue)]
        return sum(len(batch) for batch in batches if batch.topic == topic_name)

    def _has_room(self) -> bool:
        return not self._is_open or self._queued_records < 2 * self._max_records

    async def _guarded(self) -> None:
        try:
            await self._run()
        except Exception as error:  # noqa: BLE001 - `fatal` ends the process with it
            self._fatal(error)

    async def _run(self) -> None:
        while (deliveries := await self._take()) is not None:
            if not deliveries:
                await self._in_thread(self._work.idle)
                continue
            self._unacknowledged.extend(deliveries)
            batches = [delivery.value for delivery in deliveries]
            self._acknowledge(await self._in_thread(self._work.apply, batches))

    async def _take(self) -> list[Delivery] | None:
        """Return what is queued, nothing when time is up, or none when the lane is paused."""
        async with self._changed:
            try:
                async with asyncio.timeout(self._idle_seconds):
                    await self._changed.wait_for(lambda: self._queue or not self._is_open)
            except TimeoutError:
                return []
            if not self._is_open:
                return None
            taken = [self._queue.popleft()]
            records = len(taken[0].value)
            while self._queue and records + len(self._queue[0].value) <= self._max_records:
                taken.append(self._queue.popleft())
                records += len(taken[-1].value)
            self._queued_records -= records
            self._changed.notify_all()
            return taken

    def _acknowledge(self, durable: Mapping[Topic, int]) -> None:
        waiting: deque[Delivery] = deque()
        for delivery in self._unacknowledged:
            batch = delivery.value
            if batch.offset <= durable.get(self._topic_of(batch.topic), -1):
                delivery.ack()
            else:
                waiting.append(delivery)
        self._unacknowledged = waiting

    async def _in_thread(self, job: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, job, *args)
