"""A kept journal: the truth of a run in a folder, with what was decided, readable with any tool.

```
manifest.json            every file with its rows and SHA-256, and how far decisions are complete
journal-<partition>.jsonl       one journal entry a line, in order
decisions-<partition>.jsonl     what was published on `decisions.v1`, in order
conversions-<partition>.jsonl   what was published on `conversions.v1`, in order
```

Every line carries a checksum, the manifest one of its own: one flipped byte anywhere is found and
named by file and line. A value is the original text, so `jq -r .value` gives what the bank sent.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from adapters.kept_rows import (
    KeptDamageError,
    KeptError,
    KeptIncompleteError,
    KeptRecord,
    entry_of,
    record_of,
)
from contracts.journal import Entry
from contracts.topics import Topic

__all__ = [
    "KEPT_TOPICS",
    "MANIFEST",
    "KeptDamageError",
    "KeptError",
    "KeptFile",
    "KeptIncompleteError",
    "KeptJournal",
    "KeptRecord",
    "Manifest",
    "file_of",
]

MANIFEST = "manifest.json"
LAYOUT = 1
KEPT_TOPICS: tuple[Topic, ...] = (Topic.JOURNAL, Topic.DECISIONS, Topic.CONVERSIONS)
_TAIL = b',"sha256":"%s"}\n'
_TAIL_BYTES = len(_TAIL) - 2 + 64


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file as it was when the folder was complete."""

    name: str
    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the folder holds.

    `decided_until` is per partition the last journal number whose outputs are in the folder: a
    journal read while the bank runs is ahead of its decisions.
    """

    layout: int
    partitions: tuple[int, ...]
    decided_until: dict[int, int]
    files: tuple[KeptFile, ...]

    def encode(self) -> bytes:
        """Return the manifest's one line: JSON, with a SHA-256 over what stands before it."""
        members = msgspec.json.encode(self)[:-1]
        return members + _TAIL % hashlib.sha256(members).hexdigest().encode()

    @classmethod
    def decode(cls, raw: bytes) -> "Manifest":
        """Return the manifest in `raw`.

        Raises:
            KeptDamageError: the bytes are not those of a manifest that was written.
            KeptError: a newer version wrote it.
        """
        members = raw[:-_TAIL_BYTES]
        if raw[-_TAIL_BYTES:] != _TAIL % hashlib.sha256(members).hexdigest().encode():
            raise KeptDamageError(MANIFEST, 1, "the manifest fails its checksum")
        manifest = msgspec.json.decode(raw, type=cls)
        if manifest.layout != LAYOUT:
            raise KeptError(
                f"a kept journal needs layout {LAYOUT}; got {manifest.layout}. "
                "Read it with the version that wrote it."
            )
        return manifest


def file_of(topic: Topic, partition: int) -> str:
    """Return the file that keeps a topic's partition.

    >>> file_of(Topic.JOURNAL, 3)
    'journal-3.jsonl'
    """
    return f"{topic.value.removesuffix('.v1')}-{partition}.jsonl"


class KeptJournal:
    """A complete kept journal, opened for reading; reading checks every byte on the way.

    Args:
        folder: The folder that a `KeptWriter` completed.

    Raises:
        KeptIncompleteError: there is no manifest, or a file is missing.
        KeptDamageError: the manifest is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        manifest = folder / MANIFEST
        if not manifest.is_file():
            raise KeptIncompleteError(
                f"a kept journal needs {MANIFEST}; {str(folder)!r} has none. "
                "Pass the folder that a finished run wrote; without a manifest it is not finished."
            )
        self.manifest = Manifest.decode(manifest.read_bytes())
        self._files = {file.name: file for file in self.manifest.files}
        missing = sorted(name for name in self._files if not (folder / name).is_file())
        if missing:
            raise KeptIncompleteError(
                f"the kept journal {str(folder)!r} needs {', '.join(missing)}, which its manifest "
                "lists. Restore the missing files from a copy."
            )

    @property
    def partitions(self) -> tuple[int, ...]:
        """The partitions whose journals are here, in order."""
        return self.manifest.partitions

    def rows(self, topic: Topic) -> int:
        """Return how many rows of a topic are here, over all partitions, by the manifest."""
        names = [file_of(topic, partition) for partition in self.partitions]
        return sum(self._files[name].rows for name in names)

    def entries(self, partition: int) -> Iterator[Entry]:
        """Yield the journal of a partition from entry 0, without gaps, the clock never going back.

        Raises:
            KeptDamageError: a line is damaged, missing, or out of order.
        """
        file = file_of(Topic.JOURNAL, partition)
        clock_ms = 0
        for number, line in self._lines(file):
            entry = entry_of(line, partition=partition, file=file, number=number)
            if entry.seq != number - 1:
                why = f"journal entry {number - 1} is needed here; this is {entry.seq}"
                raise KeptDamageError(file, number, why)
            if entry.at_ms < clock_ms:
                why = f"the clock goes back from {clock_ms} to {entry.at_ms}"
                raise KeptDamageError(file, number, why)
            clock_ms = entry.at_ms
            yield entry

    def decisions(self, partition: int) -> Iterator[KeptRecord]:
        """Yield what was published on `decisions.v1`, in order; raises like `entries`."""
        yield from self._records(file_of(Topic.DECISIONS, partition))

    def conversions(self, partition: int) -> Iterator[KeptRecord]:
        """Yield what was published on `conversions.v1`, in order; raises like `entries`."""
        yield from self._records(file_of(Topic.CONVERSIONS, partition))

    def check(self) -> int:
        """Read everything, and return how many rows there are.

        Raises:
            KeptDamageError: the first line that is not what was written.
        """
        rows = 0
        for partition in self.partitions:
            rows += sum(1 for _ in self.entries(partition))
            rows += sum(1 for _ in self.decisions(partition))
            rows += sum(1 for _ in self.conversions(partition))
        return rows

    def _records(self, file: str) -> Iterator[KeptRecord]:
        for number, line in self._lines(file):
            record = record_of(line, file=file, number=number)
            if record.number != number - 1:
                why = f"record {number - 1} is needed here; this is {record.number}"
                raise KeptDamageError(file, number, why)
            yield record

    def _lines(self, file: str) -> Iterator[tuple[int, bytes]]:
        """Yield each line with its number from 1; at the end the file must be the one listed."""
        listed = self._files.get(file)
        if listed is None:
            raise KeptIncompleteError(
                f"the kept journal {str(self.folder)!r} has no {file}; its partitions are "
                f"{', '.join(map(str, self.partitions))}. Ask for one of these."
            )
        digest = hashlib.sha256()
        number = 0
        with (self.folder / file).open("rb", buffering=1 << 20) as lines:
            for number, line in enumerate(lines, start=1):
                digest.update(line)
                yield number, line
        if number != listed.rows:
            why = f"the manifest lists {listed.rows} rows; the file ends after {number}"
            raise KeptDamageError(file, number, why)
        if digest.hexdigest() != listed.sha256:
            why = "every line agrees with its checksum, but the file is not the one listed"
            raise KeptDamageError(file, number, why)
