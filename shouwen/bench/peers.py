"""The peers beside us: other ways to the same windows, in processes of their own, timed alike.

Their code is in `benchmarks/peers/`, which is not installed. What is absent is named, not left out.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import numpy.typing as npt

from features import CATALOGUE, Window
from features.kinds import CODES
from shouwen.bench.histories import Arrival
from shouwen.bench.report import middle

ROOT: Final = Path(__file__).resolve().parents[2]
PEERS: Final = {
    "pure Python": ("pure_python", None),
    "River TimeRolling": ("river_rolling", "river"),
    "Polars": ("polars_windows", "polars"),
}
"""Name: module in `benchmarks/peers/`, and the library that it needs."""

SUBSET: Final = tuple(
    window
    for window in CATALOGUE
    if isinstance(window, Window)
    and window.aggregation in {"count", "sum"}
    and not window.at_least
    and window.floor_minor is None
)
"""What every peer can say: each plain count and sum of the catalogue, terms of formulas too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One way to the windows, and what it costs.

    Attributes:
        name: What it is.
        us_per_event: CPU microseconds per event, all threads; none where it could not run.
        features: How many it computes per event.
        exact: Whether every value equalled ours in every bit; none where nothing was compared.
        equal_ratio: Of the values, how many did.
        absent: Why it could not run.
    """

    name: str
    us_per_event: float | None = None
    features: int | None = None
    exact: bool | None = None
    equal_ratio: float | None = None
    absent: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return the fields by name."""
        return asdict(self)


def write_work(path: Path, stream: Sequence[Arrival], *, warm: int, runs: int, batch: int) -> None:
    """Write what the peers shall do: the events as plain arrays, the windows as plain data.

    Args:
        path: The file to write.
        stream: Events in order, each when it occurred.
        warm: How many of them come before those that are timed.
        runs: Into how many slices the timed ones are cut.
        batch: How many come at once.
    """
    lines = [(line.kind, line.amount_minor) for arrival in stream for line in arrival.events]
    windows = [
        {
            "name": window.name,
            "aggregation": window.aggregation,
            "kinds": sorted(CODES[kind] for kind in window.where),
            "window_ms": window.window_ms,
        }
        for window in SUBSET
    ]
    first_line = np.zeros(len(stream) + 1, np.int64)
    np.cumsum([len(arrival.events) for arrival in stream], out=first_line[1:])
    np.savez(
        path,
        customers=np.array([arrival.customer for arrival in stream], np.int64),
        at_ms=np.array([arrival.at_ms for arrival in stream], np.int64),
        first_line=first_line,
        lines=np.array(lines, np.int64).reshape(-1, 2),
        about=np.array(
            json.dumps({"warm": warm, "runs": runs, "batch": batch, "windows": windows})
        ),
    )


def run_peer(name: str, work: Path, ours: npt.NDArray[np.float64]) -> Peer:
    """Let a peer do the work in a process of its own, and compare its values with ours.

    Raises:
        subprocess.CalledProcessError: the peer failed; its own words are on standard error.
    """
    module, library = PEERS[name]
    if library is not None and find_spec(library) is None:
        return Peer(name=name, absent=f"needs the library {library}: make install-dev")
    if not (ROOT / "benchmarks" / "peers" / f"{module}.py").is_file():
        return Peer(name=name, absent="needs a checkout: benchmarks/peers is not installed")
    with TemporaryDirectory(prefix="shouwen-bench-") as folder:
        rows = Path(folder) / "rows.npy"
        command = (sys.executable, "-m", f"benchmarks.peers.{module}", str(work), str(rows))
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        said = json.loads(done.stdout)
        theirs = np.load(rows)
    equal = float(np.mean(theirs.view(np.int64) == ours.view(np.int64)))
    return Peer(
        name=name,
        us_per_event=middle(said["us_per_event"]),
        features=len(SUBSET),
        exact=equal == 1.0,
        equal_ratio=round(equal, 6),
    )
