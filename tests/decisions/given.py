"""Customers, moments and strategies to decide on: a test names only what it is about."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from contracts.decisions import DecisionContext, Moment
from contracts.topics import DAY_MS, Topic
from decisions.decide import decide
from decisions.facts import ConsentFact, Facts, Loan, LoanFile, Profile
from decisions.policy import ContactPolicy, RiskTable
from decisions.situation import MomentHit, Scores, Situation, Trigger
from decisions.strategy import Strategy, canonical_sha256, load
from decisions.verdict import Verdict
from strategies import bundled, load_file

MORNING_MS = 1_790_042_400_000
"""Tuesday 2026-09-22, 10:00 in Shanghai: every channel is within its hours."""
HOUR_MS = 3_600_000
PURPOSES = ("marketing_push", "marketing_sms", "marketing_call")
GOOD_FEATURES: Mapping[str, float] = {
    "debt_service_ratio": 0.2,
    "ext_lender_cnt_90d": 0.0,
    "income_month_cnt": 6.0,
    "cash_buffer_days": 20.0,
}
SHA = "0" * 64


@cache
def _bundled() -> dict[str, Any]:
    return load_file(bundled("no_loan_to_loan_v1"))


def a_strategy_file() -> dict[str, Any]:
    """Return the bundled strategy as data, to be changed at will."""
    return deepcopy(_bundled())


@cache
def the_strategy() -> Strategy:
    """Return the bundled strategy as it is."""
    return load(_bundled())


@cache
def everyone_in(arm: str, *, epsilon_micro: int = 0) -> Strategy:
    """Return the bundled strategy with every customer in one arm, and no exploration."""
    data = a_strategy_file()
    arms = data["experiment"]["arms"]
    for known in arms.values():
        known["pct"] = 0
    data["experiment"]["holdout_pct"] = 100 if arm == "holdout" else 0
    if arm != "holdout":
        arms[arm]["pct"] = 100
    data["arbitration"]["explore_epsilon_micro"] = epsilon_micro
    return load(data)


def the_risk_table() -> RiskTable:
    """Return the bundled risk table."""
    return the_strategy().spec.risk


def the_contact_policy() -> ContactPolicy:
    """Return the bundled contact policy."""
    return the_strategy().spec.contact


def some_facts(**changes: Any) -> Facts:
    """Return a customer with an account and no loan, who consents to everything."""
    given: dict[str, Any] = {
        "profile": Profile(
            known=True, birth_year=1990, kyc_level=3, has_account=True, rm_id="rm-1"
        ),
        "consents": {purpose: ConsentFact("granted", 0) for purpose in PURPOSES},
        "loan": LoanFile(state="account_no_loan"),
    }
    return Facts(**{**given, **changes})


def a_loan(**changes: Any) -> Loan:
    """Return a running loan without arrears."""
    given: dict[str, Any] = {
        "loan_id": "l-1",
        "product_id": "consumer_loan",
        "drawn_minor": 100_000,
        "outstanding_minor": 50_000,
        "drawn_at_ms": MORNING_MS - 60 * DAY_MS,
    }
    return Loan(**{**given, **changes})


def a_situation(
    *,
    facts: Facts | None = None,
    at_ms: int = MORNING_MS,
    subject_id: str = "c-1",
    **features: float,
) -> Situation:
    """Return a customer in good order, but for what is named."""
    return Situation(
        subject_id=subject_id,
        at_ms=at_ms,
        facts=some_facts() if facts is None else facts,
        features={**GOOD_FEATURES, **features},
    )


def some_scores(**changes: Any) -> Scores:
    """Return the scores of a good risk who may well draw a loan."""
    given: dict[str, Any] = {
        "pd": 0.005,
        "pd_model_id": "dpd30:0011223344556677",
        "pd_calibrated": True,
        "pd_contributions": {},
        "propensity": 0.05,
        "propensity_micro": 50_000,
        "propensity_model_id": "drawn_30d:0011223344556677",
    }
    return Scores(**{**given, **changes})


def a_hit(
    moment: Moment = "loan_intent_browse",
    *,
    at_ms: int = MORNING_MS,
    context: DecisionContext = "marketing_unsolicited",
    wave: int = 0,
    **numbers: float,
) -> MomentHit:
    """Return a moment that has just become true."""
    usual: dict[str, dict[str, float]] = {
        "loan_intent_browse": {"calculator_cnt_24h": 1},
        "apply_abandoned": {"apply_step_no": 2},
        "approved_not_drawn": {"days_since_approval": 3, "approved_limit_minor": 5_000_000},
        "funding_gap": {"cash_buffer_days": 6.0},
        "repayment_stress": {"dpd_days": 3},
    }
    return MomentHit(
        moment=moment,
        moment_id="m-1",
        expires_ms=at_ms + DAY_MS,
        quiet_until_ms=at_ms + 2 * DAY_MS,
        context=context,
        protective=moment == "repayment_stress",
        wave=wave,
        numbers=numbers or usual[moment],
    )


def a_trigger(cause: str = "app-events.v1:0:7") -> Trigger:
    """Return the event that set the decision off."""
    return Trigger(
        kind="event",
        cause=cause,
        topic=Topic.APP_EVENTS,
        event_type="calculator",
        event_id="e-1",
    )


def a_verdict(
    situation: Situation | None = None,
    hit: MomentHit | None = None,
    *,
    strategy: Strategy | None = None,
    scores: Scores | None = None,
    cause: str = "app-events.v1:0:7",
) -> Verdict:
    """Return what is decided; the champion decides where no strategy is named."""
    situation = a_situation() if situation is None else situation
    return decide(
        situation,
        a_hit(at_ms=situation.at_ms) if hit is None else hit,
        a_trigger(cause),
        strategy=everyone_in("champion") if strategy is None else strategy,
        sha256=SHA,
        scores=some_scores() if scores is None else scores,
    )


__all__ = [
    "DAY_MS",
    "HOUR_MS",
    "MORNING_MS",
    "SHA",
    "a_hit",
    "a_loan",
    "a_situation",
    "a_strategy_file",
    "a_trigger",
    "a_verdict",
    "canonical_sha256",
    "everyone_in",
    "some_facts",
    "some_scores",
    "the_contact_policy",
    "the_risk_table",
    "the_strategy",
]
