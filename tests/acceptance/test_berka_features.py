"""Features of real accounts, folded by the engine, beside SQL over the bank's own files."""

import csv
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.recorded import open_source
from contracts.journal import Entry
from contracts.topics import DAY_MS
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from features import LOG_NAMES, is_capped, read
from features.catalogue_debts import DEBTS
from features.catalogue_money import BALANCES, FLOWS, INCOMES
from features.catalogue_shape import FLOW_SHAPE, INCOME_SHAPE
from replay.folding import this_engine
from tests.acceptance.berka_query import BerkaQuery

pytestmark = pytest.mark.real_data

LAST_DAY = "940331"
KNOWN_MS = 20 * 3_600_000
FIRST_DAY_MS = int(datetime(1993, 1, 1, tzinfo=UTC).timestamp()) * 1000
SEED = 1993
FUND_FLOW = {
    feature.name for feature in (*FLOWS, *INCOMES, *BALANCES, *DEBTS, *INCOME_SHAPE, *FLOW_SHAPE)
}


@dataclass(frozen=True, slots=True)
class Seen:
    """The features of an account at a time, as the engine has them then."""

    account_id: str
    at_ms: int
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who owns which account, and when a first loan was known, by the bank's files."""

    owner: dict[str, str]
    loan_known_ms: dict[str, int]


@pytest.fixture(scope="module")
def accounts(berka: Path) -> Accounts:
    with (berka / "disp.csv").open(encoding="latin-1") as file:
        owner = {
            row["account_id"]: f"client-{row['client_id']}"
            for row in csv.DictReader(file)
            if row["type"] == "OWNER"
        }
    with (berka / "accounts_1993_1994Q1.csv").open(encoding="latin-1") as file:
        rows = [row for row in csv.DictReader(file) if row["open_date"] <= LAST_DAY]
    loans = {
        row["account_id"]: _day_ms(row["loan_date"]) + KNOWN_MS
        for row in rows
        if row["loan_id"] and row["loan_date"] <= LAST_DAY
    }
    return Accounts({row["account_id"]: owner[row["account_id"]] for row in rows}, loans)


@pytest.fixture(scope="module")
def query(berka: Path) -> Iterator[BerkaQuery]:
    query = BerkaQuery(berka)
    yield query
    query.close()


@pytest.fixture(scope="module")
def looks(accounts: Accounts, query: BerkaQuery) -> list[tuple[int, str]]:
    """20 accounts on 10 evenings, borrowers before their loan and at the end, large inflows."""
    dice = random.Random(SEED)
    some = dice.sample(sorted(accounts.owner), 20)
    end_ms = _day_ms(LAST_DAY) + KNOWN_MS + 1
    evenings = [FIRST_DAY_MS + dice.randrange(100, 455) * DAY_MS + KNOWN_MS for _ in range(10)]
    drawn = [(at_ms, name) for at_ms in evenings for name in some]
    before = [(known_ms - DAY_MS, name) for name, known_ms in accounts.loan_known_ms.items()]
    after = [(end_ms, name) for name in accounts.loan_known_ms]
    large = [(day_ms + KNOWN_MS, name) for day_ms, name in query.large_inflows()]
    return sorted([*drawn, *before, *after, *large])


@pytest.fixture(scope="module")
def seen(berka: Path, accounts: Accounts, looks: list[tuple[int, str]]) -> list[Seen]:
    """Fold the recording from its beginning, and look at accounts on the way."""
    engine = this_engine()
    state, subjects = PartitionState(partition=0, build=engine.build), MemorySubjects()
    entries = _journal(berka)
    waiting = next(entries, None)
    found: list[Seen] = []
    for at_ms, account_id in looks:
        batch = []
        while waiting is not None and waiting.at_ms <= at_ms:
            batch.append(waiting)
            waiting = next(entries, None)
        engine.fold(state, subjects, batch)
        log = subjects.get(accounts.owner[account_id]).log
        assert not is_capped(log)
        values = dict(zip(LOG_NAMES, read(log, at_ms).tolist(), strict=True))
        found.append(Seen(account_id, at_ms, {name: values[name] for name in FUND_FLOW}))
    return found


def test_the_query_names_every_fund_flow_feature(query: BerkaQuery) -> None:
    """A new feature of money or debt needs a statement of its own here, or this is red."""
    assert query.features("1", 0).keys() == FUND_FLOW
    assert query.is_in_order()


def test_every_fund_flow_feature_is_the_query_s_to_the_last_bit(
    seen: list[Seen], query: BerkaQuery
) -> None:
    """Sums, months, balances and ratios of real accounts on 10 evenings, and around each loan."""
    told = [
        f"{name} of {look.account_id} at {look.at_ms}: {look.values[name]} is not {value}"
        for look in seen
        for name, value in query.features(look.account_id, look.at_ms).items()
        if look.values[name].hex() != value.hex()
    ]

    assert told == []
    assert len(seen) >= 200 + 2 * 22
    constant = {name for name in FUND_FLOW if len({s.values[name].hex() for s in seen}) == 1}
    assert constant == {
        "supplier_payment_sum_minor_14d",
        "supplier_payment_sum_minor_90d",
        "customer_receipt_sum_minor_30d",
        "days_since_customer_receipt",
        "ext_repay_sum_minor_30d",
        "ext_loan_inflow_sum_minor_30d",
        "ext_lender_cnt_90d",
        "receipt_gap_p90_d_180d",
        "receipt_std_minor_90d",
        "medical_sum_minor_90d",
    }


def test_no_instalment_is_in_a_feature_before_the_loan(
    seen: list[Seen], accounts: Accounts, query: BerkaQuery
) -> None:
    """An instalment says that there is a loan: before the drawdown it would be the answer."""
    before = [
        look for look in seen if look.at_ms + DAY_MS == accounts.loan_known_ms.get(look.account_id)
    ]
    assert len(before) == 22
    for look in before:
        without = query.features(look.account_id, look.at_ms, only="NOT is_instalment")
        assert {name: value.hex() for name, value in look.values.items()} == {
            name: value.hex() for name, value in without.items()
        }


def test_the_query_without_instalments_differs_once_there_are_some(
    seen: list[Seen], accounts: Accounts, query: BerkaQuery
) -> None:
    """The control: after the loan the same comparison sees the instalments."""
    end_ms = max(look.at_ms for look in seen)
    after = [look for look in seen if look.at_ms == end_ms and look.account_id in accounts.owner]
    name = "outflow_sum_minor_30d"
    differ = [
        look.account_id
        for look in after
        if query.features(look.account_id, end_ms, only="NOT is_instalment")[name]
        != look.values[name]
    ]

    assert len(differ) > 10
    assert all(math.isfinite(look.values["own_repay_sum_minor_30d"]) for look in after)


def _journal(berka: Path) -> Iterator[Entry]:
    for seq, line in enumerate(open_source("berka", berka).lines()):
        yield Entry(
            partition=0,
            seq=seq,
            at_ms=line.known_at_ms,
            topic=line.topic,
            source_partition=0,
            source_offset=seq,
            key=line.key or "",
            value=line.raw_value or b"",
        )


def _day_ms(yymmdd: str) -> int:
    return int(datetime.strptime(f"19{yymmdd}", "%Y%m%d").replace(tzinfo=UTC).timestamp()) * 1000
