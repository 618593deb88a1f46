"""Windows that need each event: ranks, gaps, round trips, lowest totals, sums above a floor.

What each computes is said in `features.definitions`. They rest on records alone: of events before
the horizon nothing is known one by one. Compiled.
"""

# ruff: noqa: PLR0917, PLR2004 - compiled code: positional arguments only, codes of the plan as
# plain numbers, one case each

import numpy as np

from features._cache import compiled
from features.kernel.index import TOPS, amounts, edges_at, rows_of, sums_at, work_at
from features.kernel.layout import (
    BIG,
    KEYS,
    LOWEST_TOTAL,
    P_GROUP_OF,
    P_MEMBERS,
    PERCENTILE,
    Q_CODE,
    Q_COLUMN,
    Q_END,
    Q_FIRST,
    Q_NUMBER,
    Q_OTHER_END,
    Q_OTHER_FIRST,
    Q_PER,
    Q_WINDOW,
    ROUND_TRIP,
    ROW_WORDS,
    SUM_FROM_FLOOR,
    Floats,
    N,
    Places,
    Words,
    amount_at,
)

FEW = 16
"""So many numbers are put in order, or kept in order, faster than numbers are parted."""


@compiled
def sort(v: Words, first: int, end: int) -> None:
    """Put a few numbers in order."""
    for m in range(first + 1, end):
        number, k = v[m], m
        while k > first and v[k - 1] > number:
            v[k] = v[k - 1]
            k -= 1
        v[k] = number


@compiled
def highest(v: Words, o: int, count: int, n: int) -> int:
    """Return the `n`th highest of `v[o : o + count]`, by keeping the highest in order."""
    sort(v, o, o + n)
    for m in range(o + n, o + count):
        number = v[m]
        if number > v[o]:
            k = o
            while k + 1 < o + n and v[k + 1] < number:
                v[k] = v[k + 1]
                k += 1
            v[k] = number
    return int(v[o])


@compiled
def ranked(v: Words, o: int, count: int, q_pct: int) -> int:
    """Return the percentile of `v[o : o + count]` by nearest rank; `v` is reordered.

    Source: C. A. R. Hoare (1961), "Algorithm 65: Find", Communications of the ACM 4(7).
    """
    rank = max(1, (q_pct * count + 99) // 100)
    if count - rank < FEW:
        return highest(v, o, count, count - rank + 1)
    wanted = o + rank - 1
    low, high = o, o + count - 1
    while high - low >= FEW:
        pivot = v[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while v[i] < pivot:
                i += 1
            while v[j] > pivot:
                j -= 1
            if i <= j:
                v[i], v[j] = v[j], v[i]
                i += 1
                j -= 1
        if wanted <= j:
            high = j
        elif wanted >= i:
            low = i
        else:
            return int(v[wanted])
    sort(v, low, high + 1)
    return int(v[wanted])


@compiled
def in_order(
    h: Words, r: Words, p: Words, w: int, members: tuple[int, int], x: Words, lists: Places, o: int
) -> int:
    """Write the records of some groups in window `w`, oldest first, to `x[o]`; return how many."""
    first, end = p[P_MEMBERS] + members[0], p[P_MEMBERS] + members[1]
    n = o
    if end == first + 1:
        top = x[TOPS + p[first]]
        for j in range(top - x[sums_at(p, w) + p[first]] + 1, top + 1):
            x[n] = lists[j]
            n += 1
        return n - o
    for i in range(x[edges_at(p) + w], h[N]):
        group = p[p[P_GROUP_OF] + ((r[2 * i] >> 13) & 127)]
        for m in range(first, end):
            if p[m] == group:
                x[n] = i
                n += 1
    return n - o


@compiled
def round_trips(r: Words, x: Words, o: int, n: int, out: int, n_out: int, floor: int) -> int:
    """Return the most that later outflows can take of the inflows of at least `floor`.

    From the newest back: the newest inflow has the fewest outflows after it, so it takes first.
    """
    total, left, j = 0, 0, out + n_out - 1
    for m in range(o + n - 1, o - 1, -1):
        while j >= out and (r[2 * x[j]] >> 20) >= (r[2 * x[m]] >> 20):
            left += max(0, amount_at(r, x[j]))
            j -= 1
        amount = amount_at(r, x[m])
        if amount >= floor:
            taken = min(amount, left)
            total += taken
            left -= taken
    return total


@compiled
def lowest_total(r: Words, x: Words, o: int, n: int, keys: int) -> int:
    """Return the lowest total over keys of latest amounts, after each ms with all keys stated."""
    latest = o + n
    for key in range(keys + 1):
        x[latest + key] = BIG
    total, lowest = 0, BIG
    for m in range(o, o + n):
        w0, amount = r[2 * x[m]], amount_at(r, x[m])
        place = latest + ((w0 >> 1) & 4095)
        if x[place] == BIG:
            total += amount
            lowest = BIG
        else:
            total += amount - x[place]
        x[place] = amount
        if total < lowest and (m == o + n - 1 or (r[2 * x[m + 1]] >> 20) != (w0 >> 20)):
            lowest = total
    return lowest


@compiled
def above_floor(r: Words, p: Words, q: int, x: Words, lists: Places) -> int:
    """Return the sum of the amounts of at least the floor."""
    work, total = work_at(p), 0
    for m in range(work, work + amounts(r, p, q, x, lists)):
        total += x[m] if x[m] >= p[q + Q_NUMBER] else 0
    return total


@compiled
def in_turn(h: Words, r: Words, p: Words, q: int, x: Words, lists: Places) -> float:
    """Return what takes the events of a window one after the other."""
    code, w, work = p[q + Q_CODE], p[q + Q_WINDOW], work_at(p)
    n = in_order(h, r, p, w, (p[q + Q_FIRST], p[q + Q_END]), x, lists, work)
    if code == ROUND_TRIP:
        against = (p[q + Q_OTHER_FIRST], p[q + Q_OTHER_END])
        n_out = in_order(h, r, p, w, against, x, lists, work + n)
        return float(round_trips(r, x, work, n, work + n, n_out, p[q + Q_NUMBER]))
    if code == LOWEST_TOTAL:
        return float(lowest_total(r, x, work, n, h[KEYS])) if n else np.nan
    if n < 2:
        return np.nan
    for m in range(work, work + n - 1):
        x[m] = (r[2 * x[m + 1]] >> 20) - (r[2 * x[m]] >> 20)
    return float(ranked(x, work, n - 1, p[q + Q_NUMBER]) / p[q + Q_PER])


@compiled
def read_ordered(h: Words, r: Words, p: Words, x: Words, lists: Places, out: Floats) -> None:
    """Write percentiles, also of gaps, round trips, lowest totals and sums above a floor."""
    work = work_at(p)
    begin, end = rows_of(p, PERCENTILE, SUM_FROM_FLOOR)
    for q in range(begin, end, ROW_WORDS):
        code = p[q + Q_CODE]
        if code == PERCENTILE:
            n = amounts(r, p, q, x, lists)
            out[p[q + Q_COLUMN]] = ranked(x, work, n, p[q + Q_NUMBER]) if n else np.nan
        elif code == SUM_FROM_FLOOR:
            out[p[q + Q_COLUMN]] = above_floor(r, p, q, x, lists)
        elif code == ROUND_TRIP and above_floor(r, p, q, x, lists) == 0:
            out[p[q + Q_COLUMN]] = 0.0
        else:
            out[p[q + Q_COLUMN]] = in_turn(h, r, p, q, x, lists)
