"""One log, or a batch of logs: the two ways in. Compiled."""

# ruff: noqa: PLR0917 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

import numpy as np

from features._cache import compiled
from features.kernel.cells import load_cells, store_cells
from features.kernel.flags import flag_all
from features.kernel.layout import (
    BAD_FIELD,
    CELL_WORDS,
    CELLS,
    FINGERPRINT,
    HEADER_WORDS,
    HORIZON,
    KEYS,
    MARKS,
    MAX_KEYS,
    P_BLOCK_WORDS,
    P_FINGERPRINT,
    SEAL,
    Floats,
    Hand,
    N,
    Words,
)
from features.kernel.read import read_all, read_words
from features.kernel.write import seal, take

FEW_READS = 3
"""So many readings of a log in hand are cheaper record by record than the blocks they could use."""


@compiled
def take_in_hand(s: Words, more: int, reads: int, p: Words, cap: int, t: Words) -> Hand:
    """Copy log `s` to where `more` events can be taken in; header and records lie in `t`."""
    n, nk = s[N], s[KEYS]
    h = t[0:HEADER_WORDS]
    h[:] = s[0:HEADER_WORDS]
    r = t[HEADER_WORDS : HEADER_WORDS + 2 * (n + 2 * more)]
    r[: 2 * n] = s[HEADER_WORDS : HEADER_WORDS + 2 * n]
    keys = np.empty(nk + more, np.int64)
    o = HEADER_WORDS + 2 * n
    keys[:nk] = s[o : o + nk]
    full = n + 2 * more + (nk + more) // 2 > cap or nk + more >= MAX_KEYS
    rooms = h[CELLS] + (more if h[HORIZON] else 0) + (n + 2 * more if full else 0)
    c = np.empty(CELL_WORDS * rooms, np.int64)
    load_cells(h, s[o + nk :], c)
    whole = (n + 2 * more) // SEAL if reads > FEW_READS and n - h[MARKS] + more >= 2 * SEAL else 0
    b = np.empty(whole * p[P_BLOCK_WORDS], np.int64)
    if h[FINGERPRINT] != p[P_FINGERPRINT]:
        h[FINGERPRINT] = p[P_FINGERPRINT]
        flag_all(h, r, p)
    seal(h, r, b, p, 0, 0)
    return h, r, keys, c, b


@compiled
def put_down(hand: Hand, t: Words) -> int:
    """Store the log in hand in `t`; return its length in words."""
    h, _, keys, c, _ = hand
    length = HEADER_WORDS + 2 * h[N]
    t[length : length + h[KEYS]] = keys[: h[KEYS]]
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
    hand = take_in_hand(s, len(events), 1, p, cap, t)
    h, r, keys, c, b = hand
    for i in range(len(events)):
        if not take(h, r, keys, c, b, p, events[i], at, cap):
            return BAD_FIELD - i
    if reading:
        stride = max(h[N], h[KEYS] + 1)
        read_all(hand, p, at, np.empty(read_words(p, stride), np.int64), stride, out)
    return put_down(hand, t)


@compiled
def advance_many(
    s: Words,
    s_start: Words,
    steps: Words,
    events: Words,
    p: Words,
    cap: int,
    t: Words,
    t_start: Words,
    out: Floats,
) -> int:
    """Take a batch in: row g of `steps` is (log, first event row, end, at), logs in order.

    Log c lies in `s` from word `s_start[c]` and its new form in `t` from `t_start[c]`. Row g of
    `out` is read after step g. Returns 0, or `BAD_FIELD` - (index of the row that does not fit).
    """
    g, o = 0, 0
    for log in range(len(s_start) - 1):
        end, more = g, 0
        while end < len(steps) and steps[end, 0] == log:
            more += steps[end, 2] - steps[end, 1]
            end += 1
        hand = take_in_hand(s[s_start[log] : s_start[log + 1]], more, end - g, p, cap, t[o:])
        h, r, keys, c, b = hand
        stride = max(h[N] + 2 * more, h[KEYS] + more + 1)
        room = np.empty(read_words(p, stride), np.int64)
        while g < end:
            at = steps[g, 3]
            for i in range(steps[g, 1], steps[g, 2]):
                if not take(h, r, keys, c, b, p, events[i], at, cap):
                    return int(BAD_FIELD - i)
            read_all(hand, p, at, room, stride, out[g])
            g += 1
        o += put_down(hand, t[o:])
        t_start[log + 1] = o
    return 0
