"""Recorded time on the wire: what `ingest` writes beside a source record so that order is fixed.

A recorded run is cut into slices of recorded time. Every record carries its slice and when the
bank knew it; a marker closes a slice in each topic-partition; `sequence` holds a slice until every
awaited marker is in and then appends it by (known_at, topic rank, offset). So a recorded run has
one order, whatever the fetches did.

Control records would race with `ingest`, since the learner answers while `ingest` runs ahead. So a
slice awaits a marker of `control.v1` only where its clock marker says so: the first slice (whose
marker `ingest` writes behind the strategies), and each slice that follows a tick with `learn`
(whose marker the learner writes, behind the snapshots that it has to offer, if any).
"""

import struct
from dataclasses import dataclass

HEADER = "shouwen-slice"
_PACKED = struct.Struct("<qqB")
_MARKER, _AWAIT_CONTROL = 1, 2


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

    def pack(self) -> bytes:
        """Return the value of the Kafka header."""
        flags = _MARKER * self.marker | _AWAIT_CONTROL * self.await_control
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
        )
