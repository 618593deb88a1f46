"""Which events a subject knows already: by id and body, over 7 days, and at most 500."""

import struct
from hashlib import blake2b
from typing import Final, Literal

import msgspec

from contracts.topics import DAY_MS

EVENT_ID_DAYS: Final = 7
EVENT_IDS_KEPT: Final = 500

Arrival = Literal["new", "duplicate", "conflict"]

_ENTRY: Final = struct.Struct(">Q16s8s")
"""When it was known (epoch ms), and hashes of the event's id and of its body."""


class EventIds(msgspec.Struct, array_like=True):
    """The ids that a subject knows, oldest first, 32 bytes each; they need no decoding.

    Of an id its first 128 bits of BLAKE2b are kept, of a body 64. `short_until_ms` is when the
    memory will again be as long as 7 days: until then, an id had to be forgotten before its time.

    >>> ids = EventIds()
    >>> note_arrival(ids, "e-1", b"{}", at_ms=9), len(ids), len(ids.known)
    ('new', 1, 32)
    """

    known: bytes = b""
    short_until_ms: int = 0

    def __len__(self) -> int:
        return len(self.known) // _ENTRY.size

    def is_short(self, at_ms: int) -> bool:
        """Return whether an id of the last 7 days had to make room for newer ones."""
        return self.short_until_ms > at_ms


def note_arrival(ids: EventIds, event_id: str, body: bytes, *, at_ms: int) -> Arrival:
    """Say whether an event is new, and remember it if so.

    `duplicate`: the same id came before with the same body. `conflict`: with another body; the
    first one stands. An id older than 7 days is forgotten, and so is the oldest one of 500.

    >>> ids = EventIds()
    >>> [note_arrival(ids, "e-1", body, at_ms=9) for body in (b"{}", b"{}", b"[]")]
    ['new', 'duplicate', 'conflict']
    >>> note_arrival(ids, "e-1", b"[]", at_ms=9 + EVENT_ID_DAYS * DAY_MS)
    'new'
    """
    own = blake2b(event_id.encode(), digest_size=16).digest()
    digest = blake2b(body, digest_size=8).digest()
    found = _find(ids.known, own)
    if found is not None and found[0] > at_ms - EVENT_ID_DAYS * DAY_MS:
        return "duplicate" if found[1] == digest else "conflict"
    _forget_old(ids, at_ms)
    ids.known += _ENTRY.pack(at_ms, own, digest)
    return "new"


def upgraded(ids: dict[str, tuple[int, bytes]]) -> EventIds:
    """Return what states of layout 1 kept, an id to (known at, hash of the body), as it is now.

    >>> ids = upgraded({"e-1": (9, b"12345678")})
    >>> note_arrival(ids, "e-1", b"{}", at_ms=10)
    'conflict'
    """
    entries = [
        _ENTRY.pack(known_ms, blake2b(event_id.encode(), digest_size=16).digest(), digest)
        for event_id, (known_ms, digest) in ids.items()
    ]
    return EventIds(known=b"".join(entries))


def _find(known: bytes, own: bytes) -> tuple[int, bytes] | None:
    place = known.find(own)
    while place >= 0 and place % _ENTRY.size != 8:  # noqa: PLR2004 - behind the time
        place = known.find(own, place + 1)
    if place < 0:
        return None
    known_ms, _, digest = _ENTRY.unpack_from(known, place - 8)
    return known_ms, digest


def _forget_old(ids: EventIds, at_ms: int) -> None:
    """Drop ids older than 7 days, and the oldest where there are too many.

    Ids are kept in order of arrival, and the clock never goes back: the oldest come first.
    """
    span_ms = EVENT_ID_DAYS * DAY_MS
    size = _ENTRY.size
    first = 0
    while first < len(ids.known):
        known_ms: int = _ENTRY.unpack_from(ids.known, first)[0]
        if known_ms > at_ms - span_ms:
            if len(ids.known) - first < EVENT_IDS_KEPT * size:
                break
            ids.short_until_ms = known_ms + span_ms
        first += size
    ids.known = ids.known[first:]
