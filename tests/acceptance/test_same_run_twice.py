"""`shouwen try jsonl` twice on one file: the same journal and the same decisions, byte for byte."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.kept import KeptJournal, file_of
from contracts.decisions import Decision
from contracts.journal import Entry
from contracts.topics import Topic
from tests.acceptance.tried import Tried

pytestmark = pytest.mark.kafka


def test_decisions_and_conversions_are_the_same_bytes(tried_twice: tuple[Tried, Tried]) -> None:
    """Kept files and all, checksums too: which is what an auditor would compare."""
    first, second = tried_twice
    for topic in (Topic.DECISIONS, Topic.CONVERSIONS):
        for partition in first.kept.partitions:
            name = file_of(topic, partition)
            mine = (first.kept.folder / name).read_bytes()
            assert mine == (second.kept.folder / name).read_bytes()
    assert first.kept.rows(Topic.DECISIONS) == first.told["replay"]["checked"] > 100
    assert first.told["replay"]["mismatches"] == 0


def test_the_journal_is_the_same_apart_from_times_of_append(
    tried_twice: tuple[Tried, Tried],
) -> None:
    """One recorded order, whatever the fetches did."""
    first, second = tried_twice
    for partition in first.kept.partitions:
        assert list(_timeless(first.kept, partition)) == list(_timeless(second.kept, partition))


def test_the_report_is_the_same_apart_from_speed(tried_twice: tuple[Tried, Tried]) -> None:
    """A figure that changes between two runs on one file would be a figure about the weather."""
    first, second = (
        {name: value for name, value in tried.told.items() if name not in {"latency_ms", "seconds"}}
        for tried in tried_twice
    )
    assert first == second
    assert first["in"] == first["journal_events"] + first["dead_letters"] > 10_000


def test_what_was_learnt_on_the_way_took_part(tried_twice: tuple[Tried, Tried]) -> None:
    """Else this would prove nothing about models: snapshots travelled in both journals."""
    first, _ = tried_twice
    roles: Counter[str] = Counter()
    for partition in first.kept.partitions:
        for record in first.kept.decisions(partition):
            for model in Decision.model_validate_json(record.value).models:
                if model.name == "drawn_30d":
                    roles[model.role] += 1
    assert roles["fallback"] > 10
    assert roles["champion"] > 10


def _timeless(kept: KeptJournal, partition: int) -> Iterator[Entry]:
    """Yield the entries without the times of append, and without chance.

    Many partitions write neighbour signals into one: where there a signal stands is chance.
    """
    for entry in kept.entries(partition):
        if entry.topic is Topic.NEIGHBOUR_SIGNALS:
            yield replace(entry, appended_ms=0, source_offset=0)
        else:
            yield replace(entry, appended_ms=0)
