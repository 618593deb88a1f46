"""The median of what came in a business month. Compiled."""

# ruff: noqa: PLR0917 - compiled code: positional arguments only

import numpy as np

from features._cache import compiled
from features.kernel.cells import day_start
from features.kernel.index import (
    TOPS,
    cell_counts_at,
    cell_tops_at,
    most_months,
    rows_of,
    sums_at,
    work_at,
)
from features.kernel.layout import (
    BIG,
    CELL_WORDS,
    CELLS,
    MONTH_MEDIAN,
    P_MEMBERS,
    Q_COLUMN,
    Q_END,
    Q_FIRST,
    Q_NUMBER,
    Q_WINDOW,
    ROW_WORDS,
    Floats,
    Places,
    Words,
    amount_at,
    bucket_start,
)
from features.kernel.ordered import sort


@compiled
def add_to_month(x: Words, starts: int, most: int, j: int, at: int, amount: int) -> int:
    """Add an amount to the month of `at`, the `j`th back or an earlier one; return which."""
    while at < x[starts + j]:
        if x[starts + j + 1] == BIG:
            x[starts + j + 1] = bucket_start(2, x[starts + j] - 1)
        j += 1
    sums, met = starts + most, starts + 2 * most
    x[sums + j] += amount
    x[met + j] = 1
    return j


@compiled
def median_of_months(
    h: Words, r: Words, c: Words, p: Words, q: int, at: int, x: Words, lists: Places
) -> float:
    """Return the median of the sums of the newest business months that have an event.

    Months are counted back from that of `at`; when one began is worked out when it is reached.
    """
    most, starts = most_months(p), work_at(p)
    sums, met = starts + most, starts + 2 * most
    x[starts : starts + most] = BIG
    x[starts] = bucket_start(2, at)
    x[sums : met + most] = 0
    for m in range(p[P_MEMBERS] + p[q + Q_FIRST], p[P_MEMBERS] + p[q + Q_END]):
        top, month = x[TOPS + p[m]], 0
        for k in range(top, top - x[sums_at(p, p[q + Q_WINDOW]) + p[m]], -1):
            i = lists[k]
            month = add_to_month(x, starts, most, month, r[2 * i] >> 20, amount_at(r, i))
        if h[CELLS]:
            top, month = x[cell_tops_at(p) + p[m]], 0
            for k in range(top, top - x[cell_counts_at(p, p[q + Q_WINDOW]) + p[m]], -1):
                d = CELL_WORDS * lists[k]
                month = add_to_month(x, starts, most, month, day_start(c[d] >> 7), c[d + 2])
    count = 0
    for j in range(most):
        if x[met + j] and count < p[q + Q_NUMBER]:
            x[sums + count] = x[sums + j]
            count += 1
    if count == 0:
        return np.nan
    sort(x, sums, sums + count)
    return float((x[sums + (count - 1) // 2] + x[sums + count // 2]) / 2)


@compiled
def read_month_medians(
    h: Words, r: Words, c: Words, p: Words, at: int, x: Words, lists: Places, out: Floats
) -> None:
    """Write the medians of months."""
    begin, end = rows_of(p, MONTH_MEDIAN, MONTH_MEDIAN)
    for q in range(begin, end, ROW_WORDS):
        out[p[q + Q_COLUMN]] = median_of_months(h, r, c, p, q, at, x, lists)
