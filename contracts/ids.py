"""Ids and partitions that every process, on every machine, computes the same way."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

_MASK32 = 0xFFFFFFFF
_M = 0x5BD1E995


def stable_id(prefix: str, *parts: str | int) -> str:
    """Return `<prefix>_<20 hex digits>`: a hash of the parts, each with its length.

    The lengths keep ("ab", "c") and ("a", "bc") apart.

    >>> stable_id("d", "c-1", "timer", 7)
    'd_9bee32b110800c285b28'
    >>> stable_id("d", "ab", "c") == stable_id("d", "a", "bc")
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        raw = str(part).encode()
        digest.update(len(raw).to_bytes(4, "little"))
        digest.update(raw)
    return f"{prefix}_{digest.hexdigest()[:20]}"


def unit_interval(*parts: str | int) -> float:
    """Return a number in [0, 1) that is a hash of the parts: our only source of chance.

    Source: docs/domain.md, "Arbitration": u = sha256(salt|experiment|unit)[0:8] / 2^64; the top
    53 bits, so that the quotient is an exact float64.

    >>> 0.0 <= unit_interval("exp-1", "c-1") < 1.0
    True
    """
    raw = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return (int.from_bytes(raw[:8], "big") >> 11) / float(1 << 53)


def murmur2(data: bytes) -> int:
    """Return Kafka's 32-bit murmur2 of `data`, as its Java client computes it.

    Source: A. Appleby, MurmurHash2; `org.apache.kafka.common.utils.Utils.murmur2`.

    >>> murmur2(b"21")
    3321034988
    """
    length = len(data)
    h = (0x9747B28C ^ length) & _MASK32
    whole = length & ~3
    for i in range(0, whole, 4):
        k = (int.from_bytes(data[i : i + 4], "little") * _M) & _MASK32
        k ^= k >> 24
        h = ((h * _M) & _MASK32) ^ ((k * _M) & _MASK32)
    tail = data[whole:]
    if tail:
        h ^= int.from_bytes(tail, "little")
        h = (h * _M) & _MASK32
    h ^= h >> 13
    h = (h * _M) & _MASK32
    return h ^ (h >> 15)


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a subject: the same in every producer, in every language.

    >>> partition_of("c-1", 4)
    3
    """
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def chain(previous: str, body: bytes) -> str:
    """Return the next link of a hash chain over everything a partition decided.

    >>> chain("", b"first") == chain("", b"second")
    False
    """
    return hashlib.sha256(previous.encode() + b"|" + body).hexdigest()


def sha256_hex(parts: Sequence[bytes]) -> str:
    """Return the SHA-256 of byte strings, each with its length.

    >>> sha256_hex([b"ab", b"c"]) == sha256_hex([b"a", b"bc"])
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
