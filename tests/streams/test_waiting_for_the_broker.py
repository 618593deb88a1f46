"""A worker that starts before its broker waits, alive and not ready; it never gives up."""

from pathlib import Path

import pytest

from adapters.local_kafka import LocalKafka
from adapters.ports import free_ports
from adapters.topics_admin import apply_topics, wanted_topics
from streams.errors import StreamsError
from streams.settings import StreamSettings
from tests.streams.stand import Stand, eventually, running

pytestmark = pytest.mark.kafka


def test_a_worker_waits_for_an_absent_broker_and_for_its_topics(tmp_path: Path) -> None:
    """Machines come up in any order; nobody restarts the workers behind the broker."""
    (port,) = free_ports(1)
    settings = StreamSettings(bootstrap=f"127.0.0.1:{port}")
    stand = Stand(settings, tmp_path)
    sequence = stand.role("sequence")
    with running(sequence):
        assert eventually(lambda: len(sequence.said("broker_absent")) >= 2)
        assert not sequence.is_ready()
        with LocalKafka(tmp_path / "kafka", port=port) as kafka:
            assert eventually(lambda: bool(sequence.said("topics_absent")))
            assert not sequence.is_ready()
            apply_topics(kafka.bootstrap, wanted_topics())
            assert eventually(sequence.is_ready), sequence.log.read_text()
            assert sequence.stop() == 0
    stand.close()


def test_a_waiting_worker_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    """A deployment that is taken back must not hang on its waiting workers."""
    (port,) = free_ports(1)
    stand = Stand(StreamSettings(bootstrap=f"127.0.0.1:{port}"), tmp_path)
    sequence = stand.role("sequence")
    with running(sequence):
        assert eventually(lambda: bool(sequence.said("broker_absent")))
        assert sequence.stop() == 0
    stand.close()


def test_another_partition_count_is_refused(stand: Stand) -> None:
    """With another count customers would be looked for in partitions where they are not."""
    sequence = stand.role("sequence", settings={"partitions": stand.settings.partitions + 1})
    with running(sequence):
        assert sequence.wait() == 70
    died = sequence.said("worker_died")[-1]
    assert died["error_type"] == StreamsError.__name__
    assert "SHOUWEN_PARTITIONS" in died["error"]
