"""What every reader of recorded events offers, and how one is opened by name."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol, get_args

from adapters.errors import AdapterError
from contracts.recorded import RecordedLine, UnreadableLine

SourceName = Literal["jsonl", "berka"]
SOURCE_NAMES: tuple[SourceName, ...] = get_args(SourceName)


class RecordedSourceError(AdapterError):
    """A recording cannot be opened: a file is missing, or is not what its reader reads."""


class RecordedSource(Protocol):
    """A recording that can be counted before it is published, and read as often as wanted."""

    def count(self) -> int:
        """Return how many records `lines` yields: the `in` of a run, told before it starts."""
        ...

    def unreadable(self) -> Sequence[UnreadableLine]:
        """Return the places that are no record of any topic, in file order."""
        ...

    def lines(self) -> Iterator[RecordedLine]:
        """Yield the records, never going back in `known_at_ms`."""
        ...


def open_source(name: SourceName, path: Path) -> RecordedSource:
    """Return the reader of a recording.

    Args:
        name: The form of the recording: `jsonl` is a file, `berka` a folder.
        path: Where it is.

    Raises:
        RecordedSourceError: the file or folder is missing or incomplete.

    >>> open_source("jsonl", Path("nowhere.jsonl"))
    Traceback (most recent call last):
    ...
    adapters.recorded.source.RecordedSourceError: a jsonl recording needs a file; 'nowhere.jsonl' \
is none. Pass the path of a file with one recorded event a line.
    """
    match name:
        case "jsonl":
            from adapters.recorded.jsonl import JsonlSource

            return JsonlSource(path)
        case "berka":
            from adapters.recorded.berka import BerkaSource

            return BerkaSource(path)
