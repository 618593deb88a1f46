"""The simulated bank: the same bytes for a seed, valid events, and people who make sense."""

import io
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import pytest

from contracts.decode import decode, subject_of
from contracts.recorded import RecordedEvent, RecordedLine
from contracts.topics import BANK_SOURCES, Topic
from simulator import simulate, write_jsonl

START_MS = 1_767_196_800_000
DAY_MS = 86_400_000
CUSTOMERS, DAYS = 300, 180


def a_bank(*, seed: int = 1, customers: int = 12, days: int = 40) -> list[RecordedEvent]:
    return list(simulate(seed=seed, customers=customers, days=days, start_ms=START_MS))


def written(events: Sequence[RecordedEvent]) -> bytes:
    file = io.BytesIO()
    write_jsonl(events, file)
    return file.getvalue()


def of_type(events: Sequence[RecordedEvent], event_type: str) -> list[RecordedEvent]:
    return [event for event in events if event.value["event_type"] == event_type]


@pytest.fixture(scope="module")
def half_a_year() -> list[RecordedEvent]:
    """Half a year of three hundred customers, as the demo and the benchmarks use it."""
    return a_bank(seed=3, customers=CUSTOMERS, days=DAYS)


def test_the_same_seed_writes_the_same_bytes() -> None:
    """A run that somebody reports must be one that everybody can repeat."""
    assert written(a_bank(seed=7)) == written(a_bank(seed=7))
    assert written(a_bank(seed=7)) != written(a_bank(seed=8))


def test_one_more_customer_changes_nobody_else() -> None:
    """Otherwise no measurement at one size says anything about another."""
    few, more = a_bank(customers=5), a_bank(customers=6)

    def is_newcomers(event: RecordedEvent) -> bool:
        """Whether the sixth customer's systems told of it; some of it is about an employer."""
        return str(event.value["event_id"]).startswith("c-000005-")

    assert written([event for event in more if not is_newcomers(event)]) == written(few)
    assert any(map(is_newcomers, more))


def test_more_days_do_not_change_the_first_ones() -> None:
    """The future of a customer must not reach into the past; accounts opened later excepted."""
    short, long = a_bank(days=20), a_bank(days=21)
    always = {e.key for e in of_type(short, "customer_profile") if e.known_at_ms < START_MS + 9_000}
    cut_ms = START_MS + 20 * DAY_MS

    def early(events: list[RecordedEvent]) -> bytes:
        return written([e for e in events if e.key in always and e.known_at_ms < cut_ms])

    assert early(short) == early(long)


def test_every_event_is_valid_and_keyed_by_its_subject(half_a_year: list[RecordedEvent]) -> None:
    """The simulator shows the good case: a dead letter in a demo would be its own mistake."""
    for event in half_a_year[::7]:
        line = RecordedLine.of(event)
        read = decode(line.topic, line.raw_value or b"")
        assert line.key == subject_of(read)
        assert not read.model_extra
        assert read.occurred_at_ms <= line.known_at_ms


def test_events_come_in_the_order_in_which_they_are_known(
    half_a_year: list[RecordedEvent],
) -> None:
    """A recorded run is ordered by nothing else."""
    assert all(a.known_at_ms <= b.known_at_ms for a, b in pairwise(half_a_year))
    assert {event.topic for event in half_a_year} == set(BANK_SOURCES)


def test_feeds_have_the_flaws_of_real_feeds(half_a_year: list[RecordedEvent]) -> None:
    """Late, repeated, corrected and reversed events must be there, or nothing tests them."""
    bodies: dict[str, str] = {}
    repeated = 0
    for event in half_a_year:
        event_id = event.value["event_id"]
        repeated += event_id in bodies
        assert bodies.setdefault(event_id, str(event.value)) == str(event.value)
    late = sum(e.known_at_ms - e.value["occurred_at_ms"] > 3_600_000 for e in half_a_year)
    by_id = {event.value["event_id"]: event for event in half_a_year}
    repairs = [e for e in half_a_year if "corrects_event_id" in e.value]

    assert 0.001 < repeated / len(half_a_year) < 0.01
    assert 0.005 < late / len(half_a_year) < 0.05
    assert len(of_type(repairs, "transaction_reversed")) > 20
    assert len(of_type(repairs, "transaction_posted")) > 20
    for repair in repairs:
        wrong = by_id[repair.value["corrects_event_id"]]
        assert wrong.key == repair.key
        assert wrong.value["occurred_at_ms"] == repair.value["corrects_occurred_at_ms"]


def test_postings_and_balances_agree(half_a_year: list[RecordedEvent]) -> None:
    """An account whose sums do not meet its balance teaches a model nonsense."""
    flawed = {e.value["corrects_event_id"] for e in half_a_year if "corrects_event_id" in e.value}
    accounts: dict[str, dict[str, RecordedEvent]] = defaultdict(dict)
    repaired_ms = START_MS + (DAYS - 7) * DAY_MS  # a later mistake may still wait for its repair
    for event in of_type(half_a_year, "transaction_posted"):
        in_time = event.value["occurred_at_ms"] < repaired_ms
        if in_time and event.value["event_id"] not in flawed:
            accounts[event.value["account_id_hash"]][event.value["txn_id"]] = event
    for postings in accounts.values():
        in_order = sorted(postings.values(), key=lambda e: int(e.value["txn_id"][9:], 16))
        for before, after in pairwise(in_order):
            sign = 1 if after.value["direction"] == "in" else -1
            moved = sign * after.value["amount_minor"]
            assert before.value["balance_after_minor"] + moved == after.value["balance_after_minor"]


def test_shares_are_those_of_a_bank(half_a_year: list[RecordedEvent]) -> None:
    """Too few conversions, or no looking before the loan, and no model could learn anything."""
    drawdowns = of_type(half_a_year, "loan_disbursement")
    first_ms: dict[str | None, int] = {}
    for event in drawdowns:
        first_ms.setdefault(event.key, event.value["occurred_at_ms"])
    looked: dict[str | None, list[int]] = defaultdict(list)
    for event in half_a_year:
        if event.value.get("event_name") == "loan_page_view":
            looked[event.key].append(event.value["occurred_at_ms"])
    before = sum(
        any(at_ms - 14 * DAY_MS <= look_ms < at_ms for look_ms in looked[key])
        for key, at_ms in first_ms.items()
    )

    assert 60 <= len(first_ms) <= 120
    assert 0.4 < before / len(first_ms) < 0.85, "some look before they borrow, and some never do"
    assert len(looked) > 2 * len(first_ms), "many look and never borrow"
    assert 3.0 < len(half_a_year) / CUSTOMERS / DAYS < 5.0


def test_some_loans_go_bad_and_most_do_not(half_a_year: list[RecordedEvent]) -> None:
    """Two banks together: 5 to 15 of a hundred loans are 30 days past due within 120 days."""
    drawn_ms: dict[tuple[int, str], int] = {}
    bad: set[tuple[int, str]] = set()
    other = a_bank(seed=4, customers=CUSTOMERS, days=DAYS)
    for bank, event in [*((3, e) for e in half_a_year), *((4, e) for e in other)]:
        value = event.value
        loan = (bank, str(value.get("loan_id")))
        if value["event_type"] == "loan_disbursement":
            drawn_ms.setdefault(loan, value["occurred_at_ms"])
        elif value["event_type"] == "loan_monitoring" and value.get("dpd_days", 0) >= 30:
            soon = value["occurred_at_ms"] - drawn_ms[loan] <= 120 * DAY_MS
            bad |= {loan} if soon else set()
    old_enough = {
        loan for loan, at_ms in drawn_ms.items() if at_ms <= START_MS + (DAYS - 120) * DAY_MS
    }

    assert 0.05 <= len(bad & old_enough) / len(old_enough) <= 0.15


def test_every_stage_of_the_loop_is_seen(half_a_year: list[RecordedEvent]) -> None:
    """The nine stages, refusals, lapsed limits and second loans all need something to show."""
    loans = [event.value for event in half_a_year if event.topic is Topic.LOAN_EVENTS]
    stages = {(value["loan_stage"], value["stage_status"]) for value in loans}
    settled = [value for value in loans if value.get("outstanding_minor") == 0]

    assert {
        ("marketing", "cancelled"),
        ("investigation", "failed"),
        ("rating", "failed"),
        ("signing", "passed"),
        ("credit_line", "failed"),
        ("credit_line", "cancelled"),
        ("disbursement", "passed"),
        ("payment", "passed"),
        ("monitoring", "entered"),
        ("collection", "entered"),
    } <= stages
    assert settled


def test_a_closed_account_is_silent() -> None:
    """A customer who left does nothing more, and owed nothing when leaving."""
    events = a_bank(customers=60, days=150)
    closed = {e.key: e.value["occurred_at_ms"] for e in of_type(events, "customer_closed")}

    assert closed
    assert not [
        event
        for event in events
        if event.key in closed and event.value["occurred_at_ms"] > closed[event.key]
    ]


def test_minors_get_no_loan(half_a_year: list[RecordedEvent]) -> None:
    """The bank refuses them; they are there so that the screen has something to refuse."""
    minors = {
        e.key for e in of_type(half_a_year, "customer_profile") if e.value["birth_year"] > 2008
    }

    assert minors
    assert not [e for e in of_type(half_a_year, "loan_disbursement") if e.key in minors]
