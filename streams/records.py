"""A source record as the core's side of `streams` sees it, free of any client library."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.slices import CAUSE_HEADER, HEADER, Cause, SliceStamp
from contracts.topics import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """One record of one source topic-partition, good or bad.

    `appended_ms` is the broker's stamp. `stamp` is the place in recorded time, and `cause` what
    caused a neighbour signal; none in a live deployment, or where the header is not ours.
    """

    topic: Topic
    partition: int
    offset: int
    appended_ms: int
    key: bytes | None
    value: bytes | None
    stamp: SliceStamp | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRecord:
    """A record and the time that orders it: when the bank knew, in epoch milliseconds.

    `fault` says why the record has no honest place in recorded time; it becomes a dead letter.
    """

    record: SourceRecord
    time_ms: int
    fault: str | None = None


def read_stamp(headers: Iterable[tuple[str, bytes]] | None) -> SliceStamp | None:
    """Return the slice stamp among a record's headers, or none where there is no readable one.

    >>> read_stamp([("shouwen-slice", SliceStamp(slice_no=2, known_at_ms=5).pack())]).slice_no
    2
    >>> read_stamp([("shouwen-slice", b"not ours")]) is None
    True
    """
    for name, raw in headers or ():
        if name == HEADER:
            try:
                return SliceStamp.unpack(raw)
            except ValueError:
                return None
    return None


def read_cause(headers: Iterable[tuple[str, bytes]] | None) -> Cause | None:
    """Return what caused a neighbour signal, by its headers; none where no header readably says.

    >>> read_cause([("shouwen-cause", Cause(partition=1, seq=5).pack())]).seq
    5
    """
    for name, raw in headers or ():
        if name == CAUSE_HEADER:
            try:
                return Cause.unpack(raw)
            except ValueError:
                return None
    return None
