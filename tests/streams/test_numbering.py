"""Numbering: every new record once, in the journal or among the dead letters; time never back."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contracts.journal import pack_header, unpack
from contracts.topics import EVENT_SOURCES, Topic
from streams.dead_letter_rate import WINDOW_MS, DeadLetterRate
from streams.ordering import live_order
from streams.records import SourceRecord, TimedRecord
from streams.sequencer import (
    LATE_AFTER_MS,
    LATEST_MS,
    MAX_BURIED_BYTES,
    MAX_BURIED_KEY_BYTES,
    JournalPlace,
    Numbered,
    number,
)

TICK = b"{}"


def a_tick(offset: int, *, appended_ms: int = 0, value: bytes = TICK) -> SourceRecord:
    return SourceRecord(
        topic=Topic.CLOCK,
        partition=0,
        offset=offset,
        appended_ms=appended_ms,
        key=b"0",
        value=value,
    )


def numbered(records: list[SourceRecord], place: JournalPlace) -> Numbered:
    return number(live_order(records), place, partition=0, partitions=4)


RECORDS = st.lists(
    st.tuples(st.integers(0, 1_000), st.sampled_from([TICK, b"{bad"])), max_size=40
).map(
    lambda drawn: [
        a_tick(offset, appended_ms=at, value=value) for offset, (at, value) in enumerate(drawn)
    ]
)


@given(records=RECORDS, cuts=st.lists(st.integers(0, 40), max_size=4), again=st.integers(0, 40))
def test_any_cutting_and_any_second_delivery_take_each_record_once(
    records: list[SourceRecord], cuts: list[int], again: int
) -> None:
    """Faust may deliver from too early after a crash; the vector of offsets must see to it."""
    place, entries, buried = JournalPlace(), [], []
    bounds = sorted({0, len(records), *(min(cut, len(records)) for cut in cuts)})
    for start, end in pairwise(bounds):
        batch = numbered(records[max(0, start - again) : end], place)
        entries += batch.entries
        buried += batch.buried
        place = batch.place

    good = [record.offset for record in records if record.value == TICK]
    assert [entry.source_offset for entry in entries] == good
    assert [entry.seq for entry in entries] == list(range(len(good)))
    assert len(buried) == len(records) - len(good)
    assert all(early.at_ms <= late.at_ms for early, late in pairwise(entries))


@given(records=RECORDS)
def test_entries_survive_the_journal_record(records: list[SourceRecord]) -> None:
    """What is read back must be what was numbered, to the byte."""
    for entry in numbered(records, JournalPlace()).entries:
        assert unpack(0, entry.key.encode(), entry.value, pack_header(entry)) == entry


@given(stamps=st.lists(st.tuples(st.sampled_from(EVENT_SOURCES), st.integers(0, 50)), max_size=30))
def test_the_live_order_keeps_each_topic_in_order(stamps: list[tuple[Topic, int]]) -> None:
    """A broker's clock that goes back must not swap two records of one topic."""
    records = [
        SourceRecord(topic=topic, partition=0, offset=place, appended_ms=at, key=None, value=None)
        for place, (topic, at) in enumerate(stamps)
    ]

    ordered = live_order(records)

    for topic in EVENT_SOURCES:
        offsets = [t.record.offset for t in ordered if t.record.topic is topic]
        assert offsets == sorted(offsets)
    assert [t.time_ms for t in ordered] == sorted(t.time_ms for t in ordered)


def test_markers_count_as_taken() -> None:
    """A slice's markers carry no record, and yet reading must go on behind them."""
    batch = number([], JournalPlace(), partition=0, partitions=4, passed={Topic.CLOCK: 7})

    assert batch.place.next_offset(Topic.CLOCK) == 8


def test_a_late_event_is_counted_and_appended() -> None:
    """Lateness is a number to look at, never a reason to drop anything."""
    from tests.streams.stand import a_payment
    from tests.streams.test_frontdoor import HOME

    record = SourceRecord(
        topic=Topic.TRANSACTIONS,
        partition=HOME,
        offset=0,
        appended_ms=LATE_AFTER_MS + 1,
        key=b"c-1",
        value=a_payment(1, "c-1"),
    )

    batch = number(live_order([record]), JournalPlace(), partition=HOME, partitions=4)

    assert len(batch.entries) == 1
    assert batch.late[Topic.TRANSACTIONS] == 1


def rate(**changes: float) -> DeadLetterRate:
    return DeadLetterRate(
        partition=0, ratio=changes.get("ratio", 0.05), minimum=int(changes.get("minimum", 20))
    )


def test_a_bad_deploy_raises_one_alert_per_window() -> None:
    """A person must hear of it, once, not ten thousand times."""
    watch = rate()
    raised = [
        alert
        for step in range(100)
        for alert in watch.observe_counts(
            Topic.CONSENTS, at_ms=step * 100, seq=step, entries=0, dead=5
        )
    ]
    next_window = watch.observe_counts(Topic.CONSENTS, at_ms=WINDOW_MS, seq=100, entries=0, dead=20)

    assert len(raised) == 1
    assert raised[0].subject_id == "consents.v1"
    assert len(next_window) == 1
    assert next_window[0].alert_id != raised[0].alert_id


def test_a_few_poison_messages_raise_none() -> None:
    """Twenty in a million are a nuisance; the alarm is for a flood."""
    watch = rate()

    assert watch.observe_counts(Topic.CONSENTS, at_ms=0, seq=0, entries=0, dead=19) == []
    assert watch.observe_counts(Topic.CONSENTS, at_ms=1, seq=0, entries=9_000, dead=1) == []


def test_what_is_too_large_to_be_written_again_is_buried_by_its_beginning() -> None:
    """The broker bounds what it stores, compressed; the same bytes in the open may be too many.

    A record that cannot even be buried would stop its partition for ever.
    """
    bomb = replace(a_tick(0, value=b"[" * (9 << 20)), key=b"k" * (9 << 20))
    (buried,) = numbered([bomb], JournalPlace()).buried

    assert buried.letter.reason == "too_large"
    assert "only the beginning is kept" in buried.letter.detail
    assert buried.record.value == b"[" * MAX_BURIED_BYTES
    assert buried.record.key == b"k" * MAX_BURIED_KEY_BYTES


def test_what_can_be_written_again_is_buried_whole() -> None:
    """Whoever looks for a record by its bytes must find it."""
    strange = replace(a_tick(0, value=b"["), key=b"k" * 65)
    (buried,) = numbered([strange], JournalPlace()).buried

    assert (buried.letter.reason, buried.record) == ("too_large", strange)


def test_a_time_that_is_none_moves_no_clock() -> None:
    """One sentinel date in a recording must not carry a partition into the next century."""
    lost, tick = a_tick(0, appended_ms=LATEST_MS), a_tick(1, appended_ms=50)
    timed = [TimedRecord(record=r, time_ms=r.appended_ms) for r in (lost, tick)]
    batch = number(timed, JournalPlace(clock_ms=40), partition=0, partitions=4)

    assert [(b.letter.reason, b.letter.at_ms) for b in batch.buried] == [("invalid", 40)]
    assert [entry.at_ms for entry in batch.entries] == [50]
