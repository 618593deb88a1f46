"""Jobs beside the flow of records: one that fails must not fail in silence."""

import asyncio

import pytest

from streams import worker


async def _fails() -> None:
    raise BufferError("the producer's queue is full")


async def _waits() -> None:
    await asyncio.Event().wait()


async def test_a_ticker_that_fails_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it: its partitions would stand still in time, and every timer with them."""
    died: list[BaseException] = []
    monkeypatch.setattr(worker, "die", died.append)
    failed, cancelled = asyncio.ensure_future(_fails()), asyncio.ensure_future(_waits())
    for job in (failed, cancelled):
        job.add_done_callback(worker.end_with)
    cancelled.cancel()
    await asyncio.gather(failed, cancelled, return_exceptions=True)
    await asyncio.sleep(0)

    assert [type(error) for error in died] == [BufferError]
