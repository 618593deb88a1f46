"""Read every window off the index of a log, aggregation by aggregation, and work out the formulas.

Each function below writes the features of one aggregation: rows of the plan that follow each other.
They take the arrays they need and no more, since passing one costs time. Compiled.
"""

# ruff: noqa: PLR0917 - compiled code: positional arguments only

import numpy as np

from features._cache import compiled
from features.kernel.index import (
    DATED_SUMS,
    TOPS,
    amounts,
    dated_at,
    find_all,
    listed,
    mark_counts_at,
    mark_tops_at,
    rows_of,
    sums_at,
    work_at,
)
from features.kernel.layout import (
    BIG,
    CELLS,
    COUNT,
    DISTINCT,
    LAST,
    LATEST,
    MARKS,
    MAX,
    MIN,
    P_FORMULAS,
    P_MEMBERS,
    P_N_FORMULAS,
    P_N_GROUPS,
    Q_COLUMN,
    Q_END,
    Q_FIRST,
    Q_FLAG,
    Q_NUMBER,
    Q_PER,
    Q_WINDOW,
    ROW_WORDS,
    SINCE_LAST,
    SUM,
    Floats,
    Hand,
    Places,
    Words,
    amount_at,
)
from features.kernel.months import read_month_medians
from features.kernel.ordered import read_ordered
from features.kernel.spread import read_slopes, read_spreads


@compiled
def read_sums(h: Words, p: Words, x: Words, out: Floats) -> None:
    """Write counts and totals."""
    groups, members = p[P_N_GROUPS], p[P_MEMBERS]
    begin, end = rows_of(p, COUNT, SUM)
    for q in range(begin, end, ROW_WORDS):
        which = q >= rows_of(p, SUM, SUM)[0]
        o = sums_at(p, p[q + Q_WINDOW]) + which * groups
        total = 0
        for m in range(members + p[q + Q_FIRST], members + p[q + Q_END]):
            total += x[o + p[m]]
        if h[CELLS]:
            o = dated_at(p, p[q + Q_WINDOW]) + which
            for m in range(members + p[q + Q_FIRST], members + p[q + Q_END]):
                total += x[o + DATED_SUMS * p[m]]
        out[p[q + Q_COLUMN]] = total if which or total >= p[q + Q_NUMBER] else np.nan


@compiled
def read_bounds(h: Words, r: Words, p: Words, x: Words, lists: Places, out: Floats) -> None:
    """Write lowest and highest amounts."""
    work = work_at(p)
    begin, end = rows_of(p, MIN, MAX)
    for q in range(begin, end, ROW_WORDS):
        lowest, highest = BIG, -BIG
        for m in range(work, work + amounts(r, p, q, x, lists)):
            lowest = min(lowest, x[m])
            highest = max(highest, x[m])
        if h[CELLS]:
            o = dated_at(p, p[q + Q_WINDOW])
            for m in range(p[P_MEMBERS] + p[q + Q_FIRST], p[P_MEMBERS] + p[q + Q_END]):
                lowest = min(lowest, x[o + DATED_SUMS * p[m] + 2])
                highest = max(highest, x[o + DATED_SUMS * p[m] + 3])
        value = lowest if q < rows_of(p, MAX, MAX)[0] else highest
        out[p[q + Q_COLUMN]] = value if lowest < BIG else np.nan


@compiled
def read_newest(
    h: Words, r: Words, p: Words, at: int, x: Words, lists: Places, out: Floats
) -> None:
    """Write the age or the amount of newest records; where there is none, of newest marks."""
    begin, end = rows_of(p, SINCE_LAST, LATEST)
    for q in range(begin, end, ROW_WORDS):
        first, last = p[P_MEMBERS] + p[q + Q_FIRST], p[P_MEMBERS] + p[q + Q_END]
        o, i = sums_at(p, p[q + Q_WINDOW]), -1
        for m in range(first, last):
            if x[o + p[m]]:
                i = max(i, listed(lists, x[TOPS + p[m]]))
        if i < 0 and h[MARKS]:
            o, tops = mark_counts_at(p, p[q + Q_WINDOW]), mark_tops_at(p)
            for m in range(first, last):
                if x[o + p[m]]:
                    i = max(i, listed(lists, x[tops + p[m]]))
        if i < 0:
            out[p[q + Q_COLUMN]] = np.nan
        elif q < rows_of(p, LATEST, LATEST)[0]:
            out[p[q + Q_COLUMN]] = (at - (r[2 * i] >> 20)) / p[q + Q_PER]
        else:
            out[p[q + Q_COLUMN]] = amount_at(r, i)


@compiled
def read_flagged(h: Words, r: Words, p: Words, x: Words, lists: Places, out: Floats) -> None:
    """Write how many records and marks are the latest of their key, or their total."""
    begin, end = rows_of(p, DISTINCT, LAST)
    for q in range(begin, end, ROW_WORDS):
        o, tops, bit = sums_at(p, p[q + Q_WINDOW]), TOPS, p[q + Q_FLAG]
        count, total = 0, 0
        for dated in range(2 if h[MARKS] else 1):
            if dated:
                o, tops = mark_counts_at(p, p[q + Q_WINDOW]), mark_tops_at(p)
            for m in range(p[P_MEMBERS] + p[q + Q_FIRST], p[P_MEMBERS] + p[q + Q_END]):
                top = x[tops + p[m]]
                for j in range(top - x[o + p[m]] + 1, top + 1):
                    is_latest = (r[2 * lists[j] + 1] >> bit) & 1
                    count += is_latest
                    total += is_latest * amount_at(r, lists[j])
        if q < rows_of(p, LAST, LAST)[0]:
            out[p[q + Q_COLUMN]] = count if count >= p[q + Q_NUMBER] else np.nan
        else:
            out[p[q + Q_COLUMN]] = total if count else np.nan


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
def read_all(hand: Hand, p: Words, at: int, stride: int, out: Floats) -> None:
    """Read every feature at `at`.

    What lies before the horizon is in a window where its business date began in it.
    """
    h, r, _, c, x, lists = hand
    find_all(h, r, c, p, at, x, lists, stride)
    read_sums(h, p, x, out)
    read_bounds(h, r, p, x, lists, out)
    read_newest(h, r, p, at, x, lists, out)
    read_flagged(h, r, p, x, lists, out)
    read_spreads(h, r, c, p, x, lists, out)
    read_slopes(h, r, c, p, at, x, lists, out)
    read_month_medians(h, r, c, p, at, x, lists, out)
    read_ordered(h, r, p, x, lists, out)
    work_out(p, out)
