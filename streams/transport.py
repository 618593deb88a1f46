"""Faust's aiokafka transport, with the parts overridden that lose, repeat or reorder records.

Against stock faust-streaming 0.15.3 (a test pins both versions and each name used here):

- isolation: `read_committed`; stock only with its own exactly-once mode;
- fetch: waits 20 ms, not 1.5 s; a copy of the active set is handed to the consumer thread, since
  the live one may turn empty in flight, which means "everything" there;
- order: after a rebalance nothing is fetched before the fetch in flight is over, the seek is done
  and Faust has cleared its queues; what was fetched across a rebalance is dropped;
- place: reading starts where the partition's own records say, not where the group's offset does;
- commit: the longest acknowledged prefix in the order of delivery; stock counts the offsets that
  transaction markers take as acknowledged, and then what stands before them;
- pressure: none of Faust's callbacks; a full queue blocks by itself, without starving anybody.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.microbatch import BatchFlow, RecordBatch

FETCH_WAIT_MS = 20
_LONGEST_FETCH_SECONDS = 0.25
_NAP_SECONDS = 0.005


class FlowHooks(Protocol):
    """What the transport asks of the role."""

    async def recover(self, assigned: frozenset[TP]) -> Mapping[TP, int]:
        """Make the assigned partitions ready; return where to read, for those that know."""

    def flowing(self, *, is_flowing: bool) -> None:
        """Hear that records flow, or that they do not."""


class HoldingConsumerThread(driver.AIOKafkaConsumerThread):
    """The consumer thread, reading committed records only and answering quickly."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - Faust hard-codes both
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer


class HoldingConsumer(driver.Consumer):
    """The consumer that holds records back until it is certain where they belong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._in_flight: defaultdict[TP, deque[int]] = defaultdict(deque)
        self._flow = BatchFlow()
        self._held: set[TP] = set()
        self._seeked = False
        self._epoch = 0
        self._idle = asyncio.Event()
        self._idle.set()
        super().__init__(*args, **kwargs)

    @property
    def hooks(self) -> FlowHooks:
        """The role whose records these are."""
        app: Any = self.app  # Faust's type knows nothing of ours
        hooks: FlowHooks = app.flow_hooks
        return hooks

    # Commit: the longest acknowledged prefix, in the order of delivery.

    def _to_message(self, tp: TP, record: RecordBatch) -> Any:
        record.after = self._flow.last(tp)
        self._flow.follow(tp, after=record.after, last=record.offset)
        self._in_flight[tp].append(record.offset)
        return super()._to_message(tp, record)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Count no gap as acknowledged: a prefix needs no such bookkeeping."""

    def _new_offset(self, tp: TP) -> int | None:
        waiting, acknowledged = self._in_flight[tp], self._acked_index[tp]
        newest: int | None = None
        while waiting and waiting[0] in acknowledged:
            newest = waiting.popleft()
            acknowledged.discard(newest)
        if newest is None:
            return None
        self._acked[tp] = [offset for offset in self._acked[tp] if offset > newest]
        return newest + 1

    # Order: nothing leaves before the seek and the clearing of queues are done.

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget what was in flight: whatever comes next starts from a seek."""
        self._epoch += 1
        await super().on_partitions_revoked(revoked)
        self._in_flight.clear()
        self._buffered_partitions.clear()

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's signature
        wanted = set(active_partitions or ()) - self._held
        if not wanted:
            await asyncio.sleep(_NAP_SECONDS)
            return {}
        epoch = self._epoch
        self._idle.clear()
        try:
            records = await super()._getmany(wanted, min(timeout, _LONGEST_FETCH_SECONDS))
        finally:
            self._idle.set()
        return records if epoch == self._epoch else {}

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's signature
        if not self.flow_active:
            can_resume: Any = self.can_resume_flow  # mode's types know its own events only
            await self.wait(can_resume)
        active = self._get_active_partitions()
        records = await self._getmany(active, timeout)
        # Stock would seek here when the flow stopped meanwhile, in the middle of a rebalance.
        return (records if self.flow_active else None), active

    async def perform_seek(self) -> None:
        """Seek every assigned partition to the place that its own records give."""
        await self._idle.wait()
        assigned = frozenset(self.assignment())
        known = await self.hooks.recover(assigned)
        self._in_flight.clear()
        self._buffered_partitions.clear()
        await super().perform_seek()
        places = {TP(*tp): offset for tp, offset in known.items() if tp in assigned}
        rest = [tp for tp in assigned if tp not in places]
        # Stock keeps its old position where nothing was ever committed.
        fresh = [tp for tp in rest if not self._committed_offset.get(tp)]
        if fresh:
            earliest = await self.earliest_offsets(*fresh)
            places |= {TP(*tp): offset for tp, offset in earliest.items()}
        if places:
            await self.seek_wait(places)
        for tp in assigned:
            start = places.get(tp, self._committed_offset.get(tp) or 0)
            self._flow.start(tp, next_offset=start)
        self._seeked = True

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Hold the partitions: they are fetched once the seek is done and the queues are clear."""
        self._held |= set(tps)
        self._seeked = False

    def resume_flow(self) -> None:
        """Let the records flow that were held for the seek."""
        super().resume_flow()
        if self._seeked:
            held, self._held, self._seeked = self._held, set(), False
            super().resume_partitions(held)
            self.hooks.flowing(is_flowing=True)

    def stop_flow(self) -> None:
        """Stop the flow; what is being fetched is dropped."""
        super().stop_flow()
        self._epoch += 1
        self._seeked, self._held = False, set()
        self.hooks.flowing(is_flowing=False)

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: the full queue blocks delivery by itself."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Do nothing: see `on_buffer_full`."""

    def _new_consumer_thread(self) -> HoldingConsumerThread:
        return HoldingConsumerThread(self, loop=self.loop, beacon=self.beacon)


class HoldingTransport(driver.Transport):
    """The transport that makes `HoldingConsumer`s."""

    Consumer = HoldingConsumer
