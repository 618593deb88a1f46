"""The broker is killed under running roles: they end, come back, and nothing is lost or twice."""

import os
from pathlib import Path

import pytest

from adapters.local_kafka import LocalKafka
from adapters.topics_admin import apply_topics, wanted_topics
from contracts.topics import Topic
from shouwen.supervisor import Supervisor
from streams.settings import StreamSettings
from tests.streams.stand import ROOT, Stand, eventually

pytestmark = pytest.mark.kafka


def test_a_killed_broker_costs_time_and_nothing_else(tmp_path: Path) -> None:
    """Brokers fail; what was acknowledged to a source must still be decided, once."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWEN_")}
    with LocalKafka(tmp_path / "kafka") as kafka:
        apply_topics(kafka.bootstrap, wanted_topics(partitions=2))
        environ = {
            **ours,
            "PYTHONPATH": str(ROOT),
            "SHOUWEN_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "SHOUWEN_PARTITIONS": "2",
        }
        stand = Stand(StreamSettings(bootstrap=kafka.bootstrap, partitions=2), tmp_path)
        supervisor = Supervisor(["sequence", "decide"], environ=environ, log_dir=tmp_path)
        supervisor.start()
        try:
            stand.pay(200)
            assert eventually(lambda: stand.events_in_journal() >= 100)
            kafka.kill()
            kafka.start()
            stand.pay(200)

            assert eventually(lambda: stand.events_in_journal() >= 400, seconds=90)
            assert eventually(lambda: is_decided(stand), seconds=90)
        finally:
            supervisor.stop()
        everything = zip(stand.read_all(Topic.TRANSACTIONS), stand.journals(), strict=True)
        stand.close()
        for records, entries in everything:
            taken = [e.source_offset for e in entries if e.topic is Topic.TRANSACTIONS]
            assert taken == [record.offset() for record in records]
            assert [entry.seq for entry in entries] == list(range(len(entries)))


def is_decided(stand: Stand) -> bool:
    """Whether the changelog's marks stand behind every payment."""
    return all(
        stored.mark("outputs").seq
        >= max((e.seq for e in entries if e.topic is Topic.TRANSACTIONS), default=-1)
        for entries, stored in zip(stand.journals(), stand.states(), strict=True)
    )
