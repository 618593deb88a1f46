"""Keeping a live journal: committed records only, and honest about how far decisions have come."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from confluent_kafka import Producer

from adapters.errors import BrokerAbsentError
from adapters.kafka_journal import OUTPUTS_MARK, keep
from adapters.kept_rows import KeptError
from contracts.journal import HEADER, Entry, pack_header
from contracts.topics import Topic
from replay.verify import verify
from shouwen.cli import main
from streams.state_log import Mark, mark_key
from tests.conftest import Deployment
from tests.replay import bank
from tests.replay.toy import TOY, a_strategy, an_entry, decide_live

ENTRIES = [
    entry
    for partition in range(4)
    for entry in (
        an_entry(0, a_strategy(), partition=partition),
        an_entry(1, {"amount": 5}, partition=partition),
        an_entry(2, {"amount": 100}, partition=partition),
        an_entry(3, {"amount": 2}, partition=partition),
    )
]


@pytest.fixture
def producer(deployment: Deployment) -> Iterator[Producer]:
    made = Producer(
        {
            "bootstrap.servers": deployment.bootstrap,
            "transactional.id": f"{deployment.topic_prefix}writer",
            "linger.ms": 0,
        }
    )
    made.init_transactions()
    yield made
    made.close()


def publish(producer: Producer, prefix: str, entries: list[Entry]) -> None:
    """Publish the entries and what the toy decided on them, marks included, as workers do."""
    publish_entries(producer, prefix, entries)
    for item in decide_live(entries):
        partition = json.loads(item.value)["partition"]
        producer.produce(
            f"{prefix}{item.topic.value}", key=item.key, value=item.value, partition=partition
        )
    for partition in {entry.partition for entry in entries}:
        mark(producer, prefix, partition, seq=3)


def publish_entries(producer: Producer, prefix: str, entries: list[Entry]) -> None:
    """Publish journal records as `sequence` does."""
    for entry in entries:
        producer.produce(
            f"{prefix}{Topic.JOURNAL.value}",
            key=entry.key,
            value=entry.value,
            partition=entry.partition,
            headers=[(HEADER, pack_header(entry))],
        )


def mark(producer: Producer, prefix: str, partition: int, *, seq: int) -> None:
    """Say as `decide` does up to where outputs are out."""
    producer.produce(
        f"{prefix}{Topic.DECIDE_STATE.value}",
        key=mark_key("outputs"),
        value=Mark(seq=seq, journal_offset=seq, build="toy-1").encode(),
        partition=partition,
    )


@pytest.mark.kafka
def test_a_live_journal_is_kept_whole_and_verifies(
    deployment: Deployment, producer: Producer, tmp_path: Path
) -> None:
    """What is audited is what was committed: an undone transaction leaves no trace."""
    producer.begin_transaction()
    publish(producer, deployment.topic_prefix, ENTRIES)
    producer.commit_transaction()
    producer.begin_transaction()
    publish(producer, deployment.topic_prefix, [an_entry(4, {"amount": 9})])
    producer.flush()
    producer.abort_transaction()
    read: list[int] = []

    kept = keep(
        deployment.bootstrap,
        tmp_path / "kept",
        prefix=deployment.topic_prefix,
        progress=read.append,
    )

    assert [entry for partition in range(4) for entry in kept.entries(partition)] == ENTRIES
    assert kept.manifest.decided_until == dict.fromkeys(range(4), 3)
    assert sum(read) == kept.check() == 16 + 12 + 4
    assert verify(kept, engine=TOY).exact


@pytest.mark.kafka
def test_entries_beyond_the_mark_are_undecided_not_missing(
    deployment: Deployment, producer: Producer, tmp_path: Path
) -> None:
    """`decide` runs behind `sequence`; a verification of a live bank says so."""
    producer.begin_transaction()
    publish(producer, deployment.topic_prefix, ENTRIES)
    late = an_entry(4, {"amount": 9})
    producer.produce(
        f"{deployment.topic_prefix}{Topic.JOURNAL.value}",
        key=late.key,
        value=late.value,
        partition=0,
        headers=[(HEADER, pack_header(late))],
    )
    producer.commit_transaction()

    kept = keep(deployment.bootstrap, tmp_path / "kept", prefix=deployment.topic_prefix)
    found = verify(kept, engine=TOY)

    assert found.exact
    assert found.undecided == 1


@pytest.mark.kafka
def test_a_prefix_without_a_journal_is_a_clear_error(
    deployment: Deployment, tmp_path: Path
) -> None:
    """A misspelt prefix must not look like a bank in which nothing ever happened."""
    with pytest.raises(KeptError, match="SHOUWEN_TOPIC_PREFIX"):
        keep(deployment.bootstrap, tmp_path / "kept", prefix="nobody.")


@pytest.mark.kafka
def test_the_command_verifies_the_live_journal(
    deployment: Deployment, producer: Producer, tmp_path: Path
) -> None:
    """The nightly job names no folder: it asks the running bank."""
    made = bank.keep(tmp_path / "made", bank.journal(customers=12, days=20))
    producer.begin_transaction()
    for partition in made.partitions:
        entries = list(made.entries(partition))
        publish_entries(producer, deployment.topic_prefix, entries)
        for topic, records in (
            (Topic.DECISIONS, made.decisions(partition)),
            (Topic.CONVERSIONS, made.conversions(partition)),
        ):
            for record in records:
                name = f"{deployment.topic_prefix}{topic.value}"
                producer.produce(name, key=record.key, value=record.value, partition=partition)
        mark(producer, deployment.topic_prefix, partition, seq=entries[-1].seq)
    producer.commit_transaction()

    told = CliRunner().invoke(
        main,
        ["replay", "verify", "--json"],
        env={
            "SHOUWEN_KAFKA_BOOTSTRAP": deployment.bootstrap,
            "SHOUWEN_TOPIC_PREFIX": deployment.topic_prefix,
        },
    )

    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["exact"] is True
    assert found["decisions_checked"] == made.rows(Topic.DECISIONS) > 0


def test_an_absent_broker_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who needs what, and what to do."""
    monkeypatch.setattr("adapters.kafka_journal._ANSWER_SECONDS", 0.2)

    with pytest.raises(BrokerAbsentError, match="SHOUWEN_KAFKA_BOOTSTRAP"):
        keep("127.0.0.1:1", tmp_path / "kept")


def test_the_mark_is_the_one_that_decide_writes() -> None:
    """Two rooms that may not import each other agree on one key."""
    assert mark_key("outputs") == OUTPUTS_MARK
