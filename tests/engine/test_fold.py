"""`fold`: each entry once, in order, with time passing as the journal says."""

import random

import pytest

from contracts.decisions import Decision
from contracts.journal import Entry, JournalError
from contracts.topics import Topic
from engine.fold import JournalGapError, fold
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from tests.engine.given import (
    NOON_MS,
    Journal,
    a_bank_journal,
    a_calculation,
    a_known_customer,
    a_partition,
)


def _run(
    entries: list[Entry], sizes: list[int]
) -> tuple[list[Output], MemorySubjects, PartitionState]:
    partition, subjects = a_partition(entries[0].partition), MemorySubjects()
    outputs, start = [], 0
    for size in sizes:
        outputs += fold(partition, subjects, entries[start : start + size])
        start += size
    return outputs, subjects, partition


@pytest.mark.parametrize("seed", range(3))
def test_batches_do_not_matter(seed: int) -> None:
    """A worker's batches depend on the network; its decisions must not."""
    chance = random.Random(seed)
    for journal in a_bank_journal():
        entries = journal.entries
        sizes = []
        while sum(sizes) < len(entries):
            sizes.append(min(chance.randint(1, 400), len(entries) - sum(sizes)))
        outputs, subjects, partition = _run(entries, sizes)
        whole, all_subjects, whole_partition = _run(entries, [len(entries)])

        assert outputs == whole
        assert dict(subjects.items()) == dict(all_subjects.items())
        assert partition.encode() == whole_partition.encode()
        assert any(output.topic is Topic.DECISIONS for output in whole)


def test_a_crash_between_any_two_batches_changes_nothing() -> None:
    """States that went through their bytes are the states that did not."""
    entries = a_bank_journal()[0].entries
    whole, all_subjects, _ = _run(entries, [len(entries)])
    outputs: list[Output] = []
    parts = a_partition().encode()
    stored: dict[str, bytes] = {}
    for start in range(0, len(entries), 997):
        partition = PartitionState.decode(parts, build="test-build")
        subjects = MemorySubjects()
        for name, raw in stored.items():
            subjects.load(name, raw)
        outputs += fold(partition, subjects, entries[start : start + 997])
        stored |= subjects.take_changed()
        parts = partition.encode()

    assert outputs == whole
    assert stored == dict(all_subjects.items())


def test_an_entry_that_is_known_is_skipped() -> None:
    """Kafka may deliver again after a rebalance; a decision is made once."""
    journal = a_known_customer()
    journal.event(Topic.APP_EVENTS, a_calculation("e-1", occurred_at_ms=NOON_MS), at_ms=NOON_MS)
    partition, subjects = a_partition(), MemorySubjects()
    first = fold(partition, subjects, journal.entries)
    before = dict(subjects.items())

    assert any(output.topic is Topic.DECISIONS for output in first)
    assert fold(partition, subjects, journal.entries) == []
    assert dict(subjects.items()) == before


def test_a_gap_stops_the_partition() -> None:
    """An entry that never came would make every later decision wrong in silence."""
    journal = a_known_customer()
    partition, subjects = a_partition(), MemorySubjects()
    fold(partition, subjects, journal.entries[:2])

    with pytest.raises(JournalGapError, match="needs journal entry 2 next; got 3"):
        fold(partition, subjects, journal.entries[3:])


def test_a_clock_that_goes_back_stops_the_partition() -> None:
    """Windows and timers stand on a clock that only moves forward."""
    journal = Journal()
    journal.tick(NOON_MS)
    journal.tick(NOON_MS - 1)

    with pytest.raises(JournalError, match="never goes back"):
        fold(a_partition(), MemorySubjects(), journal.entries)


def test_every_decision_is_chained_to_the_one_before() -> None:
    """Removing or changing one decision breaks the chain behind it."""
    for journal in a_bank_journal():
        outputs, _, partition = _run(journal.entries, [len(journal.entries)])
        decisions = [
            Decision.model_validate_json(output.value)
            for output in outputs
            if output.topic is Topic.DECISIONS
        ]
        previous = ""
        for decision in decisions:
            assert decision.prev_hash == previous
            previous = decision.hash
        assert partition.facts.chain == previous


def test_a_cause_moment_and_strategy_has_one_decision() -> None:
    """Two decisions on one cause would be two calls to one customer."""
    for journal in a_bank_journal():
        outputs, _, _ = _run(journal.entries, [len(journal.entries)])
        ids = [
            Decision.model_validate_json(output.value).decision_id
            for output in outputs
            if output.topic is Topic.DECISIONS
        ]
        assert len(ids) == len(set(ids))
