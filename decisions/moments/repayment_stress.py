"""`repayment_stress`, protective: debts weigh on the customer, so no one offers another one."""

from collections.abc import Mapping

from contracts.topics import DAY_MS, Topic
from decisions.delinquency import current_dpd
from decisions.moments.amounts import counted
from decisions.moments.rule import (
    EventKind,
    Evidence,
    MomentRule,
    Thresholds,
    at_least,
    below,
    known,
)
from decisions.situation import Situation, Trigger

PROTECTED_MS = 30 * DAY_MS
"""How long a customer stays protected after the last sign of stress."""
_DPD = "dpd_days"
_LENDERS = "ext_lender_cnt_90d"
_DEBT = "debt_service_ratio"
_BUFFER = "cash_buffer_days"
_BORROWED = "ext_loan_inflow_sum_minor_30d"


def _evidence(situation: Situation, _trigger: Trigger, limits: Thresholds) -> Evidence | None:
    dpd_days = current_dpd(situation.facts.loan)
    borrowed_minor = situation.number(_BORROWED)
    borrows_to_live = (
        below(situation.number(_BUFFER), limits["cash_buffer_days_below"])
        and borrowed_minor is not None
        and borrowed_minor > 0
    )
    if (
        dpd_days > 0
        or at_least(situation.number(_LENDERS), limits["lenders_90d_at_least"])
        or at_least(situation.number(_DEBT), limits["debt_service_ratio_at_least"])
        or borrows_to_live
    ):
        numbers = known(situation, _LENDERS, _DEBT, _BUFFER, _BORROWED)
        return Evidence({_DPD: dpd_days, **numbers})
    return None


def _why_zh(numbers: Mapping[str, float]) -> str:
    said = [
        f"逾期{int(numbers[_DPD])}天" if numbers.get(_DPD) else "",
        f"近90天外部机构{int(numbers[_LENDERS])}家" if numbers.get(_LENDERS) else "",
        f"偿债比{numbers[_DEBT]:.0%}" if _DEBT in numbers else "",
        f"余额可支撑约{int(numbers[_BUFFER])}天" if _BUFFER in numbers else "",
    ]
    return "还款压力：" + "、".join(part for part in said if part)


def _why_en(numbers: Mapping[str, float]) -> str:
    lenders = int(numbers.get(_LENDERS, 0))
    said = [
        counted(int(numbers.get(_DPD, 0)), "day past due", "days past due"),
        counted(lenders, "outside lender in 90 days", "outside lenders in 90 days"),
        f"debt service at {numbers[_DEBT]:.0%} of income" if _DEBT in numbers else "",
        f"the balance lasts about {int(numbers[_BUFFER])} days" if _BUFFER in numbers else "",
    ]
    return "repayment stress: " + ", ".join(part for part in said if part)


REPAYMENT_STRESS = MomentRule(
    name="repayment_stress",
    on=(
        EventKind(Topic.LOAN_EVENTS, "loan_monitoring"),
        EventKind(Topic.LOAN_EVENTS, "loan_collection"),
        EventKind(Topic.LOAN_EVENTS, "loan_disbursement"),
        EventKind(Topic.LOAN_EVENTS, "loan_payment"),
        EventKind(Topic.TRANSACTIONS, "transaction_posted"),
    ),
    states=frozenset(
        {
            "no_account",
            "account_no_loan",
            "applying",
            "approved_undrawn",
            "drawn_active",
            "settled",
            "declined",
            "overdue",
            "collection",
        }
    ),
    thresholds={
        "lenders_90d_at_least": 4,
        "debt_service_ratio_at_least": 0.7,
        "cash_buffer_days_below": 2,
    },
    evidence=_evidence,
    why_zh=_why_zh,
    why_en=_why_en,
    refractory_ms=0,
    expiry_ms=PROTECTED_MS,
    protective=True,
)
"""It opens once, and stays open until 30 days after the last sign (`keep_protection`)."""
