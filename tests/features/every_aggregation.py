"""A catalogue of every aggregation, small windows and big ones, over kinds that histories draw."""

from typing import Any, Final

from features.business_time import DAY_MS
from features.definitions import ANY_USE, Formula, Window
from features.kinds import INFLOW, OUTFLOW, kinds
from features.plan import compile_catalogue

PAGES: Final = kinds("loan_page_view", "touch_sms")
BALANCE: Final = kinds("balance")


def a_window(name: str, aggregation: Any, where: frozenset[str], **fields: Any) -> Window:
    """A window of 30 days over some kinds, unless said otherwise."""
    said: dict[str, Any] = {"unit": "minor", "window_ms": 30 * DAY_MS, "why": "A test reads it."}
    return Window(
        name=name,
        aggregation=aggregation,
        where=where,
        permitted_use=ANY_USE,
        **(said | fields),
    )


def a_score(name: str, *over: str, **fields: Any) -> Formula:
    """A formula over windows."""
    said: dict[str, Any] = {"unit": "score", "why": "A test reads it."}
    return Formula(name=name, over=over, permitted_use=ANY_USE, **(said | fields))


EVERY: Final = (
    a_window("page_cnt_1d_k3", "count", PAGES, unit="count", at_least=3, window_ms=DAY_MS),
    a_window("account_cnt_k2", "distinct", BALANCE, unit="count", of="account", at_least=2),
    a_window("balance_latest_1d", "latest", BALANCE, window_ms=DAY_MS),
    a_window("balance_latest_90d", "latest", BALANCE, window_ms=90 * DAY_MS),
    a_window("inflow_std_14d", "std", INFLOW, window_ms=14 * DAY_MS),
    a_window("inflow_std_180d", "std", INFLOW, window_ms=180 * DAY_MS),
    a_window("balance_std_30d", "std", BALANCE),
    a_window("balance_slope_30d", "slope", BALANCE, unit="minor_per_day"),
    a_window("inflow_slope_180d", "slope", INFLOW, unit="minor_per_day", window_ms=180 * DAY_MS),
    a_window("balance_p5_30d", "percentile", BALANCE, q_pct=5),
    a_window("inflow_p95_90d", "percentile", INFLOW, q_pct=95, window_ms=90 * DAY_MS),
    a_window("inflow_p50_7d", "percentile", INFLOW, q_pct=50, window_ms=7 * DAY_MS),
    a_window("page_gap_p90_d", "gap_percentile", PAGES, unit="days", q_pct=90),
    a_window(
        "inflow_gap_p50_min",
        "gap_percentile",
        INFLOW,
        unit="minutes",
        q_pct=50,
        window_ms=180 * DAY_MS,
    ),
    a_window("inflow_month_2", "month_median", INFLOW, months=2, window_ms=180 * DAY_MS),
    a_window("inflow_month_3", "month_median", INFLOW, months=3, window_ms=180 * DAY_MS),
    a_window("inflow_big_sum_7d", "sum", INFLOW, floor_minor=7, window_ms=7 * DAY_MS),
    a_window(
        "round_trip_1d",
        "round_trip",
        INFLOW,
        against=OUTFLOW,
        floor_minor=7,
        window_ms=DAY_MS,
    ),
    a_window(
        "round_trip_180d",
        "round_trip",
        INFLOW,
        against=OUTFLOW,
        floor_minor=1,
        window_ms=180 * DAY_MS,
    ),
    a_window("balance_lowest_30d", "lowest_total", BALANCE, of="account"),
    a_window("balance_lowest_1d", "lowest_total", BALANCE, of="account", window_ms=DAY_MS),
    a_window("balance_total_30d", "last", BALANCE, of="account"),
    a_score("weighed", "balance_std_30d", "balance_std_30d", "inflow_std_14d", times=3, per=7),
    a_score("clipped", "inflow_big_sum_7d", per=100, at_most=0.7),
    a_score("rounded", "inflow_std_14d", less=("inflow_std_180d", "balance_slope_30d"), at_most=5),
    a_score("round_trip_ratio", "round_trip_1d", under=("inflow_big_sum_7d",), unit="ratio"),
)
"""Every aggregation and every field, each at least once."""

EVERY_PLAN: Final = compile_catalogue(EVERY)
