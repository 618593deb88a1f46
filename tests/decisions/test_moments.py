"""Each moment at its boundary, on its trigger, in its states."""

import math
from typing import get_args

import pytest

from contracts.conversions import LoanStateName
from contracts.decisions import Moment
from contracts.topics import DAY_MS, Topic
from decisions.facts import Application, Facts, LoanFile
from decisions.moments import MOMENTS, threshold_problems, why_now
from decisions.situation import Situation, Trigger
from tests.decisions.moment_cases import (
    BROWSED,
    CALCULATED,
    GAP,
    INTENT,
    MONITORED,
    NOW_MS,
    RECEIVED,
    SPENT,
    STRESS,
    a_situation,
    event,
    found,
    the_hit,
    timer,
)

HOUR_MS = 3_600_000


def test_every_moment_of_the_contract_is_declared_with_protection_first() -> None:
    """A moment that a strategy may name must be one that can open."""
    assert set(MOMENTS) == set(get_args(Moment))
    protective = [rule.protective for rule in MOMENTS.values()]
    assert protective == sorted(protective, reverse=True)


@pytest.mark.parametrize(
    ("features", "is_true"),
    [
        ({"loan_page_view_cnt_24h": 3}, True),
        ({"loan_page_view_cnt_24h": 2}, False),
        ({"calculator_cnt_24h": 1}, True),
        ({"limit_query_cnt_24h": 1}, True),
        ({"calculator_cnt_24h": 0, "limit_query_cnt_24h": 0, "loan_page_view_cnt_24h": 2}, False),
        ({"loan_page_view_cnt_24h": math.nan}, False),
        ({}, False),
    ],
)
def test_browsing_is_intent_from_three_pages_or_one_calculation_or_one_limit_query(
    features: dict[str, float], *, is_true: bool
) -> None:
    """Fewer is curiosity; a missing number is nothing."""
    situation = a_situation(features)

    assert found(situation, BROWSED) == (["loan_intent_browse"] if is_true else [])
    assert found(situation, CALCULATED) == (["loan_intent_browse"] if is_true else [])
    assert found(situation, SPENT) == []


@pytest.mark.parametrize("state", get_args(LoanStateName))
def test_who_has_asked_already_or_owes_too_long_has_no_intent_to_find(
    state: LoanStateName,
) -> None:
    """`applying` is beyond intent; `overdue` and `collection` are for care, not for offers."""
    expected = [] if state in {"applying", "overdue", "collection"} else ["loan_intent_browse"]

    assert found(a_situation(INTENT, state=state), BROWSED) == expected


@pytest.mark.parametrize(
    ("changed", "is_true"),
    [
        ({}, True),
        ({"cash_buffer_days": 10.0}, False),
        ({"cash_buffer_days": 9.999}, True),
        ({"outflow_sum_minor_7d": 150_000_00.0 - 1}, False),
        ({"outflow_week_mean_minor_90d": 100_000_00.0 + 1}, False),
        ({"debt_service_ratio": 0.5}, False),
        ({"debt_service_ratio": math.nan}, False),
        ({"outflow_week_mean_minor_90d": math.nan}, False),
        ({"cash_buffer_days": math.nan}, False),
    ],
)
def test_a_funding_gap_needs_a_short_buffer_fast_outflow_and_light_debts(
    changed: dict[str, float], *, is_true: bool
) -> None:
    """A gap seen where there is none costs trust; one number on the edge decides."""
    situation = a_situation({**GAP, **changed})

    assert found(situation, SPENT) == (["funding_gap"] if is_true else [])
    assert found(situation, RECEIVED) == []


@pytest.mark.parametrize(
    ("dpd_days", "features", "is_true"),
    [
        (1, {}, True),
        (0, {}, False),
        (0, {"ext_lender_cnt_90d": 4}, True),
        (0, {"ext_lender_cnt_90d": 3}, False),
        (0, {"debt_service_ratio": 0.7}, True),
        (0, {"debt_service_ratio": 0.6999}, False),
        (0, {"cash_buffer_days": 1.9, "ext_loan_inflow_sum_minor_30d": 1}, True),
        (0, {"cash_buffer_days": 2.0, "ext_loan_inflow_sum_minor_30d": 1}, False),
        (0, {"cash_buffer_days": 1.9, "ext_loan_inflow_sum_minor_30d": 0}, False),
        (0, {"cash_buffer_days": 1.9}, False),
    ],
)
@pytest.mark.parametrize("trigger", [SPENT, RECEIVED, MONITORED])
def test_stress_is_any_one_of_four_signs(
    dpd_days: int, features: dict[str, float], trigger: Trigger, *, is_true: bool
) -> None:
    """Each sign alone is enough to stop offering debt, and just below it nothing is stopped."""
    situation = a_situation(features, state="drawn_active", dpd_days=dpd_days)

    assert found(situation, trigger) == (["repayment_stress"] if is_true else [])


@pytest.mark.parametrize("state", get_args(LoanStateName))
def test_stress_is_seen_in_every_state(state: LoanStateName) -> None:
    """Protection has no entry condition."""
    assert found(a_situation(STRESS, state=state), SPENT) == ["repayment_stress"]


def test_a_customer_under_stress_has_no_other_moment() -> None:
    """The same payment may look like a gap to fill; the stress says not to."""
    situation = a_situation({**GAP, "ext_lender_cnt_90d": 4})

    assert found(situation, SPENT) == ["repayment_stress"]


def an_applicant(*, submitted: bool = False) -> Facts:
    """A customer who stopped at step 3, 30 minutes before now."""
    return Facts(
        loan=LoanFile(
            state="applying",
            apply_session="s-1",
            apply_step_no=3,
            apply_active_ms=NOW_MS - HOUR_MS // 2,
            apply_submitted=submitted,
        )
    )


def test_an_abandoned_application_names_the_step_to_go_back_to() -> None:
    """The link leads to the step, and the duties of an application apply."""
    hit = the_hit(a_situation(facts=an_applicant()), timer("loan.abandoned:s-1"))

    assert (hit.moment, hit.context) == ("apply_abandoned", "application")
    assert hit.numbers == {"last_apply_step": 3, "minutes_since_apply_activity": 30}
    assert hit.expires_ms == NOW_MS + 48 * HOUR_MS


def test_an_application_that_was_submitted_or_left_for_another_is_not_abandoned() -> None:
    """A timer that was already on its way must not speak for what has changed since."""
    submitted = a_situation(facts=an_applicant(submitted=True))
    assert found(submitted, timer("loan.abandoned:s-1")) == []
    assert found(a_situation(facts=an_applicant()), timer("loan.abandoned:s-2")) == []


def a_limit_holder(*, standing: str = "approved") -> Facts:
    """A customer with a limit of 80,000 yuan on application `a:1`."""
    application = Application("consumer_loan", 0, approved_limit_minor=80_000_00)
    application.standing = "approved" if standing == "approved" else "withdrawn"
    return Facts(loan=LoanFile(state="approved_undrawn", applications={"a:1": application}))


@pytest.mark.parametrize(("days", "wave"), [(3, 1), (7, 2), (15, 3), (30, 4)])
def test_an_undrawn_limit_comes_in_four_waves_of_five_days(days: int, wave: int) -> None:
    """Every wave has its own action and its own end."""
    hit = the_hit(a_situation(facts=a_limit_holder()), timer(f"loan.undrawn:a:1:{days}"))

    assert (hit.moment, hit.context, hit.wave) == (
        "approved_not_drawn",
        "existing_account",
        wave,
    )
    assert hit.expires_ms == NOW_MS + 5 * DAY_MS
    assert hit.numbers["approved_limit_minor"] == 80_000_00


def test_a_limit_that_is_gone_opens_nothing() -> None:
    """The bank took it back between the timer's birth and its firing."""
    gone = a_situation(facts=a_limit_holder(standing="withdrawn"))

    assert found(gone, timer("loan.undrawn:a:1:3")) == []


@pytest.mark.parametrize(
    "trigger",
    [
        timer("loan.expire:declined"),
        timer("label.close:r-1"),
        event(Topic.CONSENTS, "consent_granted"),
        event(Topic.APP_EVENTS, "apply"),
    ],
)
def test_other_triggers_open_nothing(trigger: Trigger) -> None:
    """A moment is found on its own trigger, so it is found once."""
    situation = a_situation({**GAP, **INTENT})

    assert found(situation, trigger) == []


def test_thresholds_may_come_from_configuration_and_unknown_ones_are_named() -> None:
    """The numbers are starting values; a misspelt one must not silently leave the default."""
    overrides = {"loan_intent_browse": {"calculator_uses_24h_at_least": 2.0}}

    assert threshold_problems(overrides) == []
    assert found(a_situation(INTENT), CALCULATED, overrides=overrides) == []
    assert len(threshold_problems({"loan_intent": {}, "funding_gap": {"x": 1.0}})) == 2


@pytest.mark.parametrize(
    ("situation", "trigger", "zh", "en"),
    [
        (
            a_situation({"loan_page_view_cnt_24h": 4, "limit_query_cnt_24h": 1}),
            BROWSED,
            "近24小时浏览贷款页4次、查询额度1次",
            "in the last 24 hours: 4 loan page views, 1 limit query",
        ),
        (
            a_situation(GAP),
            SPENT,
            "近7天支出15万元，高于周均10万元，余额可支撑约9天",
            (
                "CNY 150,000 went out in 7 days against CNY 100,000 in a usual week; "
                "the balance lasts about 9 days"
            ),
        ),
        (
            a_situation(facts=a_limit_holder()),
            timer("loan.undrawn:a:1:7"),
            "8万元额度已批准7天，尚未提款",
            "a limit of CNY 80,000 was approved 7 days ago and is not drawn",
        ),
        (
            a_situation(facts=an_applicant()),
            timer("loan.abandoned:s-1"),
            "贷款申请停在第3步，已30分钟未继续",
            "a loan application stopped at step 3, 30 minutes ago",
        ),
        (
            a_situation({"ext_lender_cnt_90d": 5}, state="overdue", dpd_days=12),
            MONITORED,
            "还款压力：逾期12天、近90天外部机构5家",
            "repayment stress: 12 days past due, 5 outside lenders in 90 days",
        ),
    ],
)
def test_why_now_is_said_in_words_with_the_numbers_that_made_it_true(
    situation: Situation, trigger: Trigger, zh: str, en: str
) -> None:
    """A manager who can say why has a reason to call; amounts are said as people say them."""
    hit = the_hit(situation, trigger)
    why = why_now(hit)

    assert (why.text_zh, why.text_en) == (zh, en)
    assert {type(number) for number in hit.numbers.values()} == {float}, "as a state reads back"
