"""The same windows over the same events, ours and the peers', one after the other in one run."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from features import CATALOGUE, PLAN, Feature, SlowLog
from features.plan import Plan, compile_catalogue
from shouwen.bench.bank import Bank, Rows
from shouwen.bench.histories import Arrival, Traffic, arrivals, in_order
from shouwen.bench.peers import PEERS, SUBSET, Peer, run_peer, write_work
from shouwen.bench.report import Tell, middle

OURS_ALL: Final = "shouwen, every feature of the log"
OURS_SUBSET: Final = "shouwen, the same windows"
_LOOKED_AT: Final = 4
"""Customers whose last row is compared with the slow definition, which takes a second of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What everybody does.

    Attributes:
        customers: Ordinary ones, each of whose events comes when it occurs and stands.
        timed: How many of their newest events are timed.
        batch: How many come at once.
        runs: Into how many slices the timed ones are cut; the median slice counts.
    """

    customers: int = 200
    timed: int = 5_000
    batch: int = 500
    runs: int = 5


def compare(contest: Contest, tell: Tell) -> list[Peer]:
    """Return what each way costs and whether it is right, ours first."""
    tidy = Traffic(tidy=True)
    stream = in_order([arrivals(c, tidy) for c in range(contest.customers)])
    warm = len(stream) - contest.timed // contest.runs * contest.runs
    subset = tuple(replace(window, served=True) for window in SUBSET)
    peers, rows = [], np.empty((0, 0))
    for name, catalogue in ((OURS_ALL, CATALOGUE), (OURS_SUBSET, subset)):
        plan = PLAN if catalogue is CATALOGUE else compile_catalogue(catalogue)
        costs, rows = _ours(contest, stream, warm, plan)
        equal = _equal_ratio(stream, warm, rows, catalogue)
        ours = Peer(
            name=name,
            us_per_event=middle(costs),
            features=len(plan.names),
            exact=equal == 1.0,
            equal_ratio=round(equal, 6),
        )
        peers.append(ours)
    tell(1)
    with TemporaryDirectory(prefix="shouwen-bench-") as folder:
        work = Path(folder) / "work.npz"
        write_work(work, stream, warm=warm, runs=contest.runs, batch=contest.batch)
        for name in PEERS:
            peers.append(run_peer(name, work, rows))
            tell(1)
    return peers


def _ours(
    contest: Contest, stream: Sequence[Arrival], warm: int, plan: Plan
) -> tuple[list[float], Rows]:
    """Return CPU microseconds per event of each slice, and every row in order of arrival."""
    bank = Bank({}, plan=plan)
    bank.take_all(stream[:warm], batch=20_000)
    size = contest.timed // contest.runs
    costs: list[float] = []
    rows: list[Rows] = []
    for first in range(warm, len(stream), size):
        part = stream[first : first + size]
        start = time.process_time_ns()
        found = bank.take_all(part, batch=contest.batch)
        costs.append((time.process_time_ns() - start) / len(part) / 1_000)
        rows += found
    return costs, np.concatenate(rows)


def _equal_ratio(
    stream: Sequence[Arrival], warm: int, rows: Rows, catalogue: Sequence[Feature]
) -> float:
    """Return the share of values of some customers' last rows that the slow definition gives."""
    last = {arrival.customer: place for place, arrival in enumerate(stream) if place >= warm}
    looked_at = dict(sorted(last.items())[:_LOOKED_AT])
    equal: list[bool] = []
    for customer, place in looked_at.items():
        slow = SlowLog(catalogue=catalogue)
        for arrival in stream[: place + 1]:
            if arrival.customer == customer:
                slow.apply(arrival.events)
        expected = slow.read(stream[place].at_ms).values()
        found = rows[place - warm].tolist()
        equal += [a.hex() == b.hex() for a, b in zip(found, expected, strict=True)]
    return sum(equal) / len(equal)
