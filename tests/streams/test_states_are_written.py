"""When changed states are written, and what of them is measured: decide's work without a broker."""

from collections.abc import Callable, Sequence

import pytest
from prometheus_client import CollectorRegistry

from adapters.metrics import Metrics
from contracts.journal import HEADER, Entry, pack_header
from contracts.topics import Topic
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subject import MOST_BYTES
from engine.subjects import MemorySubjects
from streams.decide import DecideWork
from streams.settings import StreamSettings
from tests.streams.fakes import MemorySink, a_batch

SETTINGS = StreamSettings(bootstrap="nowhere:1", build="b")
FEW_SUBJECTS = SETTINGS.few_subjects
Change = Callable[[PartitionState, MemorySubjects], None]


class Rig:
    """The work of one partition, whose fold does one change per entry, and whose time we tell."""

    def __init__(self) -> None:
        self.now_seconds = 0.0
        self.sink = MemorySink()
        self.sink.fence()
        self.metrics = Metrics(CollectorRegistry())
        self._changes: list[Change] = []
        self._seq = -1
        self._work = DecideWork(
            0,
            settings=SETTINGS,
            sink=self.sink,
            metrics=self.metrics,
            fold=self._fold,
            monotonic=lambda: self.now_seconds,
        )

    def apply(self, change: Change) -> None:
        """Let one entry make a change."""
        self._seq += 1
        entry = Entry(
            partition=0,
            seq=self._seq,
            at_ms=0,
            topic=Topic.CLOCK,
            source_partition=0,
            source_offset=self._seq,
            key="",
            value=b"{}",
        )
        self._changes.append(change)
        headers = ((HEADER, pack_header(entry)),)
        batch = a_batch([b"{}"], first=self._seq, key=b"", headers=headers)
        self._work.apply([batch])

    def close(self) -> None:
        """Let the partition go."""
        self._work.close()

    def states(self) -> int:
        """How many states of subjects were written."""
        records = self.sink.of(Topic.DECIDE_STATE)
        return sum(record.key is not None and record.key.startswith(b"s/") for record in records)

    def measured(self, name: str) -> float | None:
        """What a scrape of a metric without labels brings."""
        return self.metrics.registry.get_sample_value(f"shouwen_{name}")

    def _fold(
        self, partition: PartitionState, subjects: MemorySubjects, entries: Sequence[Entry]
    ) -> list[Output]:
        for entry in entries:
            self._changes.pop(0)(partition, subjects)
            partition.facts.seq = entry.seq
        return []


@pytest.fixture
def rig() -> Rig:
    """A partition before its first entry."""
    return Rig()


def touched(count: int) -> Change:
    """So many subjects change."""

    def change(_: PartitionState, subjects: MemorySubjects) -> None:
        for number in range(count):
            subjects.get(f"c-{number}").entries += 1

    return change


def test_many_states_wait_for_the_interval(rig: Rig) -> None:
    """The busiest customers change in each second: written each time, they are all the traffic."""
    interval_seconds = SETTINGS.state_interval_ms / 1_000
    rig.apply(touched(FEW_SUBJECTS + 1))
    rig.now_seconds = interval_seconds - 0.001
    rig.apply(touched(FEW_SUBJECTS + 1))
    assert rig.states() == 0
    rig.now_seconds = interval_seconds
    rig.apply(touched(1))
    assert rig.states() == FEW_SUBJECTS + 1


def test_few_states_are_written_after_a_second(rig: Rig) -> None:
    """Where little happens, a look-up in the view need not be ten seconds old."""
    rig.apply(touched(FEW_SUBJECTS))
    assert rig.states() == 0
    rig.now_seconds = SETTINGS.soon_ms / 1_000
    rig.apply(touched(1))
    assert rig.states() == FEW_SUBJECTS


def test_a_state_above_what_is_planned_is_counted_each_time_it_is_written(rig: Rig) -> None:
    """Nothing is lost with it, but somebody has to know before it is two megabytes."""

    def grow(_: PartitionState, subjects: MemorySubjects) -> None:
        subjects.get("c-large").log += bytes(MOST_BYTES)

    for second in (1.0, 2.0):
        rig.now_seconds = second
        rig.apply(grow)
        rig.apply(touched(1))
    assert rig.measured("large_states_total") == 2.0


def test_reversals_that_came_too_late_are_counted(rig: Rig) -> None:
    """Each leaves a sum that the books do not have."""
    rig.apply(lambda partition, _: partition.count("lost_reversals", 2))
    rig.apply(lambda partition, _: partition.count("lost_reversals"))
    assert rig.measured("lost_reversals_total") == 3.0


def test_partitions_that_do_not_decide_are_seen_until_they_do_or_are_left(rig: Rig) -> None:
    """Decisions that somebody forgot to turn on again make no error of any kind."""

    def switch(*, on: bool) -> Change:
        return lambda partition, _: partition.switch(on=on, loads_history=False, at_ms=0)

    seen = []
    for change in (switch(on=False), touched(1), switch(on=True), switch(on=False)):
        rig.apply(change)
        seen.append(rig.measured("decisions_off"))
    rig.close()
    assert [*seen, rig.measured("decisions_off")] == [1.0, 1.0, 0.0, 1.0, 0.0]
