"""The screen against a plain second reading of the table, and every reason against its flip."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.decisions import DecisionContext, Reason
from contracts.topics import DAY_MS
from decisions.facts import Facts, LoanFile, Profile
from decisions.risk.bands import band_of, without
from decisions.risk.screen import PRINCIPAL, Screen, screen
from decisions.situation import Scores, Situation
from decisions.texts import family_of
from tests.decisions.given import (
    MORNING_MS,
    a_loan,
    a_situation,
    some_facts,
    some_scores,
    the_risk_table,
)

THIS_YEAR = 2026
HARSHNESS = {"approve": 0, "refer": 1, "decline": 2}
NAN = float("nan")


def around(*edges: float) -> st.SearchStrategy[float]:
    """Return numbers at the edges, a step to both sides, and elsewhere; or none (NaN)."""
    near = [edge + step for edge in edges for step in (-1.0, -0.001, 0.0, 0.001, 1.0)]
    return st.sampled_from([*[value for value in near if value >= 0], NAN])


@st.composite
def cases(draw: st.DrawFn) -> tuple[Situation, Scores]:
    """Return a random customer, often at an edge of the table."""
    age = draw(st.sampled_from([None, 16, 17, 18, 19, 40, 63, 64, 65, 66]))
    dpd = draw(st.sampled_from([0, 0, 0, 1, 2]))
    worst = draw(st.sampled_from([0, 0, 89, 90, 91]))
    loan = LoanFile(
        state="drawn_active" if dpd else "account_no_loan",
        loans={"l-1": a_loan(dpd_days=dpd)} if dpd else {},
        dpd_history=[(MORNING_MS - 100 * DAY_MS, worst)] if worst else [],
    )
    profile = Profile(known=True, birth_year=None if age is None else THIS_YEAR - age)
    situation = a_situation(
        facts=some_facts(profile=profile, loan=loan),
        ext_lender_cnt_90d=draw(around(3.0, 4.0)),
        debt_service_ratio=draw(around(0.5, 0.7)),
        income_month_cnt=draw(around(3.0)),
        cash_buffer_days=draw(around(3.0)),
    )
    pd = draw(
        st.one_of(
            st.none(),
            st.sampled_from([0.0, 0.00999, 0.01, 0.02499, 0.025, 0.0499, 0.05, 0.0999, 0.1, 1.0]),
            st.floats(0.0, 1.0),
        )
    )
    weights = draw(
        st.dictionaries(
            st.sampled_from(
                [
                    "debt_service_ratio",
                    "cash_buffer_days",
                    "night_session_ratio_7d",
                    "outflow_sum_minor_30d",
                ]
            ),
            st.floats(-2.0, 3.0),
        )
    )
    scores = some_scores(pd=pd, pd_contributions=weights)
    return situation, scores


def screened(
    situation: Situation,
    scores: Scores,
    context: DecisionContext = "marketing_unsolicited",
) -> Screen:
    """Return the screen's answer by the bundled table."""
    return screen(
        situation, scores, table=the_risk_table(), product="consumer_loan", context=context
    )


def by_definition(situation: Situation, scores: Scores) -> tuple[str, str, int]:
    """Return (outcome, band, points) as somebody reads them off docs/domain.md."""
    points = points_by_definition(situation)
    edges = [("A", 0.01), ("B", 0.025), ("C", 0.05), ("D", 0.10)]
    pd = scores.pd
    band = "C" if pd is None else next((name for name, edge in edges if pd < edge), "E")
    column = 0 if points <= 3 else 1 if points <= 6 else 2 if points <= 9 else 3
    matrix = {"A": "aard", "B": "arrd", "C": "rrdd", "D": "rddd", "E": "dddd"}
    outcome = {"a": "approve", "r": "refer", "d": "decline"}[matrix[band][column]]
    if situation.facts.profile.birth_year is None and outcome == "approve":
        outcome = "refer"
    return ("decline" if is_hit_hard(situation) else outcome), band, points


def points_by_definition(situation: Situation) -> int:
    """Return the sum of the soft rules."""
    lenders, debt = situation.number("ext_lender_cnt_90d"), situation.number("debt_service_ratio")
    months, days = situation.number("income_month_cnt"), situation.number("cash_buffer_days")
    points = 3 if debt is not None and debt >= 0.5 else 0
    points += 3 if lenders is not None and lenders >= 3 else 0
    points += 2 if months is None or months < 3 else 0
    return points + (2 if days is not None and days < 3 else 0)


def is_hit_hard(situation: Situation) -> bool:
    """Return whether one of the rules that decline alone is hit."""
    born = situation.facts.profile.birth_year
    lenders = situation.number("ext_lender_cnt_90d")
    return (
        (born is not None and not 18 <= THIS_YEAR - born <= 64)
        or any(loan.dpd_days >= 1 for loan in situation.facts.loan.loans.values())
        or any(dpd >= 90 for _, dpd in situation.facts.loan.dpd_history)
        or (lenders is not None and lenders >= 4)
    )


@given(cases())
def test_the_screen_is_the_table(case: tuple[Situation, Scores]) -> None:
    """A threshold that is off by one declines people who should not be."""
    answer = screened(*case)

    assert (answer.outcome, answer.band, answer.soft_points) == by_definition(*case)


@given(cases())
def test_every_rule_is_evaluated_whatever_is_hit(case: tuple[Situation, Scores]) -> None:
    """The reasons and the question "what if" need all of them."""
    rules = [finding.rule for finding in screened(*case).findings]

    assert rules == [
        "H03.min_age", "H03.max_age_at_maturity", "H06.current", "H06.history", "H07",
        "S01", "S03", "S09", "S10",
    ]  # fmt: skip


def flips(situation: Situation, scores: Scores, reasons: list[Reason]) -> tuple[Situation, Scores]:
    """Return the same customer with the input of each reason on its passing side."""
    features = dict(situation.features)
    facts = situation.facts
    for reason in reasons:
        match reason.feature:
            case _ if reason.source == "model" and reason.feature != "pd":
                assert scores.pd is not None
                off = sum(
                    weight
                    for feature, weight in scores.pd_contributions.items()
                    if family_of(feature) == reason.code and weight > 0
                )
                scores = replace(scores, pd=without(scores.pd, off))
            case "pd":
                scores = replace(scores, pd=0.0)
            case "age_years" | "age_at_maturity_years" | "birth_year":
                facts = some_facts(profile=Profile(known=True, birth_year=1990), loan=facts.loan)
            case "dpd_days":
                facts = cured(facts, loans={}, dpd_history=facts.loan.dpd_history)
            case "max_dpd_24m_days":
                facts = cured(facts, loans=facts.loan.loans, dpd_history=[])
            case "ext_lender_cnt_90d" | "debt_service_ratio":
                assert reason.threshold is not None
                features[reason.feature] = max(0.0, float.fromhex(reason.threshold) - 1.0)
            case "income_month_cnt" | "cash_buffer_days":
                assert reason.threshold is not None
                features[reason.feature] = float.fromhex(reason.threshold)
            case None:
                assert reason.code == "risk_model_missing"
                scores = replace(scores, pd=0.0)
            case unknown:
                raise AssertionError(f"nobody knows how to flip {unknown!r}")
    return replace(situation, facts=facts, features=features), scores


def cured(facts: Facts, *, loans: Any, dpd_history: Any) -> Facts:
    """Return the facts with another history of arrears."""
    return some_facts(profile=facts.profile, loan=LoanFile(loans=loans, dpd_history=dpd_history))


def is_better(after: Screen, before: Screen) -> bool:
    """Return whether the outcome or the band improved."""
    return HARSHNESS[after.outcome] < HARSHNESS[before.outcome] or after.band < before.band


@given(cases())
def test_every_reason_is_true(case: tuple[Situation, Scores]) -> None:
    """Flip the input of one reason, and the outcome or the band improves.

    Where several things each decline alone, no single flip can; then all of them together do. Only
    where hard rules and the matrix take more than four, the four that may be told are not enough.
    """
    answer = screened(*case)
    reasons = list(answer.reasons)
    if answer.outcome == "approve":
        assert reasons == []
        return
    assert reasons != []
    alone = [is_better(screened(*flips(*case, [reason])), answer) for reason in reasons]
    if not all(alone):
        hard = [finding for finding in answer.findings if finding.hit and finding.hard]
        beyond_four = bool(hard) and len(reasons) >= PRINCIPAL
        assert is_better(screened(*flips(*case, reasons)), answer) or beyond_four


@given(cases())
def test_what_is_no_reason_changes_nothing_alone(case: tuple[Situation, Scores]) -> None:
    """A soft rule that was hit and did not matter must not be told to the customer as the cause."""
    answer = screened(*case)
    told = {reason.feature for reason in answer.reasons}
    silent = [
        finding
        for finding in answer.findings
        if finding.hit and not finding.hard and finding.feature not in told
    ]
    for finding in silent:
        situation = replace(
            case[0],
            features={
                **case[0].features,
                finding.feature: finding.limit
                if finding.direction in {"below", "missing"}
                else finding.limit - 0.5,
            },
        )
        assert not is_better(screened(situation, case[1]), answer)


@given(cases())
def test_reasons_are_ordered_and_at_most_four_are_told(case: tuple[Situation, Scores]) -> None:
    """A notice of ten reasons says nothing."""
    reasons = screened(*case).reasons
    weights = [reason.contribution for reason in reasons]

    assert weights == sorted(weights, reverse=True)
    assert sum(reason.disclosable for reason in reasons) <= 4


def test_a_rule_that_changed_nothing_is_no_reason() -> None:
    """Two points of a small buffer in the first column: the band alone is the cause."""
    answer = screened(
        a_situation(cash_buffer_days=1.0),
        some_scores(pd=0.03, pd_contributions={"debt_service_ratio": 2.0}),
    )

    assert answer.outcome == "refer"
    assert [(reason.code, reason.source) for reason in answer.reasons] == [
        ("obligations_high", "model")
    ]


def test_of_what_only_helps_together_the_needed_part_is_told() -> None:
    """Band E and ten points: without a better band nothing helps, so the band must be told."""
    answer = screened(
        a_situation(
            debt_service_ratio=0.5,
            ext_lender_cnt_90d=3.0,
            income_month_cnt=2.0,
            cash_buffer_days=2.0,
        ),
        some_scores(pd=0.1),
    )

    assert [reason.code for reason in answer.reasons] == ["too_many_lenders", "risk_score_high"]


@pytest.mark.parametrize(
    ("context", "outcome"),
    [
        ("application", "refer"),
        ("existing_account", "refer"),
        ("marketing_unsolicited", "decline"),
        ("prescreen_offer", "decline"),
    ],
)
def test_a_reason_that_may_not_be_told_makes_a_person_look(
    context: DecisionContext, outcome: str
) -> None:
    """A notice must not name a lesser reason as if it were the true one."""
    scores = some_scores(pd=0.3, pd_contributions={"night_session_ratio_7d": 3.0})
    answer = screened(a_situation(), scores, context)

    assert answer.outcome == outcome
    assert [reason.disclosable for reason in answer.reasons] == [False]


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_risk_never_has_a_better_band(one: float, other: float) -> None:
    """Order is the least that a band must keep."""
    low, high = sorted((one, other))

    assert band_of(low, the_risk_table()) <= band_of(high, the_risk_table())


@given(st.floats(1e-6, 1 - 1e-6), st.floats(-5.0, 5.0))
def test_taking_log_odds_off_and_putting_them_back_is_nothing(pd: float, off: float) -> None:
    """The series stands for a true exponential."""
    assert without(without(pd, off), -off) == pytest.approx(pd, rel=1e-9)
