"""One row of a kept journal: a line of JSON that carries its own checksum, so that damage shows.

KeptError                 a kept journal cannot be used
├── KeptDamageError       bytes are not those that were written; names the file and the line
└── KeptIncompleteError   there is no manifest, or a file that it lists is missing
"""

import zlib
from typing import NoReturn

import msgspec
from typing_extensions import override

from adapters.errors import AdapterError
from contracts.journal import Entry
from contracts.topics import RANK, Topic

_TAIL = b',"crc32":"%08x"}\n'
TAIL_BYTES = len(_TAIL % 0)


class KeptError(AdapterError):
    """A kept journal cannot be used."""


class KeptDamageError(KeptError):
    """A kept journal is not what was written: which file, which line (from 1), and why."""

    def __init__(self, file: str, line: int, why: str) -> None:
        self.file = file
        self.line = line
        self.why = why
        super().__init__(
            f"{file}, line {line}: {why}. The bytes are not those that were written; "
            "restore the file from a copy, or keep the journal again."
        )

    @override
    def __reduce__(self) -> tuple[type["KeptDamageError"], tuple[str, int, str]]:
        """Travel whole between processes: the default would call us with the sentence alone."""
        return type(self), (self.file, self.line, self.why)


class KeptIncompleteError(KeptError):
    """A kept journal has no manifest, or lacks a file that the manifest lists."""


class KeptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record of an output topic as it was read: `number` counts them from 0 in their file."""

    number: int
    key: str
    value: bytes


class _EntryRow(msgspec.Struct, kw_only=True):
    seq: int
    at_ms: int
    topic: str
    source_partition: int
    source_offset: int
    appended_ms: int
    key: str
    value: str


class _RecordRow(msgspec.Struct, kw_only=True):
    number: int
    key: str
    value: str


_encode = msgspec.json.Encoder().encode
_decode_entry = msgspec.json.Decoder(_EntryRow).decode
_decode_record = msgspec.json.Decoder(_RecordRow).decode
_TOPICS = {topic.value: topic for topic in RANK}


def seal(body: bytes, *, file: str) -> bytes:
    r"""Return the line of a JSON object: its own members, then a CRC-32 as the last one.

    The file's name goes into the checksum, so that a row is at home in one file only.

    >>> seal(b'{"seq":0}', file="journal-0.jsonl")
    b'{"seq":0,"crc32":"2cdaf2a8"}\n'
    """
    members = body[:-1]
    return members + _TAIL % _crc(members, file)


def unseal(line: bytes, *, file: str, number: int) -> bytes:
    """Return the line, which is JSON, once its checksum agrees.

    A CRC-32 finds every change of up to 32 bits in a row, so of any one byte; the tail is
    compared whole, so that a change of the checksum, a brace or the line's end shows as well.

    Raises:
        KeptDamageError: the line is not one that `seal` made for this file.
    """
    members = line[:-TAIL_BYTES]
    if line[-TAIL_BYTES:] != _TAIL % _crc(members, file):
        raise KeptDamageError(file, number, "the line fails its checksum")
    return line


def entry_line(entry: Entry, *, file: str) -> bytes:
    """Return an entry's line; its value stays the source's own text.

    Raises:
        KeptError: the value is not UTF-8, which no journal entry's is.
    """
    row = _EntryRow(
        seq=entry.seq,
        at_ms=entry.at_ms,
        topic=entry.topic.value,
        source_partition=entry.source_partition,
        source_offset=entry.source_offset,
        appended_ms=entry.appended_ms,
        key=entry.key,
        value=_text(entry.value, file=file, number=entry.seq),
    )
    return seal(_encode(row), file=file)


def entry_of(line: bytes, *, partition: int, file: str, number: int) -> Entry:
    """Return the entry in a line of `file`.

    Raises:
        KeptDamageError: the line fails its checksum, or is no entry.
    """
    text = unseal(line, file=file, number=number)
    try:
        row = _decode_entry(text)
        topic: Topic = _TOPICS[row.topic]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
        _no_row(file, number, error)
    return Entry(
        partition=partition,
        seq=row.seq,
        at_ms=row.at_ms,
        topic=topic,
        source_partition=row.source_partition,
        source_offset=row.source_offset,
        key=row.key,
        value=row.value.encode(),
        appended_ms=row.appended_ms,
    )


def record_line(record: KeptRecord, *, file: str) -> bytes:
    """Return an output record's line.

    Raises:
        KeptError: the value is not UTF-8, which no output of ours is.
    """
    value = _text(record.value, file=file, number=record.number)
    row = _RecordRow(number=record.number, key=record.key, value=value)
    return seal(_encode(row), file=file)


def record_of(line: bytes, *, file: str, number: int) -> KeptRecord:
    """Return the output record in a line of `file`.

    Raises:
        KeptDamageError: the line fails its checksum, or is no record.
    """
    text = unseal(line, file=file, number=number)
    try:
        row = _decode_record(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _no_row(file, number, error)
    return KeptRecord(number=row.number, key=row.key, value=row.value.encode())


def _crc(members: bytes, file: str) -> int:
    return zlib.crc32(members, zlib.crc32(file.encode()))


def _text(value: bytes, *, file: str, number: int) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise KeptError(
            f"{file} keeps values as text and needs UTF-8; record {number} is not ({error.reason} "
            f"at byte {error.start}). It belongs in the dead letters: see how it passed."
        ) from error


def _no_row(file: str, number: int, error: Exception) -> NoReturn:
    why = f"the checksum agrees, but the line is no row of this file ({error})"
    raise KeptDamageError(file, number, why) from error
