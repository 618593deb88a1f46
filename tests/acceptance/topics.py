"""All that is on a bank's Kafka, as a reader of committed records sees it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

from adapters.recorded import RecordedSource
from contracts.journal import HEADER, VECTOR_HEADER, Entry, unpack, unpack_offsets
from contracts.slices import HEADER as SLICE_HEADER
from contracts.slices import SliceStamp
from contracts.topics import TOPICS, Topic
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.trial.bank import Bank
from shouwen.trial.report import TrialReport
from shouwen.trial.run import TrialPlan, run_trial
from shouwen.trial.show import SilentShow
from streams.state_log import StoredState

PARTITIONS = 4
_SILENT_SECONDS = 30.0
_KEYED = {spec.topic: spec.keyed for spec in TOPICS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as Kafka holds it."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Found:
    """Every record of every topic-partition, in order."""

    records: dict[tuple[Topic, int], list[Record]]

    def of(self, topic: Topic, partition: int) -> list[Record]:
        return self.records.get((topic, partition), [])

    def values(self, topic: Topic) -> list[bytes]:
        """All values of a topic, partition after partition."""
        return [
            record.value or b""
            for (found, _), records in sorted(self.records.items())
            for record in records
            if found is topic
        ]

    def journal(self, partition: int) -> list[Entry]:
        return [
            unpack(partition, record.key, record.value, record.headers[HEADER])
            for record in self.of(Topic.JOURNAL, partition)
        ]

    def sources(self, topic: Topic, partition: int) -> list[Record]:
        """The records of a source without the markers between slices."""
        return [record for record in self.of(topic, partition) if not _is_marker(record)]

    def taken(self, partition: int) -> dict[Topic, int]:
        """Up to which offset of each source `sequence` says that it is done."""
        taken: dict[Topic, int] = {}
        for topic in (Topic.JOURNAL, Topic.DEAD_LETTERS):
            for record in self.of(topic, partition):
                raw = record.headers.get(VECTOR_HEADER)
                for source, offset in (unpack_offsets(raw) if raw else {}).items():
                    taken[source] = max(offset, taken.get(source, -1))
        return taken

    def state(self, partition: int) -> StoredState:
        """What is left of the changelog when only the last record of each key counts."""
        stored = StoredState()
        for record in self.of(Topic.DECIDE_STATE, partition):
            stored.put(record.key or b"", record.value)
        return stored


def read_found(bootstrap: str) -> Found:
    """Read all topics from their beginning to their ends as they are now."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "acceptance",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.message.max.bytes": 16 << 20,
            "fetch.wait.max.ms": 20,
        }
    )
    waiting = {
        (topic.value, partition)
        for topic in Topic
        for partition in range(PARTITIONS if _KEYED[topic] else 1)
    }
    found: dict[tuple[Topic, int], list[Record]] = {}
    consumer.assign([TopicPartition(name, partition, 0) for name, partition in sorted(waiting)])
    heard = time.monotonic()
    try:
        while waiting:
            for message in consumer.consume(5_000, 0.1):
                heard = time.monotonic()
                place = (str(message.topic()), int(message.partition() or 0))
                error = message.error()
                if error is not None:
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    waiting.discard(place)
                    continue
                record = Record(
                    offset=int(message.offset() or 0),
                    key=message.key(),
                    value=message.value(),
                    headers=_headers(message),
                )
                found.setdefault((Topic(place[0]), place[1]), []).append(record)
            assert time.monotonic() - heard < _SILENT_SECONDS, f"nothing comes of {waiting}"
    finally:
        consumer.close()
    return Found(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that is over: its report, what was on its Kafka, and its journal in a folder."""

    report: TrialReport
    found: Found
    kept: Path


def run_bank(
    source: RecordedSource,
    folder: Path,
    *,
    slice_hours: int = 24,
    during: Callable[[Bank], None] = lambda _bank: None,
) -> Run:
    """Run everything on a recording, as `shouwen try` does, and read all topics at the end."""
    found: list[Found] = []
    report = run_trial(
        source,
        TrialPlan(
            partitions=PARTITIONS,
            slice_ms=slice_hours * 3_600_000,
            strategies=(activation(DEFAULT_STRATEGY),),
        ),
        folder=folder / "bank",
        kept_in=folder / "kept",
        show=SilentShow(),
        during=during,
        afterwards=lambda bank: found.append(read_found(bank.bootstrap)),
    )
    return Run(report=report, found=found[0], kept=folder / "kept")


def _is_marker(record: Record) -> bool:
    raw = record.headers.get(SLICE_HEADER)
    return raw is not None and SliceStamp.unpack(raw).marker


def _headers(message: Any) -> dict[str, bytes]:
    return {name: value or b"" for name, value in message.headers() or ()}
