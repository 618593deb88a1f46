"""One running server per data folder, without locks that go stale."""

import fcntl
import os
from pathlib import Path

from adapters.errors import FolderInUseError


class FolderLock:
    """An advisory lock (flock(2)) on a data folder, kept by whoever has the descriptor open.

    The server process inherits the descriptor, so the folder stays locked for as long as either of
    us lives, and the kernel frees it when the last one is gone: a crash leaves no lock behind.

    Args:
        directory: The data folder; created when absent.

    Raises:
        FolderInUseError: Somebody holds it; the message says who, as far as they said.

    >>> import tempfile
    >>> directory = Path(tempfile.mkdtemp()) / "k1"
    >>> first = FolderLock(directory)
    >>> first.describe("a broker on port 9092")
    >>> FolderLock(directory)
    Traceback (most recent call last):
        ...
    adapters.errors.FolderInUseError: a server needs ...k1' for itself; got one that is used by
    'a broker on port 9092'. Stop that server, or give this one another folder.
    >>> first.release()
    >>> FolderLock(directory).release()
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._file = (directory / "lock").open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().decode(errors="replace").strip()
            self._file.close()
            raise FolderInUseError(
                f"a server needs {str(directory)!r} for itself; got one that is used by "
                f"{holder or 'another server that is starting'!r}. "
                "Stop that server, or give this one another folder."
            ) from error
        self.describe("")

    @property
    def fd(self) -> int:
        """The descriptor to hand to the server process."""
        return self._file.fileno()

    def describe(self, holder: str) -> None:
        """Say who holds it, for the error of whoever comes next."""
        self._file.truncate(0)
        self._file.write(holder.encode())
        self._file.flush()
        os.fsync(self.fd)

    def release(self) -> None:
        """Let go; the server process, if it still runs, keeps its own hold. Safe to repeat."""
        self._file.close()
