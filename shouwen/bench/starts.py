"""How long a process takes to its first features: with nothing compiled yet, and afterwards."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from shouwen.bench.report import middle

_ROOT = Path(__file__).resolve().parents[2]
_COMMAND = (sys.executable, "-m", "shouwen.bench.first_use")


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """Wall-clock seconds from the start of a process to its end, the interpreter's own included."""

    cold_seconds: float
    warm_seconds: float


def measure_starts(*, warm_runs: int) -> Starts:
    """Start processes on a compiler's cache of their own: the first finds it empty.

    Raises:
        subprocess.CalledProcessError: a process failed; its own words are on standard error.
    """
    with TemporaryDirectory(prefix="shouwen-bench-") as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder, "PYTHONPATH": str(_ROOT)}
        cold = _seconds(environment)
        warm = [_seconds(environment) for _ in range(warm_runs)]
    return Starts(cold_seconds=round(cold, 2), warm_seconds=middle(warm, digits=2))


def _seconds(environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(_COMMAND, env=environment, check=True)
    return time.perf_counter() - start
