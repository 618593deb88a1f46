"""Windows that need each event and not only sums: spread, slope, ranks, months, round trips.

Each function takes the records of a window as a list of indices, newest first. What it computes,
and in which order it rounds, is said in `features.definitions`. Compiled.
"""

# ruff: noqa: PLR0917, PLR2004, PLR0911, C901 - compiled code: positional arguments
# only, codes of the plan as plain numbers, one case each

import numpy as np

from features._cache import compiled
from features.kernel.gather import gather, within
from features.kernel.layout import (
    AMOUNT_ZERO,
    BIG,
    P_N_SCANS,
    P_N_SOURCES,
    P_SCANS,
    SCAN_WORDS,
    Floats,
    Words,
    bucket_start,
)

LOW_BITS = 17
LOW = (1 << LOW_BITS) - 1


@compiled
def amount_at(r: Words, i: int) -> int:
    """Return the amount of record `i`."""
    return int((r[2 * i + 1] >> 28) - AMOUNT_ZERO)


@compiled
def nearest_double(high: int, middle: int, low: int) -> float:
    """Return the double nearest to `high * 2**34 + middle * 2**17 + low`: one rounding, at `+`."""
    carried = (low >> LOW_BITS) + middle
    tail = (carried & LOW) << LOW_BITS | (low & LOW)
    carried = (carried >> LOW_BITS) + high
    tail |= (carried & ((1 << 19) - 1)) << 34
    return (carried >> 19) * 9_007_199_254_740_992.0 + tail


@compiled
def spread_of(r: Words, listed: Words, n: int, x_is_time: bool, y_is_time: bool, at: int) -> float:  # noqa: FBT001 - positional, as above
    """Return `n * sum(xy) - sum(x) * sum(y)` as the nearest double, x and y times or amounts.

    Numbers of up to 35 bits are cut into halves of 17 bits, so that every sum fits.
    """
    x_high, x_low, y_high, y_low = 0, 0, 0, 0
    high, middle, low = 0, 0, 0
    for m in range(n):
        i = listed[m]
        x = (r[2 * i] >> 20) - at if x_is_time else amount_at(r, i)
        y = (r[2 * i] >> 20) - at if y_is_time else amount_at(r, i)
        xh, xl, yh, yl = x >> LOW_BITS, x & LOW, y >> LOW_BITS, y & LOW
        x_high += xh
        x_low += xl
        y_high += yh
        y_low += yl
        high += xh * yh
        middle += xh * yl + xl * yh
        low += xl * yl
    return nearest_double(
        n * high - x_high * y_high,
        n * middle - x_high * y_low - x_low * y_high,
        n * low - x_low * y_low,
    )


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
def median_of_months(r: Words, listed: Words, n: int, months: int, work: Words) -> float:
    """Return the median of the sums of the newest `months` business months that have a record."""
    count = 0
    start = BIG
    for m in range(n):
        i = listed[m]
        if (r[2 * i] >> 20) < start:
            if count == months:
                break
            start = bucket_start(2, r[2 * i] >> 20)
            work[count] = 0
            count += 1
        work[count - 1] += amount_at(r, i)
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
def value_of(
    r: Words, q: Words, listed: Words, n: int, other: Words, n_other: int, at: int, work: Words
) -> float:
    """Return the value of row `q` of the plan over the `n` records of its window."""
    code = q[0]
    if code == 0:  # latest
        return float(amount_at(r, listed[0])) if n else np.nan
    if code == 1:  # std
        if n < 2:
            return np.nan
        return float(np.sqrt(spread_of(r, listed, n, False, False, at) / (n * (n - 1))))
    if code == 2:  # slope
        run = spread_of(r, listed, n, True, True, at)
        rise = spread_of(r, listed, n, True, False, at)
        return rise / run * 86_400_000.0 if run != 0.0 else np.nan
    if code == 3:  # percentile
        for m in range(n):
            work[m] = amount_at(r, listed[m])
        return float(ranked(work, n, nearest_rank(q[4], n))) if n else np.nan
    if code == 4:  # gap percentile
        for m in range(n - 1):
            work[m] = (r[2 * listed[m]] >> 20) - (r[2 * listed[m + 1]] >> 20)
        return ranked(work, n - 1, nearest_rank(q[4], n - 1)) / q[5] if n > 1 else np.nan
    if code == 5:  # month median
        return median_of_months(r, listed, n, q[4], work) if n else np.nan
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
def read_ordered(
    h: Words, r: Words, b: Words, p: Words, at: int, lists: Words, stride: int, out: Floats
) -> None:
    """Write every feature that needs its events one by one."""
    sources = p[P_N_SOURCES]
    if sources == 0:
        return
    gather(h, r, b, p, at, lists, stride)
    work = lists[sources + sources * stride :]
    for c in range(p[P_N_SCANS]):
        o = p[P_SCANS] + SCAN_WORDS * c
        q = p[o : o + SCAN_WORDS]
        low = at - q[3]
        listed = lists[sources + q[1] * stride : sources + (q[1] + 1) * stride]
        n = within(r, listed, lists[q[1]], low)
        other, n_other = listed, 0
        if q[6] >= 0:
            other = lists[sources + q[6] * stride : sources + (q[6] + 1) * stride]
            n_other = within(r, other, lists[q[6]], low)
        out[q[2]] = value_of(r, q, listed, n, other, n_other, at, work)
