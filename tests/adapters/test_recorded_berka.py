"""The Berka records: every row an event, no word about the future, sums equal to the files."""

import gzip
import os
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from adapters.recorded import RecordedSourceError, open_source
from adapters.recorded.berka import BerkaSource
from adapters.recorded.berka_fields import RowError, birth_year_of, day_ms, minor_of
from contracts.decode import decode
from contracts.topics import Topic

ACCOUNTS = (
    "account_id,district_id,frequency,open_date,loan_id,loan_date,amount,duration,payments,status\n"
    "1,18,POPLATEK MESICNE,930101,77,930301,12000.00,12,1000.00,A\n"
    "2,5,POPLATEK MESICNE,930105,78,950601,5000.00,12,416.00,D\n"
)
TRANSACTIONS = (
    "trans_id,account_id,date,type,operation,amount,balance,k_symbol,bank,account\n"
    "10,1,930110,PRIJEM,PREVOD Z UCTU,9000.10,9000.10,,AB,123\n"
    "11,1,930210,PRIJEM,PREVOD Z UCTU,9000.10,18000.20,,AB,123\n"
    "12,1,930401,VYDAJ,PREVOD NA UCET,1000.00,17000.20,UVER,QR,555\n"
    "13,2,930401,PRIJEM,,0.30,0.30,UROK,,\n"
    "14,2,930402,PRIJEM,VKLAD,ten,10.30,,,\n"
    "15,9,930402,PRIJEM,VKLAD,1.00,1.00,,,\n"
    "16,2,940401,PRIJEM,VKLAD,5.00,5.30,,,\n"
)
DISPOSITIONS = (
    "disp_id,client_id,account_id,type\n1,100,1,OWNER\n2,101,1,DISPONENT\n3,102,2,OWNER\n"
)
CLIENTS = "client_id,birth_number,district_id\n100,706213,18\n101,450204,1\n102,406009,1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "accounts_1993_1994Q1.csv").write_text(ACCOUNTS)
    (tmp_path / "disp.csv").write_text(DISPOSITIONS)
    (tmp_path / "client.csv").write_text(CLIENTS)
    with gzip.open(tmp_path / "transactions_1993_1994Q1.csv.gz", "wt") as file:
        file.write(TRANSACTIONS)
    return tmp_path


@pytest.fixture(scope="module")
def records() -> Path:
    root = os.environ.get("SHOUWEN_TEST_DATA")
    if root is None and os.environ.get("SHOUWEN_CI") != "1":
        pytest.skip("SHOUWEN_TEST_DATA does not name the folder of public records")
    return Path(root or "") / "berka"


@pytest.fixture(scope="module")
def source(records: Path) -> BerkaSource:
    return BerkaSource(records)


def test_a_row_that_is_no_event_is_counted_with_its_line(folder: Path) -> None:
    """A broken number or an unknown account must not stop the run, nor vanish."""
    source = BerkaSource(folder)

    assert [(lost.where.rsplit(":")[-1], lost.why) for lost in source.unreadable()] == [
        ("6", "an amount is not a number"),
        ("7", "no known account"),
    ]
    assert source.count() == len(list(source.lines())) == 2 + 3 + 4 + 1


def test_the_owner_is_the_customer(folder: Path) -> None:
    """Someone who may use an account does not owe its loan."""
    assert {line.key for line in BerkaSource(folder).lines()} == {"client-100", "client-102"}


def test_a_loan_after_the_records_is_not_known(folder: Path) -> None:
    """Account 2 borrows in 1995: a model that sees it has read the answer."""
    loans = [e for e in BerkaSource(folder).events() if e.topic is Topic.LOAN_EVENTS]

    assert {event.key for event in loans} == {"client-100"}
    assert [event.value["loan_stage"] for event in loans] == [
        "signing",
        "credit_line",
        "disbursement",
        "payment",
    ]
    assert loans[-1].value["outstanding_minor"] == 1_100_000


def test_a_transfer_every_month_is_a_salary_from_its_second_month(folder: Path) -> None:
    """Only earlier rows may say what a row means, or the future leaks into the past."""
    purposes = {
        event.value["txn_id"]: event.value.get("purpose_class", "other")
        for event in BerkaSource(folder).events()
        if event.topic is Topic.TRANSACTIONS
    }

    assert purposes == {
        "10": "other",
        "11": "salary",
        "12": "loan_repayment_own",
        "13": "interest",
    }


@pytest.mark.parametrize("amount", ["", "1.005", "NaN", "Infinity", "1,00"])
def test_an_amount_that_is_not_exact_is_refused(amount: str) -> None:
    """Money is never rounded on the way in."""
    with pytest.raises(RowError):
        minor_of(amount)


@pytest.mark.parametrize("read", [day_ms, birth_year_of])
@pytest.mark.parametrize("text", ["", "930231", "9x0101"])
def test_a_day_that_is_none_is_refused(read: object, text: str) -> None:
    """A wrong day would put an event into the wrong window."""
    assert callable(read)
    with pytest.raises(RowError):
        read(text)


def test_a_folder_without_its_files_says_which_are_missing(tmp_path: Path) -> None:
    """The parent folder is the most common mistake."""
    with pytest.raises(RecordedSourceError, match=r"disp\.csv, client\.csv"):
        open_source("berka", tmp_path)


@pytest.mark.real_data
def test_every_row_of_the_files_becomes_an_event(source: BerkaSource, records: Path) -> None:
    """`in` is told before the run starts, and it must be what the files hold."""
    table = f"read_csv('{records}/transactions_1993_1994Q1.csv.gz', all_varchar=true)"
    [(rows, repaid)] = duckdb.sql(
        f"select count(*), count(*) filter (k_symbol = 'UVER') from {table}"  # noqa: S608
    ).fetchall()

    topics = Counter(line.topic for line in source.lines())

    assert topics == {
        Topic.TRANSACTIONS: rows,
        Topic.CUSTOMERS: 638,
        Topic.LOAN_EVENTS: 3 * 22 + repaid,
    }
    assert source.count() == topics.total()
    assert source.unreadable() == ()


@pytest.mark.real_data
def test_every_event_keeps_its_contract_and_the_order(source: BerkaSource) -> None:
    """What the reader makes must pass the front door, and time must never go back."""
    last_ms = 0
    for line in source.lines():
        assert decode(line.topic, line.raw_value or b"").customer_id == line.key
        assert line.known_at_ms >= last_ms
        last_ms = line.known_at_ms


@pytest.mark.real_data
def test_nothing_is_known_after_the_last_day(source: BerkaSource) -> None:
    """Whoever borrows later, or ends badly, is the future."""
    end_ms = day_ms("940401")
    final = {"A", "B", "C", "D"}

    assert all(event.known_at_ms < end_ms for event in source.events())
    assert not any(final & set(map(str, event.value.values())) for event in source.events())


@pytest.mark.real_data
def test_twenty_two_customers_draw_a_loan(source: BerkaSource) -> None:
    """The number that the records are published with."""
    drawn = [e for e in source.events() if e.value["event_type"] == "loan_disbursement"]

    assert len(drawn) == len({event.key for event in drawn}) == 22


@pytest.mark.real_data
def test_sums_by_account_are_those_of_the_files(source: BerkaSource, records: Path) -> None:
    """Another engine over the same files, in exact decimals, is the oracle of the money."""
    table = f"read_csv('{records}/transactions_1993_1994Q1.csv.gz', all_varchar=true)"
    by_definition = dict(
        duckdb.sql(
            f"select 'account-' || account_id || case type when 'PRIJEM' then 'in' else 'out' end,"  # noqa: S608
            f" sum(amount::decimal(12,2) * 100)::bigint from {table} group by all"
        ).fetchall()
    )

    sums: Counter[str] = Counter()
    for event in source.events():
        if event.topic is Topic.TRANSACTIONS:
            value = event.value
            sums[value["account_id_hash"] + value["direction"]] += value["amount_minor"]

    assert sums == by_definition
