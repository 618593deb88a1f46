"""Where the records of each group are, and what each window holds of them: found once, then moved.

Kinds that the same filters ask for are one group. The index of a log in hand is

    listed, until, at | tops(1 per group) | edges(1 per window) | sums(count, total per group and
    window) | for what is known by date: tops and sums of marks and cells | work

and lies over lists of record numbers, one of `stride` places per group, from old to new up to the
group's top. So the records of a group in a window are the last so many of its list. Up to `listed`
records are listed; 0 says that records were moved, and the next reading lists all of them in one
walk back through all windows. Else it lists the new ones and moves the edges of the windows, which
is all that most events of a busy customer ask for.

Compiled.
"""

# ruff: noqa: PLR0917, PLR2004 - compiled code: positional arguments only, plain numbers

import numpy as np

from features._cache import compiled
from features.kernel.cells import day_start
from features.kernel.layout import (
    AMOUNT_ZERO,
    BIG,
    CELL_WORDS,
    CELLS,
    DAY_MS,
    MARKS,
    P_GROUP_OF,
    P_LONGEST,
    P_MEMBERS,
    P_N_GROUPS,
    P_N_WINDOWS,
    P_ROWS,
    P_ROWS_AT,
    P_WINDOWS,
    Q_END,
    Q_FIRST,
    Q_WINDOW,
    N,
    Places,
    Words,
    amount_at,
    bucket_start,
    copy,
)

LISTED, UNTIL, READ_AT, TOPS = 0, 1, 2, 3
DATED_SUMS = 4
"""Of the cells of a group in a window: count, total, lowest, highest."""


@compiled
def edges_at(p: Words) -> int:
    """Return where the first record of each window is kept."""
    return int(TOPS + p[P_N_GROUPS])


@compiled
def sums_at(p: Words, w: int) -> int:
    """Return where the counts of window `w` are kept, and behind them the totals."""
    return int(TOPS + p[P_N_GROUPS] + p[P_N_WINDOWS] + 2 * p[P_N_GROUPS] * w)


@compiled
def mark_tops_at(p: Words) -> int:
    """Return where the tops of the lists of marks are kept."""
    return sums_at(p, p[P_N_WINDOWS])


@compiled
def mark_counts_at(p: Words, w: int) -> int:
    """Return where the counts of marks of window `w` are kept."""
    return int(mark_tops_at(p) + p[P_N_GROUPS] * (1 + w))


@compiled
def cell_tops_at(p: Words) -> int:
    """Return where the tops of the lists of cells are kept."""
    return mark_counts_at(p, p[P_N_WINDOWS])


@compiled
def cell_counts_at(p: Words, w: int) -> int:
    """Return where the counts of cells of window `w` are kept."""
    return int(cell_tops_at(p) + p[P_N_GROUPS] * (1 + w))


@compiled
def dated_at(p: Words, w: int) -> int:
    """Return where the sums over cells of window `w` are kept: `DATED_SUMS` per group."""
    return int(cell_counts_at(p, p[P_N_WINDOWS]) + DATED_SUMS * p[P_N_GROUPS] * w)


@compiled
def work_at(p: Words) -> int:
    """Return where the scratch of single features begins."""
    return dated_at(p, p[P_N_WINDOWS])


@compiled
def most_months(p: Words) -> int:
    """Return how many business months the longest window can touch."""
    return int(p[P_LONGEST] // (28 * DAY_MS) + 2)


@compiled
def index_words(p: Words, stride: int) -> int:
    """Return how many words the index takes for less than `stride` records and keys."""
    return work_at(p) + 2 * stride + 3 * most_months(p)


@compiled
def list_records(
    h: Words, r: Words, p: Words, at: int, x: Words, lists: Places, stride: int
) -> None:
    """List the records that some window sees, and sum up every window."""
    groups, windows, of = p[P_N_GROUPS], p[P_WINDOWS], p[p[P_GROUP_OF] :]
    n, marks = h[N], h[MARKS]
    for g in range(groups):
        x[TOPS + g] = g * stride + n - 1
    o = sums_at(p, 0)
    x[o : o + 2 * groups] = 0
    i = n
    for w in range(p[P_N_WINDOWS]):
        if w:
            copy(x[o:], x[o + 2 * groups :], 2 * groups)
            o += 2 * groups
        low = at - p[windows + w]
        while i > marks and (r[2 * i - 2] >> 20) > low:
            i -= 1
            g = of[(r[2 * i] >> 13) & 127]
            count = x[o + g]
            lists[g * stride + n - 1 - count] = i
            x[o + g] = count + 1
            x[o + groups + g] += (r[2 * i + 1] >> 28) - AMOUNT_ZERO
        x[edges_at(p) + w] = i
    x[LISTED] = n


@compiled
def list_newest(h: Words, r: Words, p: Words, at: int, x: Words, lists: Places) -> None:
    """List the records that came since the last reading, and move the edges of the windows."""
    groups, of, windows = p[P_N_GROUPS], p[P_GROUP_OF], p[P_WINDOWS]
    first, edges = sums_at(p, 0), edges_at(p)
    for i in range(x[LISTED], h[N]):
        g = p[of + ((r[2 * i] >> 13) & 127)]
        amount = (r[2 * i + 1] >> 28) - AMOUNT_ZERO
        x[TOPS + g] += 1
        lists[x[TOPS + g]] = i
        for w in range(p[P_N_WINDOWS]):
            x[first + 2 * groups * w + g] += 1
            x[first + 2 * groups * w + groups + g] += amount
    for w in range(p[P_N_WINDOWS]):
        low, o, i = at - p[windows + w], first + 2 * groups * w, x[edges + w]
        while i < h[N] and (r[2 * i] >> 20) <= low:
            g = p[of + ((r[2 * i] >> 13) & 127)]
            x[o + g] -= 1
            x[o + groups + g] -= (r[2 * i + 1] >> 28) - AMOUNT_ZERO
            i += 1
        x[edges + w] = i
    x[LISTED] = h[N]


@compiled
def place_lists(p: Words, heads: Words, step: int, n: int, x: Words, tops: int, first: int) -> None:
    """Give each group the places that its `n` marks or cells need, from place `first` on."""
    groups, of = p[P_N_GROUPS], p[P_GROUP_OF]
    shift = 13 if step == 2 else 0
    x[tops : tops + groups] = 0
    for i in range(n):
        x[tops + p[of + ((heads[step * i] >> shift) & 127)]] += 1
    end = first
    for g in range(groups):
        end += x[tops + g]
        x[tops + g] = end - 1


@compiled
def list_marks(h: Words, r: Words, p: Words, at: int, x: Words, lists: Places, first: int) -> int:
    """List the marks of each group and count them per window; return when one leaves a window."""
    groups, of = p[P_N_GROUPS], p[P_GROUP_OF]
    tops, o = mark_tops_at(p), mark_counts_at(p, 0)
    place_lists(p, r, 2, h[MARKS], x, tops, first)
    x[o : o + groups] = 0
    until, i = BIG, h[MARKS]
    for w in range(p[P_N_WINDOWS]):
        span = p[p[P_WINDOWS] + w]
        if w:
            copy(x[o:], x[o + groups :], groups)
            o += groups
        while i > 0 and bucket_start(1, r[2 * i - 2] >> 20) > at - span:
            i -= 1
            g = p[of + ((r[2 * i] >> 13) & 127)]
            lists[x[tops + g] - x[o + g]] = i
            x[o + g] += 1
        if i < h[MARKS]:
            until = min(until, bucket_start(1, r[2 * i] >> 20) + span)
    return until


@compiled
def list_cells(h: Words, c: Words, p: Words, at: int, x: Words, lists: Places, first: int) -> int:
    """List the cells of each group and sum them up per window; return when one leaves a window."""
    groups, of = p[P_N_GROUPS], p[P_GROUP_OF]
    tops, o, d = cell_tops_at(p), cell_counts_at(p, 0), dated_at(p, 0)
    place_lists(p, c, CELL_WORDS, h[CELLS], x, tops, first)
    x[o : o + groups] = 0
    for g in range(groups):
        k = d + DATED_SUMS * g
        x[k], x[k + 1], x[k + 2], x[k + 3] = 0, 0, BIG, -BIG
    until, i = BIG, h[CELLS]
    for w in range(p[P_N_WINDOWS]):
        span = p[p[P_WINDOWS] + w]
        if w:
            copy(x[o:], x[o + groups :], groups)
            o += groups
            size = DATED_SUMS * groups
            copy(x[d:], x[d + size :], size)
            d += size
        while i > 0 and day_start(c[CELL_WORDS * (i - 1)] >> 7) > at - span:
            i -= 1
            q = CELL_WORDS * i
            g = p[of + (c[q] & 127)]
            lists[x[tops + g] - x[o + g]] = i
            x[o + g] += 1
            k = d + DATED_SUMS * g
            x[k] += c[q + 1]
            x[k + 1] += c[q + 2]
            x[k + 2] = min(x[k + 2], c[q + 3])
            x[k + 3] = max(x[k + 3], c[q + 4])
        if i < h[CELLS]:
            until = min(until, day_start(c[CELL_WORDS * i] >> 7) + span)
    return until


@compiled
def find_all(
    h: Words, r: Words, c: Words, p: Words, at: int, x: Words, lists: Places, stride: int
) -> None:
    """Bring the index to `at`."""
    if at < x[READ_AT]:
        lose_places(x)
    if x[LISTED] == 0:
        list_records(h, r, p, at, x, lists, stride)
    else:
        list_newest(h, r, p, at, x, lists)
    if h[MARKS] + h[CELLS] and at >= x[UNTIL]:
        first = p[P_N_GROUPS] * stride
        until = list_marks(h, r, p, at, x, lists, first)
        x[UNTIL] = min(until, list_cells(h, c, p, at, x, lists, first + h[MARKS]))
    x[READ_AT] = at


@compiled
def lose_places(x: Words) -> None:
    """Say that records, marks or cells were moved."""
    x[LISTED] = 0
    x[UNTIL] = 0


@compiled
def listed(lists: Places, place: int) -> int:
    """Return the record at a place of the lists, as a number that may be compared with -1."""
    return int(np.int64(lists[place]))


@compiled
def rows_of(p: Words, first: int, last: int) -> tuple[int, int]:
    """Return where the rows of the aggregations `first` to `last` begin and end."""
    at = p[P_ROWS_AT]
    return p[P_ROWS] + p[at + first], p[P_ROWS] + p[at + last + 1]


@compiled
def amounts(r: Words, p: Words, q: int, x: Words, lists: Places) -> int:
    """Write the amounts of the window of row `q`, in no order, to the work; return how many."""
    o, work = sums_at(p, p[q + Q_WINDOW]), work_at(p)
    n = work
    for m in range(p[P_MEMBERS] + p[q + Q_FIRST], p[P_MEMBERS] + p[q + Q_END]):
        top = x[TOPS + p[m]]
        for j in range(top - x[o + p[m]] + 1, top + 1):
            x[n] = amount_at(r, lists[j])
            n += 1
    return n - work
