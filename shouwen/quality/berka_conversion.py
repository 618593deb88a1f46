"""Berka: 638 accounts of a Czech bank, of which 22 took a loan; rows made by our own engine."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from adapters.recorded.berka import BerkaSource
from contracts.recorded import RecordedLine
from models import DRAWN_30D, FEATURES_OF, ROW, RowSchema
from shouwen.quality.lived import lived
from shouwen.quality.stream import DAY_MS, Stream

_END_MS = 765_158_400_000
"""1994-04-01, midnight UTC: the records end the day before."""
_REFIT_MS = 30 * DAY_MS


def berka_conversion(folder: Path) -> Stream:
    """Return the stream: will this customer without a loan draw one within 30 days?

    The transactions go through the engine as in life: rows, weeks and labels are those of
    `examples.v1`. A loan makes the rows of the four weeks before it positive, so there are more
    positives than the 22 conversions that they rest on; the bootstrap draws customers.
    """
    found = lived(
        partial(_lines, folder / "berka"),
        "drawn_30d",
        horizon_ms=DRAWN_30D.horizon_ms,
        until_ms=_END_MS,
    )
    names = FEATURES_OF["drawn_30d"]
    return Stream(
        name="berka-conversion",
        about="a customer's week without a loan; will one be drawn within 30 days",
        features=names,
        rows=found.rows[:, RowSchema(names).indices(ROW.names)],
        outcomes=found.outcomes,
        opened_ms=found.opened_ms,
        told_ms=found.told_ms,
        closed_ms=found.closed_ms,
        policy=DRAWN_30D.kind,
        prior=DRAWN_30D.prior,
        units=found.customers,
        refit_ms=_REFIT_MS,
    )


def _lines(folder: Path) -> Iterator[RecordedLine]:
    return BerkaSource(folder).lines()
