"""Recorded events from a JSONL file, in the order in which the bank came to know them."""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from adapters.recorded.slices import top_level_slices
from adapters.recorded.source import RecordedSourceError
from contracts.recorded import RecordedLine, UnreadableLine
from contracts.topics import BANK_SOURCES, Topic

_BOM = b"\xef\xbb\xbf"
_END_OF_TIME_MS = 1 << 42
_INT32 = 1 << 31
_TOPICS = {topic.value: topic for topic in BANK_SOURCES}


class _Line(msgspec.Struct):
    topic: str
    known_at_ms: int
    key: str | None = None
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    value_base64: str | msgspec.UnsetType | None = msgspec.UNSET
    partition: int | None = None


_decode = msgspec.json.Decoder(_Line).decode


class _Place(NamedTuple):
    known_at_ms: int
    offset: int


class JsonlSource:
    """A JSONL file of recorded events: read once to count and order it, then once to publish it.

    A line is published whenever its topic, key and time can be read, whatever its value is: the
    value's bytes are those of the file, and judging them is the front door's work. Other lines are
    `unreadable`. Blank lines are nothing. A file that is not in `known_at_ms` order is read in that
    order all the same (lines of one time in file order); only 16 bytes a line are held for it.

    Args:
        path: The file, UTF-8, one JSON object a line.

    Raises:
        RecordedSourceError: there is no such file.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise RecordedSourceError(
                f"a jsonl recording needs a file; {str(path)!r} is none. "
                "Pass the path of a file with one recorded event a line."
            )
        self._path = path
        self._places: list[_Place] | None = None
        self._unreadable: list[UnreadableLine] = []

    def count(self) -> int:
        """Return how many records the file holds; blank and unreadable lines are none."""
        return len(self._index())

    def unreadable(self) -> Sequence[UnreadableLine]:
        """Return the lines that name no topic, key or time."""
        self._index()
        return tuple(self._unreadable)

    def lines(self) -> Iterator[RecordedLine]:
        """Yield the records in `known_at_ms` order."""
        with self._path.open("rb") as file:
            for place in self._index():
                if file.tell() != place.offset:
                    file.seek(place.offset)
                line = _read(file.readline())
                if isinstance(line, str):
                    raise RecordedSourceError(
                        f"{self._path.name} changed while it was read, at byte {place.offset}: "
                        f"{line}. Start again with a file that nobody writes to."
                    )
                yield line

    def _index(self) -> list[_Place]:
        if self._places is None:
            self._places = list(self._scan())
            if any(after < before for before, after in pairwise(self._places)):
                self._places.sort()
        return self._places

    def _scan(self) -> Iterator[_Place]:
        offset = 0
        with self._path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if raw.strip(_BOM + b" \t\r\n"):
                    line = _read(raw)
                    if isinstance(line, str):
                        where = f"{self._path.name}:{number}"
                        self._unreadable.append(UnreadableLine(where=where, why=line, raw=raw))
                    else:
                        yield _Place(line.known_at_ms, offset)
                offset += len(raw)


def _read(raw: bytes) -> RecordedLine | str:
    """Return the record in a line, or why there is none."""
    text = raw.removeprefix(_BOM).rstrip(b"\r\n")
    try:
        line = _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _read_loosely(text)
    value: bytes | None
    if line.value_base64 is not msgspec.UNSET:
        try:
            value = _unpack(line.value_base64)
        except (binascii.Error, ValueError):
            return "value_base64 is not base64"
    elif isinstance(line.value, msgspec.Raw):
        value = bytes(line.value)
    else:
        return "it has neither value nor value_base64"
    return _line(line.topic, line.key, line.known_at_ms, value, line.partition)


def _read_loosely(text: bytes) -> RecordedLine | str:
    """Read a line that is not JSON of the right shape: `value` may hold anything at all."""
    members, rest = top_level_slices(text)
    if rest.strip() not in {b"", b"}"}:
        return "it is not one JSON object"
    parsed: dict[str, Any] = {"key": None, "partition": None}
    for name in ("topic", "key", "known_at_ms", "partition"):
        raw = members.get(name.encode())
        if raw is None:
            continue
        try:
            parsed[name] = json.loads(raw)
        except (ValueError, RecursionError):
            return f"its {name} is not JSON"
    if b"value" not in members:
        return "it is not a JSON object with a topic, a time and a value"
    return _line(
        parsed.get("topic"),
        parsed["key"],
        parsed.get("known_at_ms"),
        members[b"value"],
        parsed["partition"],
    )


def _line(
    topic: object, key: object, known_at_ms: object, value: bytes | None, partition: object
) -> RecordedLine | str:
    known_topic: Topic | None = _TOPICS.get(topic) if isinstance(topic, str) else None
    if known_topic is None:
        return f"its topic is none of {', '.join(_TOPICS)}"
    if key is not None and not (isinstance(key, str) and _is_unicode(key)):
        return "its key is not a string"
    if type(known_at_ms) is not int or not 0 <= known_at_ms < _END_OF_TIME_MS:
        return "its known_at_ms is not a time in epoch milliseconds"
    if partition is not None and (type(partition) is not int or not 0 <= partition < _INT32):
        return "its partition is not a number of a partition"
    return RecordedLine(
        topic=known_topic, key=key, known_at_ms=known_at_ms, raw_value=value, partition=partition
    )


def _is_unicode(text: str) -> bool:
    """Return whether the text has a UTF-8 form; a lone surrogate has none."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _unpack(value_base64: str | None) -> bytes | None:
    return None if value_base64 is None else base64.b64decode(value_base64, validate=True)
