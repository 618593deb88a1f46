"""List the records that a sum per kind cannot tell apart: one list per filter, newest first.

Only what some `latest`, spread, slope, percentile, month or round trip of the plan rests on is
listed, and only as far back as the longest of its windows. The lists are one array:

    counts(1 per source) | newest marks(1 per source, or -1)
    | list of source 0 (stride words) | list of source 1 | … | work (stride)

Before the horizon there are no single records to list, only the newest one of a kind.

Compiled.
"""

# ruff: noqa: PLR0917, SIM110 - compiled code: positional arguments only, no generators

from features._cache import compiled
from features.kernel.layout import (
    BIG,
    MARKS,
    P_BLOCK_WORDS,
    P_KINDS,
    P_N_SOURCES,
    P_SOURCES,
    P_SOURCES_OF,
    SEAL,
    N,
    Words,
    sealed_blocks,
)


@compiled
def lists_words(p: Words, stride: int) -> int:
    """Return how many words the lists take where each has room for `stride` records."""
    return int(2 * p[P_N_SOURCES] + (p[P_N_SOURCES] + 1) * stride)


@compiled
def nearest_edge(p: Words, at: int, wanted: int) -> int:
    """Return the latest time at which one of the `wanted` sources ends."""
    edge = -BIG
    for s in range(p[P_N_SOURCES]):
        if (wanted >> s) & 1:
            edge = max(edge, at - p[p[P_SOURCES] + 2 * s])
    return edge


@compiled
def ended(p: Words, at: int, wanted: int, occurred: int) -> int:
    """Return the `wanted` sources without those whose longest window ends at or after that."""
    for s in range(p[P_N_SOURCES]):
        if (wanted >> s) & 1 and at - p[p[P_SOURCES] + 2 * s] >= occurred:
            wanted ^= 1 << s
    return wanted


@compiled
def concerns(block: Words, p: Words, wanted: int) -> bool:
    """Return whether a sealed block holds a record of a `wanted` source."""
    for kind in range(1, p[P_KINDS]):
        if p[p[P_SOURCES_OF] + kind] & wanted and block[kind]:
            return True
    return False


@compiled
def gather(h: Words, r: Words, b: Words, p: Words, at: int, lists: Words, stride: int) -> None:
    """Write the lists of every source at `at`, walking back from the newest record once."""
    sources = p[P_N_SOURCES]
    lists[:sources] = 0
    wanted = (1 << sources) - 1
    edge = nearest_edge(p, at, wanted)
    i, marks = h[N], h[MARKS]
    sealed = marks + sealed_blocks(i - marks, b) * SEAL
    size = p[P_BLOCK_WORDS]
    while i > marks and wanted:
        if i <= sealed and (i - marks) % SEAL == 0:
            block = (i - marks) // SEAL - 1
            if not concerns(b[block * size : (block + 1) * size], p, wanted):
                i -= SEAL
                continue
        i -= 1
        w0 = r[2 * i]
        if (w0 >> 20) <= edge:
            wanted = ended(p, at, wanted, w0 >> 20)
            edge = nearest_edge(p, at, wanted)
        bits = p[p[P_SOURCES_OF] + ((w0 >> 13) & 127)] & wanted
        s = 0
        while bits:
            if bits & 1:
                lists[2 * sources + s * stride + lists[s]] = i
                lists[s] += 1
                if p[p[P_SOURCES] + 2 * s + 1]:  # nobody asks for more than the newest one
                    wanted ^= 1 << s
                    edge = nearest_edge(p, at, wanted)
            bits >>= 1
            s += 1
    newest_marks(h, r, p, lists)


@compiled
def newest_marks(h: Words, r: Words, p: Words, lists: Words) -> None:
    """Write the newest mark of every source, behind the counts."""
    sources = p[P_N_SOURCES]
    lists[sources : 2 * sources] = -1
    wanted = (1 << sources) - 1
    i = h[MARKS]
    while i > 0 and wanted:
        i -= 1
        bits = p[p[P_SOURCES_OF] + ((r[2 * i] >> 13) & 127)] & wanted
        for s in range(sources):
            if (bits >> s) & 1:
                lists[sources + s] = i
        wanted &= ~bits


@compiled
def within(r: Words, listed: Words, count: int, low: int) -> int:
    """Return how many of a list, newest first, occurred after `low`."""
    first, end = 0, count
    while first < end:
        middle = (first + end) >> 1
        if (r[2 * listed[middle]] >> 20) > low:
            first = middle + 1
        else:
            end = middle
    return first
