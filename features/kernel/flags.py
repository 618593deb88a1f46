"""Which record is the latest of its key: flags that move as events come or go. Compiled."""

# ruff: noqa: PLR0917 - compiled code: positional arguments only, codes of the plan
# as plain numbers, loops that the compiler unrolls and that have no generators

from features._cache import compiled
from features.kernel.layout import (
    BIG,
    BITS,
    FLAGS_MASK,
    P_BIT_OF,
    P_KEY_OF,
    P_SPECS_OF,
    N,
    Words,
    bucket_start,
    spec_at,
)


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
def needs_key(p: Words, kind: int) -> bool:
    """Return whether some feature counts the keys of this kind."""
    bits = p[p[P_SPECS_OF] + kind]
    for bit in range(BITS):
        if (bits >> bit) & 1 and p[p[P_KEY_OF] + spec_at(p, kind, bit)] == 0:
            return True
    return False
