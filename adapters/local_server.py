"""A real server of our own on loopback: one folder, one process, one port; it dies with us."""

import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from adapters.folder_lock import FolderLock
from adapters.owned_process import OwnedProcess
from adapters.ports import require_free


class LocalServer(ABC):
    """What Kafka and Valkey have in common when they are ours.

    Args:
        directory: What the server keeps, its log and its lock.
        port: Where clients connect; 0 takes any free port, and keeps it over restarts.
        start_timeout_seconds: How long it may take to answer.

    Raises (from `start`):
        FolderInUseError: A running server holds the folder.
        PortInUseError: The chosen port is taken.
        ServerStartError: It ended, or did not answer in time; the message has the end of its log.
    """

    NAME: ClassVar[str]
    """What people call it."""

    STOP_SECONDS: ClassVar[float] = 30.0
    """How long it has to stop cleanly."""

    def __init__(self, directory: Path, *, port: int, start_timeout_seconds: float) -> None:
        self.directory = directory.resolve()
        self._wanted_port = port
        self._port = port
        self._start_timeout_seconds = start_timeout_seconds
        self._lock: FolderLock | None = None
        self._process: OwnedProcess | None = None

    @property
    def port(self) -> int:
        """The port clients connect to; 0 before the first start when any free one may be taken."""
        return self._port

    @property
    @abstractmethod
    def address(self) -> str:
        """What clients are given to find it."""

    @property
    def is_running(self) -> bool:
        """Whether our process is there."""
        return self._process is not None and self._process.is_running

    @property
    def pid(self) -> int | None:
        """Process id of the running server."""
        return self._process.pid if self._process is not None and self.is_running else None

    def start(self) -> Self:
        """Start it and return when it answers. Does nothing when it runs."""
        if self.is_running:
            return self
        self._let_go()
        self._lock = FolderLock(self.directory)
        try:
            if self._wanted_port:
                require_free(self._wanted_port, who=self.NAME)
            self._launch(self._lock)
        except BaseException:
            self.stop()
            raise
        self._lock.describe(f"{self.NAME}, process {self.pid}, at {self.address}")
        return self

    def stop(self) -> None:
        """Stop it cleanly, by force if it does not go; nothing is left running. Safe to repeat."""
        if self._process is not None:
            self._process.stop(timeout_seconds=self.STOP_SECONDS)
        self._let_go()

    def kill(self) -> None:
        """End it with SIGKILL, in the middle of whatever it does; the folder stays."""
        if self._process is not None:
            self._process.kill()
        self._let_go()

    def wait(self, *, timeout_seconds: float | None = None) -> int | None:
        """Wait until it ends by itself; return its exit code, or None when time is up."""
        if self._process is None:
            return None
        try:
            return self._process.wait(timeout_seconds=timeout_seconds)
        except subprocess.TimeoutExpired:
            return None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @abstractmethod
    def _launch(self, lock: FolderLock) -> None:
        """Set `_process` to one that answers at `_port`; it must hold the lock as long as it lives.

        Raises:
            ServerStartError: It did not come up.
        """

    def _let_go(self) -> None:
        self._process = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
