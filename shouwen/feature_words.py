"""Features in words for the terminal: which family one belongs to, how far back it looks."""

from typing import Final

from features import BY_NAME, Formula, Window
from features.kinds import APPLY, INCOME, INFLOW, LENDER, OUTFLOW, SESSION, TOUCH, kinds

DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000

MONEY: Final = "资金流 Money in and out"
OTHERS: Final = "关系与设备 Relations and devices"
LOANS: Final = kinds(
    "loan_applied",
    "loan_declined",
    "own_dpd",
    "bureau_query",
    "bureau_lender",
    "bureau_outstanding",
    "bureau_due",
    "bureau_dpd",
)
_FAMILIES: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("余额 Balances", kinds("balance") | OUTFLOW),
    ("负债 Debts", LENDER | kinds("loan_repayment_own") | INCOME),
    ("收入 Income", INCOME),
    (MONEY, INFLOW | OUTFLOW),
    (
        "触达 Contact",
        TOUCH | kinds("wecom_reply", "reject", "complaint", "branch_visit", "benefit"),
    ),
    ("贷款与征信 Loans and bureau", LOANS | INCOME | OUTFLOW),
    ("商户 Merchant", kinds("settle", "refund")),
    (
        "行为 Behaviour",
        SESSION | APPLY | kinds("loan_page_view", "limit_query", "calculator", "face_fail"),
    ),
)
"""A feature is of the first family that has all of its kinds, and one of the family's own."""
_OWN: Final = {
    "余额 Balances": kinds("balance"),
    "负债 Debts": LENDER | kinds("loan_repayment_own"),
    "贷款与征信 Loans and bureau": LOANS,
}


def family_of(name: str) -> str:
    """Return the family of a feature: where its events come from.

    >>> family_of("days_since_reject"), family_of("cash_buffer_days")
    ('触达 Contact', '余额 Balances')
    >>> family_of("inflow_sum_minor_7d"), family_of("salary_growth_ratio")
    ('资金流 Money in and out', '收入 Income')
    >>> family_of("bureau_query_cnt_30d"), family_of("ring_risk_score")
    ('贷款与征信 Loans and bureau', '关系与设备 Relations and devices')
    """
    rests_on = kinds_of(name)
    for family, members in _FAMILIES:
        if rests_on and rests_on <= members and rests_on & _OWN.get(family, members):
            return family
    return OTHERS


def kinds_of(name: str) -> frozenset[str]:
    """Return the kinds of event that a feature rests on; none for one of relations."""
    feature = BY_NAME[name]
    if isinstance(feature, Window):
        return feature.where
    if isinstance(feature, Formula):
        return frozenset().union(*(kinds_of(term) for term in feature.terms))
    return frozenset()


def span_of(name: str) -> str:
    """Return how far back a feature looks.

    >>> span_of("loan_page_view_cnt_24h"), span_of("ext_lender_cnt_90d")
    ('24 h', '90 d')
    """
    feature = BY_NAME[name]
    if isinstance(feature, Window):
        return _span(feature.window_ms)
    if isinstance(feature, Formula):
        terms = [BY_NAME[term] for term in feature.terms]
        return _span(max(term.window_ms for term in terms if isinstance(term, Window)))
    return "now"


def _span(span_ms: int) -> str:
    if span_ms % DAY_MS == 0 and span_ms > DAY_MS:
        return f"{span_ms // DAY_MS} d"
    if span_ms % _HOUR_MS == 0:
        return f"{span_ms // _HOUR_MS} h"
    return f"{span_ms // _MINUTE_MS} min"


def keeps_of(name: str) -> str:
    """Return for how long the events behind a feature are remembered.

    That follows from the catalogue: each kind of event as long as the longest window over it.

    >>> keeps_of("calculator_cnt_24h"), keeps_of("salary_growth_ratio")
    ('24 h', '180 d')
    """
    rests_on = kinds_of(name)
    spans = [
        feature.window_ms
        for feature in BY_NAME.values()
        if isinstance(feature, Window) and feature.where & rests_on
    ]
    return _span(max(spans)) if spans else "as long as they are valid"
