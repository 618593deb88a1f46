"""`journal.v1`: one numbered order per partition; what we add to a source record, packed.

The record's value is the source's own bytes, so any tool can read it; our part is one header.
"""

import struct
import zlib
from dataclasses import dataclass

from contracts.topics import RANK, SOURCES, Topic

HEADER = "shouwen"
VECTOR_HEADER = "shouwen-offsets"
_PACKED = struct.Struct("<BqqqBiqI")
_LAYOUT = 1
_OFFSET = struct.Struct("<Bq")


class JournalError(ValueError):
    """A journal record is not what was written: its checksum or its layout is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal: `(partition, seq)` is *the* coordinate of everything.

    `at_ms` is when the bank knew, and the partition's clock while the entry is in hand; it never
    goes back within a partition. `appended_ms` is the broker's stamp of the source record, for
    measuring latency only: no decision may depend on it.
    """

    partition: int
    seq: int
    at_ms: int
    topic: Topic
    source_partition: int
    source_offset: int
    key: str
    value: bytes
    appended_ms: int = 0

    @property
    def source(self) -> str:
        """The source coordinate as text: `topic:partition:offset`."""
        return f"{self.topic.value}:{self.source_partition}:{self.source_offset}"


def pack_header(entry: Entry) -> bytes:
    """Return the header that turns a source record into a journal record.

    The last four bytes are a CRC-32 over everything else and the key and value.

    >>> entry = Entry(
    ...     partition=2,
    ...     seq=7,
    ...     at_ms=1_000,
    ...     topic=Topic.CONSENTS,
    ...     source_partition=2,
    ...     source_offset=40,
    ...     key="c-1",
    ...     value=b"{}",
    ... )
    >>> unpack(2, b"c-1", b"{}", pack_header(entry)) == entry
    True
    """
    fields = (
        _LAYOUT,
        entry.seq,
        entry.at_ms,
        entry.appended_ms,
        RANK[entry.topic],
        entry.source_partition,
        entry.source_offset,
    )
    crc = _checksum(_PACKED.pack(*fields, 0), entry.partition, entry.key.encode(), entry.value)
    return _PACKED.pack(*fields, crc)


def unpack(partition: int, key: bytes | None, value: bytes | None, header: bytes) -> Entry:
    """Return the entry of a journal record.

    Raises:
        JournalError: the header's layout is unknown, or the checksum does not match.
    """
    if len(header) != _PACKED.size or header[0] != _LAYOUT:
        msg = (
            f"a journal record of partition {partition} needs a {_PACKED.size}-byte header of "
            f"layout {_LAYOUT}; got {len(header)} bytes {header[:4]!r}. "
            "Read it with the version that wrote it."
        )
        raise JournalError(msg)
    _, seq, at_ms, appended_ms, rank, source_partition, source_offset, crc = _PACKED.unpack(header)
    raw_key, raw_value = key or b"", value or b""
    blank = header[: _PACKED.size - 4] + b"\0\0\0\0"
    if crc != _checksum(blank, partition, raw_key, raw_value) or rank >= len(SOURCES):
        msg = (
            f"journal record {seq} of partition {partition} fails its checksum: "
            "the bytes are not those that were written. Restore the record from a copy."
        )
        raise JournalError(msg)
    return Entry(
        partition=partition,
        seq=seq,
        at_ms=at_ms,
        topic=SOURCES[rank],
        source_partition=source_partition,
        source_offset=source_offset,
        key=raw_key.decode(),
        value=raw_value,
        appended_ms=appended_ms,
    )


def pack_offsets(offsets: dict[Topic, int]) -> bytes:
    """Return the vector of highest source offsets that a batch's last record carries.

    >>> unpack_offsets(pack_offsets({Topic.CLOCK: 12, Topic.CONTROL: 0}))
    {<Topic.CONTROL: 'control.v1'>: 0, <Topic.CLOCK: 'clock.v1'>: 12}
    """
    ranked = sorted((RANK[topic], offset) for topic, offset in offsets.items())
    return b"".join(_OFFSET.pack(rank, offset) for rank, offset in ranked)


def unpack_offsets(raw: bytes) -> dict[Topic, int]:
    """Return what `pack_offsets` packed: the highest source offset taken, per topic."""
    return {SOURCES[rank]: offset for rank, offset in _OFFSET.iter_unpack(raw)}


def _checksum(header: bytes, partition: int, key: bytes, value: bytes) -> int:
    crc = zlib.crc32(header, partition)
    crc = zlib.crc32(len(key).to_bytes(4, "little") + key, crc)
    return zlib.crc32(value, crc)
