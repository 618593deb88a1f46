"""The demo's bank shows every feature of every family to somebody."""

import math
from collections.abc import Iterable

import numpy as np
import pytest

from contracts.recorded import RecordedLine
from contracts.topics import DAY_MS
from engine.partition import PartitionState
from features import NAMES
from features.quality import Row
from shouwen.commands.demo import SimulatedSource
from shouwen.ingest import IngestPlan
from tests.support.memory_bank import run

CUSTOMERS, DAYS = 90, 330
"""The demo's days of history and of show together, and somewhat less than half its customers."""

MINUTE_MS = 60_000
OF_AN_HOUR = frozenset({"ip_customer_cnt_1h"})
"""It reaches a customer two slices of recorded time later: slices must be minutes to show it."""


def reached(lines: Iterable[RecordedLine], *, slice_ms: int) -> tuple[Row, Row]:
    """The lowest and the highest that each feature was at any event of any customer."""
    low, high = np.full(len(NAMES), math.inf), np.full(len(NAMES), -math.inf)

    def look(_: PartitionState, __: int, row: Row) -> None:
        np.fmin(low, row, out=low)
        np.fmax(high, row, out=high)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PartitionState, "sample", look)
        done = run(lines, IngestPlan(partitions=2, slice_ms=slice_ms, learn_every_ms=0))
    assert not any(done.buried), "the simulated bank sends nothing that cannot be read"
    return low, high


@pytest.fixture(scope="module")
def shown() -> tuple[Row, Row]:
    """What a demo of eleven months shows, in slices of a day."""
    source = SimulatedSource(seed=7, customers=CUSTOMERS, days=DAYS)
    return reached(source.lines(), slice_ms=DAY_MS)


def test_no_feature_stays_missing_for_everybody(shown: tuple[Row, Row]) -> None:
    """A feature that nobody ever has looks built and is not: its source is not connected."""
    _, high = shown
    never = {name for name, most in zip(NAMES, high, strict=True) if most == -math.inf}

    assert never == OF_AN_HOUR


def test_every_feature_takes_more_than_one_value(shown: tuple[Row, Row]) -> None:
    """A count that is always 0 is not missing, and yet nobody has seen it work."""
    low, high = shown
    one = {n for n, least, most in zip(NAMES, low, high, strict=True) if least == most}

    assert one == set()


def test_what_needs_minutes_shows_in_slices_of_minutes() -> None:
    """The hour in which a ring meets is over before a slice of three hours ends."""
    source = SimulatedSource(seed=7, customers=16, days=45)
    _, high = reached(source.lines(), slice_ms=10 * MINUTE_MS)
    most = dict(zip(NAMES, high.tolist(), strict=True))

    assert {name for name in OF_AN_HOUR if most[name] >= 2} == OF_AN_HOUR
