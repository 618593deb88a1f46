"""SuperLender: 11,551 small loans of 2016 and 2017, and who paid late; labels with true delays."""

import csv
import gzip
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from shouwen.quality.stream import DAY_MS, Stream

FOLDER = Path("superlender")
_REFIT_MS = 7 * DAY_MS
_GRACE_MS = DAY_MS
"""With one day of grace a fifth of the earlier loans was late, as is of the last ones."""

_FEATURES = (
    "loan_number", "amount", "total_due", "term_days", "cost_per_day_ratio", "referred",
    "hour", "weekday", "earlier_loans", "earlier_late", "late_share", "newest_days_late",
    "mean_days_late", "worst_days_late", "first_repaid_days_late", "days_since_closed",
    "amount_against_largest",
)  # fmt: skip


class _Loan:
    """One loan: what was agreed, and when what became of it was known."""

    def __init__(self, record: dict[str, str]) -> None:
        self.record = record
        self.customer = record["customerid"]
        self.at_ms = _ms(record["approveddate"])
        self.term_days = float(record["termdays"])
        self.due_ms = self.at_ms + int(self.term_days) * DAY_MS
        closed = record.get("closeddate")
        self.closed_ms = _ms(closed) if closed else None
        flag = record.get("good_bad_flag")
        late = self.closed_ms is not None and self.closed_ms > self.due_ms + _GRACE_MS
        self.is_late = flag == "Bad" if flag else late

    @property
    def days_late(self) -> float:
        """Of the last payment; below 0 it was early."""
        return ((self.closed_ms or self.due_ms) - self.due_ms) / DAY_MS

    def row(self, earlier: list["_Loan"]) -> list[float]:
        """Return what was known when it was approved."""
        record, nothing = self.record, float("nan")
        amount, due = float(record["loanamount"]), float(record["totaldue"])
        closed = [x for x in earlier if x.closed_ms is not None and x.closed_ms <= self.at_ms]
        lateness = [x.days_late for x in closed]
        newest = max(closed, key=lambda x: x.closed_ms or 0, default=None)
        when = datetime.fromtimestamp(self.at_ms / 1000, UTC)
        return [
            float(record["loannumber"]),
            amount,
            due,
            self.term_days,
            (due / amount - 1.0) / self.term_days,
            float(bool(record["referredby"])),
            when.hour,
            when.weekday(),
            len(closed),
            sum(x.is_late for x in closed),
            sum(x.is_late for x in closed) / len(closed) if closed else nothing,
            newest.days_late if newest else nothing,
            float(np.mean(lateness)) if closed else nothing,
            max(lateness) if closed else nothing,
            _first_repayment_late(newest.record) if newest else nothing,
            (self.at_ms - (newest.closed_ms or 0)) / DAY_MS if newest else nothing,
            amount / max(float(x.record["loanamount"]) for x in closed) if closed else nothing,
        ]


def superlender(folder: Path) -> Stream:
    """Return the stream: will the loan be paid more than a day after it is due?

    A row is made of what was known at approval: earlier loans count once they are closed. That a
    loan is late is known a day after it is due, and so is that it is not. Of the last 2,222 loans,
    all of July 2017, only the final flag is given.
    """
    loans = sorted(
        (
            _Loan(record)
            for name in ("previous_loans.csv.gz", "target_loans.csv.gz")
            for record in _records(folder / FOLDER / name)
        ),
        key=lambda loan: (loan.at_ms, loan.record["systemloanid"]),
    )
    earlier: dict[str, list[_Loan]] = defaultdict(list)
    rows = []
    for loan in loans:
        rows.append(loan.row(earlier[loan.customer]))
        earlier[loan.customer].append(loan)
    numbers = {customer: number for number, customer in enumerate(earlier)}
    final_ms = np.array([loan.due_ms + _GRACE_MS for loan in loans], dtype=np.int64)
    return Stream(
        name="superlender",
        about="a small loan; will it be paid late (known a day after it is due)",
        features=_FEATURES,
        rows=np.array(rows, dtype=np.float32),
        outcomes=np.array([loan.is_late for loan in loans]),
        opened_ms=np.array([loan.at_ms for loan in loans], dtype=np.int64),
        told_ms=final_ms,
        closed_ms=final_ms,
        policy="wait",
        prior=0.2,
        units=np.array([numbers[loan.customer] for loan in loans], dtype=np.int64),
        refit_ms=_REFIT_MS,
    )


def _records(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as file:
        return list(csv.DictReader(file))


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def _first_repayment_late(record: dict[str, str]) -> float:
    """Return by how many days the first repayment of an earlier loan was late."""
    if not record["firstrepaiddate"]:
        return float("nan")
    return (_ms(record["firstrepaiddate"]) - _ms(record["firstduedate"])) / DAY_MS
