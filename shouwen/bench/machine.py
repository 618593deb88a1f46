"""Of which machine and which code a number is: without these it says nothing."""

import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where something was measured.

    Attributes:
        cpu: The processor's own name.
        cores: How many of its cores this process may use.
        load: Running processes, a mean over the minute before; near 0 is a quiet machine.
        python: Version of the interpreter.
        numba: Version of the compiler of the kernels.
        system: Operating system and architecture.
    """

    cpu: str
    cores: int
    load: float
    python: str
    numba: str
    system: str

    def __str__(self) -> str:
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return (
            f"{self.cpu}, {cores}, load {self.load:.1f} at the start; "
            f"Python {self.python}, numba {self.numba}, {self.system}"
        )

    def as_json(self) -> dict[str, object]:
        """Return the fields by name."""
        return asdict(self)


def this_machine() -> Machine:
    """Return what this process runs on."""
    return Machine(
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _all_cores(),
        load=round(os.getloadavg()[0], 2),
        python=platform.python_version(),
        numba=version("numba"),
        system=f"{platform.system()} {platform.machine()}",
    )


def commit_here() -> str | None:
    """Return the commit of this checkout, with `+` where files differ from it; none elsewhere."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    if commit is None:
        return None
    return f"{commit}+" if _git("status", "--porcelain", "--untracked-files=no") else commit


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _all_cores() -> int:
    return os.cpu_count() or 1


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=_ROOT, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
