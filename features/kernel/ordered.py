"""Windows that need each event and not only sums: spread, slope, ranks, months, round trips.

Each function takes the records of a window as a list of indices, newest first. What it computes,
and in which order it rounds, is said in `features.definitions`. Compiled.
"""

# ruff: noqa: PLR0917, PLR2004 - compiled code: positional arguments
# only, codes of the plan as plain numbers, one case each

import numpy as np

from features._cache import compiled
from features.kernel.cells import day_start
from features.kernel.gather import gather, within
from features.kernel.layout import (
    BIG,
    CELL_WORDS,
    CELLS,
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
from features.kernel.spread import amount_at, spread_or_slope


@compiled
def ranked(v: Words, count: int, rank: int) -> int:
    """Return the number of a rank of `v[:count]`, from 1 for the lowest; `v` is put into order.

    Source: C. A. R. Hoare (1961), "Algorithm 65: Find", Communications of the ACM 4(7).
    """
    wanted = rank - 1
    low, high = 0, count - 1
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
    hand: Hand, p: Words, q: Words, listed: Words, n: int, low: int, work: Words
) -> float:
    """Return the median of the sums of the newest business months that have an event."""
    h, r, _, c, _ = hand
    months, count, start = q[4], 0, BIG
    m, i = 0, h[CELLS] - 1
    while m < n or i >= 0:
        if m < n:
            at, amount = r[2 * listed[m]] >> 20, amount_at(r, listed[m])
            m += 1
        else:
            at, amount = day_start(c[CELL_WORDS * i] >> 7), c[CELL_WORDS * i + 2]
            kind = c[CELL_WORDS * i] & 127
            i -= 1
            if at <= low:
                break
            if not (p[p[P_SOURCES_OF] + kind] >> q[1]) & 1:
                continue
        if at < start:
            if count == months:
                break
            start = bucket_start(2, at)
            work[count] = 0
            count += 1
        work[count - 1] += amount
    if count == 0:
        return np.nan
    lower = ranked(work, count, (count + 1) // 2)
    return (lower + ranked(work, count, count // 2 + 1)) / 2


@compiled
def round_trips(r: Words, inflows: Words, n: int, outflows: Words, n_out: int, floor: int) -> int:
    """Return the most that later outflows can take of the inflows of at least `floor`.

    From the newest back: the newest inflow has the fewest outflows after it, so it takes first.
    """
    total, left, j = 0, 0, 0
    for m in range(n):
        i = inflows[m]
        while j < n_out and (r[2 * outflows[j]] >> 20) >= (r[2 * i] >> 20):
            left += max(0, amount_at(r, outflows[j]))
            j += 1
        amount = amount_at(r, i)
        if amount >= floor:
            taken = min(amount, left)
            total += taken
            left -= taken
    return total


@compiled
def lowest_total(r: Words, listed: Words, n: int, work: Words) -> int:
    """Return the lowest total over keys of latest amounts, after each ms with all keys stated."""
    for m in range(n):
        work[(r[2 * listed[m]] >> 1) & 4095] = BIG
    missing = 0
    for m in range(n):
        key = (r[2 * listed[m]] >> 1) & 4095
        if work[key] == BIG:
            missing += 1
            work[key] = -BIG
    total, lowest = 0, BIG
    for m in range(n - 1, -1, -1):
        i = listed[m]
        key = (r[2 * i] >> 1) & 4095
        if work[key] == -BIG:
            missing -= 1
        else:
            total -= work[key]
        work[key] = amount_at(r, i)
        total += work[key]
        if missing == 0 and (m == 0 or (r[2 * listed[m - 1]] >> 20) != (r[2 * i] >> 20)):
            lowest = min(lowest, total)
    return lowest


@compiled
def latest(hand: Hand, p: Words, q: Words, lists: Words, listed: Words, n: int, low: int) -> float:
    """Return the amount of the newest event, be it one that only left a mark."""
    r = hand[1]
    if n:
        return float(amount_at(r, listed[0]))
    i = lists[p[P_N_SOURCES] + q[1]]
    known = i >= 0 and bucket_start(1, r[2 * i] >> 20) > low
    return float(amount_at(r, i)) if known else np.nan


@compiled
def of_single_events(
    r: Words, q: Words, listed: Words, n: int, other: Words, n_other: int, work: Words
) -> float:
    """Return what only the events one by one can tell: those after the horizon."""
    code = q[0]
    if code == 3:  # percentile
        for m in range(n):
            work[m] = amount_at(r, listed[m])
        return float(ranked(work, n, nearest_rank(q[4], n))) if n else np.nan
    if code == 4:  # gap percentile
        for m in range(n - 1):
            work[m] = (r[2 * listed[m]] >> 20) - (r[2 * listed[m + 1]] >> 20)
        return ranked(work, n - 1, nearest_rank(q[4], n - 1)) / q[5] if n > 1 else np.nan
    if code == 6:  # sum from a floor
        total = 0
        for m in range(n):
            amount = amount_at(r, listed[m])
            total += amount if amount >= q[4] else 0
        return float(total)
    if code == 7:  # round trip
        return float(round_trips(r, listed, n, other, n_other, q[4]))
    return float(lowest_total(r, listed, n, work)) if n else np.nan


@compiled
def read_ordered(hand: Hand, p: Words, at: int, lists: Words, stride: int, out: Floats) -> None:
    """Write every feature that needs its events one by one."""
    h, r, _, _, b = hand
    sources = p[P_N_SOURCES]
    if sources == 0:
        return
    gather(h, r, b, p, at, lists, stride)
    first = 2 * sources
    work = lists[first + sources * stride :]
    for scan in range(p[P_N_SCANS]):
        o = p[P_SCANS] + SCAN_WORDS * scan
        q = p[o : o + SCAN_WORDS]
        low = at - q[3]
        listed = lists[first + q[1] * stride : first + (q[1] + 1) * stride]
        n = within(r, listed, lists[q[1]], low)
        other, n_other = listed, 0
        if q[6] >= 0:
            other = lists[first + q[6] * stride : first + (q[6] + 1) * stride]
            n_other = within(r, other, lists[q[6]], low)
        if q[0] == 0:
            out[q[2]] = latest(hand, p, q, lists, listed, n, low)
        elif q[0] <= 2:
            out[q[2]] = spread_or_slope(hand, p, q, listed, n, low, at)
        elif q[0] == 5:
            out[q[2]] = median_of_months(hand, p, q, listed, n, low, work)
        else:
            out[q[2]] = of_single_events(r, q, listed, n, other, n_other, work)
