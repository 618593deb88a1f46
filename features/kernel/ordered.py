"""Windows that need each event and not only sums: spread, slope, ranks, months, round trips.

Each function takes the records of a window as a list of indices, newest first. What it computes,
and in which order it rounds, is said in `features.definitions`. Compiled.
"""

# ruff: noqa: PLR0917, PLR2004 - compiled code: positional arguments
# only, codes of the plan as plain numbers, one case each

import numpy as np

from features._cache import compiled
from features.kernel.cells import day_start
from features.kernel.gather import first_list, gather, within
from features.kernel.layout import (
    BIG,
    CELL_WORDS,
    CELLS,
    KEYS,
    MARKS,
    P_N_LISTS,
    P_N_SCANS,
    P_N_SOURCES,
    P_SCANS,
    P_SOURCES_OF,
    SCAN_WORDS,
    Floats,
    Hand,
    Words,
    bucket_start,
)
from features.kernel.spread import amount_at, slope_per_day, standard_deviation


@compiled
def ranked(v: Words, o: int, count: int, rank: int) -> int:
    """Return the number of a rank of `v[o : o + count]`, from 1 for the lowest; `v` is reordered.

    Source: C. A. R. Hoare (1961), "Algorithm 65: Find", Communications of the ACM 4(7).
    """
    wanted = o + rank - 1
    low, high = o, o + count - 1
    while low < high:
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
            break
    return int(v[wanted])


@compiled
def nearest_rank(q_pct: int, count: int) -> int:
    """Return the rank, from 1, of a percentile of `count` numbers in order."""
    return max(1, (q_pct * count + 99) // 100)


@compiled
def median_of_months(
    hand: Hand, p: Words, q: int, lists: Words, o: int, n: int, low: int, work: int
) -> float:
    """Return the median of the sums of the newest business months that have an event."""
    h, r, _, c, _ = hand
    months, count, start = p[q + 4], 0, BIG
    m, i = 0, h[CELLS] - 1
    while m < n or i >= 0:
        if m < n:
            at, amount = r[2 * lists[o + m]] >> 20, amount_at(r, lists[o + m])
            m += 1
        else:
            at, amount = day_start(c[CELL_WORDS * i] >> 7), c[CELL_WORDS * i + 2]
            kind = c[CELL_WORDS * i] & 127
            i -= 1
            if at <= low:
                break
            if not (p[p[P_SOURCES_OF] + kind] >> p[q + 1]) & 1:
                continue
        if at < start:
            if count == months:
                break
            start = bucket_start(2, at)
            lists[work + count] = 0
            count += 1
        lists[work + count - 1] += amount
    if count == 0:
        return np.nan
    lower = ranked(lists, work, count, (count + 1) // 2)
    return (lower + ranked(lists, work, count, count // 2 + 1)) / 2


@compiled
def round_trips(r: Words, lists: Words, o: int, n: int, out: int, n_out: int, floor: int) -> int:
    """Return the most that later outflows can take of the inflows of at least `floor`.

    From the newest back: the newest inflow has the fewest outflows after it, so it takes first.
    """
    total, left, j = 0, 0, 0
    for m in range(o, o + n):
        i = lists[m]
        while j < n_out and (r[2 * lists[out + j]] >> 20) >= (r[2 * i] >> 20):
            left += max(0, amount_at(r, lists[out + j]))
            j += 1
        amount = amount_at(r, i)
        if amount >= floor:
            taken = min(amount, left)
            total += taken
            left -= taken
    return total


@compiled
def lowest_total(r: Words, lists: Words, o: int, n: int, work: int, keys: int) -> int:
    """Return the lowest total over keys of latest amounts, after each ms with all keys stated."""
    for key in range(keys + 1):
        lists[work + key] = BIG
    total, lowest = 0, BIG
    for m in range(o + n - 1, o - 1, -1):
        i = lists[m]
        amount = amount_at(r, i)
        place = work + ((r[2 * i] >> 1) & 4095)
        if lists[place] == BIG:
            total += amount
            lowest = BIG
        else:
            total += amount - lists[place]
        lists[place] = amount
        if total < lowest and (m == o or (r[2 * lists[m - 1]] >> 20) != (r[2 * i] >> 20)):
            lowest = total
    return lowest


@compiled
def latest(h: Words, r: Words, i: int, low: int) -> float:
    """Return the amount of the newest event, record `i`, be it one that only left a mark."""
    if i < 0:
        return np.nan
    at = r[2 * i] >> 20
    known = (at if i >= h[MARKS] else bucket_start(1, at)) > low
    return float(amount_at(r, i)) if known else np.nan


@compiled
def of_single_events(
    r: Words,
    p: Words,
    q: int,
    lists: Words,
    o: int,
    n: int,
    out: int,
    n_out: int,
    work: int,
    keys: int,
) -> float:
    """Return what only the events one by one can tell: those after the horizon."""
    code = p[q]
    if code == 3:  # percentile
        for m in range(n):
            lists[work + m] = amount_at(r, lists[o + m])
        return float(ranked(lists, work, n, nearest_rank(p[q + 4], n))) if n else np.nan
    if code == 4:  # gap percentile
        for m in range(n - 1):
            lists[work + m] = (r[2 * lists[o + m]] >> 20) - (r[2 * lists[o + m + 1]] >> 20)
        if n < 2:
            return np.nan
        return float(ranked(lists, work, n - 1, nearest_rank(p[q + 4], n - 1)) / p[q + 5])
    if code == 6:  # sum from a floor
        total = 0
        for m in range(o, o + n):
            amount = amount_at(r, lists[m])
            total += amount if amount >= p[q + 4] else 0
        return float(total)
    if code == 7:  # round trip
        return float(round_trips(r, lists, o, n, out, n_out, p[q + 4]))
    return float(lowest_total(r, lists, o, n, work, keys)) if n else np.nan


@compiled
def read_ordered(hand: Hand, p: Words, at: int, lists: Words, stride: int, out: Floats) -> None:
    """Write every feature that needs its events one by one."""
    h, r, _, c, _ = hand
    sources = p[P_N_SOURCES]
    if sources == 0:
        return
    gather(h, r, p, at, lists, stride)
    first = first_list(p, stride)
    work = first + p[P_N_LISTS] * stride
    for scan in range(p[P_N_SCANS]):
        q = p[P_SCANS] + SCAN_WORDS * scan
        low = at - p[q + 3]
        source, other = p[q + 1], p[q + 6]
        if p[q] == 0:
            out[p[q + 2]] = latest(h, r, lists[sources + source], low)
            continue
        o = first + source * stride
        n = within(r, lists, o, lists[source], low)
        if p[q] == 1:
            out[p[q + 2]] = standard_deviation(h, r, c, p, q, lists, o, n, low)
        elif p[q] == 2:
            out[p[q + 2]] = slope_per_day(h, r, c, p, q, lists, o, n, low, at)
        elif p[q] == 5:
            out[p[q + 2]] = median_of_months(hand, p, q, lists, o, n, low, work)
        else:
            o_out, n_out = o, 0
            if other >= 0:
                o_out = first + other * stride
                n_out = within(r, lists, o_out, lists[other], low)
            out[p[q + 2]] = of_single_events(r, p, q, lists, o, n, o_out, n_out, work, h[KEYS])
