"""UCI bank marketing: 45,211 calls of a Portuguese bank, in the order in which they were made."""

import csv
import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shouwen.quality.columns import matrix
from shouwen.quality.stream import DAY_MS, Stream

FILE = Path("uci") / "bank_marketing.csv.gz"
LEAK = "duration"
"""How long the call took: known only after it, and long because the customer agreed."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DELAY_MS = 7 * DAY_MS
_REFIT_MS = 30 * DAY_MS
_BLOCK_ROWS = 500
_NUMBERS = ("age", "balance", "day", "campaign", "pdays", "previous")
_WORDS = (
    "job", "marital", "education", "default", "housing", "loan", "contact", "month", "poutcome",
)  # fmt: skip


def bank(folder: Path, *, with_leak: bool = False) -> Stream:
    """Return the stream: will the customer subscribe to a deposit after this call?

    The file has day and month; the year is counted from the order of the rows. The answer is known
    a week after the call.

    Args:
        folder: Of the public records.
        with_leak: Whether `duration` is among the features, to see it found.
    """
    with gzip.open(folder / FILE, "rt") as file:
        records = list(csv.DictReader(file))
    numbers = (*_NUMBERS, LEAK) if with_leak else _NUMBERS
    names, rows = matrix(records, numbers=numbers, words=_WORDS)
    opened_ms = _times_ms([(_MONTHS.index(r["month"]), int(r["day"])) for r in records])
    return Stream(
        name="bank",
        about="a call; will the customer subscribe to a deposit (known 7 days later)",
        features=names,
        rows=rows,
        outcomes=np.array([r["y"] == "yes" for r in records]),
        opened_ms=opened_ms,
        told_ms=opened_ms + _DELAY_MS,
        closed_ms=opened_ms + _DELAY_MS,
        policy="as_arrives",
        prior=0.1,
        units=np.arange(len(records), dtype=np.int64) // _BLOCK_ROWS,
        refit_ms=_REFIT_MS,
    )


def _times_ms(dates: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Return when each call was made, at equal distances within a day, never falling."""
    days, day, year, before = [], 0, 0, dates[0][0]
    for month, number in dates:
        year += month < before
        before = month
        day = max(day, 372 * year + 31 * month + number)
        days.append(day)
    found = np.array(days, dtype=np.int64)
    starts = np.searchsorted(found, found, side="left")
    sizes = np.searchsorted(found, found, side="right") - starts
    within: NDArray[np.int64] = (np.arange(len(found)) - starts) * DAY_MS // sizes
    times: NDArray[np.int64] = (found - found[0]) * DAY_MS + within
    return times
