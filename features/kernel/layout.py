"""One customer's log in whole numbers: the layout that every kernel file reads and writes.

    log     header(12) | records(2 each, by occurrence, then arrival) | keys(1 each) | cells
    record  w0 = occurred 42 | kind 7 | key 12 | clamped 1
            w1 = amount 35 (+ 2^34) | id 22 | last-of-its-key flags 6

All words are int64 and not negative. A flag says "the latest of its key", so that counting keys in
a window is counting flags. What a flag stands for depends on the record's kind: filters that share
no kind may share a flag (a "spec" is a filter with its key, and the plan says which spec a flag of
a kind is). Flags are derived: a log of another catalogue gets them anew. A reversed event is taken
out and its tombstone (kind 0) stays, so that it does not matter which of the two came first.

While a log is in hand it has an index of its records (features/kernel/index.py), which is not
stored.

The first `MARKS` records, and the cells, are what a full log still knows of events before its
`HORIZON` (features/kernel/cells.py).
"""

# ruff: noqa: PLR2004 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

import numpy as np
import numpy.typing as npt

from features._cache import compiled

Words = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.uint32]
Hand = tuple[Words, Words, Words, Words, Words, Places]
"""A log in hand: header, records, keys and cells, each with room to grow; index and its lists."""

LAYOUT = 2
HEADER_WORDS = 12
FINGERPRINT, CLOCK, N, KEYS, LIMIT = 1, 2, 3, 4, 5  # 0 is the layout
BY_DATE_UNTIL, HORIZON, MARKS, CELLS, CUT_UNTIL, LOST_REVERSALS = 6, 7, 8, 9, 10, 11
SPECS = 24
BITS = 6
SMALL = 64
MAX_KEYS = (1 << 12) - 2
MAX_MARKS = 1_750
CELL_WORDS = 7
AMOUNT_ZERO = 1 << 34
ID_MASK = (1 << 22) - 1
FLAGS_MASK = (1 << BITS) - 1
CLAMP_MS = 300_000
DAY_MS = 86_400_000
OFFSET_MS = 28_800_000
BIG = 1 << 62
EVENT_WORDS = 9
BAD_FIELD = -1

P_KINDS, P_COLUMNS, P_FINGERPRINT, P_LONGEST = 0, 1, 2, 3
P_N_WINDOWS, P_WINDOWS, P_N_GROUPS, P_GROUP_OF, P_MEMBERS = 4, 5, 6, 7, 8
P_ROWS_AT, P_ROWS, P_N_FORMULAS, P_FORMULAS = 9, 10, 11, 12
P_SPECS_OF, P_KEY_OF, P_KEEP, P_BIT_OF, P_SPEC_AT, P_HEAD_WORDS = 13, 14, 15, 16, 17, 18
ROW_WORDS = 10
Q_CODE, Q_FIRST, Q_END, Q_COLUMN, Q_WINDOW, Q_NUMBER, Q_PER, Q_FLAG = 0, 1, 2, 3, 4, 5, 6, 7
Q_OTHER_FIRST, Q_OTHER_END = 8, 9
COUNT, SUM, MIN, MAX, SINCE_LAST, LATEST, DISTINCT, LAST = 0, 1, 2, 3, 4, 5, 6, 7
STD, SLOPE, MONTH_MEDIAN, PERCENTILE, GAP_PERCENTILE, ROUND_TRIP = 8, 9, 10, 11, 12, 13
LOWEST_TOTAL, SUM_FROM_FLOOR = 14, 15


@compiled
def first_after(r: Words, n: int, at: int) -> int:
    """Return the index of the first record that occurred later than `at`."""
    low, high = 0, n
    while low < high:
        middle = (low + high) >> 1
        if (r[2 * middle] >> 20) <= at:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def month_start(day: int) -> int:
    """Return the first day of the month of `day` (days since 1970-01-01).

    Source: H. Hinnant (2013), "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    z = day + 719_468
    era_day = z - (z // 146_097) * 146_097
    era_year = (era_day - era_day // 1_460 + era_day // 36_524 - era_day // 146_096) // 365
    year_day = era_day - (365 * era_year + era_year // 4 - era_year // 100)
    month = (5 * year_day + 2) // 153
    return day - (year_day - (153 * month + 2) // 5)


@compiled
def bucket_start(key_of: int, at: int) -> int:
    """Return when the business day (1) or month (2) of `at` began, in ms; at most 8 h below 0."""
    day = (at + OFFSET_MS) // DAY_MS
    if key_of == 2:
        day = month_start(day)
    return day * DAY_MS - OFFSET_MS


@compiled
def bucket_end(key_of: int, at: int) -> int:
    """Return the last ms of the business day (1) or month (2) of `at`."""
    day = (at + OFFSET_MS) // DAY_MS
    if key_of == 1:
        return (day + 1) * DAY_MS - OFFSET_MS - 1
    return month_start(month_start(day) + 31) * DAY_MS - OFFSET_MS - 1


@compiled
def spec_at(p: Words, kind: int, bit: int) -> int:
    """Return the spec that a flag stands for on a record of `kind`, or -1."""
    return int(p[p[P_SPEC_AT] + BITS * kind + bit])


@compiled
def copy(s: Words, t: Words, n: int) -> None:
    """Copy the first `n` words: a loop from 0 over two views becomes a block move."""
    for i in range(n):
        t[i] = s[i]


@compiled
def amount_at(r: Words, i: int) -> int:
    """Return the amount of record `i`."""
    return int((r[2 * i + 1] >> 28) - AMOUNT_ZERO)


@compiled
def cell_limit(cap: int) -> int:
    """Return how many words the stored cells of a log of `cap` records may take."""
    return max(512, cap * 8 // 7)


@compiled
def mark_limit(cap: int) -> int:
    """Return how many of `cap` records may be marks."""
    return min(cap // 2, MAX_MARKS)
