"""Spread and slope of the amounts of a window, exact until the one division. Compiled."""

# ruff: noqa: PLR0917 - compiled code: positional arguments only

import numpy as np

from features._cache import compiled
from features.kernel.cells import day_start
from features.kernel.index import (
    TOPS,
    amounts,
    cell_counts_at,
    cell_tops_at,
    rows_of,
    sums_at,
    work_at,
)
from features.kernel.layout import (
    CELL_WORDS,
    CELLS,
    P_MEMBERS,
    Q_COLUMN,
    Q_END,
    Q_FIRST,
    Q_WINDOW,
    ROW_WORDS,
    SLOPE,
    STD,
    Floats,
    Places,
    Words,
    amount_at,
)

LOW_BITS = 17
LOW = (1 << LOW_BITS) - 1


@compiled
def nearest_double(high: int, middle: int, low: int) -> float:
    """Return the double nearest to `high * 2**34 + middle * 2**17 + low`: one rounding, at `+`."""
    carried = (low >> LOW_BITS) + middle
    tail = (carried & LOW) << LOW_BITS | (low & LOW)
    carried = (carried >> LOW_BITS) + high
    tail |= (carried & ((1 << 19) - 1)) << 34
    return (carried >> 19) * 9_007_199_254_740_992.0 + tail


@compiled
def standard_deviation(
    h: Words, r: Words, c: Words, p: Words, q: int, v: Words, lists: Places
) -> float:
    """Return the sample standard deviation of the amounts.

    Numbers of up to 35 bits are cut into halves of 17 bits, so that every sum fits.
    """
    x_high, x_low, high, middle, low = 0, 0, 0, 0, 0
    work = work_at(p)
    n = amounts(r, p, q, v, lists)
    for m in range(work, work + n):
        xh, xl = v[m] >> LOW_BITS, v[m] & LOW
        x_high += xh
        x_low += xl
        high += xh * xh
        middle += xh * xl
        low += xl * xl
    if h[CELLS]:
        o, tops = cell_counts_at(p, p[q + Q_WINDOW]), cell_tops_at(p)
        for m in range(p[P_MEMBERS] + p[q + Q_FIRST], p[P_MEMBERS] + p[q + Q_END]):
            g = p[m]
            for j in range(v[tops + g] - v[o + g] + 1, v[tops + g] + 1):
                d = CELL_WORDS * lists[j]
                n += c[d + 1]
                x_high += c[d + 2] >> LOW_BITS
                x_low += c[d + 2] & LOW
                high += (c[d + 5] << 26) + (c[d + 6] >> 34)
                low += c[d + 6] & ((1 << 34) - 1)
    if n < 2:  # noqa: PLR2004 - one event has no spread
        return np.nan
    spread = nearest_double(
        n * high - x_high * x_high, 2 * (n * middle - x_high * x_low), n * low - x_low * x_low
    )
    return float(np.sqrt(spread / (n * (n - 1))))


@compiled
def slope_per_day(
    h: Words, r: Words, c: Words, p: Words, q: int, at: int, v: Words, lists: Places
) -> float:
    """Return the least-squares slope of the amounts; the time of a cell is when its date began."""
    n, x_high, x_low, t_high, t_low = 0, 0, 0, 0, 0
    run_high, run_middle, run_low, high, middle, low = 0, 0, 0, 0, 0, 0
    first, end = p[P_MEMBERS] + p[q + Q_FIRST], p[P_MEMBERS] + p[q + Q_END]
    o = sums_at(p, p[q + Q_WINDOW])
    for m in range(first, end):
        g = p[m]
        n += v[o + g]
        for j in range(v[TOPS + g] - v[o + g] + 1, v[TOPS + g] + 1):
            t, x = (r[2 * lists[j]] >> 20) - at, amount_at(r, lists[j])
            th, tl, xh, xl = t >> LOW_BITS, t & LOW, x >> LOW_BITS, x & LOW
            x_high += xh
            x_low += xl
            t_high += th
            t_low += tl
            run_high += th * th
            run_middle += th * tl
            run_low += tl * tl
            high += th * xh
            middle += th * xl + tl * xh
            low += tl * xl
    if h[CELLS]:
        o, tops = cell_counts_at(p, p[q + Q_WINDOW]), cell_tops_at(p)
        for m in range(first, end):
            g = p[m]
            for j in range(v[tops + g] - v[o + g] + 1, v[tops + g] + 1):
                d = CELL_WORDS * lists[j]
                t, count, x = day_start(c[d] >> 7) - at, c[d + 1], c[d + 2]
                th, tl, xh, xl = t >> LOW_BITS, t & LOW, x >> LOW_BITS, x & LOW
                n += count
                x_high += xh
                x_low += xl
                t_high += count * th
                t_low += count * tl
                run_high += count * th * th
                run_middle += count * th * tl
                run_low += count * tl * tl
                high += th * xh
                middle += th * xl + tl * xh
                low += tl * xl
    run = nearest_double(
        n * run_high - t_high * t_high,
        2 * (n * run_middle - t_high * t_low),
        n * run_low - t_low * t_low,
    )
    rise = nearest_double(
        n * high - t_high * x_high,
        n * middle - t_high * x_low - t_low * x_high,
        n * low - t_low * x_low,
    )
    return rise / run * 86_400_000.0 if run != 0.0 else np.nan


@compiled
def read_spreads(
    h: Words, r: Words, c: Words, p: Words, v: Words, lists: Places, out: Floats
) -> None:
    """Write the standard deviations."""
    begin, end = rows_of(p, STD, STD)
    for q in range(begin, end, ROW_WORDS):
        out[p[q + Q_COLUMN]] = standard_deviation(h, r, c, p, q, v, lists)


@compiled
def read_slopes(
    h: Words, r: Words, c: Words, p: Words, at: int, v: Words, lists: Places, out: Floats
) -> None:
    """Write the slopes."""
    begin, end = rows_of(p, SLOPE, SLOPE)
    for q in range(begin, end, ROW_WORDS):
        out[p[q + Q_COLUMN]] = slope_per_day(h, r, c, p, q, at, v, lists)
