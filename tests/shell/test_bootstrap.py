"""`shouwen bootstrap`: every row of a table is an event, left out as asked, or explained."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from contracts.decode import decode
from contracts.recorded import RecordedLine
from contracts.topics import Topic
from shouwen.bootstrap.cells import CellError, money_of
from shouwen.bootstrap.history import History
from shouwen.bootstrap.mapping import load_mapping
from shouwen.bootstrap.report import LostRowError, Report, TableReport
from shouwen.cli import main
from tests.shell.bank_tables import a_mapping, write_bank, write_mapping

ROOT = Path(__file__).parents[2]


def _read(folder: Path, mapping: dict[str, Any] | None = None) -> tuple[list[RecordedLine], Report]:
    report = Report()
    history = History(folder, load_mapping(write_mapping(folder, mapping)))
    lines = list(history.lines(report))
    report.require_no_row_lost()
    return lines, report


def _postings(lines: list[RecordedLine]) -> list[Any]:
    return [decode(line.topic, line.raw_value or b"") for line in lines if "transac" in line.topic]


def _shouwen(*arguments: str | Path) -> Result:
    runner = CliRunner(env={"SHOUWEN_CONFIG": None})
    return runner.invoke(main, ["bootstrap", *(str(argument) for argument in arguments)])


def _with(**rule: Any) -> dict[str, Any]:
    """The mapping, with other rules for fields of the postings."""
    mapping = a_mapping()
    mapping["tables"][3]["fields"] |= rule
    return mapping


def test_a_row_becomes_an_event_with_exact_money_and_time(tmp_path: Path) -> None:
    """Yuan become fen without a float; 09:30 in Shanghai is 01:30 elsewhere."""
    lines, report = _read(write_bank(tmp_path))
    first, second, _ = _postings(lines)

    assert (first.customer_id, first.direction, first.amount_minor) == ("c-1", "in", 500_000)
    assert (second.direction, second.amount_minor) == ("out", 1_250)
    assert first.occurred_at_ms == 1_709_256_600_000
    assert first.purpose_class == "salary"
    assert [line.key for line in lines] == ["c-1", "c-1", "c-1", "c-1", "c-1", "c-2"]
    assert (report.read, report.events, len(report.rejected)) == (7, 6, 0)
    assert report.tables["consents"].left_out == 1


def test_loading_twice_makes_the_same_bytes(tmp_path: Path) -> None:
    """A second run must be all duplicates: the same ids with the same bodies."""
    once, _ = _read(write_bank(tmp_path))
    twice, _ = _read(tmp_path)

    assert twice == once
    assert len({decode(line.topic, line.raw_value or b"").event_id for line in once}) == 6


def test_a_recording_of_history_is_in_the_order_in_which_the_bank_knew(tmp_path: Path) -> None:
    """Tables come one after another, a recorded clock does not go back."""
    write_bank(tmp_path)
    lines = History(tmp_path, load_mapping(write_mapping(tmp_path))).in_order(Report())

    times = [line.known_at_ms for line in lines]
    assert times == sorted(times)
    assert lines[0].topic is Topic.LOAN_EVENTS


@pytest.mark.parametrize(("joint", "owners"), [("first", ["c-2"]), ("each", ["c-2", "c-3"])])
def test_a_joint_account_is_its_first_owner_s_or_each_one_s(
    tmp_path: Path, joint: str, owners: list[str]
) -> None:
    """Whoever may only use an account is never its owner."""
    mapping = a_mapping()
    mapping["accounts"]["joint"] = joint
    lines, report = _read(write_bank(tmp_path), mapping)
    rents = [event for event in _postings(lines) if event.txn_id == "p3"]

    assert [event.customer_id for event in rents] == owners
    assert len({event.event_id for event in rents}) == len(owners)
    assert report.tables["postings"].used == 3
    assert report.tables["postings"].events == 2 + len(owners)


def test_an_unmapped_code_is_counted_with_its_money_and_the_purpose_stays_open(
    tmp_path: Path,
) -> None:
    """One code in a hundred may be half of the money: the report has to say so."""
    lines, report = _read(write_bank(tmp_path))
    table = report.tables["postings"].as_json()

    assert table["unmapped_codes"] == [
        {"column": "code", "code": "RENT", "rows": 1, "money_ratio": 70_000 / 571_250}
    ]
    assert b"purpose_class" not in (lines[-1].raw_value or b"")
    assert table["inferred_purposes"] == {"other": 1}
    assert "unmapped code 'RENT': 1 rows, 12.3% of the money" in report.as_text()


def test_a_code_that_has_to_be_known_rejects_its_row(tmp_path: Path) -> None:
    """A direction that nobody knows must not become one."""
    rule = {"codes": "code", "map": {"SAL": "in", "": "out"}}
    lines, report = _read(write_bank(tmp_path), _with(direction=rule))

    assert len(_postings(lines)) == 2
    (row,) = report.rejected
    assert row.where == "postings.parquet:3"
    assert "column 'code' has a code that is not in the list of direction" in row.why


def test_an_account_that_nobody_owns_is_told(tmp_path: Path) -> None:
    """Money of nobody is money that some customer's features lack."""
    _, report = _read(write_bank(tmp_path, account=["A1", "A8", "A8"]))

    assert [row.where for row in report.rejected] == ["postings.parquet:2", "postings.parquet:3"]
    told = report.tables["postings"].as_json()
    assert (told["unmapped_accounts"], told["unmapped_account_rows"]) == (1, 2)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"amount": ["5000.001", "1", "1"]}, "finer than the currency's minor unit"),
        ({"amount": ["much", "1", "1"]}, "column 'amount' is no number"),
        ({"booked": ["01.03.2024", "2024-03-02", "2024-03-03"]}, "is not an ISO 8601 time"),
        ({"id": ["p2", "p2", "p3"]}, "the key (id) is that of an earlier row"),
        ({"id": ["", "p2", "p3"]}, "the key (id) is empty"),
        ({"amount": ["999999999999.00", "1", "1"]}, "amount_minor: Input should be less than"),
    ],
)
def test_a_row_that_is_no_event_is_rejected_with_its_place_and_its_column(
    tmp_path: Path, columns: dict[str, list[Any]], why: str
) -> None:
    """Where, and what is wrong with it; never the value, which may be personal."""
    _, report = _read(write_bank(tmp_path, **columns))

    (row,) = report.rejected
    assert why in row.why
    assert row.where in {"postings.parquet:1", "postings.parquet:2"}
    assert report.tables["postings"].read == 3
    assert not any(str(value) in row.why for value in columns.popitem()[1] if len(str(value)) > 2)


@pytest.mark.parametrize(
    ("rule", "columns", "advice"),
    [
        (
            {"amount_minor": {"money": "amount", "unit": "minor", "unsigned": True}},
            {"amount": ["12.50", "10.20", "0.30"]},
            "if it is in yuan, say unit: major",
        ),
        (
            {"occurred_at_ms": {"time": "booked", "unit": "ms"}},
            {"booked": [1_709_256_600, 1_709_256_601, 1_709_256_602]},
            "has seconds where the mapping says ms; say unit: s",
        ),
        (
            {"occurred_at_ms": {"time": "booked", "unit": "s"}},
            {"booked": [1_709_256_600_000, 1_709_256_601_000, 1_709_256_602_000]},
            "has ms where the mapping says s; say unit: ms",
        ),
    ],
    ids=["yuan as fen", "seconds as ms", "ms as seconds"],
)
def test_a_wrong_unit_is_named_with_the_right_one(
    tmp_path: Path, rule: dict[str, Any], columns: dict[str, list[Any]], advice: str
) -> None:
    """A hundredfold of a bank's money in its history would be there for ever."""
    lines, report = _read(write_bank(tmp_path, **columns), _with(**rule))

    assert _postings(lines) == []
    assert [advice in row.why for row in report.rejected] == [True] * 3


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"purpose": {"column": "code"}}, "has no field purpose; it has occurred_at_ms"),
        ({"mcc": {"colum": "code"}}, "a rule needs exactly one of value, column, whole"),
        ({"mcc": {"column": "code", "suffix": "x"}}, "this key is unknown"),
        ({"mcc": {"column": 7}}, "needs text; got 7. Quote it"),
        ({"occurred_at_ms": {"time": "booked", "zone": "Mars/Olympus"}}, "is no time zone"),
    ],
)
def test_a_mapping_that_says_what_it_cannot_say_is_refused(
    tmp_path: Path, change: dict[str, Any], problem: str
) -> None:
    """Every problem with its place, before a table is opened."""
    done = _shouwen(write_bank(tmp_path), "--mapping", write_mapping(tmp_path, _with(**change)))

    assert done.exit_code == 1
    assert "bootstrap needs a mapping it can follow" in done.output
    assert problem in done.output


def test_a_missing_column_names_those_that_there_are(tmp_path: Path) -> None:
    """The commonest mistake: a column is spelt another way."""
    mapping = _with(mcc={"column": "kategorie"})
    done = _shouwen(write_bank(tmp_path), "--mapping", write_mapping(tmp_path, mapping))

    assert done.exit_code == 1
    assert "postings needs the columns kategorie" in done.output
    assert "postings.parquet has id, account, booked, amount, code" in done.output


def test_a_missing_table_names_those_that_there_are(tmp_path: Path) -> None:
    """The folder of another month, or a file that was not exported."""
    write_bank(tmp_path)
    (tmp_path / "loans.csv").unlink()
    done = _shouwen(tmp_path, "--mapping", write_mapping(tmp_path))

    assert done.exit_code == 1
    assert "loans.csv' is none" in done.output
    assert "accounts.csv, consents.csv, postings.parquet, relations.csv" in done.output


def test_a_dry_run_needs_no_broker_and_publishes_nothing(tmp_path: Path) -> None:
    """What is found is found before a deployment is touched."""
    write_bank(tmp_path, account=["A1", "A8", "A1"])
    where = tmp_path / "rejected.csv"
    done = _shouwen(
        *(tmp_path, "--mapping", write_mapping(tmp_path), "--dry-run", "--json"),
        *("--rejected", where),
    )
    told = json.loads(done.output)

    assert done.exit_code == 0
    assert (told["read"], told["events"], told["rejected"], told["published"]) == (7, 5, 1, 0)
    with where.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["where"] == "postings.parquet:2"
    assert row["why"] == "postings: column 'account' is an account that nobody owns"


def test_a_row_in_no_count_stops_everything() -> None:
    """A row that is lost in silence is the one thing that a load may not do."""
    report = Report(tables={"postings": TableReport(read=3, used=1, rejected=1)})

    with pytest.raises(LostRowError, match="every row of postings needs one fate; 3 were read"):
        report.require_no_row_lost()


def test_the_example_of_the_documentation_can_be_followed() -> None:
    """People copy it."""
    mapping = load_mapping(ROOT / "docs/examples/bootstrap-berka.yaml")

    assert len(mapping.tables) == 6


@given(fen=st.integers(-(10**15), 10**15), as_text=st.booleans())
def test_money_is_what_was_written_down(fen: int, *, as_text: bool) -> None:
    """Whatever the column's type, no fen is lost in between."""
    yuan = Decimal(fen).scaleb(-2)

    assert money_of(str(yuan) if as_text else yuan, unit="major", column="amount") == fen
    assert money_of(fen, unit="minor", column="amount") == fen


@given(fen=st.integers(1, 10**12), digit=st.integers(1, 9))
def test_money_finer_than_a_fen_is_refused(fen: int, digit: int) -> None:
    """Rounding would be a choice that nobody made."""
    finer = Decimal(fen * 10 + digit).scaleb(-3)

    with pytest.raises(CellError):
        money_of(finer, unit="major", column="amount")


def test_the_mapping_in_the_page_can_be_followed(tmp_path: Path) -> None:
    """A page whose example is refused teaches that pages lie."""
    page = (ROOT / "docs/bootstrap.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "mapping.yaml"
    path.write_text(example, encoding="utf-8")

    (table,) = load_mapping(path).tables
    assert table.where == {"status": ("BOOKED",)}
