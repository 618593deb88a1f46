"""Forget what no window sees, and fold the oldest events of a full log into cells. Compiled."""

# ruff: noqa: PLR0917 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

import numpy as np

from features._cache import compiled
from features.kernel.cells import add_to_cell, trim_cells
from features.kernel.layout import (
    AMOUNT_ZERO,
    BITS,
    BY_DATE_UNTIL,
    CLOCK,
    CUT_UNTIL,
    HORIZON,
    KEYS,
    LIMIT,
    MARKS,
    MAX_KEYS,
    P_KEEP,
    P_KEY_OF,
    P_KINDS,
    P_SPECS_OF,
    SMALL,
    SPECS,
    N,
    Words,
    bucket_start,
    cell_limit,
    mark_limit,
    spec_at,
)


@compiled
def renumber_keys(h: Words, r: Words, keys: Words) -> None:
    """Forget the keys that no record has any more."""
    new_key = np.zeros(h[KEYS] + 1, np.int64)
    for i in range(h[N]):
        new_key[(r[2 * i] >> 1) & 4095] = 1
    used = 0
    new_key[0] = 0
    for k in range(1, h[KEYS] + 1):
        if new_key[k]:
            keys[used] = keys[k - 1]
            used += 1
            new_key[k] = used
    for i in range(h[N]):
        w0 = r[2 * i]
        r[2 * i] = w0 - ((w0 >> 1 & 4095) << 1) + (new_key[(w0 >> 1) & 4095] << 1)
    h[KEYS] = used


@compiled
def expire(h: Words, r: Words, keys: Words, p: Words) -> None:
    """Forget what no window can see any more, and the keys of it."""
    kept, marks = 0, 0
    for i in range(h[N]):
        w0 = r[2 * i]
        at = w0 >> 20 if i >= h[MARKS] else bucket_start(1, w0 >> 20)
        if at + p[p[P_KEEP] + ((w0 >> 13) & 127)] <= h[CLOCK]:
            continue
        marks += i < h[MARKS]
        r[2 * kept] = w0
        r[2 * kept + 1] = r[2 * i + 1]
        kept += 1
    h[N] = kept
    h[MARKS] = marks
    renumber_keys(h, r, keys)
    h[LIMIT] = max(SMALL, kept + kept // 4)


@compiled
def mark(h: Words, r: Words, p: Words, first: int, limit: int) -> None:
    """Make marks of the records before `first`: the latest of each kind, key, day and month.

    A flag that a reversal hands back goes to one of these; the others nothing can ask for. More
    than `limit` marks are too many: the oldest go, and `CUT_UNTIL` says so.
    """
    seen = np.zeros(h[KEYS] + 1, np.int64)
    bucket = np.full(SPECS, -1, np.int64)
    met = np.zeros(p[P_KINDS], np.int64)
    low = first
    for i in range(first - 1, -1, -1):
        w0 = r[2 * i]
        kind, key, at = (w0 >> 13) & 127, (w0 >> 1) & 4095, w0 >> 20
        if kind == 0:
            continue
        wanted = not met[kind]
        met[kind] = 1
        bits = p[p[P_SPECS_OF] + kind]
        for bit in range(BITS):
            if (bits >> bit) & 1:
                s = spec_at(p, kind, bit)
                key_of = p[p[P_KEY_OF] + s]
                if key_of == 0:
                    wanted |= not (seen[key] >> s) & 1
                    seen[key] |= 1 << s
                else:
                    start = bucket_start(key_of, at)
                    wanted |= bucket[s] != start
                    bucket[s] = start
        if not wanted:
            continue
        if first - low >= limit:
            h[CUT_UNTIL] = max(h[CUT_UNTIL], at + p[p[P_KEEP] + kind])
            continue
        low -= 1
        r[2 * low] = w0
        r[2 * low + 1] = r[2 * i + 1]
    for j in range(2 * (h[N] - low)):
        r[j] = r[j + 2 * low]
    h[N] -= low
    h[MARKS] = first - low


@compiled
def fold(h: Words, r: Words, keys: Words, c: Words, p: Words, first: int, cap: int) -> None:
    """Move the records before `first`, and others of the same ms, behind the horizon."""
    at = r[2 * (first - 1)] >> 20
    while first < h[N] and r[2 * first] >> 20 == at:
        first += 1
    for i in range(h[MARKS], first):
        w0 = r[2 * i]
        kind = (w0 >> 13) & 127
        if kind:
            add_to_cell(h, c, w0 >> 20, kind, (r[2 * i + 1] >> 28) - AMOUNT_ZERO)
            h[BY_DATE_UNTIL] = max(h[BY_DATE_UNTIL], (w0 >> 20) + p[p[P_KEEP] + kind])
    h[HORIZON] = at + 1
    mark(h, r, p, first, mark_limit(cap))
    trim_cells(h, c, p, h[CLOCK], cell_limit(cap))
    renumber_keys(h, r, keys)
    h[LIMIT] = max(SMALL, h[N] + h[N] // 4)


@compiled
def make_room(h: Words, r: Words, keys: Words, c: Words, p: Words, cap: int) -> None:
    """Bring a log to seven eighths of its cap; a key counts as half a record."""
    expire(h, r, keys, p)
    size = h[N] + h[KEYS] // 2
    if size > cap or h[KEYS] >= MAX_KEYS:
        fewer = cap - cap // 8
        while h[N] > h[MARKS] and (size > fewer or h[KEYS] >= MAX_KEYS):
            whole = h[N] - h[MARKS]
            first = h[MARKS] + min(whole, max(1, size - fewer, whole // 8))
            fold(h, r, keys, c, p, first, cap)
            size = h[N] + h[KEYS] // 2
