"""The Berka records (PKDD'99 Discovery Challenge) of 1993-01-01..1994-03-31 as source events.

A folder holds what the bank published: `accounts_1993_1994Q1.csv`, `disp.csv`, `client.csv` and
`transactions_1993_1994Q1.csv.gz`. How they become events:

- One customer for each account: the client whose right on it is OWNER, as `client-<client_id>`.
  A DISPONENT may use the account but does not own it, and is left out.
- A day is all that the records know of time. An event occurs at 12:00 UTC of its day, plus the
  row's place in the day in milliseconds, so that the order of the file stays; it is known at 20:00.
- What happened after 1994-03-31 is not read, and a loan's final status never: both are the future.
- The records hold no consents, no app behaviour and no managers; none are made up.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from adapters.recorded.berka_events import (
    Account,
    disbursement_of,
    instalment_of,
    is_plain_transfer_in,
    profile_of,
    transaction_of,
)
from adapters.recorded.berka_fields import RowError
from adapters.recorded.source import RecordedSourceError
from contracts.recorded import RecordedEvent, RecordedLine, UnreadableLine
from contracts.topics import RANK

ACCOUNTS = "accounts_1993_1994Q1.csv"
TRANSACTIONS = "transactions_1993_1994Q1.csv.gz"
DISPOSITIONS = "disp.csv"
CLIENTS = "client.csv"
LAST_DAY = "940331"
"""The last day of the records, as they write days: yymmdd."""


class BerkaSource:
    """The folder of Berka records as one recording.

    Args:
        path: The folder that holds the four files.

    Raises:
        RecordedSourceError: one of the files is missing.
    """

    def __init__(self, path: Path) -> None:
        missing = [
            name
            for name in (ACCOUNTS, TRANSACTIONS, DISPOSITIONS, CLIENTS)
            if not (path / name).is_file()
        ]
        if missing:
            raise RecordedSourceError(
                f"a berka recording needs a folder with its files; {str(path)!r} has no "
                f"{', '.join(missing)}. Pass the folder that holds them."
            )
        self._path = path
        self._unreadable: list[UnreadableLine] = []
        self._events: list[RecordedEvent] | None = None

    def count(self) -> int:
        """Return how many records `lines` yields."""
        return len(self._read())

    def unreadable(self) -> Sequence[UnreadableLine]:
        """Return the rows that are no event: a broken number or day, an account nobody owns."""
        self._read()
        return tuple(self._unreadable)

    def lines(self) -> Iterator[RecordedLine]:
        """Yield the events as bytes, in `known_at_ms` order, within a day by topic and row."""
        return map(RecordedLine.of, self._read())

    def events(self) -> Iterator[RecordedEvent]:
        """Yield the events, in the order of `lines`."""
        return iter(self._read())

    def _read(self) -> list[RecordedEvent]:
        if self._events is None:
            accounts = dict(self._accounts())
            profiles = (profile_of(account) for account in accounts.values())
            loans = (event for account in accounts.values() for event in disbursement_of(account))
            self._events = sorted(
                chain(profiles, loans, self._movements(accounts)),
                key=lambda event: (event.known_at_ms, RANK[event.topic]),
            )
        return self._events

    def _accounts(self) -> Iterator[tuple[str, Account]]:
        owners = {
            row["account_id"]: row["client_id"]
            for _, row in self._rows(DISPOSITIONS)
            if row["type"] == "OWNER"
        }
        clients = {row["client_id"]: row for _, row in self._rows(CLIENTS)}
        for where, row in self._rows(ACCOUNTS):
            if row["open_date"] > LAST_DAY:
                continue
            client = clients.get(owners.get(row["account_id"], ""))
            if client is None:
                self._refuse(where, row, RowError("the account has no owner"))
                continue
            try:
                yield row["account_id"], Account.of(row, client, last_day=LAST_DAY)
            except ValueError as problem:
                self._refuse(where, row, problem)

    def _movements(self, accounts: Mapping[str, Account]) -> Iterator[RecordedEvent]:
        place_in_day: Counter[str] = Counter()
        paid_minor: Counter[str] = Counter()
        senders = _Senders()
        for where, row in self._rows(TRANSACTIONS):
            if row["date"] > LAST_DAY:
                continue
            place_in_day[row["date"]] += 1
            account = accounts.get(row["account_id"])
            if account is None:
                self._refuse(where, row, RowError("no known account"))
                continue
            try:
                monthly = is_plain_transfer_in(row) and senders.is_monthly(row)
                event = transaction_of(
                    account, row, place=place_in_day[row["date"]], is_monthly=monthly
                )
            except ValueError as problem:
                self._refuse(where, row, problem)
                continue
            yield event
            if (
                event.value.get("purpose_class") == "loan_repayment_own"
                and account.loan is not None
            ):
                paid_minor[account.account_id] += event.value["amount_minor"]
                yield instalment_of(
                    account, account.loan, event, paid_minor=paid_minor[account.account_id]
                )

    def _rows(self, name: str) -> Iterator[tuple[str, dict[str, str]]]:
        path = self._path / name
        opener: Any = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="latin-1", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                yield f"{name}:{number}", row

    def _refuse(self, where: str, row: Mapping[str, str], problem: ValueError) -> None:
        # A contract's own message quotes the value, which may be personal: the row is in `raw`.
        why = str(problem) if isinstance(problem, RowError) else "a value is out of its range"
        raw = ",".join(str(field) for field in row.values()).encode()
        self._unreadable.append(UnreadableLine(where=where, why=why, raw=raw))


class _Senders:
    """Who sent money to whom in which month, as far as the rows have been read."""

    def __init__(self) -> None:
        self._last_month: dict[tuple[str, str, str], int] = {}

    def is_monthly(self, row: Mapping[str, str]) -> bool:
        """Note the row, and tell whether the same account sent money the month before too."""
        pair = (row["account_id"], row["bank"], row["account"])
        month = 12 * int(row["date"][:2]) + int(row["date"][2:4])
        before = self._last_month.get(pair)
        self._last_month[pair] = month
        return before is not None and month - before <= 1
