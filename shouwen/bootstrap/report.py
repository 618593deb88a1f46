"""What became of every row: used, left out as the mapping says, or rejected with the reason."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shouwen.errors import ShouwenError

_SHOWN = 20


class LostRowError(ShouwenError):
    """A row is in no count: a bug of ours, and nothing may be published over it."""


@dataclass(slots=True)
class TableReport:
    """The counts of one table. `read` is the sum of `used`, `left_out` and `rejected`, always.

    `events` may be more than `used`: an account of several holders. `amount_minor` is the money in
    its events, and `unmapped` counts rows and money by (column, code). `inferred` counts what the
    rules of docs/domain.md make of postings without a purpose: it is done where they are read.
    """

    read: int = 0
    used: int = 0
    left_out: int = 0
    rejected: int = 0
    events: int = 0
    amount_minor: int = 0
    unmapped_rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    unmapped_minor: Counter[tuple[str, str]] = field(default_factory=Counter)
    unmapped_accounts: Counter[str] = field(default_factory=Counter)
    inferred: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Return the counts for a program; unmapped codes with the most rows first."""
        return {
            "read": self.read,
            "used": self.used,
            "left_out": self.left_out,
            "rejected": self.rejected,
            "events": self.events,
            "amount_minor": self.amount_minor,
            "unmapped_codes": [
                {
                    "column": column,
                    "code": code,
                    "rows": rows,
                    "money_ratio": self.money_ratio(column, code),
                }
                for (column, code), rows in self.unmapped_rows.most_common()
            ],
            "inferred_purposes": dict(self.inferred.most_common()),
            "unmapped_accounts": len(self.unmapped_accounts),
            "unmapped_account_rows": self.unmapped_accounts.total(),
        }

    def money_ratio(self, column: str, code: str) -> float:
        """Return which part of the table's money is under an unmapped code.

        >>> table = TableReport(amount_minor=400)
        >>> table.unmapped_minor["symbol", "SIPO"] = 100
        >>> table.money_ratio("symbol", "SIPO"), table.money_ratio("symbol", "UROK")
        (0.25, 0.0)
        """
        return self.unmapped_minor[column, code] / self.amount_minor if self.amount_minor else 0.0


@dataclass(slots=True)
class Rejected:
    """A row that is no event: where it stands, and why. No value of it: it may be personal."""

    where: str
    why: str


@dataclass(slots=True)
class Report:
    """A whole history, table by table in the mapping's order."""

    tables: dict[str, TableReport] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def read(self) -> int:
        """Rows of all tables."""
        return sum(table.read for table in self.tables.values())

    @property
    def events(self) -> int:
        """Events made of them."""
        return sum(table.events for table in self.tables.values())

    def require_no_row_lost(self) -> None:
        """Prove that every row has a fate.

        Raises:
            LostRowError: one has none, or two.
        """
        for name, table in self.tables.items():
            if table.read != table.used + table.left_out + table.rejected:
                raise LostRowError(
                    f"every row of {name} needs one fate; {table.read} were read, {table.used} "
                    f"used, {table.left_out} left out, {table.rejected} rejected. Report it."
                )

    def as_json(self) -> dict[str, Any]:
        """Return everything for a program."""
        return {
            "read": self.read,
            "events": self.events,
            "rejected": len(self.rejected),
            "tables": {name: table.as_json() for name, table in self.tables.items()},
            "reasons": dict(Counter(row.why for row in self.rejected).most_common()),
        }

    def as_text(self) -> str:
        """Return everything for a person."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        for name, table in self.tables.items():
            yield (
                f"{name}: {table.read:,} rows read = {table.used:,} used + {table.left_out:,} left "
                f"out + {table.rejected:,} rejected; {table.events:,} events"
            )
            for (column, code), rows in table.unmapped_rows.most_common(_SHOWN):
                ratio = table.money_ratio(column, code)
                yield f"  unmapped {column} {code!r}: {rows:,} rows, {ratio:.1%} of the money"
            if len(table.unmapped_rows) > _SHOWN:
                yield f"  ... and {len(table.unmapped_rows) - _SHOWN:,} more unmapped codes"
            if table.inferred:
                said = ", ".join(f"{what} {rows:,}" for what, rows in table.inferred.most_common())
                yield f"  purposes that the table does not say, by the rules: {said}"
            if table.unmapped_accounts:
                yield (
                    f"  {len(table.unmapped_accounts):,} accounts that nobody owns, in "
                    f"{table.unmapped_accounts.total():,} rows"
                )
        for why, rows in Counter(row.why for row in self.rejected).most_common(_SHOWN):
            yield f"  rejected: {why}: {rows:,} rows"
        yield f"{self.read:,} rows, {self.events:,} events, {len(self.rejected):,} rejected"
