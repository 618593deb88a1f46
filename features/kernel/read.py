"""Read every window off, from the newest record back, and work the formulas out. Compiled."""

# ruff: noqa: PLR0917, PLR2004, C901 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

import numpy as np

from features._cache import compiled
from features.kernel.cells import add_cell, add_mark, day_start
from features.kernel.gather import lists_words
from features.kernel.layout import (
    BIG,
    CELL_WORDS,
    CELLS,
    MARKS,
    P_BLOCK_WORDS,
    P_CELL_END,
    P_CELLS,
    P_FORMULAS,
    P_KINDS,
    P_MEMBERS,
    P_N_FORMULAS,
    P_N_WINDOWS,
    P_WINDOWS,
    SEAL,
    SPECS,
    Floats,
    Hand,
    N,
    Words,
    add_up,
    bucket_start,
    clear,
    sealed_blocks,
)
from features.kernel.ordered import read_ordered


@compiled
def read_off(p: Words, w: int, at: int, a: Words, out: Floats) -> None:
    """Write the features of window `w`, of which `a` holds the sums."""
    kinds = p[P_KINDS]
    first = p[p[P_CELL_END] + w - 1] if w else 0
    for c in range(first, p[p[P_CELL_END] + w]):
        o = p[P_CELLS] + 5 * c
        aggregation = p[o]
        low = p[P_MEMBERS] + p[o + 1]
        high = p[P_MEMBERS] + p[o + 2]
        total = 0
        if aggregation <= 1:
            for m in range(low, high):
                total += a[aggregation * kinds + p[m]]
            enough = aggregation == 1 or total >= p[o + 4]
            out[p[o + 3]] = total if enough else np.nan
        elif aggregation == 2:
            total = BIG
            for m in range(low, high):
                total = min(total, a[2 * kinds + p[m]])
            out[p[o + 3]] = total if total < BIG else np.nan
        elif aggregation == 3:
            total = -BIG
            for m in range(low, high):
                total = max(total, a[3 * kinds + p[m]])
            out[p[o + 3]] = total if total > -BIG else np.nan
        elif aggregation == 4:
            total = -1
            for m in range(low, high):
                total = max(total, a[4 * kinds + p[m]])
            out[p[o + 3]] = (at - total) / p[o + 4] if total >= 0 else np.nan
        elif aggregation == 5:
            total = a[5 * kinds + p[o + 1]]
            out[p[o + 3]] = total if total >= p[o + 4] else np.nan
        else:
            known = a[5 * kinds + p[o + 1]] > 0
            out[p[o + 3]] = a[5 * kinds + SPECS + p[o + 1]] if known else np.nan


@compiled
def work_out(p: Words, out: Floats) -> None:
    """Write the formulas, of which `out` holds the terms; the order of operations is fixed."""
    o = p[P_FORMULAS]
    for _ in range(p[P_N_FORMULAS]):
        over, under = 0.0, 0.0
        end = o + 8 + p[o + 6]
        for t in range(o + 8, end):
            over += -out[p[t] >> 1] if p[t] & 1 else out[p[t] >> 1]
        for t in range(end, end + p[o + 7]):
            under += -out[p[t] >> 1] if p[t] & 1 else out[p[t] >> 1]
        divisor = under * p[o + 2] if p[o + 7] else 1.0 * p[o + 2]
        value = over * p[o + 1] / divisor + p[o + 3] if divisor != 0.0 else np.nan
        if p[o + 5] and value > p[o + 4] / p[o + 5]:
            value = p[o + 4] / p[o + 5]
        out[p[o]] = value
        o = end + p[o + 7]


@compiled
def read_words(p: Words, stride: int) -> int:
    """Return how many words a reading needs for a log of less than `stride` records and keys."""
    return int(p[P_BLOCK_WORDS] + lists_words(p, stride))


@compiled
def read_all(hand: Hand, p: Words, at: int, room: Words, stride: int, out: Floats) -> None:
    """Read every feature at `at`: once from the newest record back, whole blocks at a time.

    What lies before the horizon is in a window where its business date began in it. `room` is
    scratch of `read_words`.
    """
    h, records, _, c, b = hand
    kinds = p[P_KINDS]
    size = p[P_BLOCK_WORDS]
    a = room[:size]
    clear(kinds, a)
    marks, cells = h[MARKS], h[CELLS]
    i = h[N] - marks
    r = records[2 * marks :]
    sealed = sealed_blocks(i, b) * SEAL
    for w in range(p[P_N_WINDOWS]):
        low = at - p[p[P_WINDOWS] + w]
        while i > 0:
            if i <= sealed and i % SEAL == 0 and (r[2 * (i - SEAL)] >> 20) > low:
                i -= SEAL
                block = b[(i // SEAL) * size : (i // SEAL + 1) * size]
                for k in range(2 * kinds):
                    a[k] += block[k]
                for k in range(2 * kinds, 3 * kinds):
                    a[k] = min(a[k], block[k])
                for k in range(3 * kinds, 5 * kinds):
                    a[k] = max(a[k], block[k])
                for k in range(5 * kinds, size):
                    a[k] += block[k]
            elif (r[2 * (i - 1)] >> 20) > low:
                i -= 1
                add_up(r, i, p, a)
            else:
                break
        while marks > 0 and bucket_start(1, records[2 * (marks - 1)] >> 20) > low:
            marks -= 1
            add_mark(records, marks, p, a)
        while cells > 0 and day_start(c[CELL_WORDS * (cells - 1)] >> 7) > low:
            cells -= 1
            add_cell(c, cells, p, a)
        read_off(p, w, at, a, out)
    read_ordered(hand, p, at, room[size:], stride, out)
    work_out(p, out)
