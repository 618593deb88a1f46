"""The simulated bank with a drift planted in it: one day the app leads everybody to the loans."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from contracts.recorded import RecordedLine
from models import DRAWN_30D, FEATURES_OF, ROW, RowSchema
from shouwen.quality.lived import Lived, lived
from shouwen.quality.stream import DAY_MS, Stream
from simulator import simulate

_START_MS = 1_767_225_600_000
_REFIT_MS = 7 * DAY_MS
_DRIFT_AT = 0.55
"""Share of the rows before the drift."""

_APP = (
    "loan_page_view_cnt_1h", "loan_page_view_cnt_24h", "loan_page_view_cnt_7d",
    "loan_page_day_cnt_7d", "calculator_cnt_24h", "limit_query_cnt_24h",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """Which bank."""

    seed: int = 11
    customers: int = 1_000
    days: int = 300


def simulated(bank: Bank | None = None) -> Stream:
    """Return the stream: will this customer without a loan draw one within 30 days?"""
    return with_drift(lived_bank(bank or Bank()))


def lived_bank(bank: Bank) -> Lived:
    """Return the rows of a simulated bank, as the engine made them."""
    return lived(
        partial(_lines, bank),
        "drawn_30d",
        horizon_ms=DRAWN_30D.horizon_ms,
        until_ms=_START_MS + bank.days * DAY_MS,
    )


def with_drift(found: Lived, *, seed: int = 5) -> Stream:
    """Return the stream of a bank whose app changed.

    From 55 % of the rows on, the app's first page leads everybody through the loan pages: what a
    customer did there says nothing any more. It is planted by giving each row the app conduct of
    another row of the same 500; everything else, and every outcome, stays.
    """
    names = FEATURES_OF["drawn_30d"]
    rows = found.rows[:, RowSchema(names).indices(ROW.names)].copy()
    columns = np.array([names.index(name) for name in _APP])
    chance = np.random.default_rng(seed)
    for start in range(int(_DRIFT_AT * len(rows)), len(rows), 500):
        places = np.arange(start, min(start + 500, len(rows)))
        rows[np.ix_(places, columns)] = rows[np.ix_(chance.permutation(places), columns)]
    return Stream(
        name="simulated-drift",
        about="a customer's week without a loan; will one be drawn within 30 days; the app changes",
        features=names,
        rows=rows,
        outcomes=found.outcomes,
        opened_ms=found.opened_ms,
        told_ms=found.told_ms,
        closed_ms=found.closed_ms,
        policy=DRAWN_30D.kind,
        prior=DRAWN_30D.prior,
        units=found.customers,
        refit_ms=_REFIT_MS,
    )


def without_drift(found: Lived) -> Stream:
    """Return the stream of the bank as it is."""
    names = FEATURES_OF["drawn_30d"]
    return replace(
        with_drift(found),
        name="simulated",
        about="a customer's week without a loan; will one be drawn within 30 days",
        rows=found.rows[:, RowSchema(names).indices(ROW.names)],
    )


def _lines(bank: Bank) -> Iterator[RecordedLine]:
    events = simulate(seed=bank.seed, customers=bank.customers, days=bank.days, start_ms=_START_MS)
    return map(RecordedLine.of, events)
