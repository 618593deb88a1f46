"""A folder of tables as source events, by a mapping: every row is used, left out or rejected."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from adapters.tables import Row, Table
from contracts.decode import ValidationError, decode, subject_of
from contracts.ids import stable_id
from contracts.recorded import RecordedLine
from contracts.topics import RANK
from contracts.transactions import TransactionPosted
from contracts.units import seconds_fields
from features.purposes import infer_purpose
from shouwen.bootstrap.cells import (
    Cell,
    CellError,
    Holders,
    UnknownAccountError,
    Unmapped,
    ready,
    text_of,
)
from shouwen.bootstrap.events import FORMS, EventForm
from shouwen.bootstrap.mapping import Accounts, HistoryMapping, MappingError, TableMapping
from shouwen.bootstrap.report import Rejected, Report, TableReport
from shouwen.bootstrap.rules import Codes, FieldRule, OwnerOf, Time

_encode = msgspec.json.Encoder(order="deterministic").encode


class History:
    """What a mapping makes of the tables in a folder; it may be read as often as wanted.

    Args:
        folder: Where the tables are.
        mapping: What they become.

    Raises:
        MappingError: a column that the mapping names is in no table of that name.
        TableError: a table is missing or cannot be read.
    """

    def __init__(self, folder: Path, mapping: HistoryMapping) -> None:
        self._mapping = mapping
        self._tables = [
            (table, _opened(folder, table, _columns_of(table), what=table.name))
            for table in mapping.tables
        ]
        self._holders: Holders = {}
        if mapping.accounts is not None:
            self._holders = _holders(folder, mapping.accounts)

    def lines(self, report: Report) -> Iterator[RecordedLine]:
        """Yield the events, table by table in file order, and count every row in `report`."""
        for mapping, table in self._tables:
            counts = report.tables[mapping.name] = TableReport()
            maker = _Maker(mapping, counts, timezone=self._mapping.timezone, holders=self._holders)
            for row in table.rows():
                counts.read += 1
                if row.cells is None:
                    made: Sequence[RecordedLine] | str = "the row has another number of cells"
                else:
                    made = maker.make(row.cells)
                if isinstance(made, str):
                    counts.rejected += 1
                    report.rejected.append(Rejected(where=row.where, why=f"{mapping.name}: {made}"))
                    continue
                counts.events += len(made)
                yield from made

    def in_order(self, report: Report) -> list[RecordedLine]:
        """Return the events in the order of a recording: by when the bank knew, then by topic."""
        return sorted(self.lines(report), key=lambda line: (line.known_at_ms, RANK[line.topic]))


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    cell: Cell
    codes: Codes | None
    required: bool


class _Maker:
    """One table's rows to events; an answer in words is why a row is rejected."""

    def __init__(
        self, mapping: TableMapping, counts: TableReport, *, timezone: str, holders: Holders
    ) -> None:
        self._mapping = mapping
        self._counts = counts
        self._form: EventForm = FORMS[mapping.event]
        self._rules = [
            _Rule(
                name=name,
                cell=ready(rule, timezone=timezone, holders=holders),
                codes=rule if isinstance(rule, Codes) else None,
                required=name in self._form.required,
            )
            for name, rule in mapping.fields.items()
        ]
        self._known = (
            None
            if mapping.known_at is None
            else ready(mapping.known_at, timezone=timezone, holders=holders)
        )
        self._per_holder = [n for n, rule in mapping.fields.items() if isinstance(rule, OwnerOf)]
        self._keys: set[str] = set()
        self._now_ms = time.time_ns() // 1_000_000

    def make(self, row: Row) -> Sequence[RecordedLine] | str:
        """Return the row's events, or why it has none."""
        mapping = self._mapping
        if any(text_of(row[column]) not in words for column, words in mapping.where.items()):
            self._counts.left_out += 1
            return ()
        unmapped: list[tuple[str, str]] = []
        try:
            event_id = self._id_of(row)
            values = self._values(row, unmapped)
            known_ms = None if self._known is None else self._known(row)
        except UnknownAccountError as error:
            name = self._per_holder[0]
            self._counts.unmapped_accounts[text_of(row[_column(mapping.fields[name])])] += 1
            return str(error)
        except CellError as error:
            return str(error)
        made = self._events(values, event_id, known_ms)
        if isinstance(made, str):
            return made
        self._keys.add(event_id)
        self._count(values, unmapped)
        return made

    def _id_of(self, row: Row) -> str:
        columns = self._mapping.key
        key = [text_of(row[column]) for column in columns]
        event_id = stable_id("h", self._mapping.name, *key)
        if not any(key):
            raise CellError(f"the key ({', '.join(columns)}) is empty")
        if event_id in self._keys:
            raise CellError(f"the key ({', '.join(columns)}) is that of an earlier row")
        return event_id

    def _values(self, row: Row, unmapped: list[tuple[str, str]]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for rule in self._rules:
            value = rule.cell(row)
            if rule.codes is not None and isinstance(value, Unmapped):
                unmapped.append((rule.codes.codes, str(value)))
                value = rule.codes.otherwise
                if value is None and rule.required:
                    raise CellError(
                        f"column {rule.codes.codes!r} has a code that is not in the list of "
                        f"{rule.name}, which has to be there"
                    )
            if value is not None:
                values[rule.name] = value
        return values

    def _events(
        self, values: dict[str, Any], event_id: str, known_ms: int | None
    ) -> list[RecordedLine] | str:
        """Return one event, or one for each owner of the row's account."""
        shared = {"event_type": self._form.event_type, "event_id": event_id, **values}
        if not self._per_holder:
            made = self._event(shared, known_ms)
            return made if isinstance(made, str) else [made]
        (name,) = self._per_holder
        lines = []
        for number, owner in enumerate(values[name]):
            own = shared | {name: owner}
            if number:
                own["event_id"] = stable_id("h", event_id, owner)
            made = self._event(own, known_ms)
            if isinstance(made, str):
                return made
            lines.append(made)
        return lines

    def _event(self, values: dict[str, Any], known_ms: int | None) -> RecordedLine | str:
        raw = _encode(values)
        try:
            event = decode(self._form.topic, raw)
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            return f"{'.'.join(map(str, problem['loc'][1:]))}: {problem['msg']}"
        if suspects := seconds_fields(event, at_ms=self._now_ms):
            return f"{', '.join(suspects)}: looks like seconds, and milliseconds are needed"
        return RecordedLine(
            topic=self._form.topic,
            key=subject_of(event),
            known_at_ms=event.occurred_at_ms if known_ms is None else known_ms,
            raw_value=raw,
        )

    def _count(self, values: Mapping[str, Any], unmapped: Sequence[tuple[str, str]]) -> None:
        amount_minor = int(values.get("amount_minor") or 0)
        self._counts.used += 1
        self._counts.amount_minor += amount_minor
        if self._form.contract is TransactionPosted and "purpose_class" not in values:
            purpose, _ = infer_purpose(
                direction=values["direction"],
                counterparty=values.get("counterparty_kind"),
                channel=values.get("txn_channel"),
                mcc=values.get("mcc"),
            )
            self._counts.inferred[purpose] += 1
        for place in unmapped:
            self._counts.unmapped_rows[place] += 1
            self._counts.unmapped_minor[place] += amount_minor


def _holders(folder: Path, accounts: Accounts) -> Holders:
    columns = [accounts.account, accounts.customer.column]
    columns += [] if accounts.role is None else [accounts.role]
    found: dict[str, tuple[str, ...]] = {}
    customer = ready(accounts.customer, timezone="UTC", holders={})
    for row in _opened(folder, accounts, columns, what="accounts").rows():
        if row.cells is None:
            raise MappingError(
                f"accounts needs whole rows; {row.where} has another number of cells"
            )
        is_owner = accounts.role is None or text_of(row.cells[accounts.role]) in accounts.owners
        account, owner = text_of(row.cells[accounts.account]), customer(row.cells)
        if not is_owner or owner is None:
            continue
        known = found.get(account, ())
        if not known or (accounts.joint == "each" and owner not in known):
            found[account] = (*known, owner)
    return found


def _opened(
    folder: Path, file: TableMapping | Accounts, columns: Sequence[str], *, what: str
) -> Table:
    table = Table(folder / file.file, encoding=file.encoding, delimiter=file.delimiter)
    missing = sorted(set(columns) - set(table.columns))
    if missing:
        raise MappingError(
            f"{what} needs the columns {', '.join(missing)}; {file.file} has "
            f"{', '.join(table.columns)}. Correct the mapping, or export them."
        )
    return table


def _columns_of(table: TableMapping) -> list[str]:
    """Return every column that a table's mapping names."""
    columns = [*table.key, *table.where]
    rules: list[FieldRule | Time] = list(table.fields.values())
    rules += [] if table.known_at is None else [table.known_at]
    for rule in rules:
        first = next(iter(type(rule).model_fields))
        if first == "value":
            continue
        named = getattr(rule, first)
        columns += [named] if isinstance(named, str) else named
    return columns


def _column(rule: FieldRule) -> str:
    assert isinstance(rule, OwnerOf)  # noqa: S101 - only these make an account unknown
    return rule.owner_of
