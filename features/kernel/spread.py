"""Spread and slope of the amounts of a window, exact until the one division. Compiled."""

# ruff: noqa: PLR0917, PLR2004 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

import numpy as np

from features._cache import compiled
from features.kernel.cells import day_start
from features.kernel.layout import (
    AMOUNT_ZERO,
    CELL_WORDS,
    CELLS,
    P_SOURCES_OF,
    Words,
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
def standard_deviation(
    h: Words, r: Words, c: Words, p: Words, q: int, lists: Words, o: int, n: int, low_ms: int
) -> float:
    """Return the sample standard deviation of the amounts.

    Numbers of up to 35 bits are cut into halves of 17 bits, so that every sum fits.
    """
    x_high, x_low, high, middle, low = 0, 0, 0, 0, 0
    for m in range(o, o + n):
        x = amount_at(r, lists[m])
        xh, xl = x >> LOW_BITS, x & LOW
        x_high += xh
        x_low += xl
        high += xh * xh
        middle += xh * xl
        low += xl * xl
    for i in range(h[CELLS] - 1, -1, -1):
        d = CELL_WORDS * i
        if day_start(c[d] >> 7) <= low_ms:
            break
        if (p[p[P_SOURCES_OF] + (c[d] & 127)] >> p[q + 1]) & 1:
            n += c[d + 1]
            x_high += c[d + 2] >> LOW_BITS
            x_low += c[d + 2] & LOW
            high += (c[d + 5] << 26) + (c[d + 6] >> 34)
            low += c[d + 6] & ((1 << 34) - 1)
    if n < 2:
        return np.nan
    spread = nearest_double(
        n * high - x_high * x_high, 2 * (n * middle - x_high * x_low), n * low - x_low * x_low
    )
    return float(np.sqrt(spread / (n * (n - 1))))


@compiled
def slope_per_day(
    h: Words,
    r: Words,
    c: Words,
    p: Words,
    q: int,
    lists: Words,
    o: int,
    n: int,
    low_ms: int,
    at: int,
) -> float:
    """Return the least-squares slope of the amounts; the time of a cell is when its date began."""
    x_high, x_low, t_high, t_low = 0, 0, 0, 0
    run_high, run_middle, run_low, high, middle, low = 0, 0, 0, 0, 0, 0
    for m in range(o, o + n):
        i = lists[m]
        t, x = (r[2 * i] >> 20) - at, amount_at(r, i)
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
    for i in range(h[CELLS] - 1, -1, -1):
        d = CELL_WORDS * i
        time = day_start(c[d] >> 7)
        if time <= low_ms:
            break
        if (p[p[P_SOURCES_OF] + (c[d] & 127)] >> p[q + 1]) & 1:
            count, x = c[d + 1], c[d + 2]
            th, tl, xh, xl = (time - at) >> LOW_BITS, (time - at) & LOW, x >> LOW_BITS, x & LOW
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
