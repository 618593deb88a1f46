"""Features of debt: what is repaid, borrowed elsewhere, and to how many."""

from typing import Final

from features.definitions import ANY_USE, CREDIT, FRAUD, Feature, Formula, Window
from features.families import SPANS_MS, sums
from features.kinds import LENDER, kinds

DEBTS: Final[tuple[Feature, ...]] = (
    *sums(
        "ext_repay_sum_minor_{}",
        "30d",
        where=kinds("loan_repayment_external"),
        why="Debt service at other lenders.",
    ),
    *sums(
        "own_repay_sum_minor_{}",
        "30d",
        where=kinds("loan_repayment_own"),
        why="Debt service with us.",
    ),
    *sums(
        "ext_loan_inflow_sum_minor_{}",
        "30d",
        where=kinds("loan_inflow_external"),
        why="Newly borrowed elsewhere.",
    ),
    Window(
        name="ext_lender_cnt_90d",
        unit="count",
        aggregation="distinct",
        where=LENDER,
        window_ms=SPANS_MS["90d"],
        of="counterparty",
        why="Multi-lending: different lenders paid or borrowed from. Postings that name no "
        "counterparty count as one lender together.",
        permitted_use=ANY_USE,
    ),
    Formula(
        name="debt_service_ratio",
        unit="ratio",
        over=("ext_repay_sum_minor_30d", "own_repay_sum_minor_30d"),
        under=("income_sum_minor_30d",),
        why="Burden: what was repaid to other lenders and to us over salary, pension and receipts, "
        "30 days. It is what was paid, not what was due: no source states that. Missing "
        "without income, also when something was repaid.",
        permitted_use=ANY_USE,
    ),
    Formula(
        name="gambling_like_ratio_90d",
        unit="ratio",
        over=("gambling_like_sum_minor_90d",),
        under=("outflow_sum_minor_90d",),
        why="Share of outflow that looks like gambling.",
        permitted_use=CREDIT | FRAUD,
    ),
)
