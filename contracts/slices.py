"""Recorded time on the wire: what `ingest` writes beside a source record so that order is fixed.

A recorded run is cut into slices of recorded time. Every record carries its slice and when the
bank knew it; a marker closes a slice in each topic-partition; `sequence` holds a slice until every
awaited marker is in and then appends it by (known_at, topic rank, offset). So a recorded run has
one order, whatever the fetches did.

Control records would race with `ingest`, since the learner answers while `ingest` runs ahead. So a
slice awaits a marker of `control.v1` only where its clock marker says so: the first slice (whose
marker `ingest` writes behind the strategies), and each slice that follows a tick with `learn`
(whose marker the learner writes, behind the snapshots that it has to offer, if any).

Neighbour signals race in the same way, and between each other: every partition writes to every
other. What the entries of slice n cause belongs to slice n + 1. Where tick n says `neighbours`,
each partition that has folded it writes a marker to all partitions of `neighbour-signals.v1`, and
slice n + 1, whose clock marker says so, awaits as many of them as there are partitions. Signals
come first in their slice, by (known_at, causing partition, causing entry, ordinal): offsets are no
order among several writers.
"""

import struct
from dataclasses import dataclass

HEADER = "shouwen-slice"
CAUSE_HEADER = "shouwen-cause"
_PACKED = struct.Struct("<qqB")
_MARKER, _AWAIT_CONTROL, _AWAIT_NEIGHBOURS = 1, 2, 4
_CAUSE = struct.Struct("<iqi")


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceStamp:
    """A record's place in recorded time. A marker has no value and closes its slice.

    >>> stamp = SliceStamp(slice_no=3, known_at_ms=9, marker=True)
    >>> SliceStamp.unpack(stamp.pack()) == stamp
    True
    """

    slice_no: int
    known_at_ms: int
    marker: bool = False
    await_control: bool = False
    await_neighbours: bool = False

    def pack(self) -> bytes:
        """Return the value of the Kafka header."""
        flags = (
            _MARKER * self.marker
            | _AWAIT_CONTROL * self.await_control
            | _AWAIT_NEIGHBOURS * self.await_neighbours
        )
        return _PACKED.pack(self.slice_no, self.known_at_ms, flags)

    @classmethod
    def unpack(cls, raw: bytes) -> "SliceStamp":
        """Return what `pack` packed.

        Raises:
            ValueError: the header is not one of ours.
        """
        if len(raw) != _PACKED.size:
            raise ValueError(f"a slice header needs {_PACKED.size} bytes; got {len(raw)}")
        slice_no, known_at_ms, flags = _PACKED.unpack(raw)
        return cls(
            slice_no=slice_no,
            known_at_ms=known_at_ms,
            marker=bool(flags & _MARKER),
            await_control=bool(flags & _AWAIT_CONTROL),
            await_neighbours=bool(flags & _AWAIT_NEIGHBOURS),
        )


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cause:
    """The entry that caused a neighbour signal, and the signal's place among all that it caused.

    A marker carries its partition, and the number of the tick that it answers.

    >>> Cause.unpack(Cause(partition=2, seq=7, ordinal=1).pack())
    Cause(partition=2, seq=7, ordinal=1)
    """

    partition: int
    seq: int
    ordinal: int = 0

    def pack(self) -> bytes:
        """Return the value of the Kafka header."""
        return _CAUSE.pack(self.partition, self.seq, self.ordinal)

    @classmethod
    def unpack(cls, raw: bytes) -> "Cause":
        """Return what `pack` packed.

        Raises:
            ValueError: the header is not one of ours.
        """
        if len(raw) != _CAUSE.size:
            raise ValueError(f"a cause header needs {_CAUSE.size} bytes; got {len(raw)}")
        partition, seq, ordinal = _CAUSE.unpack(raw)
        return cls(partition=partition, seq=seq, ordinal=ordinal)
