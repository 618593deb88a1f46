"""A recorded run has one order, whatever the fetches did."""

from collections.abc import Iterable
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from contracts.slices import Cause, SliceStamp
from contracts.topics import RANK, SOURCES, Topic
from streams.records import SourceRecord
from streams.slices import Slice, SliceBuffer

Stamped = tuple[Topic, SliceStamp | None]
OTHERS = tuple(topic for topic in SOURCES if topic is not Topic.NEIGHBOUR_SIGNALS)
PARTITIONS = 3


def a_run(lines: list[tuple[Topic, int, int]], slices: int, *, awaits: set[int]) -> list[Stamped]:
    """A recording as `ingest` writes it: (topic, slice, known_at), each slice with its markers."""
    run: list[Stamped] = []
    for slice_no in range(slices):
        for topic, of_slice, known_at_ms in sorted(lines, key=lambda line: line[2]):
            if of_slice == slice_no and topic is not Topic.CONTROL:
                stamp = SliceStamp(slice_no=slice_no, known_at_ms=slice_no * 100 + known_at_ms)
                run.append((topic, stamp))
        for topic in OTHERS:
            if topic is not Topic.CONTROL:
                marker = SliceStamp(
                    slice_no=slice_no,
                    known_at_ms=slice_no * 100 + 99,
                    marker=True,
                    await_control=topic is Topic.CLOCK and slice_no in awaits,
                )
                run.append((topic, marker))
    for slice_no in sorted(awaits):
        for topic, of_slice, known_at_ms in lines:
            if of_slice == slice_no and topic is Topic.CONTROL:
                run.append(
                    (topic, SliceStamp(slice_no=slice_no, known_at_ms=slice_no * 100 + known_at_ms))
                )
        run.append((Topic.CONTROL, SliceStamp(slice_no=slice_no, known_at_ms=0, marker=True)))
    return run


def queues(run: list[Stamped]) -> dict[Topic, list[SourceRecord]]:
    """Each topic-partition's records with their offsets."""
    found: dict[Topic, list[SourceRecord]] = {topic: [] for topic in OTHERS}
    for topic, stamp in run:
        found[topic].append(
            SourceRecord(
                topic=topic,
                partition=0,
                offset=len(found[topic]),
                appended_ms=0,
                key=b"k",
                value=None if stamp is not None and stamp.marker else b"{}",
                stamp=stamp,
            )
        )
    return found


def coordinates(slices: list[Slice]) -> list[tuple[int, Topic, int]]:
    return [(s.slice_no, t.record.topic, t.record.offset) for s in slices for t in s.records]


LINES = st.lists(
    st.tuples(st.sampled_from(OTHERS), st.integers(0, 3), st.integers(0, 90)), max_size=30
)
AWAITS = st.sets(st.integers(0, 3)).map(lambda slices: slices | {0})


@given(lines=LINES, awaits=AWAITS, data=st.data())
def test_any_interleaving_of_fetches_gives_the_same_order(
    lines: list[tuple[Topic, int, int]], awaits: set[int], data: st.DataObject
) -> None:
    """Two runs of the same recording must decide the same, to the last bit."""
    waiting = queues(a_run(lines, 4, awaits=awaits))
    by_definition = sorted(
        (
            (record.stamp.slice_no, record.stamp.known_at_ms, RANK[topic], record.offset)
            for topic, records in waiting.items()
            for record in records
            if record.stamp is not None and not record.stamp.marker
        ),
    )
    buffer, released = SliceBuffer(partitions=PARTITIONS), []
    while any(waiting.values()):
        topic = data.draw(st.sampled_from([t for t in OTHERS if waiting[t]]))
        for _ in range(data.draw(st.integers(1, 3))):
            if waiting[topic]:
                buffer.add(waiting[topic].pop(0))
        released += buffer.release()

    assert coordinates(released) == [
        (slice_no, SOURCES[rank], offset) for slice_no, _, rank, offset in by_definition
    ]
    assert [s.slice_no for s in released] == [0, 1, 2, 3]
    assert all(t.fault is None for s in released for t in s.records)


def test_a_slice_waits_for_its_last_marker() -> None:
    """Released one marker too early, a record of the missing topic would come too late."""
    waiting = queues(a_run([], 1, awaits={0}))
    records = [record for topic in OTHERS for record in waiting[topic]]
    for last in records:
        buffer = SliceBuffer(partitions=PARTITIONS)
        for record in records:
            if record is not last:
                buffer.add(record)
        assert buffer.release() == []
        buffer.add(last)
        assert [s.slice_no for s in buffer.release()] == [0]


def test_a_slice_that_does_not_await_the_learner_does_not_wait_for_it() -> None:
    """Only the slice behind a learning tick waits; all others must flow."""
    waiting = queues(a_run([(Topic.CLOCK, 0, 5)], 1, awaits=set()))
    buffer = SliceBuffer(partitions=PARTITIONS)
    for records in waiting.values():
        for record in records:
            buffer.add(record)

    (whole,) = buffer.release()

    assert [t.record.topic for t in whole.records] == [Topic.CLOCK]
    assert whole.offsets[Topic.CLOCK] == 1


def test_a_record_without_a_stamp_leaves_as_a_fault_and_holds_nobody_up() -> None:
    """Anybody may write to a topic; a slice that waits for ever would stop the partition."""
    run = a_run([], 1, awaits=set())
    waiting = queues([(Topic.CONSENTS, None), *run])
    buffer = SliceBuffer(partitions=PARTITIONS)
    for records in waiting.values():
        for record in records:
            buffer.add(record)

    (whole,) = buffer.release()

    assert [(t.record.topic, t.record.offset) for t in whole.records] == [(Topic.CONSENTS, 0)]
    assert whole.records[0].fault is not None


def test_a_record_of_a_closed_slice_leaves_as_a_fault() -> None:
    """What was appended stays as it was: the past has no room for one more record."""
    run = a_run([], 2, awaits=set())
    late = (Topic.CONSENTS, SliceStamp(slice_no=0, known_at_ms=1))
    first_of_1 = next(
        i
        for i, (t, s) in enumerate(run)
        if t is Topic.CONSENTS and s is not None and s.slice_no == 1
    )
    waiting = queues([*run[:first_of_1], late, *run[first_of_1:]])
    buffer = SliceBuffer(partitions=PARTITIONS)
    for records in waiting.values():
        for record in records:
            buffer.add(record)

    released = buffer.release()

    assert [len(s.records) for s in released] == [0, 1]
    assert released[1].records[0].fault is not None


def a_signal(cause: Cause, *, slice_no: int, known_at_ms: int = 0) -> SourceRecord:
    """A neighbour signal, or with its ordinal -1 the marker of its partition; no offset yet."""
    marker = cause.ordinal < 0
    return SourceRecord(
        topic=Topic.NEIGHBOUR_SIGNALS,
        partition=0,
        offset=-1,
        appended_ms=0,
        key=b"k",
        value=None if marker else b"{}",
        stamp=SliceStamp(slice_no=slice_no, known_at_ms=known_at_ms, marker=marker),
        cause=cause,
    )


def told_in(slice_no: int, times_ms: Iterable[Iterable[int]]) -> list[list[SourceRecord]]:
    """What each partition tells for a slice, in its own order, its marker last."""
    return [
        [
            *(
                a_signal(
                    Cause(partition=partition, seq=number, ordinal=0),
                    slice_no=slice_no,
                    known_at_ms=known_at_ms,
                )
                for number, known_at_ms in enumerate(sorted(known))
            ),
            a_signal(Cause(partition=partition, seq=99, ordinal=-1), slice_no=slice_no),
        ]
        for partition, known in enumerate(times_ms)
    ]


TOLD = st.lists(
    st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=PARTITIONS, max_size=PARTITIONS),
    min_size=3,
    max_size=3,
)


def in_a_log(told: list[list[list[SourceRecord]]], data: st.DataObject) -> list[SourceRecord]:
    """One log of all that is told: slices in order, partitions as they happen to come."""
    log: list[SourceRecord] = []
    for queues_of_slice in told:
        waiting = [list(queue) for queue in queues_of_slice]
        while any(waiting):
            of = data.draw(st.sampled_from([n for n, queue in enumerate(waiting) if queue]))
            log.append(waiting[of].pop(0))
    return [
        SourceRecord(
            topic=record.topic,
            partition=record.partition,
            offset=offset,
            appended_ms=record.appended_ms,
            key=record.key,
            value=record.value,
            stamp=record.stamp,
            cause=record.cause,
        )
        for offset, record in enumerate(log)
    ]


def awaiting_neighbours(slices: int) -> list[SourceRecord]:
    """The markers of every other topic, for slices that await every partition's signals."""
    records: list[SourceRecord] = []
    for slice_no in range(slices):
        for topic in OTHERS:
            if topic is not Topic.CONTROL:
                stamp = SliceStamp(
                    slice_no=slice_no, known_at_ms=9, marker=True, await_neighbours=True
                )
                records.append(
                    SourceRecord(
                        topic=topic,
                        partition=0,
                        offset=slice_no,
                        appended_ms=0,
                        key=None,
                        value=None,
                        stamp=stamp,
                    )
                )
    return records


@given(times=TOLD, data=st.data())
def test_signals_have_one_order_however_fast_each_partition_is(
    times: list[list[list[int]]], data: st.DataObject
) -> None:
    """Offsets are no order among several writers: who writes first is chance."""
    told = [told_in(slice_no, known) for slice_no, known in enumerate(times)]
    log = in_a_log(told, data)
    buffer, released = SliceBuffer(partitions=PARTITIONS), []
    last_offset = len(log) - 1
    waiting = [awaiting_neighbours(3), log]
    while any(waiting):
        of = data.draw(st.sampled_from([n for n, queue in enumerate(waiting) if queue]))
        buffer.add(waiting[of].pop(0))
        released += buffer.release()

    causes = [timed.record.cause for whole in released for timed in whole.records]
    by_definition = [
        (slice_no, record.stamp.known_at_ms, record.cause)
        for slice_no, queues_of_slice in enumerate(told)
        for record in chain.from_iterable(queues_of_slice)
        if record.stamp is not None and not record.stamp.marker and record.cause is not None
    ]
    assert causes == [cause for _, _, cause in sorted(by_definition)]
    assert [s.slice_no for s in released] == [0, 1, 2]
    assert [s.offsets[Topic.NEIGHBOUR_SIGNALS] for s in released][-1] == last_offset


def test_a_slice_waits_for_the_word_of_every_partition() -> None:
    """The slowest partition may be about to say something about this very customer."""
    told = list(chain.from_iterable(told_in(0, [[1], [], [2]])))
    for silent in range(PARTITIONS):
        buffer = SliceBuffer(partitions=PARTITIONS)
        late = [record for record in told if record.cause and record.cause.partition == silent]
        for record in [*awaiting_neighbours(1), *(r for r in told if r not in late)]:
            buffer.add(record)
        assert buffer.release() == []
        for record in late:
            buffer.add(record)
        assert [len(whole.records) for whole in buffer.release()] == [2]


def test_a_signal_stands_before_the_records_of_its_slice() -> None:
    """It was known before the slice began; a payment at the same millisecond was not."""
    payment = SourceRecord(
        topic=Topic.TRANSACTIONS,
        partition=0,
        offset=0,
        appended_ms=0,
        key=b"k",
        value=b"{}",
        stamp=SliceStamp(slice_no=0, known_at_ms=5),
    )
    told = list(chain.from_iterable(told_in(0, [[], [5], []])))
    buffer = SliceBuffer(partitions=PARTITIONS)
    for record in [payment, *awaiting_neighbours(1), *told]:
        buffer.add(record)

    (whole,) = buffer.release()

    assert [timed.record.topic for timed in whole.records] == [
        Topic.NEIGHBOUR_SIGNALS,
        Topic.TRANSACTIONS,
    ]


def test_a_signal_that_comes_too_late_is_a_fault_and_not_forgotten() -> None:
    """Anybody may write to the topic; what is appended stays as it was."""
    told = [record for slice_no in (0, 1) for q in told_in(slice_no, [[], [], []]) for record in q]
    late = a_signal(Cause(partition=1, seq=3), slice_no=0)
    buffer = SliceBuffer(partitions=PARTITIONS)
    released: list[Slice] = []
    for record in [*awaiting_neighbours(2), *told[:PARTITIONS]]:
        buffer.add(record)
        released += buffer.release()
    for record in [late, *told[PARTITIONS:]]:
        buffer.add(record)
        released += buffer.release()

    assert [len(whole.records) for whole in released] == [0, 1]
    assert released[1].records[0].fault is not None


def test_a_signal_without_a_cause_is_a_fault() -> None:
    """Nobody of ours writes one, so there is no place for it among the others."""
    stranger = SourceRecord(
        topic=Topic.NEIGHBOUR_SIGNALS,
        partition=0,
        offset=0,
        appended_ms=0,
        key=b"k",
        value=b"{}",
        stamp=SliceStamp(slice_no=0, known_at_ms=5),
    )
    told = list(chain.from_iterable(told_in(0, [[], [], []])))
    buffer = SliceBuffer(partitions=PARTITIONS)
    for record in [stranger, *awaiting_neighbours(1), *told]:
        buffer.add(record)

    (whole,) = buffer.release()

    assert [timed.fault is None for timed in whole.records] == [False]
