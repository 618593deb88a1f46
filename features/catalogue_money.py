"""Features of the accounts: what came in, what went out, what is held."""

from typing import Final

from features.definitions import ANY_USE, MARKETING, Feature, Formula, Window
from features.families import SPANS_MS, each, sums
from features.kinds import INCOME, INFLOW, OUTFLOW, kinds

FLOWS: Final[tuple[Feature, ...]] = (
    *sums(
        "inflow_sum_minor_{}",
        "7d",
        "30d",
        "90d",
        where=INFLOW,
        why="Money arriving: every posting in, own transfers and loans included.",
    ),
    *sums(
        "outflow_sum_minor_{}",
        "7d",
        "30d",
        "90d",
        where=OUTFLOW,
        why="Money leaving: every posting out, own transfers included.",
    ),
    Formula(
        name="net_flow_minor_30d",
        unit="minor",
        over=("inflow_sum_minor_30d",),
        less=("outflow_sum_minor_30d",),
        why="Whether more arrives than leaves.",
        permitted_use=ANY_USE,
    ),
    Formula(
        name="outflow_week_mean_minor_90d",
        unit="minor",
        over=("outflow_sum_minor_90d",),
        times=7,
        per=90,
        why="An ordinary week's spending, the 90-day sum * 7 / 90: a heavy week shows against it.",
        permitted_use=ANY_USE,
    ),
    *sums(
        "supplier_payment_sum_minor_{}",
        "14d",
        "90d",
        where=kinds("supplier_payment"),
        why="Stocking up shows as payments to suppliers.",
    ),
    *sums(
        "customer_receipt_sum_minor_{}",
        "30d",
        where=kinds("customer_receipt"),
        why="What the customer's own customers paid.",
    ),
    *each(
        "days_since_customer_receipt",
        "90d",
        unit="days",
        aggregation="since_last",
        where=kinds("customer_receipt"),
        why="Trade that has stopped. Missing after 90 days without a receipt.",
        use=ANY_USE,
    ),
    Formula(
        name="outflow_self_other_bank_ratio_30d",
        unit="ratio",
        over=("own_transfer_out_other_bank_sum_minor_30d",),
        under=("outflow_sum_minor_30d",),
        why="Share of outflow that goes to the customer's own account at another bank: a posting "
        "that names another bank's code. A transfer between accounts with us names none.",
        permitted_use=MARKETING,
    ),
)

INCOMES: Final[tuple[Feature, ...]] = (
    Window(
        name="salary_month_cnt_180d",
        unit="count",
        aggregation="distinct",
        where=kinds("salary"),
        window_ms=SPANS_MS["180d"],
        of="business_month",
        why="Regular salary: in how many calendar months (UTC+8) of 180 days one came.",
        permitted_use=ANY_USE,
    ),
    Window(
        name="income_month_cnt",
        unit="count",
        aggregation="distinct",
        where=INCOME,
        window_ms=SPANS_MS["180d"],
        of="business_month",
        why="On how many months of salary, pension or receipts an estimate of income would rest: "
        "different calendar months (UTC+8) of 180 days.",
        permitted_use=ANY_USE,
    ),
    Formula(
        name="salary_growth_ratio",
        unit="ratio",
        over=("salary_sum_minor_30d",),
        under=("salary_sum_minor_60d",),
        under_less=("salary_sum_minor_30d",),
        plus=-1,
        why="A raise: salary of the last 30 days over that of the 30 days before, less 1, so that "
        "0.10 is ten per cent more. A 30-day window can hold two of a monthly salary paid 28 days "
        "apart: read it with salary_month_cnt_180d. Missing without salary in the earlier window.",
        permitted_use=ANY_USE,
    ),
)

BALANCES: Final[tuple[Feature, ...]] = (
    Window(
        name="balance_last_minor",
        unit="minor",
        aggregation="last",
        where=kinds("balance"),
        window_ms=SPANS_MS["30d"],
        of="account",
        why="What the customer holds: the last stated balance, added up over the accounts that "
        "stated one within 30 days; an older statement is no ground for counting days of cash.",
        permitted_use=ANY_USE,
    ),
    *each(
        "balance_min_minor_{}",
        "30d",
        unit="minor",
        aggregation="min",
        where=kinds("balance"),
        why="The lowest balance that any one account stated.",
        use=ANY_USE,
    ),
    Formula(
        name="cash_buffer_days",
        unit="days",
        over=("balance_last_minor",),
        under=("outflow_sum_minor_30d",),
        times=30,
        why="How long the money lasts: balance over mean daily outflow of 30 days. Missing "
        "without outflow or without a balance; below zero when the accounts are overdrawn.",
        permitted_use=ANY_USE,
    ),
)
