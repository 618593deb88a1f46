"""Whoever writes a topic here, and whoever reads it, mean the same contract, to the last field."""

import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from adapters.recorded import open_source
from contracts.recorded import RecordedLine
from contracts.topics import BANK_SOURCES, DAY_MS, SOURCES, Topic
from shouwen.bootstrap.history import History
from shouwen.bootstrap.mapping import load_mapping
from shouwen.bootstrap.report import Report
from shouwen.ingest import IngestPlan
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from simulator import simulate, write_jsonl
from tests.contracts.schemas import _OURS
from tests.shell.bank_tables import write_bank, write_mapping
from tests.support.memory_bank import MemoryRun, run

START_MS = 1_767_196_800_000
FIRST = 20_000
"""Records of the public recordings; all of them would be minutes of the same."""


def simulated(folder: Path) -> Iterable[RecordedLine]:
    """The simulated bank, through the file that `shouwen simulate` writes."""
    path = folder / "bank.jsonl"
    with path.open("wb") as file:
        write_jsonl(simulate(seed=5, customers=30, days=60, start_ms=START_MS), file)
    return open_source("jsonl", path).lines()


def bootstrapped(folder: Path) -> Iterable[RecordedLine]:
    """A bank's tables, through their mapping."""
    history = History(write_bank(folder), load_mapping(write_mapping(folder)))
    return history.in_order(Report())


def berka(folder: Path) -> Iterable[RecordedLine]:
    """The public records of a bank."""
    root = os.environ.get("SHOUWEN_TEST_DATA")
    if root is None and os.environ.get("SHOUWEN_CI") != "1":
        pytest.skip("SHOUWEN_TEST_DATA does not name the folder of public records")
    lines = open_source("berka", Path(root or "") / "berka").lines()
    return [line for line, _ in zip(lines, range(FIRST), strict=False)]


@cache
def ran(recording: tuple[RecordedLine, ...], *, learn_every_ms: int = 0) -> MemoryRun:
    plan = IngestPlan(
        partitions=2,
        slice_ms=DAY_MS,
        learn_every_ms=learn_every_ms,
        control=(activation(DEFAULT_STRATEGY),),
    )
    return run(recording, plan)


@pytest.mark.parametrize(
    "recording", [simulated, bootstrapped, pytest.param(berka, marks=pytest.mark.real_data)]
)
def test_every_adapter_speaks_the_contracts_to_the_last_field(
    recording: Callable[[Path], Iterable[RecordedLine]], tmp_path: Path
) -> None:
    """A field that an adapter sends and nobody knows is a feature that somebody believes in."""
    done = ran(tuple(recording(tmp_path)))

    assert [letter for buried in done.buried for letter in buried] == []
    assert sum(state.facts.counts.get("unknown_fields", 0) for state in done.states) == 0
    assert sum(map(len, done.journals)) > 0


def test_what_we_write_for_ourselves_is_read_by_us(tmp_path: Path) -> None:
    """Ticks, strategies, snapshots and signals of neighbours pass the door that a bank's do."""
    done = ran(tuple(simulated(tmp_path)), learn_every_ms=14 * DAY_MS)

    journalled = {entry.topic for entries in done.journals for entry in entries}
    assert journalled == set(SOURCES)
    assert set(BANK_SOURCES) < journalled
    assert not any(done.buried)


def test_what_we_say_is_what_our_readers_expect(tmp_path: Path) -> None:
    """Channels, the learner and the view read with the contract that wrote, strictly."""
    done = ran(tuple(simulated(tmp_path)), learn_every_ms=14 * DAY_MS)
    read = {topic: TypeAdapter(contract) for topic, contract in _OURS.items()}

    said = {output.topic for outputs in done.outputs for output in outputs}
    for topic in said - set(SOURCES):
        for value in done.said(topic):
            read[topic].validate_json(value)
    assert {Topic.DECISIONS, Topic.CONVERSIONS, Topic.EXAMPLES, Topic.CHANNEL_APP} <= said
