"""Which features each head reads, out of the one row that all heads share.

A label's row is written once and read by every head, so that a row is encoded once and scored many
times. What a head may read follows from what it is for: `permitted_use` of the catalogue is law,
and a head that reads beyond it cannot be built (`checked_features`).

Nothing here is known only after a decision: a row is picked from the catalogue's features, and each
of these is read at the decision's own coordinate, from events known there (docs/domain.md,
"Features"). A name that is not of the catalogue (a field that a source filled in later) is refused.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from contracts.uses import Use
from features import NAMES, permitted_use
from models.errors import RowError
from models.rows import RowSchema

ROW = RowSchema((
    "inflow_sum_minor_7d", "inflow_sum_minor_30d", "inflow_sum_minor_90d",
    "outflow_sum_minor_7d", "outflow_sum_minor_30d", "outflow_sum_minor_90d",
    "net_flow_minor_30d",
    "salary_month_cnt_180d", "salary_growth_ratio", "income_month_cnt", "income_est_minor_month",
    "balance_last_minor", "balance_min_minor_30d", "cash_buffer_days",
    "supplier_payment_sum_minor_14d", "supplier_payment_sum_minor_90d",
    "customer_receipt_sum_minor_30d", "days_since_customer_receipt", "receipt_gap_p90_d_180d",
    "settle_sum_minor_30d", "settle_growth_ratio", "refund_ratio_30d",
    "ext_repay_sum_minor_30d", "ext_lender_cnt_90d", "ext_loan_inflow_sum_minor_30d",
    "own_repay_sum_minor_30d", "debt_service_ratio", "debt_service_due_ratio",
    "gambling_like_ratio_90d", "round_trip_ratio_24h",
    "bureau_query_cnt_30d", "bureau_ext_lender_cnt", "bureau_max_dpd_24m_days",
    "own_dpd_max_days_180d",
    "outflow_self_other_bank_ratio_30d",
    "loan_page_view_cnt_1h", "loan_page_view_cnt_24h", "loan_page_view_cnt_7d",
    "loan_page_day_cnt_7d", "calculator_cnt_24h", "limit_query_cnt_24h",
    "apply_start_cnt_30d", "minutes_since_apply_activity", "last_apply_step",
    "days_since_reject", "branch_visit_cnt_30d",
    "touch_cnt_30d", "complaint_cnt_90d",
))  # fmt: skip
"""The row of every head. Never changed in place: another list is another hash."""

_NEED = frozenset(ROW.names) - {
    "income_month_cnt", "income_est_minor_month", "ext_repay_sum_minor_30d", "ext_lender_cnt_90d",
    "ext_loan_inflow_sum_minor_30d", "debt_service_ratio", "debt_service_due_ratio",
    "gambling_like_ratio_90d", "round_trip_ratio_24h", "bureau_query_cnt_30d",
    "bureau_ext_lender_cnt", "bureau_max_dpd_24m_days", "own_dpd_max_days_180d",
    "touch_cnt_30d", "complaint_cnt_90d",
}  # fmt: skip
_CONTACT = _NEED | {"touch_cnt_30d", "complaint_cnt_90d"}
_CREDIT = frozenset(ROW.names[: ROW.names.index("own_dpd_max_days_180d") + 1]) - {
    "inflow_sum_minor_7d", "outflow_sum_minor_7d", "supplier_payment_sum_minor_14d",
}  # fmt: skip

USE_OF: Mapping[str, Use] = MappingProxyType(
    {
        "drawn_30d": "marketing",
        "applied_14d": "marketing",
        "engaged_3d": "marketing",
        "retained_flow_30d": "marketing",
        "complaint_30d": "marketing",
        "dpd30_mob3": "credit",
        "dpd90_after_dpd30": "credit",
    }
)
"""What each label's scores are for."""


def checked_features(names: Sequence[str], use: Use) -> tuple[str, ...]:
    """Return `names` in the order of `ROW`, if a head for `use` may read all of them.

    Args:
        names: Features that a head wants to read.
        use: What its scores are for.

    Raises:
        RowError: a name that is not in `ROW` or not in the catalogue, or one that may not be used.

    >>> checked_features(("cash_buffer_days", "net_flow_minor_30d"), "credit")
    ('net_flow_minor_30d', 'cash_buffer_days')
    >>> checked_features(("calculator_cnt_24h",), "credit")
    Traceback (most recent call last):
    ...
    models.errors.RowError: a head for credit needs features that may be used for it; got
    ['calculator_cnt_24h'], which may not. Leave them out: the catalogue says what is permitted.
    """
    wanted = set(names)
    if foreign := sorted(wanted - set(ROW.names) | wanted - set(NAMES)):
        raise RowError(
            f"a head for {use} needs features of the row, of the catalogue, known when a decision "
            f"is made; got {foreign}. Declare them there first, or leave them out."
        )
    if forbidden := sorted(name for name in wanted if use not in permitted_use(name)):
        raise RowError(
            f"a head for {use} needs features that may be used for it; got {forbidden}, which may "
            "not. Leave them out: the catalogue says what is permitted."
        )
    return tuple(name for name in ROW.names if name in wanted)


_WANTED: Mapping[str, frozenset[str]] = {
    "drawn_30d": _NEED,
    "applied_14d": _NEED,
    "engaged_3d": _CONTACT,
    "retained_flow_30d": _NEED,
    "complaint_30d": _CONTACT,
    "dpd30_mob3": _CREDIT,
    "dpd90_after_dpd30": _CREDIT,
}

FEATURES_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {label: checked_features(tuple(wanted), USE_OF[label]) for label, wanted in _WANTED.items()}
)
"""The features of each label's head, in the order of `ROW`.

What may say that a customer will draw or apply is need and interest. Nothing that we did (touches)
is in it, or the model would learn that contacted customers are the ones whom we chose to contact.
Engagement and complaints are asked of contacted customers only, so there it may say something. Risk
reads income, obligations, buffer and record: no conduct in the app.
"""
