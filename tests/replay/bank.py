"""A kept journal of the simulated bank, decided by the real engine, without any broker."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from adapters.kept import KEPT_TOPICS, KeptJournal
from adapters.kept_writer import KeptWriter
from contracts.control import StrategyActivated
from contracts.decode import ValidationError, decode, subject_of
from contracts.ids import partition_of
from contracts.journal import Entry
from contracts.recorded import RecordedLine
from contracts.topics import Topic
from decisions.strategy import canonical_sha256
from replay.folding import this_engine
from simulator import simulate
from strategies import bundled, load_file

START_MS = 1_780_000_000_000
PARTITIONS = 2


def the_strategy(**changes: object) -> StrategyActivated:
    """Return the strategy that comes with this version; a test names only what it changes."""
    data = {**load_file(bundled("no_loan_to_loan_v1")), **changes}
    return StrategyActivated(
        strategy_id=data["strategy_id"],
        version=data["version"],
        sha256=canonical_sha256(data),
        strategy=data,
    )


def without_exploration(**changes: object) -> StrategyActivated:
    """Return the strategy that never chooses by chance."""
    arbitration = {**the_strategy().strategy["arbitration"], "explore_epsilon_micro": 0}
    return the_strategy(arbitration=arbitration, **changes)


@cache
def journal(*, customers: int = 40, days: int = 45, seed: int = 7) -> tuple[Entry, ...]:
    """Return the journal of a simulated bank, the strategy active from the first entry on."""
    places = dict.fromkeys(range(PARTITIONS), 0)
    entries: list[Entry] = []
    activated = the_strategy().model_dump_json().encode()

    def append(partition: int, topic: Topic, key: str, value: bytes, at_ms: int) -> None:
        entries.append(
            Entry(
                partition=partition,
                seq=places[partition],
                at_ms=at_ms,
                topic=topic,
                source_partition=partition,
                source_offset=places[partition],
                key=key,
                value=value,
            )
        )
        places[partition] += 1

    for partition in places:
        append(partition, Topic.CONTROL, str(partition), activated, START_MS)
    for line in _readable(customers=customers, days=days, seed=seed):
        key = line.key or ""
        raw = line.raw_value or b""
        append(partition_of(key, PARTITIONS), line.topic, key, raw, line.known_at_ms)
    last_ms = max(entry.at_ms for entry in entries)
    for partition in places:
        append(partition, Topic.CLOCK, str(partition), b"{}", last_ms)
    return tuple(entries)


def keep(folder: Path, entries: Sequence[Entry]) -> KeptJournal:
    """Decide on a journal with the real engine, and keep both."""
    engine = this_engine()
    with KeptWriter(folder, partitions=range(PARTITIONS)) as kept:
        kept.add_entries(entries)
        for partition in range(PARTITIONS):
            mine = [entry for entry in entries if entry.partition == partition]
            for item in engine.outputs(mine, state=engine.state(partition)):
                if item.topic in KEPT_TOPICS:
                    kept.add_record(item.topic, partition=partition, key=item.key, value=item.value)
    return KeptJournal(folder)


def _readable(*, customers: int, days: int, seed: int) -> Iterator[RecordedLine]:
    """Yield what the front door would let pass: the rest is its affair, not the engine's."""
    recorded = simulate(seed=seed, customers=customers, days=days, start_ms=START_MS)
    for line in map(RecordedLine.of, recorded):
        try:
            event = decode(line.topic, line.raw_value or b"")
        except ValidationError:
            continue
        if line.key == subject_of(event):
            yield line
