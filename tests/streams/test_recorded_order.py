"""A recorded run has one order, whatever the fetches did."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.slices import SliceStamp
from contracts.topics import RANK, SOURCES, Topic
from streams.records import SourceRecord
from streams.slices import Slice, SliceBuffer

Stamped = tuple[Topic, SliceStamp | None]


def a_run(lines: list[tuple[Topic, int, int]], slices: int, *, awaits: set[int]) -> list[Stamped]:
    """A recording as `ingest` writes it: (topic, slice, known_at), each slice with its markers."""
    run: list[Stamped] = []
    for slice_no in range(slices):
        for topic, of_slice, known_at_ms in sorted(lines, key=lambda line: line[2]):
            if of_slice == slice_no and topic is not Topic.CONTROL:
                stamp = SliceStamp(slice_no=slice_no, known_at_ms=slice_no * 100 + known_at_ms)
                run.append((topic, stamp))
        for topic in SOURCES:
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
    found: dict[Topic, list[SourceRecord]] = {topic: [] for topic in SOURCES}
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
    st.tuples(st.sampled_from(SOURCES), st.integers(0, 3), st.integers(0, 90)), max_size=30
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
    buffer, released = SliceBuffer(), []
    while any(waiting.values()):
        topic = data.draw(st.sampled_from([t for t in SOURCES if waiting[t]]))
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
    records = [record for topic in SOURCES for record in waiting[topic]]
    for last in records:
        buffer = SliceBuffer()
        for record in records:
            if record is not last:
                buffer.add(record)
        assert buffer.release() == []
        buffer.add(last)
        assert [s.slice_no for s in buffer.release()] == [0]


def test_a_slice_that_does_not_await_the_learner_does_not_wait_for_it() -> None:
    """Only the slice behind a learning tick waits; all others must flow."""
    waiting = queues(a_run([(Topic.CLOCK, 0, 5)], 1, awaits=set()))
    buffer = SliceBuffer()
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
    buffer = SliceBuffer()
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
    buffer = SliceBuffer()
    for records in waiting.values():
        for record in records:
            buffer.add(record)

    released = buffer.release()

    assert [len(s.records) for s in released] == [0, 1]
    assert released[1].records[0].fault is not None
