"""`ingest`: what stands on the topics is one recording, in one order, whoever reads it how."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2

from contracts.clock import Tick
from contracts.control import Control, StrategyPaused
from contracts.journal import Entry
from contracts.neighbours import MOST_HOPS
from contracts.recorded import RecordedLine
from contracts.topics import BANK_SOURCES, DAY_MS, RANK, SOURCES, Topic
from shouwen.ingest import UNKEYED_PARTITION, Ingested, IngestPlan, ingest
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from simulator import simulate
from streams.records import SourceRecord
from tests.support.memory_bank import MemoryRun, MemoryTopics, run

START_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
HOUR_MS = 3_600_000
A_PAUSE = StrategyPaused(strategy_id="some_strategy", reason="a control record like any other")


def a_line(
    known_at_ms: int,
    *,
    topic: Topic = Topic.TRANSACTIONS,
    key: str | None = "c-1",
    raw_value: bytes | None = b"{}",
    partition: int | None = None,
) -> RecordedLine:
    """A record of a recording; a test names only what it is about."""
    return RecordedLine(
        topic=topic, key=key, known_at_ms=known_at_ms, raw_value=raw_value, partition=partition
    )


def a_plan(
    *,
    partitions: int = 2,
    slice_ms: int = 10,
    learn_every_ms: int = 0,
    control: tuple[Control, ...] = (),
) -> IngestPlan:
    """Slices of ten milliseconds, two partitions, no learning."""
    return IngestPlan(
        partitions=partitions, slice_ms=slice_ms, learn_every_ms=learn_every_ms, control=control
    )


def published(lines: Sequence[RecordedLine], plan: IngestPlan) -> tuple[MemoryTopics, Ingested]:
    """What stands on the topics after `ingest`, and what it says about it."""
    topics = MemoryTopics()
    return topics, ingest(lines, topics, plan)


def slices_of(records: Sequence[SourceRecord], *, markers: bool) -> list[int]:
    """The slice numbers of the markers, or of the other records, in order of offset."""
    return [
        record.stamp.slice_no
        for record in records
        if record.stamp is not None and record.stamp.marker is markers
    ]


def ticks_of(topics: MemoryTopics, partition: int = 0) -> list[tuple[int | None, int, bool]]:
    """(slice, time, learn) of the ticks of a partition."""
    return [
        (tick.slice_no, record.stamp.known_at_ms, tick.learn)
        for record in topics.of(Topic.CLOCK, partition)
        if record.value is not None and record.stamp is not None
        for tick in [Tick.model_validate_json(record.value)]
    ]


def awaits_control(topics: MemoryTopics, partition: int = 0) -> list[int]:
    """Slices whose clock marker says that they wait for the learner."""
    return [
        record.stamp.slice_no
        for record in topics.of(Topic.CLOCK, partition)
        if record.stamp is not None and record.stamp.marker and record.stamp.await_control
    ]


def test_records_are_cut_at_whole_multiples_of_the_slice() -> None:
    """Two recordings of one bank must be cut at the same times, wherever each begins."""
    topics, done = published([a_line(ms, key="c-1") for ms in (7, 9, 10, 19, 20)], a_plan())
    (partition,) = [p for p in range(2) if len(topics.of(Topic.TRANSACTIONS, p)) > 4]

    assert slices_of(topics.of(Topic.TRANSACTIONS, partition), markers=False) == [1, 1, 2, 2, 3]
    assert [tick[:2] for tick in ticks_of(topics)] == [(1, 10), (2, 20), (3, 30)]
    assert done == Ingested(
        records=5, control=0, ticks=6, slices=3, first_ms=0, last_ms=30, last_slice=3
    )


def test_history_has_larger_slices_and_ends_with_one() -> None:
    """Years of markers that nobody waits for take the time of those who wait for the show."""
    plan = IngestPlan(
        partitions=1, slice_ms=10, learn_every_ms=0, history_slice_ms=100, history_until_ms=145
    )
    topics, done = published([a_line(ms) for ms in (3, 99, 101, 144, 145, 149, 150)], plan)

    assert [tick[:2] for tick in ticks_of(topics)] == [(1, 100), (2, 145), (3, 150), (4, 160)]
    assert slices_of(topics.of(Topic.TRANSACTIONS), markers=False) == [1, 1, 2, 2, 3, 3, 4]
    assert done.first_ms == 0


@given(
    known_at_ms=st.integers(0, 5_000),
    slice_ms=st.integers(1, 300),
    history_slice_ms=st.integers(1, 300),
    history_until_ms=st.integers(0, 5_000),
)
def test_slices_cover_recorded_time_without_gap_or_overlap(
    known_at_ms: int, slice_ms: int, history_slice_ms: int, history_until_ms: int
) -> None:
    """A record in two slices, or in none, has no place in the one order."""
    plan = IngestPlan(
        partitions=1,
        slice_ms=slice_ms,
        learn_every_ms=0,
        history_slice_ms=history_slice_ms,
        history_until_ms=history_until_ms,
    )
    from_ms, end_ms = plan.slice_of(known_at_ms)

    assert from_ms <= known_at_ms < end_ms
    assert plan.slice_of(from_ms) == plan.slice_of(end_ms - 1) == (from_ms, end_ms)
    assert plan.slice_of(end_ms)[0] == end_ms


def test_time_in_which_nothing_happened_is_no_slice() -> None:
    """A recording with a gap of years must not write a million ticks."""
    topics, done = published([a_line(5), a_line(1_000_005)], a_plan())

    assert [tick[:2] for tick in ticks_of(topics)] == [(1, 10), (2, 1_000_010)]
    assert done.slices == 2


def test_every_source_but_control_has_a_marker_behind_each_slice() -> None:
    """One marker too few, and the partition waits for ever."""
    topics, _ = published([a_line(5), a_line(15)], a_plan())

    for partition in range(2):
        for topic in (*BANK_SOURCES, Topic.CLOCK):
            assert slices_of(topics.of(topic, partition), markers=True) == [0, 1, 2]
        assert slices_of(topics.of(Topic.CONTROL, partition), markers=True) == [0]


def test_a_marker_stands_behind_the_records_of_its_slice() -> None:
    """A marker in front of a record would leave the record outside its slice."""
    topics, _ = published([a_line(ms) for ms in (1, 2, 11, 12)], a_plan(partitions=1))

    stamps = [record.stamp for record in topics.of(Topic.TRANSACTIONS)]

    assert [(s.slice_no, s.marker) for s in stamps if s is not None] == [
        (0, True),
        (1, False),
        (1, False),
        (1, True),
        (2, False),
        (2, False),
        (2, True),
    ]


def test_what_is_active_from_the_beginning_is_slice_0_of_every_partition() -> None:
    """A strategy that came a slice late would leave the first day undecided."""
    topics, done = published([a_line(15)], a_plan(control=(A_PAUSE,)))

    for partition in range(2):
        control, marker = topics.of(Topic.CONTROL, partition)
        assert StrategyPaused.model_validate_json(control.value or b"") == A_PAUSE
        assert (
            control.stamp and control.stamp.slice_no,
            control.stamp and control.stamp.marker,
        ) == (
            0,
            False,
        )
        assert control.stamp is not None
        assert control.stamp.known_at_ms == 10  # where the first slice begins
        assert marker.value is None
    assert (done.control, done.first_ms) == (2, 10)


def test_only_the_first_slice_and_those_behind_a_learning_tick_await_control() -> None:
    """A slice that waits for a learner nobody asked waits for ever; one that does not, races."""
    lines = [a_line(ms) for ms in range(5, 100, 10)]
    topics, _ = published(lines, a_plan(learn_every_ms=30))

    asked = [slice_no for slice_no, _, learn in ticks_of(topics) if learn]

    assert asked == [3, 6, 9]
    for partition in range(2):
        assert awaits_control(topics, partition) == [0, 4, 7, 10]


def test_the_answer_to_the_last_question_gets_a_slice_of_its_own() -> None:
    """Without it, the learner's last snapshot would wait in no slice at all."""
    topics, done = published([a_line(5), a_line(15)], a_plan(learn_every_ms=20))

    assert ticks_of(topics) == [(1, 10, False), (2, 20, True), (3, 20, False)]
    assert awaits_control(topics) == [0, 3]
    assert (done.slices, done.ticks, done.last_ms) == (3, 6, 20)


def test_without_learning_no_tick_asks_and_no_slice_waits() -> None:
    """`--learn-days 0` must not start a conversation."""
    topics, _ = published([a_line(ms) for ms in range(5, 500, 10)], a_plan())

    assert not any(learn for _, _, learn in ticks_of(topics))
    assert awaits_control(topics) == [0]


@given(key=st.text(min_size=1, max_size=40), partitions=st.integers(1, 64))
def test_a_record_goes_to_the_partition_that_any_kafka_client_computes(
    key: str, partitions: int
) -> None:
    """A producer in another language must put a customer's events beside ours."""
    topics, _ = published([a_line(5, key=key)], a_plan(partitions=partitions))
    by_kafka_python = (murmur2(key.encode()) & 0x7FFFFFFF) % partitions

    (record,) = [
        record
        for partition in range(partitions)
        for record in topics.of(Topic.TRANSACTIONS, partition)
        if record.key is not None
    ]

    assert (record.partition, record.key) == (by_kafka_python, key.encode())


def test_a_recording_may_put_a_record_where_it_does_not_belong() -> None:
    """How else would the front door be shown a producer's mistake?"""
    topics, _ = published([a_line(5, partition=wrong) for wrong in (0, 1, 5)], a_plan(partitions=2))

    counts = [
        len(slices_of(topics.of(Topic.TRANSACTIONS, partition), markers=False))
        for partition in range(2)
    ]

    assert counts == [1, 2]


def test_a_record_without_a_key_or_a_value_is_published_as_it_came() -> None:
    """It is the front door that judges; a record dropped here would be lost without a trace."""
    topics, done = published(
        [a_line(5, key=None), a_line(6, key=None, raw_value=None)], a_plan(partitions=4)
    )

    found = topics.of(Topic.TRANSACTIONS, UNKEYED_PARTITION)[1:3]

    assert [(record.key, record.value) for record in found] == [(None, b"{}"), (None, None)]
    assert done.records == 2


def test_a_recording_that_goes_back_in_time_is_refused() -> None:
    """A record behind its slice's marker would be a dead letter; better to say it before."""
    with pytest.raises(ValueError, match=r"order of known_at_ms; got 4 after 5\. Sort it"):
        published([a_line(5), a_line(4)], a_plan())


@pytest.mark.parametrize("topic", [Topic.CONTROL, Topic.CLOCK, Topic.DECISIONS])
def test_a_recording_holds_nothing_but_source_events(topic: Topic) -> None:
    """A recorded strategy would be one that nobody activated."""
    with pytest.raises(ValueError, match=rf"got one of '{topic.value}'"):
        published([a_line(5, topic=topic)], a_plan())


def test_an_empty_recording_publishes_nothing() -> None:
    """Not even a strategy: there is no time at which it could begin."""
    topics, done = published([], a_plan(control=(A_PAUSE,), learn_every_ms=1))

    assert topics.records == {}
    assert done == Ingested(
        records=0, control=0, ticks=0, slices=0, first_ms=0, last_ms=0, last_slice=0
    )


def test_the_pace_is_told_of_each_slice_when_all_of_it_is_out() -> None:
    """A demo holds recorded time here; what was not yet published would come a day late."""
    topics = MemoryTopics()
    told: list[tuple[int, int, int, int]] = []

    def after_slice(slice_no: int, end_ms: int, records: int) -> None:
        told.append((slice_no, end_ms, records, len(topics.of(Topic.CLOCK))))

    ingest(
        [a_line(ms) for ms in (1, 2, 25)],
        topics,
        a_plan(partitions=1, learn_every_ms=10),
        after_slice=after_slice,
    )

    assert told == [(1, 10, 2, 3), (2, 30, 1, 5)]


@given(
    gaps_ms=st.lists(st.integers(0, 40), min_size=1, max_size=30),
    slice_ms=st.integers(1, 25),
    learn_every_ms=st.integers(0, 60),
)
def test_every_question_to_the_learner_is_awaited_by_the_very_next_slice(
    gaps_ms: list[int], slice_ms: int, learn_every_ms: int
) -> None:
    """The rule of contracts/slices.py, on any recording: asked in K, awaited in K + 1."""
    known_at_ms = 0
    lines = [a_line(known_at_ms := known_at_ms + gap_ms) for gap_ms in gaps_ms]
    topics, done = published(lines, a_plan(slice_ms=slice_ms, learn_every_ms=learn_every_ms))

    ticks = ticks_of(topics)
    asked = [slice_no for slice_no, _, learn in ticks if learn and slice_no is not None]

    assert awaits_control(topics) == [0, *(slice_no + 1 for slice_no in asked)]
    assert [slice_no for slice_no, _, _ in ticks] == list(range(1, done.slices + 1))
    assert done.records == len(lines)
    assert all(before[1] <= after[1] for before, after in pairwise(ticks))


@cache
def a_recording() -> tuple[RecordedLine, ...]:
    """A small bank with days, poison, and a record in the wrong place."""
    events = simulate(seed=11, customers=5, days=60, start_ms=START_MS)
    good = [RecordedLine.of(event) for event in events]
    middle_ms = good[len(good) // 2].known_at_ms
    bad = [
        a_line(middle_ms, key=None),
        a_line(middle_ms, raw_value=b"not json"),
        a_line(middle_ms, key="c-000001", partition=1, raw_value=good[0].raw_value),
        a_line(middle_ms, raw_value=None),
    ]
    return tuple(sorted([*good, *bad], key=lambda line: line.known_at_ms))


@cache
def the_plan() -> IngestPlan:
    return IngestPlan(
        partitions=2,
        slice_ms=DAY_MS,
        learn_every_ms=7 * DAY_MS,
        control=(activation(DEFAULT_STRATEGY),),
    )


@cache
def a_run_in_peace() -> MemoryRun:
    return run(a_recording(), the_plan())


def without_chance(done: MemoryRun) -> list[list[Entry]]:
    """The journals but for where a neighbour signal stood in its topic: many write there."""
    return [
        [
            replace(entry, source_offset=0) if entry.topic is Topic.NEIGHBOUR_SIGNALS else entry
            for entry in journal
        ]
        for journal in done.journals
    ]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=12)
def test_any_interleaving_of_fetches_says_the_same(seed: int) -> None:
    """Journal, dead letters, decisions, weights: a race in Kafka must not reach a customer."""
    raced = run(a_recording(), the_plan(), dice=random.Random(seed))
    calm = a_run_in_peace()

    assert without_chance(raced) == without_chance(calm)
    assert raced.buried == calm.buried
    assert raced.outputs == calm.outputs
    assert raced.learner.state_sha256() == calm.learner.state_sha256()
    assert [s.encode() for s in raced.states] == [s.encode() for s in calm.states]


def test_every_record_is_in_the_journal_or_among_the_dead_letters() -> None:
    """Nothing is lost, from the file to the last entry."""
    calm = a_run_in_peace()

    entered = [e for journal in calm.journals for e in journal if e.topic in BANK_SOURCES]
    dead = [letter for buried in calm.buried for letter in buried]

    assert len(entered) + len(dead) == len(a_recording()) == calm.ingested.records
    assert len(dead) == 4
    assert any(calm.said(Topic.DECISIONS))


def test_a_journal_keeps_the_order_in_which_the_bank_knew() -> None:
    """Known first is decided first; at one time, facts about a customer come before deeds."""
    for journal in a_run_in_peace().journals:
        ranked = [(entry.at_ms, SOURCES.index(entry.topic)) for entry in journal]
        within_a_slice = [(at_ms, rank) for at_ms, rank in ranked if at_ms % DAY_MS]

        assert within_a_slice == sorted(within_a_slice)
        assert [entry.seq for entry in journal] == list(range(len(journal)))


def test_snapshots_and_strategies_are_at_the_same_time_in_every_partition() -> None:
    """No decision mixes two versions, whichever partition a customer is in."""
    first, second = (
        [(e.at_ms, json.loads(e.value)) for e in journal if e.topic is Topic.CONTROL]
        for journal in a_run_in_peace().journals
    )

    assert first == second
    assert [control["event_type"] for _, control in first][:1] == ["strategy_activated"]


def awaits_neighbours(topics: MemoryTopics, partition: int = 0) -> list[int]:
    """Slices whose clock marker says that they wait for what neighbours have to tell."""
    return [
        record.stamp.slice_no
        for record in topics.of(Topic.CLOCK, partition)
        if record.stamp is not None and record.stamp.marker and record.stamp.await_neighbours
    ]


def asks_neighbours(topics: MemoryTopics) -> list[int | None]:
    """Slices whose tick asks each partition to say that its signals are out."""
    return [
        tick.slice_no
        for record in topics.of(Topic.CLOCK)
        if record.value is not None
        for tick in [Tick.model_validate_json(record.value)]
        if tick.neighbours
    ]


def test_a_recording_of_payments_waits_for_no_neighbour() -> None:
    """Nobody shares a payment: a barrier per slice would only make a million records slower."""
    lines = [a_line(ms) for ms in range(5, 100, 10)]
    topics, done = published(lines, a_plan())

    assert (asks_neighbours(topics), awaits_neighbours(topics)) == ([], [])
    assert done.slices == 10


def test_loans_without_relations_wait_for_no_neighbour() -> None:
    """Their way is along an edge, and there is none: Berka runs as fast as before."""
    topics, _ = published([a_line(5, topic=Topic.LOAN_EVENTS), a_line(15)], a_plan())

    assert asks_neighbours(topics) == []


@pytest.mark.parametrize(
    ("topic", "hops"), [(Topic.APP_EVENTS, 2), (Topic.RELATIONS, MOST_HOPS), (Topic.SIGNALS, 0)]
)
def test_a_hop_takes_a_slice_and_the_last_ones_get_slices_of_their_own(
    topic: Topic, hops: int
) -> None:
    """What is still on its way at the end of a recording would wait in no slice at all."""
    topics, done = published([a_line(5, topic=topic)], a_plan())

    assert asks_neighbours(topics) == list(range(1, hops + 1))
    assert awaits_neighbours(topics) == list(range(2, hops + 2))
    assert (done.slices, done.last_ms) == (hops + 1, 10)


@given(
    lines=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(BANK_SOURCES)), min_size=1, max_size=20
    ),
    learn_every_ms=st.integers(0, 60),
)
def test_whatever_a_tick_asks_for_is_awaited_by_the_very_next_slice(
    lines: list[tuple[int, Topic]], learn_every_ms: int
) -> None:
    """Asked of neighbours or of the learner, in K, awaited in K + 1, and never otherwise."""
    known_at_ms = 0
    recording = [
        a_line(known_at_ms := known_at_ms + gap_ms, topic=topic) for gap_ms, topic in lines
    ]
    topics, done = published(recording, a_plan(learn_every_ms=learn_every_ms))
    learning = [slice_no for slice_no, _, learn in ticks_of(topics) if learn and slice_no]

    assert awaits_neighbours(topics) == [n + 1 for n in asks_neighbours(topics) if n is not None]
    assert awaits_control(topics) == [0, *(n + 1 for n in learning)]
    assert [slice_no for slice_no, _, _ in ticks_of(topics)] == list(range(1, done.slices + 1))


def test_no_signal_of_a_bank_is_left_out_of_its_slice() -> None:
    """`ingest` must think of every record that can reach somebody: each signal sent arrived."""
    calm = a_run_in_peace()
    sent = [
        output
        for outputs in calm.outputs
        for output in outputs
        if output.topic is Topic.NEIGHBOUR_SIGNALS and not output.everywhere
    ]
    came = [e.value for j in calm.journals for e in j if e.topic is Topic.NEIGHBOUR_SIGNALS]

    assert len(sent) > 50
    assert sorted(output.value for output in sent) == sorted(came)
    assert not [b for buried in calm.buried for b in buried if b.letter.source_topic in _OURS]


_OURS = {Topic.NEIGHBOUR_SIGNALS.value}


def test_ordered_by_offset_a_race_would_reach_a_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the order by cause: whose signal is written first is chance."""
    monkeypatch.setattr(
        "streams.slices._place",
        lambda timed: (
            timed.record.topic is not Topic.NEIGHBOUR_SIGNALS,
            timed.record.offset if timed.record.topic is Topic.NEIGHBOUR_SIGNALS else timed.time_ms,
            RANK[timed.record.topic],
            timed.record.offset,
        ),
    )
    runs = [run(a_recording(), the_plan(), dice=random.Random(seed)) for seed in range(3)]

    assert any(without_chance(one) != without_chance(runs[0]) for one in runs[1:])
