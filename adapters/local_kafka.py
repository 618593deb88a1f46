"""A real Apache Kafka of our own on loopback: the broker of the demo, the tests and the benchmarks.

One process is broker and controller (KRaft). Everything it knows is in one folder, so it can be
stopped, killed and started again on what it had.
"""

import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from adapters.errors import ServerStartError, WrongClusterError
from adapters.folder_lock import FolderLock
from adapters.java_runtime import java_executable
from adapters.kafka_admin import cluster_id_at
from adapters.kafka_jars import kafka_jars
from adapters.local_server import LocalServer
from adapters.owned_process import OwnedProcess
from adapters.ports import LOOPBACK, answers, free_ports, is_free

_PORT_RACES_ENDURED = 3
_ADDRESS_TAKEN = "Address already in use"

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
message.max.bytes=8388608
replica.fetch.max.bytes=8388608
log.cleaner.dedupe.buffer.size=16777216
"""


class LocalKafka(LocalServer):
    """Apache Kafka, version as locked, on one port of loopback and one data folder.

    Use it as a context manager, or `start` and `stop` it. `kill` is the power cut of the fault
    tests: `start` afterwards recovers from the folder, on the same port. It ends with the process
    (on Linux: with the thread) that started it, however that ends.

    Args:
        directory: Data, log and settings of this broker; formatted on first use.
        port: Where clients connect; 0 takes any free port, and keeps it over restarts.
        heap_mb: Largest Java heap, in MiB.
        start_timeout_seconds: How long it may take to answer.

    Raises (from `start`):
        FolderInUseError: A running broker holds the folder.
        PortInUseError: The chosen port is taken.
        WrongClusterError: Another broker answers at the port.
        ServerStartError: It ended, or did not answer in time; the message has the end of its log.
        JarError, JavaMissingError: What it runs on is not there.
    """

    NAME = "Kafka"

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        heap_mb: int = 512,
        start_timeout_seconds: float = 60.0,
    ) -> None:
        super().__init__(directory, port=port, start_timeout_seconds=start_timeout_seconds)
        self._heap_mb = heap_mb

    @property
    def address(self) -> str:
        """The address clients are given."""
        return self.bootstrap

    @property
    def bootstrap(self) -> str:
        """The address clients are given."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def data_dir(self) -> Path:
        """Where the broker keeps its logs."""
        return self.directory / "data"

    @property
    def log_path(self) -> Path:
        """What the broker says."""
        return self.directory / "kafka.log"

    def _launch(self, lock: FolderLock) -> None:
        java = self._java()
        self._run(java, self._format_once(java), lock)

    def _java(self) -> list[str]:
        jars = ":".join(str(jar) for jar in kafka_jars())
        return [
            str(java_executable()),
            *("-Xms256m", f"-Xmx{self._heap_mb}m", "-XX:+UseG1GC"),
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            *("-cp", jars),
        ]

    def _format_once(self, java: list[str]) -> str:
        """Give the folder its cluster id; a format that was cut short is done again."""
        marker = self.directory / "cluster-id"
        if marker.exists():
            return marker.read_text().strip()
        cluster_id = _cluster_id_in(self.data_dir) or _new_cluster_id()
        config = self._write_properties(port=1, controller_port=2)  # not used while formatting
        command = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
        tool = subprocess.run(
            [*command, "-t", cluster_id, "-c", str(config)],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if tool.returncode != 0:
            said = f"{tool.stdout}\n{tool.stderr}".strip()
            raise ServerStartError(
                f"Kafka needs to format {str(self.data_dir)!r}; got exit code {tool.returncode} "
                f"and:\n{said}\nGive it an empty folder."
            )
        part = marker.with_suffix(".part")
        part.write_text(cluster_id)
        part.replace(marker)
        return cluster_id

    def _write_properties(self, *, port: int, controller_port: int) -> Path:
        config = self.directory / "server.properties"
        config.write_text(
            _PROPERTIES.format(
                host=LOOPBACK, port=port, controller_port=controller_port, data=self.data_dir
            )
        )
        return config

    def _run(self, java: list[str], cluster_id: str, lock: FolderLock) -> None:
        """Start the broker; choose ports again when somebody took one in between."""
        for races_left in reversed(range(_PORT_RACES_ENDURED)):
            port, controller_port = free_ports(2)
            if self._port and (self._wanted_port or is_free(self._port)):
                port = self._port
            self._port = port
            config = self._write_properties(port=port, controller_port=controller_port)
            self._process = OwnedProcess(
                [*java, "kafka.Kafka", str(config)],
                log_path=self.log_path,
                pass_fds=[lock.fd],
            )
            if self._came_up(self._process, cluster_id):
                return
            said = self._process.log_tail()
            code = self._process.exit_code
            self._process.stop()
            if _ADDRESS_TAKEN not in said or not races_left:
                how = "no answer" if code is None else f"exit code {code}"
                raise ServerStartError(
                    f"Kafka needs to answer at {self.bootstrap} within "
                    f"{self._start_timeout_seconds:.0f} s; got {how}. "
                    f"The end of {str(self.log_path)!r}:\n{said}"
                )

    def _came_up(self, process: OwnedProcess, cluster_id: str) -> bool:
        deadline = time.monotonic() + self._start_timeout_seconds
        while time.monotonic() < deadline and process.is_running:
            if answers(self._port):
                actual = cluster_id_at(self.bootstrap)
                if actual is not None and actual != cluster_id:
                    raise WrongClusterError(
                        f"Kafka in {str(self.directory)!r} needs to answer at {self.bootstrap} as "
                        f"cluster {cluster_id!r}; got {actual!r}, which is another broker. "
                        "Stop that one, or choose another port."
                    )
                if actual is not None:
                    return True
            time.sleep(0.05)
        return False


def _cluster_id_in(data_dir: Path) -> str | None:
    """Read the id of a folder that was formatted before, by us or by Kafka's own tools."""
    properties = data_dir / "meta.properties"
    if not properties.exists():
        return None
    lines = properties.read_text().splitlines()
    return next((line.removeprefix("cluster.id=") for line in lines if "cluster.id=" in line), None)


def _new_cluster_id() -> str:
    """A UUID as Kafka writes it, 22 characters; a leading dash would look like an option."""
    while (text := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text
