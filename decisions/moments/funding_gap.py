"""`funding_gap`: money leaves faster than usual and the buffer is short, while debts are light."""

from collections.abc import Mapping

from contracts.topics import DAY_MS, Topic
from decisions.moments.amounts import yuan_en, yuan_zh
from decisions.moments.rule import (
    HOUR_MS,
    EventKind,
    Evidence,
    MomentRule,
    Thresholds,
    below,
    known,
)
from decisions.situation import Situation, Trigger

_BUFFER = "cash_buffer_days"
_OUT = "outflow_sum_minor_7d"
_USUAL = "outflow_week_mean_minor_90d"
_DEBT = "debt_service_ratio"


def _evidence(situation: Situation, _trigger: Trigger, limits: Thresholds) -> Evidence | None:
    out_minor, usual_minor = situation.number(_OUT), situation.number(_USUAL)
    if (
        not below(situation.number(_BUFFER), limits["cash_buffer_days_below"])
        or not below(situation.number(_DEBT), limits["debt_service_ratio_below"])
        or out_minor is None
        or usual_minor is None
        or out_minor < limits["outflow_ratio_at_least"] * usual_minor
    ):
        return None
    return Evidence(known(situation, _BUFFER, _OUT, _USUAL, _DEBT))


def _why_zh(numbers: Mapping[str, float]) -> str:
    return (
        f"近7天支出{yuan_zh(numbers[_OUT])}，高于周均{yuan_zh(numbers[_USUAL])}，"
        f"余额可支撑约{int(numbers[_BUFFER])}天"
    )


def _why_en(numbers: Mapping[str, float]) -> str:
    return (
        f"{yuan_en(numbers[_OUT])} went out in 7 days against {yuan_en(numbers[_USUAL])} in a "
        f"usual week; the balance lasts about {int(numbers[_BUFFER])} days"
    )


FUNDING_GAP = MomentRule(
    name="funding_gap",
    on=(EventKind(Topic.TRANSACTIONS, "transaction_posted", "out"),),
    states=frozenset(
        {"account_no_loan", "approved_undrawn", "drawn_active", "settled", "declined"}
    ),
    thresholds={
        "cash_buffer_days_below": 10,
        "outflow_ratio_at_least": 1.5,
        "debt_service_ratio_below": 0.5,
    },
    evidence=_evidence,
    why_zh=_why_zh,
    why_en=_why_en,
    refractory_ms=14 * DAY_MS,
    expiry_ms=48 * HOUR_MS,
)
