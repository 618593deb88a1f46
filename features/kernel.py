"""One customer's log in whole numbers: take an event in, read every window off. Compiled.

    log     header(8) | records(2 each, by occurrence, then arrival) | keys(1 each) | blocks
    record  w0 = occurred 42 | kind 7 | key 12 | clamped 1
            w1 = amount 35 (+ 2^34) | id 22 | last-of-its-key flags 6

All words are int64 and not negative. A flag says "the latest of its key", so that counting keys in
a window is counting flags. What a flag stands for depends on the record's kind: filters that share
no kind may share a flag (a "spec" is a filter with its key, and the plan says which spec a flag of
a kind is). A full run of 256 records has a block: count, sum, min, max and last per kind, and two
sums per spec; the newest 256 or more records have none. Flags and blocks are derived: a log
of another catalogue gets them anew. A reversed event is taken out and its tombstone (kind 0) stays,
so that it does not matter which of the two came first. This file imports nothing of ours (`_cache`
says why), except the decorator.
"""

# ruff: noqa: PLR0917, PLR2004, C901 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

import numpy as np
import numpy.typing as npt

from features._cache import compiled

Words = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LAYOUT = 1
HEADER_WORDS = 8
FINGERPRINT, CLOCK, N, KEYS, LIMIT, WHOLE_FROM = 1, 2, 3, 4, 5, 6  # 0 is the layout, 7 is unused
SPECS = 24
BITS = 6
SEAL = 256
SMALL = 64
MAX_KEYS = (1 << 12) - 2
AMOUNT_ZERO = 1 << 34
ID_MASK = (1 << 22) - 1
FLAGS_MASK = (1 << BITS) - 1
CLAMP_MS = 300_000
DAY_MS = 86_400_000
OFFSET_MS = 28_800_000
BIG = 1 << 62
EVENT_WORDS = 9
BAD_FIELD = -1

P_KINDS, P_COLUMNS, P_FINGERPRINT, P_LONGEST, P_BLOCK_WORDS = 0, 1, 2, 3, 4
P_N_WINDOWS, P_N_FORMULAS, P_WINDOWS, P_CELL_END, P_CELLS, P_MEMBERS = 5, 6, 7, 8, 9, 10
P_FORMULAS, P_SPECS_OF, P_KEY_OF, P_KEEP, P_BIT_OF, P_SPEC_AT, P_HEAD_WORDS = range(11, 18)


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
def flagged_of_key(r: Words, p: Words, i: int, spec: int, key: int, low: int) -> int:
    """Return the newest record below `i` with the flag and key, not older than `low`, or -1."""
    keyed = p[p[P_KEY_OF] + spec] == 0
    bit = p[p[P_BIT_OF] + spec]
    while i > 0:
        i -= 1
        w0 = r[2 * i]
        if (w0 >> 20) < low:
            return -1
        flagged = (r[2 * i + 1] >> bit) & 1 and spec_at(p, (w0 >> 13) & 127, bit) == spec
        if flagged and (not keyed or (w0 >> 1) & 4095 == key):
            return i
    return -1


@compiled
def hand_back(r: Words, p: Words, i: int, spec: int) -> int:
    """Give the flag of record `i` to the record before it with the same key; return that or `i`."""
    key_of = p[p[P_KEY_OF] + spec]
    bit = p[p[P_BIT_OF] + spec]
    key = (r[2 * i] >> 1) & 4095
    low = -BIG if key_of == 0 else bucket_start(key_of, r[2 * i] >> 20)
    j = i
    while j > 0:
        j -= 1
        w0 = r[2 * j]
        if (w0 >> 20) < low:
            return i
        member = spec_at(p, (w0 >> 13) & 127, bit) == spec
        if member and (key_of != 0 or (w0 >> 1) & 4095 == key):
            r[2 * j + 1] |= 1 << bit
            return j
    return i


@compiled
def add_up(r: Words, i: int, p: Words, a: Words) -> None:
    """Add one record to the sums of `a`: five per kind, then flags and flagged amounts."""
    kinds = p[P_KINDS]
    w0 = r[2 * i]
    w1 = r[2 * i + 1]
    amount = (w1 >> 28) - AMOUNT_ZERO
    k = (w0 >> 13) & 127
    a[k] += 1
    a[kinds + k] += amount
    a[2 * kinds + k] = min(a[2 * kinds + k], amount)
    a[3 * kinds + k] = max(a[3 * kinds + k], amount)
    a[4 * kinds + k] = max(a[4 * kinds + k], w0 >> 20)
    flags = w1 & FLAGS_MASK
    if flags:
        for bit in range(BITS):
            if (flags >> bit) & 1:
                s = spec_at(p, k, bit)
                a[5 * kinds + s] += 1
                a[5 * kinds + SPECS + s] += amount


@compiled
def clear(kinds: int, a: Words) -> None:
    """Set sums to those of no record at all."""
    a[:] = 0
    a[2 * kinds : 3 * kinds] = BIG
    a[3 * kinds : 4 * kinds] = -BIG
    a[4 * kinds : 5 * kinds] = -1


@compiled
def sealed_blocks(n: int) -> int:
    """Return how many of the oldest runs of 256 records have a block."""
    return max(0, n // SEAL - 1)


@compiled
def seal(h: Words, r: Words, b: Words, p: Words, dirty: int, had: int) -> None:
    """Sum up anew the blocks from that of record `dirty` on, and those beyond the `had` first."""
    size = p[P_BLOCK_WORDS]
    for block in range(min(dirty // SEAL, had), sealed_blocks(h[N])):
        a = b[block * size : (block + 1) * size]
        clear(p[P_KINDS], a)
        for i in range(block * SEAL, (block + 1) * SEAL):
            add_up(r, i, p, a)


@compiled
def flag_all(h: Words, r: Words, p: Words) -> None:
    """Set every flag anew, from the kinds, keys and times of the records."""
    n = h[N]
    for i in range(n):
        w0 = r[2 * i]
        kind = (w0 >> 13) & 127
        bits = p[p[P_SPECS_OF] + kind]
        r[2 * i + 1] = (r[2 * i + 1] & ~FLAGS_MASK) | bits
        for bit in range(BITS):
            if (bits >> bit) & 1:
                s = spec_at(p, kind, bit)
                key_of = p[p[P_KEY_OF] + s]
                low = -BIG if key_of == 0 else bucket_start(key_of, w0 >> 20)
                j = flagged_of_key(r, p, i, s, (w0 >> 1) & 4095, low)
                if j >= 0:
                    r[2 * j + 1] ^= 1 << bit


@compiled
def insert(h: Words, r: Words, p: Words, e: Words, kind: int, key: int, dirty: int) -> int:
    """Put a record at its place in time; return the oldest index that changed."""
    n = h[N]
    at = e[0]
    place = first_after(r, n, at)
    bits = p[p[P_SPECS_OF] + kind]
    flags = 0
    dirty = min(dirty, place)
    for bit in range(BITS):
        if (bits >> bit) & 1:
            s = spec_at(p, kind, bit)
            key_of = p[p[P_KEY_OF] + s]
            end = n if key_of == 0 else first_after(r, n, bucket_end(key_of, at))
            low = -BIG if key_of == 0 else bucket_start(key_of, at)
            j = flagged_of_key(r, p, end, s, key, low)
            if j < place:
                flags |= 1 << bit
                if j >= 0:
                    r[2 * j + 1] ^= 1 << bit
                    dirty = min(dirty, j)
    for i in range(2 * n - 1, 2 * place - 1, -1):
        r[i + 2] = r[i]
    clamped = 1 if e[8] > at else 0
    r[2 * place] = at << 20 | kind << 13 | key << 1 | clamped
    r[2 * place + 1] = (e[3] + AMOUNT_ZERO) << 28 | (e[4] & ID_MASK) << 6 | flags
    h[N] = n + 1
    return dirty


@compiled
def remove(h: Words, r: Words, p: Words, i: int, dirty: int) -> int:
    """Take a record out; return the oldest index that changed."""
    dirty = min(dirty, i)
    flags = r[2 * i + 1] & FLAGS_MASK
    kind = (r[2 * i] >> 13) & 127
    for bit in range(BITS):
        if (flags >> bit) & 1:
            dirty = min(dirty, hand_back(r, p, i, spec_at(p, kind, bit)))
    n = h[N]
    for j in range(2 * i, 2 * n - 2):
        r[j] = r[j + 2]
    h[N] = n - 1
    return dirty


@compiled
def is_known(h: Words, r: Words, e: Words) -> bool:
    """Return whether the event is there already, or its tombstone is."""
    stated = e[8]
    same = (e[3] + AMOUNT_ZERO) << 22 | (e[4] & ID_MASK)
    i = first_after(r, h[N], stated)
    while i > 0:
        i -= 1
        w0 = r[2 * i]
        if (w0 >> 20) < stated - CLAMP_MS:
            return False
        exact = (w0 >> 20) == stated
        kind = (w0 >> 13) & 127
        if kind == 0:
            if exact and (r[2 * i + 1] >> 6) & ID_MASK == e[4] & ID_MASK:
                return True
        elif kind == e[1] and (r[2 * i + 1] >> 6) == same and (w0 & 1 or exact):
            return True
    return False


@compiled
def strike(h: Words, r: Words, p: Words, e: Words, dirty: int) -> int:
    """Take out what the event refers to and leave a tombstone; return the oldest change."""
    stated = e[6]
    planted = False
    i = first_after(r, h[N], stated)
    while i > 0:
        i -= 1
        w0 = r[2 * i]
        if (w0 >> 20) < stated - CLAMP_MS:
            break
        exact = (w0 >> 20) == stated
        if (r[2 * i + 1] >> 6) & ID_MASK == e[7] & ID_MASK and (w0 & 1 or exact):
            if (w0 >> 13) & 127:
                dirty = remove(h, r, p, i, dirty)
            elif exact:
                planted = True
    if planted or stated <= h[CLOCK] - p[P_LONGEST]:
        return dirty
    tomb = np.zeros(EVENT_WORDS, np.int64)
    tomb[0] = stated
    tomb[4] = e[7]
    tomb[8] = stated
    return insert(h, r, p, tomb, 0, 0, dirty)


@compiled
def drop_before(h: Words, r: Words, keys: Words, p: Words, first: int) -> None:
    """Forget the `first` oldest records, what no window can see any more, and unused keys."""
    kept = 0
    new_key = np.zeros(h[KEYS] + 1, np.int64)
    for i in range(h[N]):
        w0 = r[2 * i]
        gone = (w0 >> 20) + p[p[P_KEEP] + ((w0 >> 13) & 127)]
        if gone <= h[CLOCK]:
            continue
        if i < first:
            h[WHOLE_FROM] = max(h[WHOLE_FROM], gone)
            continue
        new_key[(w0 >> 1) & 4095] = 1
        r[2 * kept] = w0
        r[2 * kept + 1] = r[2 * i + 1]
        kept += 1
    used = 0
    new_key[0] = 0
    for k in range(1, h[KEYS] + 1):
        if new_key[k]:
            keys[used] = keys[k - 1]
            used += 1
            new_key[k] = used
    for i in range(kept):
        w0 = r[2 * i]
        r[2 * i] = w0 - ((w0 >> 1 & 4095) << 1) + (new_key[(w0 >> 1) & 4095] << 1)
    h[N] = kept
    h[KEYS] = used
    h[LIMIT] = max(SMALL, kept + kept // 4)


@compiled
def key_of_hash(h: Words, keys: Words, key_hash: int) -> int:
    """Return the number of a key, from 1; a new key gets the next one."""
    n = h[KEYS]
    for k in range(n):
        if keys[k] == key_hash:
            return k + 1
    keys[n] = key_hash
    h[KEYS] = n + 1
    return int(n + 1)


@compiled
def needs_key(p: Words, kind: int) -> bool:
    """Return whether some feature counts the keys of this kind."""
    bits = p[p[P_SPECS_OF] + kind]
    for bit in range(BITS):
        if (bits >> bit) & 1 and p[p[P_KEY_OF] + spec_at(p, kind, bit)] == 0:
            return True
    return False


@compiled
def fits(p: Words, e: Words, at: int) -> bool:
    """Return whether every field is within the bits that the log has for it."""
    if e[0] < 0 or e[0] > at or at >= 1 << 42 or e[8] < e[0] or e[8] > e[0] + CLAMP_MS:
        return False
    if e[1] < 0 or e[1] >= p[P_KINDS] or (e[1] == 0 and e[5] != 1) or e[2] < 0:
        return False
    if e[3] <= -AMOUNT_ZERO or e[3] >= AMOUNT_ZERO or e[4] < 0 or e[5] < 0 or e[5] > 2:
        return False
    return bool(e[5] == 0 or (0 <= e[6] <= at + CLAMP_MS and e[7] >= 0))


@compiled
def take(h: Words, r: Words, keys: Words, b: Words, p: Words, e: Words, at: int, cap: int) -> bool:
    """Take one event in; return false, with nothing changed, where a field does not fit."""
    if not fits(p, e, at):
        return False
    h[CLOCK] = max(h[CLOCK], at)
    had = sealed_blocks(h[N])
    dirty = h[N]
    if e[5] != 0:
        dirty = strike(h, r, p, e, dirty)
    seen = e[0] > h[CLOCK] - p[p[P_KEEP] + e[1]]
    if e[5] != 1 and seen and not is_known(h, r, e):
        key = 0
        if needs_key(p, e[1]):
            if h[KEYS] >= MAX_KEYS:
                drop_before(h, r, keys, p, 0)
                dirty = 0
            while h[KEYS] >= MAX_KEYS:
                drop_before(h, r, keys, p, h[N] // 2 + 1)
            key = key_of_hash(h, keys, e[2])
        dirty = insert(h, r, p, e, e[1], key, dirty)
    if h[N] > max(h[LIMIT], SMALL) or h[N] > cap:
        drop_before(h, r, keys, p, 0)
        if h[N] > cap:
            drop_before(h, r, keys, p, h[N] - cap + cap // 8)
        dirty = 0
    seal(h, r, b, p, dirty, had)
    return True


@compiled
def read_off(p: Words, w: int, at: int, a: Words, out: Floats) -> None:
    """Write the features of window `w`, of which `a` holds the sums."""
    kinds = p[P_KINDS]
    first = p[p[P_CELL_END] + w - 1] if w else 0
    for c in range(first, p[p[P_CELL_END] + w]):
        o = p[P_CELLS] + 5 * c
        aggregation = p[o]
        low = p[P_MEMBERS] + p[o + 1]
        high = p[P_MEMBERS] + p[o + 2]
        total = 0
        if aggregation <= 1:
            for m in range(low, high):
                total += a[aggregation * kinds + p[m]]
            out[p[o + 3]] = total
        elif aggregation == 2:
            total = BIG
            for m in range(low, high):
                total = min(total, a[2 * kinds + p[m]])
            out[p[o + 3]] = total if total < BIG else np.nan
        elif aggregation == 3:
            total = -BIG
            for m in range(low, high):
                total = max(total, a[3 * kinds + p[m]])
            out[p[o + 3]] = total if total > -BIG else np.nan
        elif aggregation == 4:
            total = -1
            for m in range(low, high):
                total = max(total, a[4 * kinds + p[m]])
            out[p[o + 3]] = (at - total) / p[o + 4] if total >= 0 else np.nan
        elif aggregation == 5:
            out[p[o + 3]] = a[5 * kinds + p[o + 1]]
        else:
            known = a[5 * kinds + p[o + 1]] > 0
            out[p[o + 3]] = a[5 * kinds + SPECS + p[o + 1]] if known else np.nan


@compiled
def work_out(p: Words, out: Floats) -> None:
    """Write the formulas, of which `out` holds the terms; the order of operations is fixed."""
    o = p[P_FORMULAS]
    for _ in range(p[P_N_FORMULAS]):
        over, under = 0.0, 0.0
        end = o + 6 + p[o + 4]
        for t in range(o + 6, end):
            over += -out[p[t] >> 1] if p[t] & 1 else out[p[t] >> 1]
        for t in range(end, end + p[o + 5]):
            under += -out[p[t] >> 1] if p[t] & 1 else out[p[t] >> 1]
        divisor = under * p[o + 2] if p[o + 5] else 1.0 * p[o + 2]
        out[p[o]] = over * p[o + 1] / divisor + p[o + 3] if divisor != 0.0 else np.nan
        o = end + p[o + 5]


@compiled
def read_all(h: Words, r: Words, b: Words, p: Words, at: int, a: Words, out: Floats) -> None:
    """Read every feature at `at`: once from the newest record back, whole blocks at a time."""
    kinds = p[P_KINDS]
    size = p[P_BLOCK_WORDS]
    clear(kinds, a)
    i = h[N]
    sealed = sealed_blocks(i) * SEAL
    for w in range(p[P_N_WINDOWS]):
        low = at - p[p[P_WINDOWS] + w]
        while i > 0:
            if i <= sealed and i % SEAL == 0 and (r[2 * (i - SEAL)] >> 20) > low:
                i -= SEAL
                block = b[(i // SEAL) * size : (i // SEAL + 1) * size]
                for k in range(2 * kinds):
                    a[k] += block[k]
                for k in range(2 * kinds, 3 * kinds):
                    a[k] = min(a[k], block[k])
                for k in range(3 * kinds, 5 * kinds):
                    a[k] = max(a[k], block[k])
                for k in range(5 * kinds, size):
                    a[k] += block[k]
            elif (r[2 * (i - 1)] >> 20) > low:
                i -= 1
                add_up(r, i, p, a)
            else:
                break
        read_off(p, w, at, a, out)
    work_out(p, out)


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
    a = np.empty(size, np.int64)
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
        read_all(h, r, b, p, at, a, out)
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
