"""One log, or a batch of logs: the two ways in. Compiled."""

# ruff: noqa: PLR0917 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

import numpy as np

from features._cache import compiled
from features.kernel.cells import load_cells, store_cells
from features.kernel.flags import flag_all
from features.kernel.index import READ_AT, index_words, lose_places
from features.kernel.layout import (
    BAD_FIELD,
    CELL_WORDS,
    CELLS,
    CLOCK,
    FINGERPRINT,
    HEADER_WORDS,
    HORIZON,
    KEYS,
    LAYOUT,
    MAX_KEYS,
    P_FINGERPRINT,
    P_N_GROUPS,
    Floats,
    Hand,
    N,
    Words,
    cell_limit,
    copy,
)
from features.kernel.read import read_all
from features.kernel.write import take

BAD_LOG, BAD_CLOCK, BAD_EVENT = 1, 2, 3
"""What can be wrong with a batch: an entry of its logs, of its steps, or of its events."""


@compiled
def may_fill(s: Words, more: int, cap: int) -> bool:
    """Return whether log `s` may reach its cap as `more` events are taken in."""
    n, nk = s[N] + 2 * more, s[KEYS] + more
    return bool(n + nk // 2 > cap or nk >= MAX_KEYS)


@compiled
def new_words(s: Words, more: int, cap: int) -> int:
    """Return how many words log `s` has at most when `more` events were taken in."""
    words = len(s) + 5 * more
    return words + cell_limit(cap) if may_fill(s, more, cap) or s[HORIZON] else words


@compiled
def stride_of(s: Words, more: int) -> int:
    """Return more than the records and keys of log `s` when `more` events are taken in."""
    return int(max(s[N] + 2 * more, s[KEYS] + more) + 1)


@compiled
def take_in_hand(s: Words, more: int, stride: int, p: Words, cap: int, t: Words) -> Hand:
    """Copy log `s` to where `more` events can be taken in; header and records lie in `t`."""
    n, nk = s[N], s[KEYS]
    o = HEADER_WORDS + 2 * n
    copy(s, t, o)
    h, r = t[:HEADER_WORDS], t[HEADER_WORDS : o + 4 * more]
    keys = np.empty(nk + more, np.int64)
    copy(s[o:], keys, nk)
    full = may_fill(s, more, cap)
    rooms = h[CELLS] + (more if h[HORIZON] else 0) + (n + 2 * more if full else 0)
    c = np.empty(CELL_WORDS * rooms, np.int64)
    load_cells(h, s[o + nk :], c)
    dated = stride + rooms if h[HORIZON] or full else 0
    x = np.empty(index_words(p, stride), np.int64)
    lists = np.empty(p[P_N_GROUPS] * stride + dated, np.uint32)
    x[READ_AT] = 0
    lose_places(x)
    if h[FINGERPRINT] != p[P_FINGERPRINT]:
        h[FINGERPRINT] = p[P_FINGERPRINT]
        flag_all(h, r, p)
    return h, r, keys, c, x, lists


@compiled
def put_down(hand: Hand, t: Words) -> int:
    """Store the log in hand in `t`; return its length in words."""
    h, _, keys, c, _, _ = hand
    length = HEADER_WORDS + 2 * h[N]
    copy(keys, t[length:], h[KEYS])
    length += h[KEYS]
    return int(length + store_cells(h, c, t[length:]))


@compiled
def advance(
    s: Words,
    events: Words,
    at: int,
    p: Words,
    cap: int,
    t: Words,
    reading: bool,  # noqa: FBT001 - positional, as above
    out: Floats,
) -> int:
    """Take events into log `s`, writing the new log to `t`, and read it at `at` where wanted.

    Returns the new log's length in words, or `BAD_FIELD` - (index of the row that does not fit).
    """
    stride = stride_of(s, len(events))
    hand = take_in_hand(s, len(events), stride, p, cap, t)
    h, r, keys, c, x, _ = hand
    for i in range(len(events)):
        if not take(h, r, keys, c, x, p, events[i], at, cap):
            return BAD_FIELD - i
    if reading:
        read_all(hand, p, at, stride, out)
    return put_down(hand, t)


@compiled
def is_log(s: Words) -> bool:
    """Return whether `s` says to be a log of this layout, and has all that its header speaks of."""
    if len(s) < HEADER_WORDS or s[0] & 255 != LAYOUT or min(s[N], s[KEYS], s[CELLS]) < 0:
        return False
    return bool(HEADER_WORDS + 2 * s[N] + s[KEYS] + s[CELLS] <= len(s))


@compiled
def by_log(steps: Words, logs: int) -> tuple[Words, Words]:
    """Return the steps log by log, those of a log in order, and where those of each begin."""
    owners = steps[0]
    start = np.zeros(logs + 1, np.int64)
    for log in owners:
        start[log + 1] += 1
    for log in range(logs):
        start[log + 1] += start[log]
    order, free = np.empty(len(owners), np.int64), start.copy()
    for g in range(len(owners)):
        order[free[owners[g]]] = g
        free[owners[g]] += 1
    return order, start


@compiled
def events_of(steps: Words, g: int) -> tuple[int, int]:
    """Return the first row and the end of the events of step `g`."""
    return (steps[1, g - 1] if g else 0), steps[1, g]


@compiled
def room_for(
    s: Words, s_start: Words, steps: Words, order: Words, start: Words, cap: int
) -> tuple[int, int]:
    """Return 0 and how many words the new logs need at most, or what is wrong and where."""
    room = 0
    for c in range(len(start) - 1):
        log = s[s_start[c] : s_start[c + 1]]
        if not is_log(log):
            return BAD_LOG, c
        clock, more = log[CLOCK], 0
        for g in order[start[c] : start[c + 1]]:
            first, end = events_of(steps, g)
            if steps[2, g] < clock:
                return BAD_CLOCK, g
            clock = steps[2, g] if end > first else clock
            more += end - first
        room += new_words(log, more, cap)
    return 0, room


@compiled
def advance_many(
    s: Words, s_start: Words, steps: Words, events: Words, p: Words, cap: int, out: Floats
) -> tuple[int, int, Words, Words]:
    """Take a batch in: column g of `steps` is (log, end of its events, at), read to row g of `out`.

    Log c lies in `s` from word `s_start[c]`. Returns 0, the words of the new logs, these, and
    where each begins; or `BAD_LOG`, `BAD_CLOCK` or `BAD_EVENT`, and which log, step or row of
    `events` it is.
    """
    logs = len(s_start) - 1
    order, start = by_log(steps, logs)
    code, room = room_for(s, s_start, steps, order, start, cap)
    t_start = np.zeros(logs + 1, np.int64)
    if code:
        return code, room, t_start, t_start
    t = np.empty(room, np.int64)
    for c in range(logs):
        own, more = order[start[c] : start[c + 1]], 0
        for g in own:
            first, end = events_of(steps, g)
            more += end - first
        o = t_start[c]
        log = s[s_start[c] : s_start[c + 1]]
        stride = stride_of(log, more)
        hand = take_in_hand(log, more, stride, p, cap, t[o:])
        h, r, keys, cells, x, _ = hand
        for g in own:
            at = steps[2, g]
            first, end = events_of(steps, g)
            for i in range(first, end):
                if not take(h, r, keys, cells, x, p, events[i], at, cap):
                    return BAD_EVENT, i, t, t_start
            read_all(hand, p, at, stride, out[g])
        t_start[c + 1] = o + put_down(hand, t[o:])
    return 0, t_start[logs], t, t_start
