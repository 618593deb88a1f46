"""How every peer works: read the work, take the history in untimed, time the rest, write the rows.

A peer is run as `python -m benchmarks.peers.NAME WORK.npz ROWS.npy` and prints one JSON object. It
sees plain arrays and plain windows, and imports nothing of the project: what it computes, it
computes by itself.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt


class Event(NamedTuple):
    """A source event: whose, when (epoch ms), and its lines of (kind, amount in minor units)."""

    customer: int
    at_ms: int
    lines: list[tuple[int, int]]


class Window(NamedTuple):
    """A count of events, or a sum of their amounts, with `at - window_ms < occurred <= at`."""

    name: str
    aggregation: str
    kinds: list[int]
    window_ms: int


@dataclass(frozen=True, slots=True)
class Work:
    """What to do.

    Attributes:
        events: In order; each occurs when it comes.
        windows: What to say after each event.
        warm: How many events come before those that are timed.
        runs: Into how many slices the timed ones are cut.
        batch: How many events come at once.
    """

    events: list[Event]
    windows: list[Window]
    warm: int
    runs: int
    batch: int


class Peer(Protocol):
    """A way to the windows."""

    def warm(self, events: Sequence[Event]) -> None:
        """Take a history in; nobody asks for windows yet."""

    def take(self, events: Sequence[Event]) -> Sequence[Sequence[float]]:
        """Take a batch in and return one row per event: every window as of that event."""


def read_work(path: Path) -> Work:
    """Return the work in a file."""
    with np.load(path) as file:
        about = json.loads(str(file["about"]))
        customers, at_ms = file["customers"].tolist(), file["at_ms"].tolist()
        starts = file["first_line"].tolist()
        lines = [(kind, amount) for kind, amount in file["lines"].tolist()]
    events = [
        Event(customer, at, lines[starts[i] : starts[i + 1]])
        for i, (customer, at) in enumerate(zip(customers, at_ms, strict=True))
    ]
    windows = [Window(**window) for window in about["windows"]]
    return Work(events, windows, about["warm"], about["runs"], about["batch"])


def do(work: Work, peer: Peer) -> tuple[list[float], npt.NDArray[np.float64]]:
    """Return CPU microseconds per event of each slice, all threads counted, and every row."""
    peer.warm(work.events[: work.warm])
    timed = work.events[work.warm :]
    size = len(timed) // work.runs
    found: list[float] = []
    rows: list[Sequence[float]] = []
    for run in range(work.runs):
        part = timed[run * size : (run + 1) * size]
        start = time.process_time_ns()
        for i in range(0, len(part), work.batch):
            rows.extend(peer.take(part[i : i + work.batch]))
        found.append((time.process_time_ns() - start) / len(part) / 1_000)
    return found, np.array(rows, np.float64)


def main(make: Callable[[Sequence[Window]], Peer]) -> None:
    """Do the work that the command line names and print what it cost."""
    work = read_work(Path(sys.argv[1]))
    found, rows = do(work, make(work.windows))
    np.save(sys.argv[2], rows)
    print(json.dumps({"us_per_event": found}))
