"""The measure of the flag: equal to its definition, said slowly, on any history."""

from collections.abc import Sequence
from functools import cache
from statistics import fmean, median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.conversions import LoanStateChanged, LoanStateName
from contracts.decisions import Decision, Moment
from contracts.recorded import RecordedLine
from contracts.topics import DAY_MS, Topic
from shouwen.ingest import IngestPlan
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from shouwen.trial.flags import Flagged, measure
from simulator import simulate
from tests.support.memory_bank import run
from tests.support.records import a_change, a_decision

START_MS = 1_767_225_600_000
STANDS_MS = 90 * DAY_MS
CUSTOMERS = ("c-1", "c-2", "c-3")


def decided(at_ms: int, subject_id: str = "c-1", **changes: Any) -> Decision:
    return a_decision(at_ms=at_ms, subject_id=subject_id, seq=at_ms, **changes)


def is_in(state: LoanStateName, at_ms: int, subject_id: str = "c-1") -> LoanStateChanged:
    return a_change(at_ms=at_ms, subject_id=subject_id, to_state=state)


def drew(at_ms: int, subject_id: str = "c-1") -> LoanStateChanged:
    return a_change(at_ms=at_ms, subject_id=subject_id, to_state="drawn_active", conversion="first")


def by_definition(decisions: Sequence[Decision], changes: Sequence[LoanStateChanged]) -> Flagged:
    """The measure as docs/domain.md says it, asked millisecond by millisecond of everything."""
    draws = [(c.subject_id, c.at_ms) for c in changes if c.conversion is not None]
    flags: list[tuple[str, int]] = []
    for decision in sorted(decisions, key=lambda d: d.at_ms):
        sees_need = decision.moment != "repayment_stress"
        if decision.loan_state != "account_no_loan" or not sees_need:
            continue
        stands = any(
            subject_id == decision.subject_id
            and at_ms <= decision.at_ms < at_ms + STANDS_MS
            and not any(
                drawer == subject_id and at_ms < drawn_ms <= decision.at_ms
                for drawer, drawn_ms in draws
            )
            for subject_id, at_ms in flags
        )
        if not stands:
            flags.append((decision.subject_id, decision.at_ms))

    def is_hit(subject_id: str, at_ms: int) -> bool:
        return any(
            drawer == subject_id and at_ms < drawn_ms < at_ms + STANDS_MS
            for drawer, drawn_ms in draws
        )

    def state(subject_id: str, at_ms: int) -> LoanStateName:
        known = [c for c in changes if c.subject_id == subject_id and c.at_ms <= at_ms]
        return known[-1].to_state if known else "no_account"

    waits = [
        min(drawn_ms - at_ms for at_ms in before) / DAY_MS
        for drawer, drawn_ms in draws
        if (
            before := [
                at_ms
                for subject_id, at_ms in flags
                if subject_id == drawer and drawn_ms - STANDS_MS < at_ms < drawn_ms
                if not any(o == drawer and at_ms < o_ms < drawn_ms for o, o_ms in draws)
            ]
        )
    ]
    customers = {c.subject_id for c in changes}
    chances = []
    for _, at_ms in flags:
        there = [name for name in customers if state(name, at_ms) == "account_no_loan"]
        if there:
            chances.append(fmean(is_hit(name, at_ms) for name in there))
    return Flagged(
        converted=len(draws),
        before_conversion=len(waits),
        median_days_before=median(waits) if waits else None,
        flags=len(flags),
        precision=fmean(is_hit(*flag) for flag in flags) if flags else None,
        random_precision=fmean(chances) if chances else None,
    )


MOMENTS: tuple[Moment, ...] = ("funding_gap", "loan_intent_browse", "repayment_stress")
STATES: tuple[LoanStateName, ...] = ("account_no_loan", "drawn_active", "settled")
DAYS = st.integers(0, 300)
DECISIONS = st.lists(
    st.builds(
        lambda day, customer, moment, state: decided(
            day * DAY_MS, customer, moment=moment, loan_state=state
        ),
        DAYS,
        st.sampled_from(CUSTOMERS),
        st.sampled_from(MOMENTS),
        st.sampled_from(STATES[:2]),
    ),
    max_size=12,
)
CHANGES = st.lists(
    st.builds(
        lambda day, customer, state: (
            drew(day * DAY_MS, customer)
            if state == "drawn_active"
            else is_in(state, day * DAY_MS, customer)
        ),
        DAYS,
        st.sampled_from(CUSTOMERS),
        st.sampled_from(STATES),
    ),
    max_size=12,
    unique_by=lambda change: (change.subject_id, change.at_ms),
).map(lambda changes: sorted(changes, key=lambda change: change.at_ms))


@given(decisions=DECISIONS, changes=CHANGES)
def test_the_measure_is_its_definition(
    decisions: list[Decision], changes: list[LoanStateChanged]
) -> None:
    """The number that a bank would buy this for must be what its sentence says."""
    found, wanted = measure(decisions, changes), by_definition(decisions, changes)

    assert found.converted == wanted.converted
    assert found.before_conversion == wanted.before_conversion
    assert found.median_days_before == wanted.median_days_before
    assert found.flags == wanted.flags
    assert found.precision == pytest.approx(wanted.precision)
    assert found.random_precision == pytest.approx(wanted.random_precision)


def test_a_flag_stands_for_less_than_ninety_days() -> None:
    """As the engine has it: at 90 days a flag is over, and a new one may be raised."""
    last_ms = STANDS_MS - 1

    assert measure([decided(0)], [drew(last_ms)]).before_conversion == 1
    assert measure([decided(0)], [drew(last_ms)]).precision == 1
    assert measure([decided(0)], [drew(STANDS_MS)]).before_conversion == 0
    assert measure([decided(0)], [drew(STANDS_MS)]).precision == 0
    assert measure([decided(0), decided(last_ms)], []).flags == 1
    assert measure([decided(0), decided(STANDS_MS)], []).flags == 2


def test_a_flag_in_the_millisecond_of_the_drawdown_foresaw_nothing() -> None:
    """A tie is not a prediction."""
    found = measure([decided(5)], [drew(5)])

    assert (found.converted, found.before_conversion, found.precision) == (1, 0, 0)


def test_the_first_decision_counts_and_not_the_last() -> None:
    """Days before the drawdown are from when the need was first seen."""
    found = measure([decided(0), decided(20 * DAY_MS)], [drew(30 * DAY_MS)])

    assert (found.flags, found.median_days_before) == (1, 30.0)


def test_one_flag_serves_one_drawdown() -> None:
    """After a drawdown the customer has to be seen anew; the old flag is spent."""
    draws = [drew(10 * DAY_MS), is_in("account_no_loan", 20 * DAY_MS), drew(60 * DAY_MS)]

    seen_once = measure([decided(0)], draws)
    seen_again = measure([decided(0), decided(30 * DAY_MS)], draws)

    assert (seen_again.converted, seen_again.before_conversion, seen_again.flags) == (2, 2, 2)
    assert seen_again.median_days_before == 20.0
    assert (seen_once.converted, seen_once.before_conversion) == (2, 1)


def test_a_decision_that_protects_is_no_flag() -> None:
    """Who cannot carry the debts at hand is not found for another one."""
    found = measure([decided(0, moment="repayment_stress")], [drew(5 * DAY_MS)])

    assert (found.flags, found.before_conversion, found.precision) == (0, 0, None)


def test_a_customer_with_a_loan_is_not_flagged() -> None:
    """The measure is of those who come from no loan."""
    assert measure([decided(0, loan_state="drawn_active")], []).flags == 0


def test_a_flag_at_the_end_of_a_run_counts_against_the_precision() -> None:
    """The reported share is a floor: nobody can say afterwards that it was made to look good."""
    found = measure([decided(0), decided(100 * DAY_MS, "c-2")], [drew(5 * DAY_MS)])

    assert found.precision == 0.5


def test_picking_at_random_is_among_those_without_a_loan_at_that_time() -> None:
    """Half of the eligible draw in time, so half of random flags come true; the rest is noise."""
    changes = [
        *(is_in("account_no_loan", 0, customer) for customer in ("c-1", "c-2", "c-3", "c-4")),
        is_in("drawn_active", 5, "c-3"),
        is_in("account_no_loan", 6, "c-5"),
        drew(10, "c-1"),
        drew(6 + STANDS_MS, "c-2"),
        drew(20, "c-5"),
    ]

    assert measure([decided(6)], changes).random_precision == 0.5


def test_nobody_eligible_is_no_number() -> None:
    """Zero would read as: chance never finds anyone."""
    assert measure([decided(0)], []).random_precision is None


@cache
def a_bank() -> tuple[list[Decision], list[LoanStateChanged]]:
    """What the whole pipeline said about half a year of a small bank."""
    events = simulate(seed=5, customers=40, days=180, start_ms=START_MS)
    plan = IngestPlan(
        partitions=2,
        slice_ms=DAY_MS,
        learn_every_ms=7 * DAY_MS,
        control=(activation(DEFAULT_STRATEGY),),
    )
    done = run((RecordedLine.of(event) for event in events), plan)
    return (
        [Decision.model_validate_json(value) for value in done.said(Topic.DECISIONS)],
        [LoanStateChanged.model_validate_json(value) for value in done.said(Topic.CONVERSIONS)],
    )


def test_the_report_and_the_engine_mean_the_same_flag() -> None:
    """A conversion names its flag; the report counts the same ones, found without the engine."""
    decisions, changes = a_bank()
    named = [c for c in changes if c.conversion is not None and c.flagged_at_ms is not None]
    found = measure(decisions, changes)

    assert named, "somebody must have been flagged before drawing"
    assert found.before_conversion == len(named)
    assert found.median_days_before == median(
        (c.at_ms - (c.flagged_at_ms or 0)) / DAY_MS for c in named
    )


def test_a_real_run_is_measured_as_the_definition_says() -> None:
    """Real histories have ties and orders that nobody thinks of."""
    decisions, changes = a_bank()
    found, wanted = measure(decisions, changes), by_definition(decisions, changes)

    assert found.flags == wanted.flags > 0
    assert found.random_precision == pytest.approx(wanted.random_precision)
    assert found.precision == pytest.approx(wanted.precision)
