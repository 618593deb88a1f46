"""The learner's role: order, answers and checkpoints, without a broker."""

import random

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from adapters.metrics import Metrics
from contracts.examples import Example, LearnBarrier
from contracts.slices import HEADER, SliceStamp
from contracts.snapshots import SnapshotRecord
from contracts.topics import Topic
from models import ROW, Learner
from streams.learn import LearnWork
from streams.learn_order import BarrierBuffer
from streams.settings import StreamSettings
from tests.streams.fakes import MemorySink, a_batch


def an_example(number: int, *, partition: int = 0) -> Example:
    """An opened row of the propensity label."""
    values = np.full(len(ROW.names), number % 11, dtype="<f4")
    return Example(
        row_id=f"r-{number}",
        status="opened",
        kind="week",
        label_names=("drawn_30d",),
        subject_id=f"c-{number}",
        at_ms=number * 1_000,
        partition=partition,
        seq=number,
        ordinal=0,
        schema_hash=ROW.schema_hash,
        row_hex=values.tobytes().hex(),
    )


def work(clock: str, sink: MemorySink, *, partitions: int = 2) -> LearnWork:
    settings = StreamSettings(bootstrap="none:1", partitions=partitions, clock=clock)  # type: ignore[arg-type] # a literal, given as text
    sink.fence()
    return LearnWork(settings=settings, sink=sink, metrics=Metrics(CollectorRegistry()))


def as_bytes(messages: list[Example | LearnBarrier]) -> list[bytes | None]:
    return [message.model_dump_json().encode() for message in messages]


def two_partitions() -> list[Example | LearnBarrier]:
    """Examples of two partitions and their barriers, as partition 0 and then 1 hand them over."""
    first: list[Example | LearnBarrier] = [an_example(n, partition=0) for n in range(0, 40, 2)]
    second: list[Example | LearnBarrier] = [an_example(n, partition=1) for n in range(1, 40, 2)]
    first.append(LearnBarrier(partition=0, at_ms=60_000, slice_no=8))
    second.append(LearnBarrier(partition=1, at_ms=60_000, slice_no=8))
    return first + second


def test_the_weights_do_not_depend_on_how_fast_the_partitions_ran() -> None:
    """Two recorded runs must end with the same model, to the bit."""
    in_a_row = two_partitions()
    half = len(in_a_row) // 2
    interleaved = [m for pair in zip(in_a_row[half:], in_a_row[:half], strict=True) for m in pair]
    states = []
    for messages in (in_a_row, interleaved):
        learn = work("recorded", MemorySink())
        learn.apply([a_batch(as_bytes(messages), topic=Topic.EXAMPLES)])
        states.append(learn.learner.state_sha256())

    assert states[0] == states[1]
    assert states[0] != Learner().state_sha256()


def test_the_answer_to_a_barrier_is_one_transaction_for_every_partition() -> None:
    """`sequence` waits for the marker: it must come exactly once, and behind the snapshots."""
    sink = MemorySink()
    learn = work("recorded", sink)

    durable = learn.apply([a_batch(as_bytes(two_partitions()), topic=Topic.EXAMPLES)])

    (transaction,) = sink.transactions
    assert durable == {Topic.EXAMPLES: 41}
    (record,) = [r for r in transaction if r.topic == Topic.MODELS]
    assert SnapshotRecord.model_validate_json(record.value or b"").examples_offset == 42
    for partition in range(2):
        control = [r for r in transaction if r.topic == Topic.CONTROL and r.partition == partition]
        stamps = [SliceStamp.unpack(dict(r.headers)[HEADER]) for r in control]
        assert [stamp.slice_no for stamp in stamps] == [9] * len(stamps)
        assert [stamp.marker for stamp in stamps] == [False] * (len(stamps) - 1) + [True]


def test_nothing_is_learnt_and_nothing_said_before_the_last_barrier() -> None:
    """An answer that does not know all examples would be another one in the next run."""
    sink = MemorySink()
    learn = work("recorded", sink)

    durable = learn.apply([a_batch(as_bytes(two_partitions()[:-1]), topic=Topic.EXAMPLES)])

    assert sink.transactions == []
    assert durable == {Topic.EXAMPLES: -1}
    assert learn.learner.state_sha256() == Learner().state_sha256()


def test_a_paused_learner_reads_the_unfinished_barrier_again() -> None:
    """After a rebalance the examples come again; half of them twice would be learnt twice."""
    messages = two_partitions()
    learn = work("recorded", MemorySink())
    learn.apply([a_batch(as_bytes(messages[:30]), topic=Topic.EXAMPLES)])

    assert learn.pause() == {Topic.EXAMPLES: 0}

    learn.apply([a_batch(as_bytes(messages), topic=Topic.EXAMPLES)])
    straight = work("recorded", MemorySink())
    straight.apply([a_batch(as_bytes(messages), topic=Topic.EXAMPLES)])
    assert learn.learner.state_sha256() == straight.learner.state_sha256()


def test_a_live_learner_gives_a_snapshot_when_one_is_due() -> None:
    """Live, nobody asks: the learner's own rule decides, on the examples' clock."""
    sink = MemorySink()
    learn = work("live", sink)
    examples: list[Example | LearnBarrier] = [an_example(n) for n in range(300)]

    learn.apply([a_batch(as_bytes(examples), topic=Topic.EXAMPLES)])

    records = [SnapshotRecord.model_validate_json(r.value or b"") for r in sink.of(Topic.MODELS)]
    assert records
    offset = records[0].examples_offset
    again = Learner()
    for example in examples[:offset]:
        assert isinstance(example, Example)
        again.apply(example)
    again.snapshot(records[0].at_ms, examples_offset=offset)
    assert again.state_sha256() == records[0].checkpoint_sha256
    assert all(dict(r.headers).get(HEADER) is None for r in sink.of(Topic.CONTROL))


def test_barriers_of_two_slices_are_refused() -> None:
    """Two `ingest` runs at once would mix their slices."""
    buffer = BarrierBuffer(partitions=3)
    buffer.add(LearnBarrier(partition=0, at_ms=1, slice_no=1))

    with pytest.raises(ValueError, match=r"got slices \[1, 2\]"):
        buffer.add(LearnBarrier(partition=1, at_ms=1, slice_no=2))


def test_the_order_of_a_barrier_is_that_of_time_partition_and_number() -> None:
    """Which example is learnt first matters to every bit behind it."""
    examples = [an_example(n, partition=n % 2) for n in range(20)]
    shuffled = random.Random(3).sample(examples, len(examples))
    buffer = BarrierBuffer(partitions=1)
    for example in shuffled:
        buffer.add(example)

    whole = buffer.add(LearnBarrier(partition=0, at_ms=99_000, slice_no=1))

    assert whole is not None
    assert list(whole.examples) == examples
