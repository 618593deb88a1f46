"""Servers of our own come up, recover, and are never left behind."""

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from confluent_kafka import Consumer, Producer

from adapters.errors import (
    FolderInUseError,
    JarError,
    PortInUseError,
    ServerStartError,
    WrongClusterError,
)
from adapters.kafka_admin import kafka_admin
from adapters.kafka_jars import LOCK_PATH, kafka_jars
from adapters.local_kafka import LocalKafka
from adapters.local_valkey import LocalValkey
from adapters.owned_process import OwnedProcess

_ENDS_WITHIN_SECONDS = 30


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and ") Z " in stat.read_text())


def _wait_until_gone(pid: int) -> bool:
    """Wait on the process itself (pidfd), not on a clock."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        gone, _, _ = select.select([fd], [], [], _ENDS_WITHIN_SECONDS)
        return bool(gone)
    finally:
        os.close(fd)


@pytest.mark.kafka
def test_a_broker_killed_with_acknowledged_records_has_them_after_its_restart(
    tmp_path: Path,
) -> None:
    """Everything we promise about crashes stands on this."""
    with LocalKafka(tmp_path / "k") as broker:
        with kafka_admin(broker.bootstrap) as admin:
            admin.create_topics({"kept": {"num_partitions": 1}}, wait_for_metadata=True)
        producer = Producer({"bootstrap.servers": broker.bootstrap, "acks": "all"})
        for number in range(100):
            producer.produce("kept", str(number).encode())
        assert producer.flush(10) == 0
        address = broker.bootstrap

        broker.kill()
        assert not broker.is_running
        broker.start()

        assert broker.bootstrap == address, "clients know it by this address"
        consumer = Consumer(
            {
                "bootstrap.servers": address,
                "group.id": "reader",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
            }
        )
        consumer.subscribe(["kept"])
        values: list[bytes | None] = []
        while len(values) < 100:
            batch = consumer.consume(100, timeout=30)
            assert batch, "the broker answers no more"
            values += [record.value() for record in batch if record.error() is None]
        consumer.close()
        assert values == [str(number).encode() for number in range(100)]


@pytest.mark.kafka
def test_a_folder_belongs_to_one_running_broker(kafka: LocalKafka) -> None:
    """Two brokers on one folder would corrupt it; the second is told who has it."""
    with pytest.raises(FolderInUseError, match=rf"Kafka, process {kafka.pid}, at 127\.0\.0\.1"):
        LocalKafka(kafka.directory).start()

    assert kafka.is_running


@pytest.mark.kafka
def test_the_lock_of_a_dead_broker_is_no_obstacle(kafka: LocalKafka, tmp_path: Path) -> None:
    """After a crash nobody should have to know which file to delete."""
    (tmp_path / "lock").write_text("Kafka, process 1, at 127.0.0.1:9092")

    with LocalKafka(tmp_path) as broker:
        assert broker.is_running


@pytest.mark.kafka
def test_a_chosen_port_that_is_taken_is_said_before_anything_starts(
    kafka: LocalKafka, tmp_path: Path
) -> None:
    """A Kafka of the user's own on 9092 must not be mistaken for ours, nor ours for it."""
    with pytest.raises(PortInUseError, match=str(kafka.port)):
        LocalKafka(tmp_path, port=kafka.port).start()


@pytest.mark.kafka
def test_a_folder_of_another_cluster_is_refused(tmp_path: Path) -> None:
    """A folder whose mark and data disagree has been mixed up by somebody; nothing is touched."""
    with LocalKafka(tmp_path) as broker:
        assert broker.is_running
    (tmp_path / "cluster-id").write_text("AAAAAAAAAAAAAAAAAAAAAA")

    with pytest.raises(WrongClusterError, match="AAAAAAAAAAAAAAAAAAAAAA"):
        LocalKafka(tmp_path).start()


@pytest.mark.kafka
def test_nothing_is_left_running_when_the_owner_is_killed(tmp_path: Path) -> None:
    """A demo that is killed, or a test run that is, must not leave servers on the machine."""
    script = (
        "import sys; from pathlib import Path\n"
        "from adapters.local_kafka import LocalKafka\n"
        "from adapters.local_valkey import LocalValkey\n"
        "k = LocalKafka(Path(sys.argv[1]) / 'k').start()\n"
        "v = LocalValkey(Path(sys.argv[1]) / 'v').start()\n"
        "print(k.pid, v.pid, flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(pids) == 2
        assert all(_runs(pid) for pid in pids)
        owner.send_signal(signal.SIGKILL)
        owner.wait()

    assert all(_wait_until_gone(pid) for pid in pids)


def test_a_server_that_ignores_the_request_to_end_is_ended(tmp_path: Path) -> None:
    """`stop` means stopped."""
    stubborn = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True); signal.pause(); signal.pause()"
    )
    process = OwnedProcess([sys.executable, "-c", stubborn], log_path=tmp_path / "log")
    with (tmp_path / "log").open() as log:
        while not log.readline():
            assert process.is_running

    process.stop(timeout_seconds=0.05)

    assert process.exit_code == -signal.SIGKILL


def test_a_program_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    """An installation that is broken says so in one line."""
    with pytest.raises(ServerStartError, match="no-such-program"):
        OwnedProcess([str(tmp_path / "no-such-program")], log_path=tmp_path / "log")


def test_a_jar_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    """The lock is what keeps a changed download off the class path."""
    lock = tmp_path / "jgo.lock.toml"
    text = LOCK_PATH.read_text()
    digest = text.split('sha256 = "', 1)[1][:64]
    lock.write_text(text.replace(digest, "0" * 64))

    with pytest.raises(JarError, match=rf"{'0' * 64}.*{digest}.*--prepare"):
        kafka_jars(lock_path=lock)


def test_every_jar_of_the_lock_has_a_digest_and_no_address() -> None:
    """Where jars come from is the user's configuration; what they are is ours."""
    text = LOCK_PATH.read_text()

    assert text.count("[[dependencies]]") == text.count("sha256 = ") > 40
    assert "://" not in text
    assert "/" not in text


def test_valkey_comes_back_empty_on_the_same_port(tmp_path: Path) -> None:
    """The view is built again from the topics; clients need not be told a new address."""
    with LocalValkey(tmp_path) as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("card:c-1", "x")
        address = server.url
        server.kill()
        server.start()

        assert server.url == address
        with redis.Redis.from_url(server.url) as client:
            assert client.get("card:c-1") is None


def test_valkey_refuses_a_taken_port_and_a_taken_folder(tmp_path: Path) -> None:
    """The same manners as Kafka's."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortInUseError):
        LocalValkey(tmp_path, port=taken.getsockname()[1]).start()
    with LocalValkey(tmp_path), pytest.raises(FolderInUseError, match="Valkey, process"):
        LocalValkey(tmp_path).start()
