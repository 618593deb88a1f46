"""One process per role, started again for ever, and none of them left behind."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from adapters.owned_process import OwnedProcess

DRAIN_SECONDS = 30.0
"""How long a role may take to finish its batch and leave its group before it is killed."""

WORKER = (sys.executable, "-m", "shouwen", "worker", "--one")
"""Runs one role in its own process."""

_LOOK_SECONDS = 0.1
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
_HEALTHY_SECONDS = 30.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Child:
    role: str
    process: OwnedProcess | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause_seconds: float = _FIRST_PAUSE_SECONDS


class Supervisor:
    """Keeps one process of each role running until it is stopped.

    A role that ends, however it ends, is started again: after 0.2 s, then twice as long each time
    up to 10 s; one that ran for 30 s begins at 0.2 s again. The processes end with this one, also
    when it is killed.

    Args:
        roles: What to run, one process each.
        environ: Settings of the processes. A `SHOUWEN_METRICS_PORT` other than 0 is the first
            role's; the next roles take the ports behind it.
        log_dir: One file per role; none lets them write to our own standard error.
        command: Program and arguments in front of the role.

    >>> import os
    >>> stays = [sys.executable, "-c", "import time; time.sleep(60)"]
    >>> supervisor = Supervisor(["decide"], environ=os.environ, command=stays)
    >>> supervisor.start()
    >>> len(supervisor.pids)
    1
    >>> supervisor.stop()
    >>> supervisor.pids
    {}
    """

    def __init__(
        self,
        roles: Sequence[str],
        *,
        environ: Mapping[str, str],
        log_dir: Path | None = None,
        command: Sequence[str] = WORKER,
    ) -> None:
        self._children = [_Child(role) for role in roles]
        self._environ = dict(environ)
        self._log_dir = log_dir
        self._command = list(command)
        self._first_port = int(environ.get("SHOUWEN_METRICS_PORT", "0") or "0")
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._restarts = 0
        # The kernel ends a child with the thread that started it: one thread starts them all.
        self._thread = threading.Thread(target=self._watch, name="supervisor")

    @property
    def restarts(self) -> int:
        """How often a role was started again."""
        return self._restarts

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now, by role."""
        return {
            child.role: child.process.pid
            for child in self._children
            if child.process is not None and child.process.is_running
        }

    def start(self) -> None:
        """Start every role; returns when their processes are there, not when they are ready."""
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Ask all roles to end, wait up to 30 s, and end those that stay. Safe to repeat."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait(self) -> None:
        """Return when `stop` was called and all is over."""
        self._thread.join()

    def ask_to_stop(self) -> None:
        """Begin to stop and return at once: what a signal handler may call."""
        self._stopping.set()

    def _watch(self) -> None:
        try:
            while not self._stopping.is_set():
                for index, child in enumerate(self._children):
                    self._look_after(child, index)
                self._started.set()
                self._stopping.wait(_LOOK_SECONDS)
        finally:
            self._started.set()
            self._end_all()

    def _look_after(self, child: _Child, index: int) -> None:
        now = time.monotonic()
        if child.process is not None:
            code = child.process.exit_code
            if code is None:
                return
            if now - child.started_at >= _HEALTHY_SECONDS:
                child.pause_seconds = _FIRST_PAUSE_SECONDS
            child.due_at = now + child.pause_seconds
            log.warning(
                "role_ended", role=child.role, exit_code=code, again_seconds=child.pause_seconds
            )
            child.pause_seconds = min(2 * child.pause_seconds, _LONGEST_PAUSE_SECONDS)
            child.process = None
            self._restarts += 1
        if now >= child.due_at:
            child.process = self._start(child.role, index)
            child.started_at = now

    def _start(self, role: str, index: int) -> OwnedProcess:
        environ = dict(self._environ)
        if self._first_port:
            environ["SHOUWEN_METRICS_PORT"] = str(self._first_port + index)
        log_path = None if self._log_dir is None else self._log_dir / f"{role}.log"
        return OwnedProcess([*self._command, role], log_path=log_path, env=environ)

    def _end_all(self) -> None:
        processes = [child.process for child in self._children if child.process is not None]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + DRAIN_SECONDS
        for process in processes:
            try:
                process.wait(timeout_seconds=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("role_killed", pid=process.pid, after_seconds=DRAIN_SECONDS)
            process.stop(timeout_seconds=0.0)
