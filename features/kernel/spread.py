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
    Hand,
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
def dated_count(h: Words, c: Words, p: Words, source: int, low: int) -> int:
    """Return how many events the cells of a source hold whose date began after `low`."""
    count = 0
    for i in range(h[CELLS] - 1, -1, -1):
        o = CELL_WORDS * i
        if day_start(c[o] >> 7) <= low:
            break
        if (p[p[P_SOURCES_OF] + (c[o] & 127)] >> source) & 1:
            count += c[o + 1]
    return count


@compiled
def spread_of(
    hand: Hand,
    p: Words,
    source: int,
    listed: Words,
    n: int,
    low_ms: int,
    x_is_time: bool,  # noqa: FBT001 - positional, as above
    y_is_time: bool,  # noqa: FBT001
    at: int,
) -> float:
    """Return `n * sum(xy) - sum(x) * sum(y)` as the nearest double, x and y times or amounts.

    Numbers of up to 35 bits are cut into halves of 17 bits, so that every sum fits. The time of a
    cell is the beginning of its date.
    """
    h, r, _, c, _ = hand
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
    for i in range(h[CELLS] - 1, -1, -1):
        o = CELL_WORDS * i
        time = day_start(c[o] >> 7)
        if time <= low_ms:
            break
        if not (p[p[P_SOURCES_OF] + (c[o] & 127)] >> source) & 1:
            continue
        count, total = c[o + 1], c[o + 2]
        n += count
        th, tl, ah, al = (time - at) >> LOW_BITS, (time - at) & LOW, total >> LOW_BITS, total & LOW
        x_high += count * th if x_is_time else ah
        x_low += count * tl if x_is_time else al
        y_high += count * th if y_is_time else ah
        y_low += count * tl if y_is_time else al
        if y_is_time:
            high += count * th * th
            middle += 2 * count * th * tl
            low += count * tl * tl
        elif x_is_time:
            high += th * ah
            middle += th * al + tl * ah
            low += tl * al
        else:
            high += (c[o + 5] << 26) + (c[o + 6] >> 34)
            low += c[o + 6] & ((1 << 34) - 1)
    return nearest_double(
        n * high - x_high * y_high,
        n * middle - x_high * y_low - x_low * y_high,
        n * low - x_low * y_low,
    )


@compiled
def spread_or_slope(
    hand: Hand, p: Words, q: Words, listed: Words, n: int, low: int, at: int
) -> float:
    """Return the sample standard deviation of the amounts (1) or their slope per day (2)."""
    s = q[1]
    if q[0] == 2:
        run = spread_of(hand, p, s, listed, n, low, True, True, at)
        rise = spread_of(hand, p, s, listed, n, low, True, False, at)
        return rise / run * 86_400_000.0 if run != 0.0 else np.nan
    count = n + dated_count(hand[0], hand[3], p, s, low)
    if count < 2:
        return np.nan
    spread = spread_of(hand, p, s, listed, n, low, False, False, at)
    return float(np.sqrt(spread / (count * (count - 1))))
