"""What was known of a customer at any moment: a coordinate found, the journal folded up to it."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.decode import SourceEvent, decode
from contracts.ids import partition_of
from contracts.journal import Entry
from engine.event_ids import EventIds, note_arrival
from features import NAMES, SCHEMA_HASH, Asked, KnownEvent, training_frame
from replay.errors import AsOfError
from replay.report import when
from replay.traces import FeatureUsed, explain, is_event


class Journals(Protocol):
    """The journals of a deployment, kept or live."""

    @property
    def partitions(self) -> tuple[int, ...]:
        """The partitions, in order."""

    def entries(self, partition: int) -> Iterator[Entry]:
        """Yield a partition's journal from entry 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinate:
    """A place in one partition's journal: everything up to and with entry `seq` is known.

    >>> Coordinate.parse("2:417"), Coordinate.parse("2026-03-01") is None
    (Coordinate(partition=2, seq=417), True)
    """

    partition: int
    seq: int

    @classmethod
    def parse(cls, text: str) -> "Coordinate | None":
        """Return the coordinate in `partition:seq`, or none where the text is something else."""
        partition, colon, seq = text.partition(":")
        if not (colon and partition.isdecimal() and seq.isdecimal()):
            return None
        return cls(partition=int(partition), seq=int(seq))


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The features of a subject at a coordinate, with the events behind each.

    `at_ms` is when they were read; `events` is how many events of the subject were known then.
    Where they were read off a state alone, nothing is `traced`: no event is named or counted.
    """

    subject_id: str
    partition: int
    seq: int
    at_ms: int
    events: int
    features: tuple[FeatureUsed, ...]
    traced: bool = True
    schema: str = SCHEMA_HASH


def as_of(
    journals: Journals, subject_id: str, at: Coordinate | int | None = None, *, traced: bool = True
) -> AsOf:
    """Fold a subject's events up to a moment and return what its features were.

    Args:
        journals: Where the events are.
        subject_id: Whose.
        at: A coordinate; or a time (epoch ms UTC), which is the last entry known by then, read at
            that time; none is the journal's end.
        traced: Whether to name the events behind each value, too.

    Raises:
        AsOfError: nobody knows the subject by then, the moment is outside the journal, or the
            coordinate is another subject's partition.
    """
    partition = home_of(journals, subject_id)
    if isinstance(at, Coordinate) and at.partition != partition:
        raise AsOfError(
            f"{subject_id!r} lives in partition {partition} of {len(journals.partitions)}; got the "
            f"coordinate {at.partition}:{at.seq}. Numbers of one partition say nothing about "
            f"another: give {partition}:NUMBER, or a time."
        )
    own, place = _until(journals.entries(partition), subject_id, partition, at)
    known = list(known_events(own))
    if not known:
        raise AsOfError(
            f"partition {partition} has no event of {subject_id!r} up to entry {place.seq} "
            f"({when(place.at_ms)}, UTC+8). Check the id; a later `--at` knows more."
        )
    values = rows_at(known, [place])[0]
    if not traced:
        return without_events(values, place, partition=partition)
    return explained(values, own, place, partition=partition)


def with_events(
    journals: Journals, values: NDArray[np.float64], place: Asked[None], *, partition: int
) -> AsOf:
    """Return a row that was read elsewhere with the events that the journal has for it."""
    own = [
        entry
        for entry in _up_to(journals.entries(partition), place.seq)
        if entry.key == place.subject_id and is_event(entry)
    ]
    return explained(values, own, place, partition=partition)


def without_events(values: NDArray[np.float64], place: Asked[None], *, partition: int) -> AsOf:
    """Return a row that was read elsewhere, as it is."""
    return replace(explained(values, (), place, partition=partition), traced=False)


def _up_to(entries: Iterable[Entry], seq: int) -> Iterator[Entry]:
    for entry in entries:
        if entry.seq > seq:
            return
        yield entry


def explained(
    values: NDArray[np.float64], entries: Sequence[Entry], place: Asked[None], *, partition: int
) -> AsOf:
    """Return a row of features with the events behind each value, among the subject's entries."""
    hexed = {name: value.hex() for name, value in zip(NAMES, values.tolist(), strict=True)}
    return AsOf(
        subject_id=place.subject_id,
        partition=partition,
        seq=place.seq,
        at_ms=place.at_ms,
        events=sum(1 for _ in known_events(entries)),
        features=explain(hexed, entries, subject_id=place.subject_id, at_ms=place.at_ms),
    )


def rows_at(
    journal: Iterable[KnownEvent], places: Sequence[Asked[None]]
) -> list[NDArray[np.float64]]:
    """Return the features at many places, in the order of `places`."""
    numbered = [
        Asked(
            subject_id=place.subject_id,
            seq=place.seq,
            at_ms=place.at_ms,
            before=place.before,
            labels=number,
        )
        for number, place in enumerate(places)
    ]
    rows = sorted(training_frame(journal, numbered), key=lambda row: row.asked.labels)
    return [row.values for row in rows]


def known_events(
    entries: Iterable[Entry], *, only: Container[str] | None = None
) -> Iterator[KnownEvent]:
    """Yield the events that changed their subject: a known id is a duplicate or a conflict.

    Args:
        entries: A partition's journal, in order.
        only: The subjects that are wanted; none is all of them.
    """
    ids: dict[str, EventIds] = {}
    for entry in entries:
        if not is_event(entry) or (only is not None and entry.key not in only):
            continue
        event: SourceEvent = decode(entry.topic, entry.value)
        own = ids.setdefault(entry.key, EventIds())
        if note_arrival(own, event.event_id, entry.value, at_ms=entry.at_ms) == "new":
            yield KnownEvent(seq=entry.seq, subject_id=entry.key, at_ms=entry.at_ms, event=event)


def home_of(journals: Journals, subject_id: str) -> int:
    """Return the partition of a subject.

    Raises:
        AsOfError: that partition is not here.
    """
    count = max(journals.partitions, default=-1) + 1
    partition = partition_of(subject_id, count) if count else -1
    if partition not in journals.partitions:
        raise AsOfError(
            f"{subject_id!r} needs the journal of its partition, {partition}; "
            f"got those of {', '.join(map(str, journals.partitions)) or 'none'}. "
            "Keep the journal of every partition."
        )
    return partition


def _until(
    entries: Iterable[Entry], subject_id: str, partition: int, at: Coordinate | int | None
) -> tuple[list[Entry], Asked[None]]:
    """Return a subject's entries up to a moment, and the place that the moment is.

    Raises:
        AsOfError: the moment is before the journal's beginning or behind its end.
    """
    own: list[Entry] = []
    first = last = None
    for entry in entries:
        first = entry if first is None else first
        if _is_past(entry, at):
            break
        last = entry
        if entry.key == subject_id and is_event(entry):
            own.append(entry)
    else:
        _require_reached(last, partition, at)
    if last is None:
        raise AsOfError(_before_all(first, partition, at))
    at_ms = at if isinstance(at, int) else last.at_ms
    return own, Asked(subject_id=subject_id, seq=last.seq, at_ms=at_ms, labels=None)


def _is_past(entry: Entry, at: Coordinate | int | None) -> bool:
    match at:
        case Coordinate(seq=seq):
            return entry.seq > seq
        case int():
            return entry.at_ms > at
        case None:
            return False


def _require_reached(last: Entry | None, partition: int, at: Coordinate | int | None) -> None:
    """Refuse a moment of which the journal cannot know yet: tomorrow's events are not in it."""
    if last is None:
        return
    if isinstance(at, Coordinate) and last.seq < at.seq:
        raise AsOfError(
            f"partition {partition} has journal entries 0 to {last.seq}; got {at.seq}. "
            "Give a number that is there."
        )
    if isinstance(at, int) and last.at_ms < at:
        raise AsOfError(
            f"the journal of partition {partition} knows the time up to {when(last.at_ms)} "
            f"(UTC+8, {last.at_ms}); got {when(at)} ({at}), of which it cannot know all yet. "
            "Leave `--at` out for the newest, or give a time before."
        )


def _before_all(first: Entry | None, partition: int, at: Coordinate | int | None) -> str:
    if first is None:
        return f"as-of reading needs a journal; that of partition {partition} is empty."
    asked = when(at) if isinstance(at, int) else at
    return (
        f"the journal of partition {partition} begins at {when(first.at_ms)} (UTC+8); got "
        f"{asked}, before all that is known. Give a later time."
    )
