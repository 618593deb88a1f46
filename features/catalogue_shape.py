"""Features of shape: how much a month brings, how evenly, how often, and where it goes at once."""

from typing import Final

from features.definitions import ANY_USE, CREDIT, FRAUD, MARKETING, Feature, Formula, Window
from features.families import SPANS_MS, each
from features.kinds import INCOME, INFLOW, OUTFLOW, kinds

LARGE_MINOR: Final = 5_000_000
"""An inflow of 50,000 yuan: what passes through must be worth looking at."""

INCOME_SHAPE: Final[tuple[Feature, ...]] = (
    Window(
        name="income_est_minor_month",
        unit="minor",
        aggregation="month_median",
        where=INCOME,
        window_ms=SPANS_MS["180d"],
        months=6,
        why="A month's income: the median of the totals of salary, pension and receipts per "
        "calendar month (UTC+8), of the last six months that brought any. The month that runs is "
        "one of them. Missing without income.",
        permitted_use=ANY_USE,
    ),
    Window(
        name="receipt_gap_p90_d_180d",
        unit="days",
        aggregation="gap_percentile",
        q_pct=90,
        where=kinds("customer_receipt"),
        window_ms=SPANS_MS["180d"],
        why="How long the customer's own customers let it wait: nine of ten gaps between receipts "
        "were shorter. Missing below two receipts.",
        permitted_use=ANY_USE,
    ),
    *each(
        "receipt_std_minor_{}",
        "90d",
        unit="minor",
        aggregation="std",
        where=kinds("customer_receipt"),
        why="How much receipts differ: few large customers or many small ones.",
        use=ANY_USE,
    ),
)

FLOW_SHAPE: Final[tuple[Feature, ...]] = (
    Window(
        name="outflow_p95_minor_90d",
        unit="minor",
        aggregation="percentile",
        q_pct=95,
        where=OUTFLOW,
        window_ms=SPANS_MS["90d"],
        why="A large payment, by the customer's own measure: one of twenty was larger.",
        permitted_use=ANY_USE,
    ),
    *each(
        "outflow_max_minor_{}",
        "30d",
        unit="minor",
        aggregation="max",
        where=OUTFLOW,
        why="The largest payment out: a machine, a tuition fee, a way round us.",
        use=ANY_USE,
    ),
    Formula(
        name="round_trip_ratio_24h",
        unit="ratio",
        over=("round_trip_sum_minor_24h",),
        under=("large_inflow_sum_minor_24h",),
        why="Share of inflows of 50,000 yuan or more that left again within 24 hours: money that "
        "only passes through. Missing without such an inflow.",
        permitted_use=CREDIT | FRAUD,
    ),
    Window(
        name="balance_total_min_minor_30d",
        unit="minor",
        aggregation="lowest_total",
        where=kinds("balance"),
        window_ms=SPANS_MS["30d"],
        of="account",
        why="How low it got: the lowest sum over all accounts, since each has stated a balance.",
        permitted_use=ANY_USE,
    ),
    *each(
        "balance_slope_minor_per_day_{}",
        "30d",
        unit="minor_per_day",
        aggregation="slope",
        where=kinds("balance"),
        why="Whether the stated balances rise or fall, per day. Several accounts are one cloud of "
        "points: read it where there is one.",
        use=ANY_USE,
    ),
    *each(
        "medical_sum_minor_{}",
        "90d",
        unit="minor",
        aggregation="sum",
        where=kinds("medical"),
        why="Known only so that it can be shown what is known: illness serves no decision.",
        use=frozenset(),
    ),
)

APPLICATION_SHAPE: Final[tuple[Feature, ...]] = (
    *each(
        "last_apply_step",
        "30d",
        unit="count",
        aggregation="latest",
        where=kinds("apply_start", "apply_step", "apply_submit"),
        why="How far the last application in the app got: the number of its step, 100 where it "
        "was submitted. Missing after 30 days.",
        use=MARKETING,
    ),
)

_STALE: Final = "As last reported under the customer's authorization. Missing after 30 days."

BUREAU_SHAPE: Final[tuple[Feature, ...]] = (
    *each(
        "bureau_query_cnt_30d",
        "30d",
        unit="count",
        aggregation="latest",
        where=kinds("bureau_query"),
        why=f"How many lenders asked the bureau. {_STALE}",
        use=CREDIT,
    ),
    *each(
        "bureau_ext_lender_cnt",
        "30d",
        unit="count",
        aggregation="latest",
        where=kinds("bureau_lender"),
        why=f"Other lenders with a running loan. {_STALE}",
        use=CREDIT,
    ),
    *each(
        "bureau_ext_outstanding_minor",
        "30d",
        unit="minor",
        aggregation="latest",
        where=kinds("bureau_outstanding"),
        why=f"Owed to other lenders. {_STALE}",
        use=CREDIT,
    ),
    *each(
        "bureau_ext_monthly_due_minor",
        "30d",
        unit="minor",
        aggregation="latest",
        where=kinds("bureau_due"),
        why=f"Due to other lenders each month. {_STALE}",
        use=CREDIT,
    ),
    *each(
        "bureau_max_dpd_24m_days",
        "30d",
        unit="days",
        aggregation="latest",
        where=kinds("bureau_dpd"),
        why=f"Worst days past due anywhere in 24 months. {_STALE}",
        use=CREDIT,
    ),
    Formula(
        name="debt_service_due_ratio",
        unit="ratio",
        over=("bureau_ext_monthly_due_minor", "own_repay_sum_minor_30d"),
        under=("income_est_minor_month",),
        why="Burden by what is due: the bureau's monthly due elsewhere and what was repaid to us "
        "in 30 days over a month's income. Missing without a fresh report or without income.",
        permitted_use=CREDIT,
    ),
)

TERMS_OF_SHAPE: Final[tuple[Feature, ...]] = (
    Window(
        name="round_trip_sum_minor_24h",
        unit="minor",
        aggregation="round_trip",
        where=INFLOW,
        against=OUTFLOW,
        floor_minor=LARGE_MINOR,
        window_ms=SPANS_MS["24h"],
        why="A term of round_trip_ratio_24h.",
        permitted_use=CREDIT | FRAUD,
        served=False,
    ),
    Window(
        name="large_inflow_sum_minor_24h",
        unit="minor",
        aggregation="sum",
        where=INFLOW,
        floor_minor=LARGE_MINOR,
        window_ms=SPANS_MS["24h"],
        why="A term of round_trip_ratio_24h.",
        permitted_use=CREDIT | FRAUD,
        served=False,
    ),
)
