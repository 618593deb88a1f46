"""Which events a subject knows already: by id and body, over 7 days, and at most 500."""

import hashlib
from typing import Final, Literal

from contracts.topics import DAY_MS

EVENT_ID_DAYS: Final = 7
EVENT_IDS_KEPT: Final = 500

EventIds = dict[str, tuple[int, bytes]]
"""An event's id to when it was known (epoch ms) and 8 bytes of its body's hash, oldest first."""

Arrival = Literal["new", "duplicate", "conflict"]


def note_arrival(ids: EventIds, event_id: str, body: bytes, *, at_ms: int) -> Arrival:
    """Say whether an event is new, and remember it if so.

    `duplicate`: the same id came before with the same body. `conflict`: with another body; the
    first one stands. An id older than 7 days is forgotten, and so is the oldest one of 500.

    >>> ids: EventIds = {}
    >>> [note_arrival(ids, "e-1", body, at_ms=9) for body in (b"{}", b"{}", b"[]")]
    ['new', 'duplicate', 'conflict']
    >>> note_arrival(ids, "e-1", b"[]", at_ms=9 + EVENT_ID_DAYS * DAY_MS)
    'new'
    """
    digest = hashlib.blake2b(body, digest_size=8).digest()
    known = ids.get(event_id)
    if known is not None and known[0] > at_ms - EVENT_ID_DAYS * DAY_MS:
        return "duplicate" if known[1] == digest else "conflict"
    _forget_old(ids, at_ms)
    ids[event_id] = (at_ms, digest)
    return "new"


def _forget_old(ids: EventIds, at_ms: int) -> None:
    """Drop ids older than 7 days, and the oldest where there are too many.

    Ids are kept in order of arrival, and the clock never goes back: the oldest come first.
    """
    horizon = at_ms - EVENT_ID_DAYS * DAY_MS
    stale: list[str] = []
    for event_id, (known_ms, _) in ids.items():
        if known_ms > horizon and len(ids) - len(stale) < EVENT_IDS_KEPT:
            break
        stale.append(event_id)
    for event_id in stale:
        del ids[event_id]
