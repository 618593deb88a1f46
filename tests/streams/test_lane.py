"""A lane keeps order, merges what is queued, bounds what waits, acknowledges the durable."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.topics import Topic
from streams.errors import BatchOrderError
from streams.lane import Lane
from tests.streams.fakes import Delivered, ScriptedWork, a_batch


class Rig:
    """A lane with its work, and the errors it reported."""

    def __init__(self, executor: ThreadPoolExecutor, *, idle_seconds: float = 60.0) -> None:
        self.work = ScriptedWork()
        self.fatal: list[BaseException] = []
        self.lane = Lane(
            self.work,
            max_records=10,
            idle_seconds=idle_seconds,
            topic_of=Topic,
            executor=executor,
            fatal=self.fatal.append,
        )
        self._next = 0

    def a_delivery(self, records: int) -> Delivered:
        batch = a_batch([b"v"] * records, first=self._next, after=self._next - 1)
        self._next += records
        return Delivered(batch)


async def until(holds: Callable[[], object]) -> None:
    """Let the loop turn until something holds."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the work is in another thread, and has no event
            await asyncio.sleep(0)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    with ThreadPoolExecutor(2) as executor:
        rig = Rig(executor)
        await rig.lane.open()
        yield rig
        rig.work.gate.set()
        await rig.lane.close()


async def test_what_is_queued_is_merged_into_one_batch(rig: Rig) -> None:
    """Throughput when busy comes from few large transactions."""
    rig.work.gate.clear()
    first = rig.a_delivery(1)
    await rig.lane.put(first)
    await until(lambda: rig.work.calls.count("apply"))
    rest = [rig.a_delivery(3) for _ in range(4)]
    for delivery in rest:
        await rig.lane.put(delivery)

    rig.work.gate.set()
    await until(lambda: rest[-1].acked)

    assert rig.work.sizes == [1, 9, 3], "at most 10 records at once, whole batches only"


async def test_twice_a_batch_may_wait_and_then_the_reader_waits(rig: Rig) -> None:
    """The bound is in records: one in batches stalls everybody when batches are small."""
    rig.work.gate.clear()
    await rig.lane.put(rig.a_delivery(1))
    await until(lambda: rig.work.calls.count("apply"))
    await rig.lane.put(rig.a_delivery(20))
    waiting = asyncio.ensure_future(rig.lane.put(rig.a_delivery(1)))
    for _ in range(20):
        await asyncio.sleep(0)

    assert not waiting.done()
    assert rig.lane.waiting("journal.v1") == 21

    rig.work.gate.set()
    await waiting


async def test_only_what_is_durable_is_acknowledged(rig: Rig) -> None:
    """The group's offsets must never pass what is committed."""
    rig.work.durable = False
    held = rig.a_delivery(2)
    await rig.lane.put(held)
    await until(lambda: rig.work.sizes)
    assert not held.acked

    rig.work.durable = True
    await rig.lane.put(rig.a_delivery(1))
    await until(lambda: held.acked)


async def test_a_missing_batch_is_noticed(rig: Rig) -> None:
    """Whatever loses a batch on the way, the journal must not be appended to behind the hole."""
    await rig.lane.put(rig.a_delivery(2))
    rig.a_delivery(1)

    with pytest.raises(BatchOrderError, match="after offset 1 next; got the one after 2"):
        await rig.lane.put(rig.a_delivery(1))


async def test_a_pause_finishes_the_batch_in_hand_and_drops_the_rest(rig: Rig) -> None:
    """A partition that leaves takes nothing half done with it."""
    rig.work.gate.clear()
    in_hand = rig.a_delivery(1)
    await rig.lane.put(in_hand)
    await until(lambda: rig.work.calls.count("apply"))
    dropped = rig.a_delivery(1)
    await rig.lane.put(dropped)

    pausing = asyncio.ensure_future(rig.lane.pause())
    await until(lambda: "hurry" in rig.work.calls)
    rig.work.gate.set()
    await pausing

    assert in_hand.acked
    assert not dropped.acked
    assert rig.work.calls == ["recover", "apply", "hurry", "pause"]
    assert await rig.lane.open() == {Topic.JOURNAL: 1}, "it goes on where it settled"


async def test_a_batch_that_comes_while_paused_is_dropped(rig: Rig) -> None:
    """It was fetched before the seek; it is delivered again behind it."""
    await rig.lane.pause()
    late = rig.a_delivery(1)

    await rig.lane.put(late)

    assert not late.acked
    assert "apply" not in rig.work.calls


async def test_an_error_is_reported_and_nothing_is_acknowledged(rig: Rig) -> None:
    """Nothing is skipped to get past an error: the process ends and starts again."""
    rig.work.fails = RuntimeError("the broker refused")
    delivery = rig.a_delivery(1)

    await rig.lane.put(delivery)
    await until(lambda: rig.fatal)

    assert rig.fatal == [rig.work.fails]
    assert not delivery.acked


async def test_the_work_hears_when_nothing_comes() -> None:
    """States that wait for more batches are written even if none comes."""
    with ThreadPoolExecutor(1) as executor:
        rig = Rig(executor, idle_seconds=0.0)
        await rig.lane.open()
        await until(lambda: "idle" in rig.work.calls)
        await rig.lane.close()
        assert rig.work.calls[-2:] == ["pause", "close"]
