"""A small fold with a memory that notices any loss, repetition or change of order."""

import json
from collections.abc import Iterable, Sequence

from contracts.journal import Entry
from contracts.topics import EVENT_SOURCES, Topic
from engine.fold import JournalGapError
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects

MODULUS = 1_000_000_007


def mix(history: int, seq: int) -> int:
    """A hash of the entries so far that depends on their order."""
    return (history * 31 + seq + 1) % MODULUS


def toy_fold(
    partition: PartitionState, subjects: MemorySubjects, entries: Sequence[Entry]
) -> list[Output]:
    """Count each subject's entries, and say so in `decisions.v1` for every event."""
    outputs: list[Output] = []
    facts = partition.facts
    for entry in entries:
        if entry.seq <= facts.seq:
            continue
        if entry.seq != facts.seq + 1:
            raise JournalGapError(f"needs {facts.seq + 1}; got {entry.seq}. Start again.")
        facts.seq, facts.clock_ms = entry.seq, entry.at_ms
        if entry.topic not in EVENT_SOURCES:
            continue
        state = subjects.get(entry.key)
        state.entries += 1
        state.last_seq = entry.seq
        state.rows_dropped = mix(state.rows_dropped, entry.seq)
        partition.count("events")
        said = {"key": entry.key, "seq": entry.seq, "n": state.entries, "h": state.rows_dropped}
        outputs.append(
            Output(
                topic=Topic.DECISIONS,
                key=entry.key,
                value=json.dumps(said).encode(),
                seq=entry.seq,
            )
        )
    return outputs


def expected(
    entries: Iterable[Entry],
) -> tuple[list[dict[str, object]], dict[str, tuple[int, int]]]:
    """What the fold says and remembers, computed from the journal without any of our machinery."""
    said: list[dict[str, object]] = []
    memory: dict[str, tuple[int, int]] = {}
    for entry in entries:
        if entry.topic in EVENT_SOURCES:
            count, history = memory.get(entry.key, (0, 0))
            memory[entry.key] = count + 1, mix(history, entry.seq)
            said.append(
                {"key": entry.key, "seq": entry.seq, "n": count + 1, "h": memory[entry.key][1]}
            )
    return said, memory
