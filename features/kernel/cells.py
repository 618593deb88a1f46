"""What is left of events before the horizon: sums of a business date and kind, and marks. Compiled.

    cell    day | kind, count, sum, min, max, sum of squares (high, low)    sorted by day, then kind
    stored  1 word where all amounts are 0, 2 where it is one event, else 5

A mark is a record of which only the time, the key, the flags and the flagged amount still count.
"""

# ruff: noqa: PLR2004 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

from features._cache import compiled
from features.kernel.layout import (
    AMOUNT_ZERO,
    BIG,
    CELL_WORDS,
    CELLS,
    CUT_UNTIL,
    DAY_MS,
    OFFSET_MS,
    P_KEEP,
    Words,
)

LOW_30 = (1 << 30) - 1
LOW_28 = (1 << 28) - 1
LOW_60 = (1 << 60) - 1


@compiled
def day_start(day: int) -> int:
    """Return the first ms of a business day."""
    return day * DAY_MS - OFFSET_MS


@compiled
def place_of(c: Words, n: int, head: int) -> int:
    """Return the place of the first of `n` cells that is not before `head` (day << 7 | kind)."""
    low, high = 0, n
    while low < high:
        middle = (low + high) >> 1
        if c[CELL_WORDS * middle] < head:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def add_square(c: Words, o: int, amount: int) -> None:
    """Add the square of an amount below 2^34 to the sum at `c[o]` * 2^60 + `c[o + 1]`."""
    x = abs(amount)
    high, low = x >> 30, x & LOW_30
    middle = 2 * high * low
    total = c[o + 1] + ((middle & LOW_30) << 30) + low * low
    c[o] += high * high + (middle >> 30) + (total >> 60)
    c[o + 1] = total & LOW_60


@compiled
def add_to_cell(h: Words, c: Words, at: int, kind: int, amount: int) -> None:
    """Add one event to the cell of its business date and kind, a new one where there is none."""
    head = (at + OFFSET_MS) // DAY_MS << 7 | kind
    n = h[CELLS]
    place = place_of(c, n, head)
    o = CELL_WORDS * place
    if place == n or c[o] != head:
        for i in range(CELL_WORDS * n - 1, o - 1, -1):
            c[i + CELL_WORDS] = c[i]
        c[o] = head
        c[o + 1 : o + CELL_WORDS] = 0
        c[o + 3] = BIG
        c[o + 4] = -BIG
        h[CELLS] = n + 1
    c[o + 1] += 1
    c[o + 2] += amount
    c[o + 3] = min(c[o + 3], amount)
    c[o + 4] = max(c[o + 4], amount)
    add_square(c, o + 5, amount)


@compiled
def stored_words(c: Words, i: int) -> int:
    """Return how many words cell `i` takes when stored."""
    o = CELL_WORDS * i
    if c[o + 3] == 0 and c[o + 4] == 0:
        return 1
    return 2 if c[o + 1] == 1 else 5


@compiled
def store_cells(h: Words, c: Words, t: Words) -> int:
    """Write the cells to `t`; return how many words they took."""
    w = 0
    for i in range(h[CELLS]):
        o = CELL_WORDS * i
        size = stored_words(c, i)
        form = size >> 1
        t[w] = c[o] << 30 | c[o + 1] << 2 | form
        if form:
            t[w + 1] = c[o + 2]
        if form == 2:
            t[w + 2] = (c[o + 3] + AMOUNT_ZERO) << 28 | c[o + 5] & LOW_28
            t[w + 3] = (c[o + 4] + AMOUNT_ZERO) << 28 | c[o + 5] >> 28
            t[w + 4] = c[o + 6]
        w += size
    return w


@compiled
def load_cells(h: Words, s: Words, c: Words) -> None:
    """Read the stored cells in `s`."""
    w = 0
    for i in range(h[CELLS]):
        o = CELL_WORDS * i
        form = s[w] & 3
        c[o] = s[w] >> 30
        c[o + 1] = s[w] >> 2 & LOW_28
        c[o + 2 : o + CELL_WORDS] = 0
        if form == 1:
            c[o + 2] = c[o + 3] = c[o + 4] = s[w + 1]
            add_square(c, o + 5, s[w + 1])
        elif form == 2:
            c[o + 2] = s[w + 1]
            c[o + 3] = (s[w + 2] >> 28) - AMOUNT_ZERO
            c[o + 4] = (s[w + 3] >> 28) - AMOUNT_ZERO
            c[o + 5] = (s[w + 3] & LOW_28) << 28 | s[w + 2] & LOW_28
            c[o + 6] = s[w + 4]
        w += 1 if form == 0 else 3 * form - 1


@compiled
def trim_cells(h: Words, c: Words, p: Words, clock: int, limit: int) -> None:
    """Forget cells that no window can see, and the oldest days where `limit` words are not enough.

    A cell that a window might still have wanted to see is not forgotten in silence: `CUT_UNTIL`.
    """
    kept, size = 0, 0
    for i in range(h[CELLS]):
        o = CELL_WORDS * i
        if day_start(c[o] >> 7) + p[p[P_KEEP] + (c[o] & 127)] <= clock:
            continue
        size += stored_words(c, i)
        c[CELL_WORDS * kept : CELL_WORDS * (kept + 1)] = c[o : o + CELL_WORDS]
        kept += 1
    first = 0
    if size > limit:
        while first < kept and size > limit - limit // 8:
            day = c[CELL_WORDS * first] >> 7
            while first < kept and c[CELL_WORDS * first] >> 7 == day:
                size -= stored_words(c, first)
                gone = day_start(day + 1) - 1 + p[p[P_KEEP] + (c[CELL_WORDS * first] & 127)]
                h[CUT_UNTIL] = max(h[CUT_UNTIL], gone)
                first += 1
        for j in range(CELL_WORDS * (kept - first)):
            c[j] = c[j + CELL_WORDS * first]
    h[CELLS] = kept - first
