"""UCI default of credit card clients: 30,000 holders, six months of bills, who defaulted next."""

import csv
import gzip
from pathlib import Path

import numpy as np

from shouwen.quality.columns import matrix
from shouwen.quality.stream import DAY_MS, Stream

FILE = Path("uci") / "creditcard_default.csv.gz"
_OUTCOME = "has_default"
_DAYS = 730
_DELAY_MS = 180 * DAY_MS
_REFIT_MS = 30 * DAY_MS


def card(folder: Path) -> Stream:
    """Return the stream: will the holder default?

    The file has no time. Holders are taken as they stand in it, spread evenly over two years; the
    label, good or bad, comes 180 days after.
    """
    with gzip.open(folder / FILE, "rt") as file:
        records = list(csv.DictReader(file))
    numbers = [name for name in records[0] if name not in {"id", _OUTCOME}]
    names, rows = matrix(records, numbers=numbers, words=())
    opened_ms = np.arange(len(records), dtype=np.int64) * _DAYS * DAY_MS // len(records)
    return Stream(
        name="uci",
        about="a card holder; will there be a default (known 180 days later)",
        features=names,
        rows=rows,
        outcomes=np.array([r[_OUTCOME] == "1" for r in records]),
        opened_ms=opened_ms,
        told_ms=opened_ms + _DELAY_MS,
        closed_ms=opened_ms + _DELAY_MS,
        policy="as_arrives",
        prior=0.2,
        units=np.arange(len(records), dtype=np.int64),
        refit_ms=_REFIT_MS,
    )
