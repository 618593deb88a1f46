"""A simulated bank in memory, folded once in peace and again with something broken on purpose."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from contracts.decisions import Decision
from contracts.examples import Example
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.topics import DAY_MS, Topic
from engine.fold import fold
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from shouwen.ingest import IngestPlan
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from simulator import simulate
from tests.support.memory_bank import MemoryRun, run

START_MS = 1_751_299_200_000
PARTITIONS = 2
BUILD = "invariants"
Journals = list[list[Entry]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What journals led to, by partition."""

    journals: Journals
    outputs: list[list[Output]]
    states: list[PartitionState]
    subjects: list[MemorySubjects]

    def decisions(self) -> list[Decision]:
        return [Decision.model_validate_json(value) for value in self.said(Topic.DECISIONS)]

    def examples(self) -> list[Example]:
        return [
            Example.model_validate_json(value)
            for value in self.said(Topic.EXAMPLES)
            if b'"event_type":"example"' in value
        ]

    def said(self, topic: Topic) -> list[bytes]:
        return [o.value for outputs in self.outputs for o in outputs if o.topic is topic]

    def count(self, what: str) -> int:
        return sum(state.facts.counts.get(what, 0) for state in self.states)


@cache
def lines() -> tuple[RecordedLine, ...]:
    """Return what the bank's systems said in three months."""
    events = simulate(seed=7, customers=40, days=90, start_ms=START_MS)
    return tuple(RecordedLine.of(event) for event in events)


@cache
def bank_run() -> MemoryRun:
    """Return the whole pipeline over those lines, learning on the way."""
    return pipeline(lines())


def pipeline(recorded: tuple[RecordedLine, ...]) -> MemoryRun:
    """Run front door, slices, numbering, engine and learner over lines."""
    plan = IngestPlan(
        partitions=PARTITIONS,
        slice_ms=DAY_MS,
        learn_every_ms=7 * DAY_MS,
        control=(activation(DEFAULT_STRATEGY),),
    )
    return run(recorded, plan)


def fold_again(journals: Journals) -> Folded:
    """Fold journals from their beginning, with whatever is broken by now."""
    states = [
        PartitionState(partition=partition, build=BUILD) for partition in range(len(journals))
    ]
    subjects = [MemorySubjects() for _ in journals]
    outputs = [
        fold(state, known, entries)
        for state, known, entries in zip(states, subjects, journals, strict=True)
    ]
    return Folded(journals=journals, outputs=outputs, states=states, subjects=subjects)


@cache
def in_peace() -> Folded:
    """Return what the journals lead to when nothing is broken."""
    return fold_again(bank_run().journals)


def with_a_switch(journals: Journals, control: Any) -> Journals:
    """Return journals with one more control entry in the middle of each."""
    switched: Journals = []
    for entries in journals:
        middle = len(entries) // 2
        before = entries[middle - 1]
        entry = replace(
            before,
            topic=Topic.CONTROL,
            key="",
            value=control.model_dump_json().encode(),
            seq=middle,
            source_offset=1_000_000,
        )
        later = [replace(known, seq=known.seq + 1) for known in entries[middle:]]
        switched.append([*entries[:middle], entry, *later])
    return switched
