"""The fingerprint of the code and the machine: what must be equal for bits to be equal."""

import hashlib
import importlib.metadata
import importlib.resources
import platform
from collections.abc import Iterator
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path

CORE_ROOMS = ("contracts", "features", "models", "decisions", "engine")
_NUMERIC_LIBRARIES = ("numpy", "numba", "llvmlite", "river", "pydantic-core", "msgspec")


@cache
def fingerprint() -> str:
    """Return `<16 hex digits of the core's source>-<8 of its libraries>-<8 of the machine>`.

    Two processes with the same fingerprint make the same decisions from the same journal, to the
    last bit. The first parts tell another build, the last one another place to run it.

    >>> fingerprint() == fingerprint(), [len(part) for part in fingerprint().split("-")]
    (True, [16, 8, 8])
    """
    return f"{_source_hash()[:16]}-{_libraries_hash()[:8]}-{_machine_hash()[:8]}"


def _source_hash() -> str:
    digest = hashlib.sha256()
    for room in CORE_ROOMS:
        for name, source in sorted(_sources(importlib.resources.files(room), prefix=room)):
            digest.update(f"{name}\n{len(source)}\n".encode())
            digest.update(source)
    return digest.hexdigest()


def _sources(folder: Traversable, *, prefix: str) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        name = f"{prefix}/{item.name}"
        if item.is_dir():
            yield from _sources(item, prefix=name)
        elif item.name.endswith(".py"):
            yield name, item.read_bytes()


def _libraries_hash() -> str:
    facts = [f"{name}={importlib.metadata.version(name)}" for name in _NUMERIC_LIBRARIES]
    return _hash_of([*facts, platform.python_version()])


def _machine_hash() -> str:
    return _hash_of([platform.machine(), _cpu_flags()])


def _hash_of(facts: list[str]) -> str:
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def _cpu_flags() -> str:
    """Return what the processor can do, as Linux tells it, or its name elsewhere."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    for line in info.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return " ".join(sorted(value.split()))
    return platform.processor()
