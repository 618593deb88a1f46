"""Take one event in: late, doubled, reversed, corrected before it came. Compiled."""

# ruff: noqa: PLR0917, PLR2004 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

import numpy as np

from features._cache import compiled
from features.kernel.cells import add_to_cell, trim_cells
from features.kernel.flags import flagged_of_key, hand_back, needs_key
from features.kernel.forget import make_room, mark
from features.kernel.index import LISTED, lose_places
from features.kernel.layout import (
    AMOUNT_ZERO,
    BIG,
    BITS,
    BY_DATE_UNTIL,
    CLAMP_MS,
    CLOCK,
    EVENT_WORDS,
    FLAGS_MASK,
    HORIZON,
    ID_MASK,
    KEYS,
    LIMIT,
    LOST_REVERSALS,
    MARKS,
    MAX_KEYS,
    P_KEEP,
    P_KEY_OF,
    P_KINDS,
    P_LONGEST,
    P_SPECS_OF,
    SMALL,
    N,
    Words,
    bucket_end,
    bucket_start,
    cell_limit,
    first_after,
    mark_limit,
    spec_at,
)


@compiled
def insert(h: Words, r: Words, x: Words, p: Words, e: Words, kind: int, key: int) -> None:
    """Put a record at its place in time."""
    n = h[N]
    at = e[0]
    place = first_after(r, n, at)
    bits = p[p[P_SPECS_OF] + kind]
    flags = 0
    if place < x[LISTED]:
        x[LISTED] = 0
    for bit in range(BITS):
        if (bits >> bit) & 1:
            s = spec_at(p, kind, bit)
            key_of = p[p[P_KEY_OF] + s]
            end = n if key_of == 0 else first_after(r, n, bucket_end(key_of, at))
            low = -BIG if key_of == 0 else bucket_start(key_of, at)
            j = flagged_of_key(r, p, end, s, key, low)
            if j < place:
                flags |= 1 << bit
                if j >= 0:
                    r[2 * j + 1] ^= 1 << bit
    for i in range(2 * n - 1, 2 * place - 1, -1):
        r[i + 2] = r[i]
    clamped = 1 if e[8] > at else 0
    r[2 * place] = at << 20 | kind << 13 | key << 1 | clamped
    r[2 * place + 1] = (e[3] + AMOUNT_ZERO) << 28 | (e[4] & ID_MASK) << 6 | flags
    h[N] = n + 1


@compiled
def remove(h: Words, r: Words, x: Words, p: Words, i: int) -> None:
    """Take a record out."""
    x[LISTED] = 0
    flags = r[2 * i + 1] & FLAGS_MASK
    kind = (r[2 * i] >> 13) & 127
    for bit in range(BITS):
        if (flags >> bit) & 1:
            hand_back(r, p, i, spec_at(p, kind, bit))
    n = h[N]
    for j in range(2 * i, 2 * n - 2):
        r[j] = r[j + 2]
    h[N] = n - 1


@compiled
def is_known(h: Words, r: Words, e: Words) -> bool:
    """Return whether the event is there already, or its tombstone is."""
    stated = e[8]
    same = (e[3] + AMOUNT_ZERO) << 22 | (e[4] & ID_MASK)
    i = first_after(r, h[N], stated)
    while i > h[MARKS]:
        i -= 1
        w0 = r[2 * i]
        if (w0 >> 20) < stated - CLAMP_MS:
            return False
        exact = (w0 >> 20) == stated
        kind = (w0 >> 13) & 127
        if kind == 0:
            if exact and (r[2 * i + 1] >> 6) & ID_MASK == e[4] & ID_MASK:
                return True
        elif kind == e[1] and (r[2 * i + 1] >> 6) == same and (w0 & 1 or exact):
            return True
    return False


@compiled
def strike(h: Words, r: Words, x: Words, p: Words, e: Words) -> None:
    """Take out what the event refers to and leave a tombstone."""
    stated = e[6]
    planted = False
    i = first_after(r, h[N], stated)
    while i > h[MARKS]:
        i -= 1
        w0 = r[2 * i]
        if (w0 >> 20) < stated - CLAMP_MS:
            break
        exact = (w0 >> 20) == stated
        if (r[2 * i + 1] >> 6) & ID_MASK == e[7] & ID_MASK and (w0 & 1 or exact):
            if (w0 >> 13) & 127:
                remove(h, r, x, p, i)
            elif exact:
                planted = True
    if planted or stated <= h[CLOCK] - p[P_LONGEST]:
        return
    tomb = np.zeros(EVENT_WORDS, np.int64)
    tomb[0] = stated
    tomb[4] = e[7]
    tomb[8] = stated
    insert(h, r, x, p, tomb, 0, 0)


@compiled
def key_of_hash(h: Words, keys: Words, key_hash: int) -> int:
    """Return the number of a key, from 1; a new key gets the next one."""
    n = h[KEYS]
    for k in range(n):
        if keys[k] == key_hash:
            return k + 1
    keys[n] = key_hash
    h[KEYS] = n + 1
    return int(n + 1)


@compiled
def fits(p: Words, e: Words, at: int) -> bool:
    """Return whether every field is within the bits that the log has for it."""
    if e[0] < 0 or e[0] > at or at >= 1 << 42 or e[8] < e[0] or e[8] > e[0] + CLAMP_MS:
        return False
    if e[1] < 0 or e[1] >= p[P_KINDS] or (e[1] == 0 and e[5] != 1) or e[2] < 0:
        return False
    if e[3] <= -AMOUNT_ZERO or e[3] >= AMOUNT_ZERO or e[4] < 0 or e[5] < 0 or e[5] > 2:
        return False
    return bool(e[5] == 0 or (0 <= e[6] <= at + CLAMP_MS and e[7] >= 0))


@compiled
def insert_dated(
    h: Words, r: Words, c: Words, x: Words, p: Words, e: Words, key: int, cap: int
) -> None:
    """Add an event from before the horizon to the cell of its date, and perhaps as a mark."""
    kind = e[1]
    add_to_cell(h, c, e[0], kind, e[3])
    h[BY_DATE_UNTIL] = max(h[BY_DATE_UNTIL], e[0] + p[p[P_KEEP] + kind])
    insert(h, r, x, p, e, kind, key)
    mark(h, r, p, h[MARKS] + 1, mark_limit(cap))
    trim_cells(h, c, p, h[CLOCK], cell_limit(cap))
    lose_places(x)


@compiled
def take(
    h: Words, r: Words, keys: Words, c: Words, x: Words, p: Words, e: Words, at: int, cap: int
) -> bool:
    """Take one event in; return false, with nothing changed, where a field does not fit.

    Single events before the horizon are not known any more: one more is added to its date, known
    or not, and what would take one away or change one does nothing and is counted.
    """
    if not fits(p, e, at):
        return False
    h[CLOCK] = max(h[CLOCK], at)
    if e[5] != 0 and e[6] < h[HORIZON]:
        h[LOST_REVERSALS] += 1
        return True
    if e[5] != 0:
        strike(h, r, x, p, e)
    seen = e[0] > h[CLOCK] - p[p[P_KEEP] + e[1]]
    if e[5] != 1 and seen and (e[0] < h[HORIZON] or not is_known(h, r, e)):
        key = 0
        if needs_key(p, e[1]):
            if h[KEYS] >= MAX_KEYS:
                make_room(h, r, keys, c, p, cap)
                lose_places(x)
            key = key_of_hash(h, keys, e[2])
        if e[0] < h[HORIZON]:
            insert_dated(h, r, c, x, p, e, key, cap)
        else:
            insert(h, r, x, p, e, e[1], key)
    if h[N] > max(h[LIMIT], SMALL) or h[N] + h[KEYS] // 2 > cap:
        make_room(h, r, keys, c, p, cap)
        lose_places(x)
    return True
