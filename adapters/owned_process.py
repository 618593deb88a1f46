"""A server process that lives no longer than we do: started, stopped, never left behind."""

import atexit
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

from adapters.errors import ServerStartError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_LIVING: "weakref.WeakSet[OwnedProcess]" = weakref.WeakSet()


class OwnedProcess:
    """A child process in its own session, whose output goes to a file.

    Three things end it: `stop` (SIGTERM, then SIGKILL), the interpreter's exit, and, on Linux,
    the death of the thread that started it, however sudden: the kernel then sends SIGTERM
    (prctl(2), PR_SET_PDEATHSIG). So start it from a thread that lives as long as the server should.

    Being in a session of its own, it does not see the terminal's Ctrl-C: whoever owns it decides
    the order in which things stop.

    Args:
        command: Program and arguments; no shell is involved.
        log_path: File that standard output and error are appended to; None for our own.
        env: The whole environment of the child, or None for ours.
        pass_fds: File descriptors the child keeps, such as that of a lock it must hold.

    Raises:
        ServerStartError: The program cannot be started at all.

    >>> import tempfile
    >>> log_path = Path(tempfile.mkdtemp()) / "child.log"
    >>> child = OwnedProcess([sys.executable, "-c", "input()"], log_path=log_path)
    >>> child.wait(timeout_seconds=10)  # nobody types: standard input is closed
    1
    >>> "EOFError" in child.log_tail()
    True
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log_path: Path | None,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.log_path = log_path
        self._log_start = 0
        with _opened(log_path) as log:
            if log is not None:
                self._log_start = log.tell()
            try:
                self._popen = subprocess.Popen(
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=None if log is None else subprocess.STDOUT,
                    env=None if env is None else dict(env),
                    pass_fds=tuple(pass_fds),
                    start_new_session=True,
                    preexec_fn=partial(_ask_the_kernel_to_end_us_with, os.getpid()),  # noqa: PLW1509 - two system calls, no locks
                )
            except OSError as error:
                raise ServerStartError(
                    f"a server needs to run {command[0]!r}; got {error.strerror!r}. "
                    "Install the project again with `make install`."
                ) from error
        _LIVING.add(self)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs, else its exit code (negative: the signal that ended it)."""
        return self._popen.poll()

    @property
    def is_running(self) -> bool:
        """Whether the process is still there."""
        return self.exit_code is None

    def terminate(self) -> None:
        """Ask it to end and do not wait; `stop` or `wait` follow."""
        if self.is_running:
            self._popen.terminate()

    def wait(self, *, timeout_seconds: float | None = None) -> int:
        """Wait for the end and return the exit code; `subprocess.TimeoutExpired` if it stays."""
        return self._popen.wait(timeout_seconds)

    def stop(self, *, timeout_seconds: float = 30.0) -> None:
        """Ask it to end and wait; make it end when it has not within the time. Safe to repeat."""
        if self.is_running:
            self._popen.terminate()
            try:
                self._popen.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        _LIVING.discard(self)

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would, and wait until it is gone."""
        self._popen.kill()
        self._popen.wait()
        _LIVING.discard(self)

    def log_tail(self, *, lines: int = 8) -> str:
        """Return the last lines this run has logged, for an error message."""
        if self.log_path is None:
            return ""
        with contextlib.suppress(OSError), self.log_path.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""


@contextlib.contextmanager
def _opened(log_path: Path | None) -> Iterator[IO[bytes] | None]:
    if log_path is None:
        yield None
        return
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        yield log


def _ask_the_kernel_to_end_us_with(parent_pid: int) -> None:
    """Run in the child between fork and exec."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent_pid:  # it died before we could ask
            os._exit(1)


@atexit.register
def _stop_what_still_lives() -> None:
    for process in list(_LIVING):
        process.stop(timeout_seconds=10.0)
