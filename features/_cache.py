"""How the kernel is compiled: to disk, once per content of its file, and never with fast maths.

A compiled function on disk is looked up by the SHA-256 of the file that defines it, by numba's
version and by the CPU. A callee or a constant in another file is not part of that key, and a
stale one gives wrong answers. So a kernel is one file that imports nothing of ours; a test says so.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Return `function` compiled: strict IEEE arithmetic, no interpreter lock, cached on disk.

    Where no folder can be written (neither beside the source nor the user's cache) the function
    is compiled again in every process: slower to start, the same answers.

    >>> @compiled
    ... def double(amount_minor: int) -> int:
    ...     return 2 * amount_minor
    >>> double(21)
    42
    """
    try:
        return _njit(function, cache=True)
    except RuntimeError:  # "no locator available": there is no writable place for the cache
        return _njit(function, cache=False)


def _njit(function: F, *, cache: bool) -> F:
    decorate = numba.njit(
        cache=cache, nogil=True, error_model="numpy", boundscheck=False, fastmath=False
    )
    return cast("F", decorate(function))
