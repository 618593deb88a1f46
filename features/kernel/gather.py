"""List the records that a sum per kind cannot tell apart: one list per filter, newest first.

Only what some spread, slope, percentile, month or round trip of the plan rests on is listed, and
only as far back as the longest window of its filter (a "source"). Kinds that belong to the same
sources are a group. One walk back chains the records of each group without a branch; the chains of
a source's groups are merged to its list. All of it is one array of scratch:

    counts(1 per source) | newest record or mark(1 per source, or -1) | tails(1 per group)
    | chains(1 per group, then 1 per record) | lists(`stride` each) | work(`stride`)

Before the horizon there are no single records to list, only the newest one of a kind.

Compiled.
"""

# ruff: noqa: PLR0917 - compiled code: positional arguments only

from features._cache import compiled
from features.kernel.layout import (
    MARKS,
    P_GROUP_OF,
    P_GROUPS_AT,
    P_LONGEST_LIST,
    P_N_GROUPS,
    P_N_LISTS,
    P_N_SOURCES,
    P_SOURCES,
    P_SOURCES_OF,
    N,
    Words,
    first_after,
)


@compiled
def lists_words(p: Words, stride: int) -> int:
    """Return how many words the scratch takes for less than `stride` records and keys."""
    return int(2 * p[P_N_SOURCES] + 2 * p[P_N_GROUPS] + (p[P_N_LISTS] + 2) * stride)


@compiled
def first_list(p: Words, stride: int) -> int:
    """Return where the lists begin."""
    return int(2 * p[P_N_SOURCES] + 2 * p[P_N_GROUPS] + stride)


@compiled
def chain(r: Words, p: Words, first: int, n: int, lists: Words, tails: int, heads: int) -> None:
    """Chain the records `first` to `n` of each group, from the newest back; -1 ends a chain."""
    groups, of = p[P_N_GROUPS], p[P_GROUP_OF]
    for g in range(groups):
        lists[tails + g] = heads + g
    for i in range(n - 1, first - 1, -1):
        g = p[of + ((r[2 * i] >> 13) & 127)]
        lists[lists[tails + g]] = i
        lists[tails + g] = heads + groups + i
    for g in range(groups):
        lists[lists[tails + g]] = -1


@compiled
def merge(
    r: Words, p: Words, source: int, low: int, lists: Words, cursors: int, heads: int, o: int
) -> int:
    """Write the list of a source to `lists[o]`, as far back as `low`; return its length."""
    chains = heads + p[P_N_GROUPS]
    begin, end = p[p[P_GROUPS_AT] + source], p[p[P_GROUPS_AT] + source + 1]
    first = p[P_GROUPS_AT]
    for m in range(begin, end):
        lists[cursors + m - begin] = lists[heads + p[first + m]]
    count = 0
    while True:
        best, newest = 0, -1
        for m in range(end - begin):
            if lists[cursors + m] > newest:
                best, newest = m, lists[cursors + m]
        if newest < 0 or (r[2 * newest] >> 20) <= low:
            return count
        lists[o + count] = newest
        count += 1
        lists[cursors + best] = lists[chains + newest]


@compiled
def walk(r: Words, i: int, low: int, lists: Words, chains: int, o: int) -> int:
    """Write one chain from record `i` to `lists[o]`, as far back as `low`; return its length."""
    count = 0
    while i >= 0 and (r[2 * i] >> 20) > low:
        lists[o + count] = i
        count += 1
        i = lists[chains + i]
    return count


@compiled
def gather(h: Words, r: Words, p: Words, at: int, lists: Words, stride: int) -> None:
    """Write the newest record and the list of every source at `at`."""
    sources, groups, first = p[P_N_SOURCES], p[P_N_GROUPS], p[P_GROUPS_AT]
    tails = 2 * sources
    heads = tails + groups
    oldest = max(h[MARKS], first_after(r, h[N], at - p[P_LONGEST_LIST]))
    chain(r, p, oldest, h[N], lists, tails, heads)
    for s in range(sources):
        newest = -1
        for m in range(p[first + s], p[first + s + 1]):
            newest = max(newest, lists[heads + p[first + m]])
        lists[sources + s] = newest
    o = first_list(p, stride)
    work = o + p[P_N_LISTS] * stride
    for s in range(p[P_N_LISTS]):
        low = at - p[p[P_SOURCES] + s]
        begin = p[first + s]
        if p[first + s + 1] == begin + 1:
            i = lists[heads + p[first + begin]]
            lists[s] = walk(r, i, low, lists, heads + groups, o + s * stride)
        else:
            lists[s] = merge(r, p, s, low, lists, work, heads, o + s * stride)
    newest_marks(h, r, p, lists)


@compiled
def newest_marks(h: Words, r: Words, p: Words, lists: Words) -> None:
    """Write the newest mark of every source that has no record."""
    sources = p[P_N_SOURCES]
    for i in range(h[MARKS]):
        bits = p[p[P_SOURCES_OF] + ((r[2 * i] >> 13) & 127)]
        for s in range(sources):
            if (bits >> s) & 1 and lists[sources + s] < h[MARKS]:
                lists[sources + s] = i


@compiled
def within(r: Words, lists: Words, o: int, count: int, low: int) -> int:
    """Return how many of the list at `lists[o]`, newest first, occurred after `low`."""
    if count and (r[2 * lists[o + count - 1]] >> 20) > low:
        return count
    first, end = 0, count
    while first < end:
        middle = (first + end) >> 1
        if (r[2 * lists[o + middle]] >> 20) > low:
            first = middle + 1
        else:
            end = middle
    return first
