"""Neighbour signals as records: whom they reach, when, and who caused them.

In recorded time the entries of slice n cause signals of slice n + 1 (contracts/slices.py). With a
live clock the two headers are there too, and nobody reads them.
"""

from dataclasses import dataclass

from contracts.envelope import Token
from contracts.ids import stable_id
from contracts.journal import Entry
from contracts.neighbours import MOST_HOPS, NeighbourFact, NeighbourSignal
from contracts.slices import CAUSE_HEADER, HEADER, Cause, SliceStamp
from contracts.topics import Topic
from contracts.uses import Use
from engine.outputs import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What one subject lets another one know, before it is a record.

    `about` is whose doing it is, where that is not the sender's own. `named` is set for a device or
    an address alone, which must know whom to answer.
    """

    to: str
    fact: NeighbourFact
    value_int: int
    other_int: int = 0
    permitted_use: tuple[Use, ...]
    about: str | None = None
    named: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """The event that makes a subject tell others something.

    `event_id` is the event's own, `corrects_event_id` that of the event that it replaces; `hops`
    are those that lie behind it already; `slice_no` is the slice that the entry is in.
    """

    entry: Entry
    slice_no: int
    event_id: str
    occurred_at_ms: int
    hops: int = 0
    corrects_event_id: str | None = None
    corrects_occurred_at_ms: int | None = None
    is_reversal: bool = False


def reference(sender: str, receiver: str) -> Token:
    """Return what a receiver may know of a sender: enough to tell it from others, no name.

    >>> reference("c-1", "ent-1") == reference("c-1", "ent-2")
    False
    """
    return stable_id("n", sender, receiver)


def records(occasion: Occasion, sender: str, tellings: list[Telling]) -> list[Output]:
    """Return one record per telling, in their order; none beyond the last hop."""
    if occasion.hops >= MOST_HOPS:
        return []
    return [_record(occasion, sender, telling, number) for number, telling in enumerate(tellings)]


def all_told(entry: Entry, slice_no: int) -> Output:
    """Return the marker that this partition has no more signals for the slice behind `slice_no`.

    Every partition of the topic gets it.
    """
    stamp = SliceStamp(slice_no=slice_no + 1, known_at_ms=entry.at_ms, marker=True)
    cause = Cause(partition=entry.partition, seq=entry.seq)
    return Output(
        topic=Topic.NEIGHBOUR_SIGNALS,
        key=str(entry.partition),
        value=b"",
        seq=entry.seq,
        headers=((HEADER, stamp.pack()), (CAUSE_HEADER, cause.pack())),
        everywhere=True,
    )


def _record(occasion: Occasion, sender: str, telling: Telling, number: int) -> Output:
    entry = occasion.entry
    corrected = occasion.corrects_event_id
    signal = NeighbourSignal(
        event_type="neighbour",
        event_id=_signal_id(occasion.event_id, sender, telling),
        occurred_at_ms=occasion.occurred_at_ms,
        source_system="shouwen",
        customer_id=telling.named,
        corrects_event_id=None if corrected is None else _signal_id(corrected, sender, telling),
        corrects_occurred_at_ms=occasion.corrects_occurred_at_ms,
        is_reversal=occasion.is_reversal,
        subject_id=telling.to,
        fact=telling.fact,
        from_ref=reference(telling.about or sender, telling.to),
        value_int=telling.value_int,
        other_int=telling.other_int,
        permitted_use=telling.permitted_use,
        hops=occasion.hops + 1,
        cause_partition=entry.partition,
        cause_seq=entry.seq,
        cause_ordinal=number,
    )
    stamp = SliceStamp(slice_no=occasion.slice_no + 1, known_at_ms=entry.at_ms)
    cause = Cause(partition=entry.partition, seq=entry.seq, ordinal=number)
    return Output(
        topic=Topic.NEIGHBOUR_SIGNALS,
        key=telling.to,
        value=signal.model_dump_json(exclude_unset=True, exclude_none=True).encode(),
        seq=entry.seq,
        headers=((HEADER, stamp.pack()), (CAUSE_HEADER, cause.pack())),
    )


def _signal_id(event_id: str, sender: str, telling: Telling) -> str:
    """Return H(cause, edge): the same cause says the same thing once, whoever delivers it twice."""
    return stable_id("s", event_id, telling.fact, sender, telling.to)
