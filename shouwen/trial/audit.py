"""Was anything lost? Asked of the topics by a reader that shares no code with the workers.

It reads with kafka-python, not with the workers' client, and compares what the sources hold with
what came out: every record's identity is in the journal or among the dead letters.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from contracts.dead_letters import HEADER as DEAD_LETTER_HEADER
from contracts.slices import HEADER as SLICE_HEADER
from contracts.topics import BANK_SOURCES, Topic

_POLL_MS = 500
_MARKER_FLAG = 1
_BURIED_BYTES = 7 << 20
_BURIED_KEY_BYTES = 64 << 10
"""What a dead letter keeps of a record that is too large to be written again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What a reader of committed records found.

    `lost` are identities (event id and hash of the body) that are in a source and nowhere else;
    `published` and `journal_events` count what the bank sent, `signals_sent` and `journal_signals`
    what subjects told each other, `signals_dead` what of it the front door let not in;
    `dead_letters` counts those of the front door by reason, `conflicts` those found by `decide`;
    `controls_refused` are strategies and snapshots that it could not use.
    """

    published: int
    journal_events: int
    journal_ticks: int
    journal_control: int
    signals_sent: int = 0
    journal_signals: int = 0
    signals_dead: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    conflicts: int
    controls_refused: int = 0
    lost: frozenset[str]


def audit(bootstrap: str, *, topic_prefix: str = "") -> Audit:
    """Read every source, the journal and the dead letters to their ends and compare.

    Args:
        bootstrap: The brokers.
        topic_prefix: Stands before every topic.
    """
    neighbours = f"{topic_prefix}{Topic.NEIGHBOUR_SIGNALS.value}"
    sources = {neighbours, *(f"{topic_prefix}{topic.value}" for topic in BANK_SOURCES)}
    journal = f"{topic_prefix}{Topic.JOURNAL.value}"
    letters = f"{topic_prefix}{Topic.DEAD_LETTERS.value}"
    went_in: set[str] = set()
    came_out: set[str] = set()
    published = signals_sent = 0
    kinds: Counter[str] = Counter()
    dead: Counter[str] = Counter()
    refused = signals_dead = 0
    for record in _records(bootstrap, sorted({*sources, journal, letters})):
        if record.topic in sources:
            if not _is_marker(record):
                published += record.topic != neighbours
                signals_sent += record.topic == neighbours
                went_in.add(_identity(record.key, record.value))
            continue
        came_out.add(_identity(record.key, record.value))
        if record.topic == journal:
            kinds[_kind(record)] += 1
        else:
            letter = json.loads(dict(record.headers or ())[DEAD_LETTER_HEADER])
            if letter["source_topic"] == Topic.CONTROL.value:
                refused += 1
            elif letter["source_topic"] == Topic.NEIGHBOUR_SIGNALS.value:
                signals_dead += 1
            else:
                dead[letter["reason"]] += 1
    conflicts = dead.pop("id_conflict", 0)
    return Audit(
        published=published,
        journal_events=kinds["event"],
        journal_ticks=kinds["tick"],
        journal_control=kinds["control"],
        signals_sent=signals_sent,
        journal_signals=kinds["neighbour"],
        signals_dead=signals_dead,
        dead_letters=dead,
        conflicts=conflicts,
        controls_refused=refused,
        lost=frozenset(went_in - came_out),
    )


def _records(bootstrap: str, topics: Sequence[str]) -> Iterator[Any]:
    """Yield every committed record of these topics, in no order between them."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        group_id=None,
        max_partition_fetch_bytes=16 << 20,
        max_poll_records=5_000,
        # Its checksum is pure Python and takes half the time of an audit. A value that was changed
        # on the way shows all the same: it has another identity, so it counts as lost.
        check_crcs=False,
    )
    try:
        partitions = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in consumer.partitions_for_topic(topic) or ()
        ]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(tp) < end for tp, end in ends.items()):
            for records in consumer.poll(timeout_ms=_POLL_MS).values():
                yield from records
    finally:
        consumer.close()


def _is_marker(record: Any) -> bool:
    stamp = dict(record.headers or ()).get(SLICE_HEADER)
    return stamp is not None and bool(stamp[-1] & _MARKER_FLAG)


def _kind(record: Any) -> str:
    """Return what a journal record is, from its value alone: no code of ours reads it."""
    event_type = json.loads(record.value).get("event_type")
    if event_type in {"tick", "neighbour"}:
        return str(event_type)
    control = {"strategy_activated", "strategy_paused", "snapshot_activated"}
    return "control" if event_type in control else "event"


def _identity(key: bytes | None, value: bytes | None) -> str:
    """Return an id that a record has wherever it lies; of a huge one, that of its beginning."""
    key, value = (key or b"")[:_BURIED_KEY_BYTES], (value or b"")[:_BURIED_BYTES]
    body = hashlib.sha256(key + b"|" + value).hexdigest()[:24]
    if len(value) == _BURIED_BYTES:
        return f"huge:{body}"
    try:
        event_id = json.loads(value)["event_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return f"unreadable:{body}"
    return f"{event_id}:{body}"
