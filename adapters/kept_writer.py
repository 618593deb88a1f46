"""Writes a kept journal: rows in bulk, the manifest last, so that a broken run leaves none."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from adapters.kept import KEPT_TOPICS, LAYOUT, MANIFEST, KeptFile, Manifest, file_of
from adapters.kept_rows import KeptError, KeptRecord, entry_line, record_line
from contracts.journal import Entry
from contracts.topics import Topic


class KeptWriter:
    """Takes the journals and outputs of some partitions into a folder, in their order.

    Used as a context: the manifest is written when the block ends well, and only then.

    Args:
        folder: A folder to make; it may exist, without a manifest.
        partitions: Every partition of the run, also those in which nothing happened.

    Raises:
        KeptError: the folder holds a finished journal already.

    >>> import tempfile
    >>> from adapters.kept import KeptJournal
    >>> tick = Entry(
    ...     partition=0,
    ...     seq=0,
    ...     at_ms=5,
    ...     topic=Topic.CLOCK,
    ...     source_partition=0,
    ...     source_offset=9,
    ...     key="0",
    ...     value=b"{}",
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with KeptWriter(Path(folder), partitions=[0]) as kept:
    ...         kept.add_entries([tick])
    ...     list(KeptJournal(Path(folder)).entries(0)) == [tick]
    True
    """

    def __init__(self, folder: Path, *, partitions: Sequence[int]) -> None:
        if (folder / MANIFEST).exists():
            raise KeptError(
                f"a journal is kept in a new folder; {str(folder)!r} holds one already. "
                "Choose another folder, or delete this one."
            )
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._partitions = tuple(sorted(partitions))
        self._decided_until: dict[int, int] = {}
        self._last_seq = dict.fromkeys(self._partitions, -1)
        self._files = {
            file_of(topic, partition): _OpenFile(folder / file_of(topic, partition))
            for topic in KEPT_TOPICS
            for partition in self._partitions
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        listed = tuple(file.close() for _, file in sorted(self._files.items()))
        if kind is None:
            self._finish(listed)

    def add_entries(self, entries: Sequence[Entry]) -> None:
        """Append journal entries, each to its partition's file.

        Raises:
            KeptError: an entry is not the next one of its partition.
        """
        for entry in entries:
            expected = self._last_seq[entry.partition] + 1
            if entry.seq != expected:
                raise KeptError(
                    f"a kept journal of partition {entry.partition} needs entry {expected} next; "
                    f"got {entry.seq}. Read the journal from its beginning, in order."
                )
            file = file_of(Topic.JOURNAL, entry.partition)
            self._files[file].write(entry_line(entry, file=file))
            self._last_seq[entry.partition] = entry.seq

    def add_record(self, topic: Topic, *, partition: int, key: str, value: bytes) -> None:
        """Append a record of `decisions.v1` or `conversions.v1`."""
        file = file_of(topic, partition)
        target = self._files[file]
        record = KeptRecord(number=target.rows, key=key, value=value)
        target.write(record_line(record, file=file))

    def decided_until(self, partition: int, *, seq: int) -> None:
        """Say up to which journal number the outputs are complete; else it is the last entry."""
        self._decided_until[partition] = seq

    def _finish(self, listed: tuple[KeptFile, ...]) -> None:
        manifest = Manifest(
            layout=LAYOUT,
            partitions=self._partitions,
            decided_until={**self._last_seq, **self._decided_until},
            files=listed,
        )
        scratch = self._folder / f"{MANIFEST}.new"
        with scratch.open("wb") as file:
            file.write(manifest.encode())
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self._folder / MANIFEST)


class _OpenFile:
    """A file being written, with what the manifest will say of it."""

    def __init__(self, path: Path) -> None:
        self.rows = 0
        self._name = path.name
        self._digest = hashlib.sha256()
        self._file: BinaryIO = path.open("wb", buffering=1 << 20)

    def write(self, line: bytes) -> None:
        self._file.write(line)
        self._digest.update(line)
        self.rows += 1

    def close(self) -> KeptFile:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return KeptFile(name=self._name, rows=self.rows, sha256=self._digest.hexdigest())
