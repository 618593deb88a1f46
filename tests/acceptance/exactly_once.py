"""The check: is everything there once, and is the state what the journal says it must be?"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contracts.dead_letters import HEADER as DEAD_LETTER_HEADER
from contracts.dead_letters import DeadLetter
from contracts.journal import Entry
from contracts.topics import SOURCES, Topic
from engine.outputs import Output
from engine.subjects import MemorySubjects
from replay.folding import this_engine
from streams.decide import APPENDED_HEADER
from tests.acceptance.topics import PARTITIONS, Found, Record

OUTPUTS = (
    Topic.DECISIONS,
    Topic.CONVERSIONS,
    Topic.EXAMPLES,
    Topic.RISK_ALERTS,
    Topic.CHANNEL_APP,
    Topic.CHANNEL_SMS,
    Topic.CHANNEL_RM_TASK,
    Topic.DEAD_LETTERS,
    Topic.NEIGHBOUR_SIGNALS,
)
IN_ORDER = (Topic.DECISIONS, Topic.CONVERSIONS)
"""Topics whose partition is that of the journal: their records have one order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one partition's journal leads to, by a fold in memory."""

    outputs: list[Output]
    subjects: dict[str, bytes]
    parts: frozenset[str]
    seq: int


def wanted(found: Found) -> list[Wanted]:
    """Fold every journal from its beginning; of a number that comes twice, the first counts."""
    engine = this_engine()
    folded: list[Wanted] = []
    for partition in range(PARTITIONS):
        state, subjects = engine.state(partition), MemorySubjects()
        entries = _first_of_each_number(found.journal(partition))
        outputs = list(engine.outputs(entries, state=state, subjects=subjects))
        folded.append(
            Wanted(
                outputs=outputs,
                subjects=dict(subjects.items()),
                parts=frozenset(state.encode()),
                seq=state.facts.seq,
            )
        )
    return folded


def problems(found: Found, *, by_journal: list[Wanted] | None = None) -> list[str]:
    """Name every way in which journal, outputs and states are not what the sources demand."""
    by_journal = wanted(found) if by_journal is None else by_journal
    told: list[str] = []
    for partition, folded in enumerate(by_journal):
        entries = found.journal(partition)
        told += _sources(found, partition, entries)
        if [entry.seq for entry in entries] != list(range(len(entries))):
            told.append(f"journal {partition}: not numbered 0, 1, 2 …")
        told += _order(found, partition, folded)
        told += _states(found, partition, folded)
    return [*told, *_once(found, by_journal)]


def _sources(found: Found, partition: int, entries: Iterable[Entry]) -> Iterator[str]:
    """Every source record is in the journal or among the dead letters, and once."""
    accepted = Counter((entry.topic, entry.source_offset) for entry in entries)
    buried: Counter[tuple[Topic, int]] = Counter()
    for record in found.of(Topic.DEAD_LETTERS, partition):
        letter = _letter(record)
        if letter.reason != "id_conflict":
            buried[Topic(letter.source_topic), letter.source_offset] += 1
    for topic in SOURCES:
        for record in found.sources(topic, partition):
            times = accepted[topic, record.offset] + buried[topic, record.offset]
            if times != 1:
                yield f"{topic.value}:{partition}:{record.offset}: {times} times in the journal"


def _order(found: Found, partition: int, folded: Wanted) -> Iterator[str]:
    for topic in IN_ORDER:
        made = [output.value for output in folded.outputs if output.topic is topic]
        got = [record.value for record in found.of(topic, partition)]
        if got != made:
            yield f"{topic.value} {partition}: {len(got)} records, {len(made)} by its journal"


def _states(found: Found, partition: int, folded: Wanted) -> Iterator[str]:
    stored = found.state(partition)
    names = stored.subjects.keys() | folded.subjects.keys()
    differ = [name for name in names if stored.subjects.get(name) != folded.subjects.get(name)]
    if differ:
        yield f"state {partition}: {len(differ)} of {len(names)} subjects are not a fold's"
    if stored.parts.keys() != folded.parts:
        yield f"state {partition}: other strategies or snapshots than by its journal"
    if {stored.mark("states").seq, stored.mark("outputs").seq} != {folded.seq}:
        yield f"state {partition}: does not stand at the journal's end"


def _once(found: Found, by_journal: Iterable[Wanted]) -> Iterator[str]:
    """Every output of `decide` is readable once."""
    made = Counter(
        (output.topic, output.key.encode(), output.value)
        for folded in by_journal
        for output in folded.outputs
        for _ in range(PARTITIONS if output.everywhere else 1)
    )
    got = Counter(
        (topic, record.key or b"", record.value or b"")
        for topic in OUTPUTS
        for partition in range(PARTITIONS)
        for record in found.of(topic, partition)
        if not _is_by_sequence(topic, record)
    )
    for topic in OUTPUTS:
        lost = sum(times for (of, *_), times in (made - got).items() if of is topic)
        extra = sum(times for (of, *_), times in (got - made).items() if of is topic)
        if lost or extra:
            yield f"{topic.value}: {lost} lost, {extra} too many"


def _is_by_sequence(topic: Topic, record: Record) -> bool:
    """What the front door wrote into topics that `decide` writes too."""
    if topic is Topic.DEAD_LETTERS:
        return _letter(record).reason != "id_conflict"
    return topic is Topic.RISK_ALERTS and b'"kind":"dead_letter_rate"' in (record.value or b"")


def told_apart(first: Found, second: Found) -> Iterator[str]:
    """Name what differs between two runs on the same recording: nothing but times of append may."""
    for partition in range(PARTITIONS):
        if _by_subject(first.journal(partition)) != _by_subject(second.journal(partition)):
            yield f"journal {partition}: a subject's events came in another order"
        if _lines(first.journal(partition)) != _lines(second.journal(partition)):
            yield f"journal {partition}: other entries, or in another order"
        for topic in IN_ORDER:
            if _bodies(first.of(topic, partition)) != _bodies(second.of(topic, partition)):
                yield f"{topic.value} {partition}: other bytes"


def _by_subject(entries: Iterable[Entry]) -> dict[str, list[str]]:
    order: dict[str, list[str]] = {}
    for entry in entries:
        if entry.topic not in {Topic.CONTROL, Topic.CLOCK, Topic.NEIGHBOUR_SIGNALS}:
            order.setdefault(entry.key, []).append(entry.source)
    return order


def _lines(entries: Iterable[Entry]) -> list[tuple[int, int, Topic, str, bytes]]:
    """What an entry says; where a control record lies depends on how its writer was restarted."""
    return [(entry.seq, entry.at_ms, entry.topic, entry.key, entry.value) for entry in entries]


def _bodies(records: Iterable[Record]) -> list[tuple[bytes | None, bytes | None, set[str]]]:
    return [
        (record.key, record.value, record.headers.keys() - {APPENDED_HEADER}) for record in records
    ]


def _first_of_each_number(entries: Iterable[Entry]) -> list[Entry]:
    """What a reader makes of a journal that repeats itself: a known number is skipped."""
    read: list[Entry] = []
    for entry in entries:
        if entry.seq == len(read):
            read.append(entry)
    return read


def _letter(record: Record) -> DeadLetter:
    return DeadLetter.model_validate_json(record.headers[DEAD_LETTER_HEADER])
