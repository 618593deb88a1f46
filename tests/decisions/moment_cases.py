"""Situations and triggers for the tests of moments."""

from collections.abc import Mapping
from typing import Any, Literal

from contracts.conversions import LoanStateName
from contracts.topics import Topic
from decisions.facts import Facts, Loan, LoanFile
from decisions.moments import detect
from decisions.situation import MomentHit, Situation, Trigger

NOW_MS = 1_700_000_000_000


def a_situation(
    features: Mapping[str, float] | None = None,
    *,
    state: LoanStateName = "account_no_loan",
    dpd_days: int = 0,
    at_ms: int = NOW_MS,
    facts: Facts | None = None,
) -> Situation:
    """A customer in a state, with these features and no other."""
    if facts is None:
        facts = Facts(loan=LoanFile(state=state))
    if dpd_days:
        facts.loan.loans["l-1"] = Loan(
            "l-1", "consumer_loan", 100, 100, drawn_at_ms=0, dpd_days=dpd_days
        )
    return Situation(subject_id="c-1", at_ms=at_ms, facts=facts, features=features or {})


def event(
    topic: Topic,
    event_type: str,
    *,
    direction: Literal["in", "out"] | None = None,
    cause: str = "topic:0:1",
) -> Trigger:
    """A trigger by a source event."""
    return Trigger(
        kind="event", cause=cause, topic=topic, event_type=event_type, direction=direction
    )


def timer(name: str) -> Trigger:
    """A trigger by a timer."""
    return Trigger(kind="timer", cause=f"timer:{name}:1", timer=name)


BROWSED = event(Topic.APP_EVENTS, "page")
CALCULATED = event(Topic.APP_EVENTS, "calculator")
SPENT = event(Topic.TRANSACTIONS, "transaction_posted", direction="out")
RECEIVED = event(Topic.TRANSACTIONS, "transaction_posted", direction="in")
MONITORED = event(Topic.LOAN_EVENTS, "loan_monitoring")

INTENT: dict[str, float] = {"calculator_cnt_24h": 1}
GAP: dict[str, float] = {
    "cash_buffer_days": 9.0,
    "outflow_sum_minor_7d": 150_000_00.0,
    "outflow_week_mean_minor_90d": 100_000_00.0,
    "debt_service_ratio": 0.49,
}
STRESS: dict[str, float] = {"debt_service_ratio": 0.7}


def found(situation: Situation, trigger: Trigger, **more: Any) -> list[str]:
    """Return the names of the moments that are true."""
    return [hit.moment for hit in detect(situation, trigger, **more)]


def the_hit(situation: Situation, trigger: Trigger) -> MomentHit:
    """Return the one moment that is true."""
    (hit,) = detect(situation, trigger)
    return hit
