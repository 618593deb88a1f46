"""Numbers and values as text that has exactly one spelling, so that a hash means something."""

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray


def canonical_json(value: Any) -> bytes:  # Any: JSON, checked by the encoder
    """Return the one JSON text of a value: keys sorted, no spaces, no NaN.

    >>> canonical_json({"b": 1, "a": [True, None]})
    b'{"a":[true,null],"b":1}'
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def sha256_of(value: Any) -> str:  # Any: JSON, checked by the encoder
    """Return the SHA-256 of a value's canonical JSON.

    >>> sha256_of({"a": 1})[:16]
    '015abd7f5cc57a2d'
    """
    return hashlib.sha256(canonical_json(value)).hexdigest()


def pack(numbers: NDArray[np.float64]) -> str:
    """Return float64 values as little-endian hex, 16 digits each: bits, not decimals.

    >>> pack(np.array([1.0, -0.0]))
    '000000000000f03f0000000000000080'
    """
    return np.ascontiguousarray(numbers, dtype="<f8").tobytes().hex()


def unpack(text: str, *shape: int) -> NDArray[np.float64]:
    """Return what `pack` wrote, as an array of `shape` that may be written to.

    >>> unpack(pack(np.array([[1.5], [2.5]])), 2, 1)
    array([[1.5],
           [2.5]])
    """
    return np.frombuffer(bytes.fromhex(text), dtype="<f8").astype(np.float64).reshape(shape)
