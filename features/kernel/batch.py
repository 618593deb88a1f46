"""One log, or a batch of logs: the two ways in. Compiled."""

# ruff: noqa: PLR0917 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

import numpy as np

from features._cache import compiled
from features.kernel.flags import flag_all
from features.kernel.gather import lists_words
from features.kernel.layout import (
    BAD_FIELD,
    FINGERPRINT,
    HEADER_WORDS,
    KEYS,
    P_BLOCK_WORDS,
    P_FINGERPRINT,
    Floats,
    N,
    Words,
    sealed_blocks,
)
from features.kernel.read import read_all
from features.kernel.write import seal, take


@compiled
def advance(
    s: Words,
    events: Words,
    start: int,
    end: int,
    at: int,
    p: Words,
    cap: int,
    t: Words,
    reading: bool,  # noqa: FBT001 - positional, as above
    out: Floats,
) -> int:
    """Take the events of rows `start` to `end` into log `s`, writing the new log to `t`.

    Returns the new log's length in words, or `BAD_FIELD` - (index of the row that does not fit).
    """
    n, nk, m = s[N], s[KEYS], end - start
    size = p[P_BLOCK_WORDS]
    h = t[0:HEADER_WORDS]
    o = HEADER_WORDS + 2 * (n + 2 * m)
    r = t[HEADER_WORDS:o]
    keys = t[o : o + nk + m]
    b = t[o + nk + m :]
    h[:] = s[0:HEADER_WORDS]
    r[: 2 * n] = s[HEADER_WORDS : HEADER_WORDS + 2 * n]
    keys[:nk] = s[HEADER_WORDS + 2 * n : HEADER_WORDS + 2 * n + nk]
    if h[FINGERPRINT] == p[P_FINGERPRINT]:
        whole = sealed_blocks(n) * size
        b[:whole] = s[HEADER_WORDS + 2 * n + nk : HEADER_WORDS + 2 * n + nk + whole]
    else:
        h[FINGERPRINT] = p[P_FINGERPRINT]
        flag_all(h, r, p)
        seal(h, r, b, p, 0, 0)
    for i in range(start, end):
        if not take(h, r, keys, b, p, events[i], at, cap):
            return BAD_FIELD - i
    if reading:
        stride = max(h[N], h[KEYS] + 1)
        room = np.empty(size + lists_words(p, stride), np.int64)
        read_all(h, r, b, p, at, room[:size], room[size:], stride, out)
    length = HEADER_WORDS + 2 * h[N]
    t[length : length + h[KEYS]] = keys[: h[KEYS]]
    length += h[KEYS]
    whole = sealed_blocks(h[N]) * size
    t[length : length + whole] = b[:whole]
    return int(length + whole)


@compiled
def advance_many(
    s: Words,
    s_start: Words,
    steps: Words,
    events: Words,
    p: Words,
    cap: int,
    rooms: tuple[Words, Words],
    t_start: Words,
    out: Floats,
) -> int:
    """Take a batch in: row g of `steps` is (log, first event row, end, at), logs in order.

    Log c lies in `s` from word `s_start[c]` and its new form in the first room from `t_start[c]`;
    the second room is scratch, twice. Row g of `out` is read after step g. Returns 0, or
    `BAD_FIELD` - (index of the row that does not fit).
    """
    t, scratch = rooms
    half = len(scratch) // 2
    g, o = 0, 0
    for c in range(len(s_start) - 1):
        old = s[s_start[c] : s_start[c + 1]]
        length = len(old)
        side = 0
        while g < len(steps) and steps[g, 0] == c:
            new = scratch[side * half : (side + 1) * half]
            length = advance(
                old, events, steps[g, 1], steps[g, 2], steps[g, 3], p, cap, new, True, out[g]
            )
            if length < 0:
                return length
            old = new[:length]
            side = 1 - side
            g += 1
        t[o : o + length] = old[:length]
        o += length
        t_start[c + 1] = o
    return 0
