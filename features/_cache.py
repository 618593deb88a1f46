"""How the kernels are compiled: to disk, once per content of their folder, never with fast maths.

A compiled function on disk is looked up by the content of the file that defines it, by numba's
version and by the CPU. A callee or a constant in another file is not part of that key, and a
stale one gives wrong answers. So the files of `features/kernel` share one key, the content of them
all, and import nothing else of ours; a test says so.
"""

import hashlib
import inspect
from collections.abc import Callable
from functools import cache as once
from pathlib import Path
from typing import Any, TypeVar, cast

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


@once
def sources_stamp(folder: Path) -> bytes:
    """Return the SHA-256 of all Python files of a folder, by name."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)} ".encode() + content)
    return digest.digest()


def _njit(function: F, *, cache: bool) -> F:
    decorate = numba.njit(
        cache=cache, nogil=True, error_model="numpy", boundscheck=False, fastmath=False
    )
    dispatcher: Any = decorate(function)  # Any: numba's types do not tell of the cache's own parts
    if cache and (folder := Path(inspect.getfile(function)).parent).name == "kernel":
        # numba has no public way to say what a cached function depends on; a change of this
        # attribute's name fails at import, and a test proves that the key is the folder.
        dispatcher._cache._cache_file._source_stamp = sources_stamp(folder)  # noqa: SLF001
    return cast("F", dispatcher)
