"""Berka: 181 loans of 1997 and 1998 with the account's history before them; 18 went bad."""

import csv
import gzip
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from shouwen.quality.stream import DAY_MS, Stream

_FOLDER = Path("berka")
_KNOWN_AFTER_MS = 180 * DAY_MS
_REFIT_MS = 30 * DAY_MS
_FEATURES = (
    "amount", "term_months", "instalment", "account_days", "inflow_90d", "outflow_90d",
    "net_90d", "balance_last", "balance_min_90d", "balance_mean_90d", "instalment_to_inflow_ratio",
    "penalties", "household_90d", "transactions_90d",
)  # fmt: skip


def berka_loans(folder: Path) -> Stream:
    """Return the stream: will the loan go bad (status B or D at the end of 1998)?

    A row is what the account showed before the loan. The records do not say when a loan went bad;
    the outcome is taken as known 180 days after the loan.
    """
    histories = defaultdict(list)
    with gzip.open(folder / _FOLDER / "transactions_before_loan_1995_1998.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            histories[row["account_id"]].append(row)
    with (folder / _FOLDER / "loans_1997_1998.csv").open() as file:
        loans = sorted(csv.DictReader(file), key=lambda row: (row["date"], row["loan_id"]))
    opened_ms = np.array([_ms(loan["date"]) for loan in loans], dtype=np.int64)
    return Stream(
        name="berka-loans",
        about="a loan; will it go bad (taken as known 180 days later)",
        features=_FEATURES,
        rows=np.array(
            [_row(loan, histories[loan["account_id"]]) for loan in loans], dtype=np.float32
        ),
        outcomes=np.array([loan["status"] in {"B", "D"} for loan in loans]),
        opened_ms=opened_ms,
        told_ms=opened_ms + _KNOWN_AFTER_MS,
        closed_ms=opened_ms + _KNOWN_AFTER_MS,
        policy="wait",
        prior=0.1,
        units=np.arange(len(loans), dtype=np.int64),
        refit_ms=_REFIT_MS,
    )


def _row(loan: dict[str, str], history: list[dict[str, str]]) -> list[float]:
    """Return what was known on the day before the loan."""
    at_ms = _ms(loan["date"])
    before = [row for row in history if _ms(row["date"]) < at_ms]
    newest = [row for row in before if _ms(row["date"]) >= at_ms - 90 * DAY_MS]
    inflow = sum(float(row["amount"]) for row in newest if row["type"] == "credit")
    outflow = sum(float(row["amount"]) for row in newest if row["type"] != "credit")
    balances = [float(row["balance"]) for row in newest]
    nothing = float("nan")
    return [
        float(loan["amount"]),
        float(loan["duration"]),
        float(loan["payments"]),
        (at_ms - _ms(before[0]["date"])) / DAY_MS if before else nothing,
        inflow,
        outflow,
        inflow - outflow,
        float(before[-1]["balance"]) if before else nothing,
        min(balances, default=nothing),
        float(np.mean(balances)) if balances else nothing,
        float(loan["payments"]) * 3.0 / inflow if inflow else nothing,
        float(sum(row["k_symbol"].startswith("sanction") for row in before)),
        sum(float(row["amount"]) for row in newest if row["k_symbol"] == "household"),
        float(len(newest)),
    ]


def _ms(text: str) -> int:
    return int(datetime.strptime(text, "%y%m%d").replace(tzinfo=UTC).timestamp() * 1000)
