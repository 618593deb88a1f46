"""Each aggregation over few and over very many kinds: what may yet be asked of a log."""

from typing import Any, Final

from features.business_time import DAY_MS
from features.definitions import ANY_USE, Aggregation, Feature, Formula, Window
from features.kinds import INFLOW, KINDS, LENDER, OUTFLOW, kinds

ANY_KIND: Final = frozenset(KINDS[1:])
BALANCE: Final = kinds("balance")


def _window(
    name: str, aggregation: Aggregation, where: frozenset[str], days: int, **others: Any
) -> Window:
    return Window(
        name=name,
        aggregation=aggregation,
        where=where,
        window_ms=days * DAY_MS,
        why="To be compared.",
        permitted_use=ANY_USE,
        **{"unit": "minor", **others},
    )


BROAD: Final[tuple[Feature, ...]] = (
    _window("cnt_any_7d", "count", ANY_KIND, 7),
    _window("cnt_any_at_least_3_7d", "count", ANY_KIND, 7, at_least=3),
    _window("sum_any_30d", "sum", ANY_KIND, 30),
    _window("sum_large_inflow_30d", "sum", INFLOW, 30, floor_minor=101),
    _window("min_balance_60d", "min", BALANCE, 60),
    _window("max_any_7d", "max", ANY_KIND, 7),
    _window("latest_any_30d", "latest", ANY_KIND, 30),
    _window("since_last_any_30d", "since_last", ANY_KIND, 30, unit="minutes"),
    _window("lenders_90d", "distinct", LENDER, 90, of="counterparty"),
    _window("lenders_at_least_2_90d", "distinct", LENDER, 90, of="counterparty", at_least=2),
    _window("days_with_outflow_30d", "distinct", OUTFLOW, 30, of="business_day"),
    _window("months_with_inflow_180d", "distinct", INFLOW, 180, of="business_month"),
    _window("balance_180d", "last", BALANCE, 180, of="account"),
    _window("lowest_total_30d", "lowest_total", BALANCE, 30, of="account"),
    _window("lowest_total_180d", "lowest_total", BALANCE, 180, of="account"),
    _window("std_outflow_90d", "std", OUTFLOW, 90),
    _window("std_balance_30d", "std", BALANCE, 30),
    _window("slope_outflow_90d", "slope", OUTFLOW, 90, unit="minor_per_day"),
    _window("slope_balance_180d", "slope", BALANCE, 180, unit="minor_per_day"),
    _window("p95_any_90d", "percentile", ANY_KIND, 90, q_pct=95),
    _window("p50_balance_90d", "percentile", BALANCE, 90, q_pct=50),
    _window("p1_any_7d", "percentile", ANY_KIND, 7, q_pct=1),
    _window("gap_p90_inflow_180d", "gap_percentile", INFLOW, 180, q_pct=90, unit="days"),
    _window("gap_p50_any_30d", "gap_percentile", ANY_KIND, 30, q_pct=50, unit="minutes"),
    _window("month_median_6_inflow_180d", "month_median", INFLOW, 180, months=6),
    _window("month_median_3_any_180d", "month_median", ANY_KIND, 180, months=3),
    _window("round_trip_1d", "round_trip", INFLOW, 1, against=OUTFLOW, floor_minor=100),
    _window("round_trip_30d", "round_trip", INFLOW, 30, against=OUTFLOW, floor_minor=101),
    _window("round_trip_any_180d", "round_trip", INFLOW, 180, against=OUTFLOW, floor_minor=1),
    Formula(
        name="score",
        unit="score",
        over=("cnt_any_7d", "cnt_any_7d", "lenders_at_least_2_90d"),
        less=("max_any_7d",),
        under=("sum_any_30d", "cnt_any_7d"),
        under_less=("sum_large_inflow_30d",),
        times=3,
        per=7,
        plus=-1,
        at_most=0.5,
        why="To be compared: every part of a formula at once.",
        permitted_use=ANY_USE,
    ),
)
