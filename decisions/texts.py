"""What a reason says to a customer or an officer: reviewed words, one place."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReasonText:
    """Both languages; a reason that is not disclosable is for the bank's own eyes."""

    zh: str
    en: str
    disclosable: bool = True


REASONS: Mapping[str, ReasonText] = {
    "age_ineligible": ReasonText(
        "年龄不在该产品的准入范围内", "Age is outside the range of this product"
    ),
    "age_unknown": ReasonText(
        "出生年份未登记，需人工核实", "The year of birth is not on file; a person must check it"
    ),
    "delinquency_current": ReasonText(
        "目前在本行有逾期未还款项", "A payment to us is past due now"
    ),
    "delinquency_history": ReasonText(
        "近24个月内有严重逾期记录", "There was a serious delinquency in the last 24 months"
    ),
    "too_many_lenders": ReasonText(
        "近90天内使用的贷款机构较多", "Several lenders were used in the last 90 days"
    ),
    "obligations_high": ReasonText(
        "还款支出占收入的比例较高", "Repayments take a large share of income"
    ),
    "income_unstable": ReasonText("可核实的收入月份较少", "Income can be seen in too few months"),
    "income_insufficient": ReasonText("可核实的收入较低", "The income that can be seen is low"),
    "cash_buffer_low": ReasonText(
        "账户余额可支撑的天数较少", "The balance covers only a few days of spending"
    ),
    "flow_irregular": ReasonText(
        "账户资金流水不够稳定", "Money in and out of the accounts is irregular"
    ),
    "short_history": ReasonText("与本行往来的历史较短", "The history with us is short"),
    "recent_enquiries": ReasonText(
        "近期信贷相关的查询较多", "There were many credit enquiries of late"
    ),
    "merchant_flow_weak": ReasonText(
        "商户收款流水较弱或退款较多", "Takings of the business are weak, or refunds are many"
    ),
    "unusual_for_customer": ReasonText(
        "近期行为与客户以往明显不同，需内部复核",
        "The customer's recent conduct is unlike the customer's own past",
        disclosable=False,
    ),
    "conduct_pattern": ReasonText(
        "行为模式需内部复核", "A pattern of conduct needs an internal review", disclosable=False
    ),
    "risk_score_high": ReasonText(
        "综合风险评估未达标准", "The overall risk assessment is above the limit"
    ),
    "risk_model_missing": ReasonText(
        "风险模型尚未就绪，需人工审核", "No risk model is ready; a person must review this"
    ),
    "policy_review": ReasonText("按政策需人工审核", "Policy asks for a review by a person"),
    "consent_missing": ReasonText(
        "客户未授权该渠道的营销联系", "The customer has not consented to this channel"
    ),
    "marketing_objection": ReasonText(
        "客户已拒绝该渠道的营销联系", "The customer objected to this channel"
    ),
    "opt_out": ReasonText("客户已退订该渠道", "The customer opted out of this channel"),
    "protected_customer": ReasonText(
        "客户处于保护期，不做营销", "The customer is protected: no marketing"
    ),
    "complaint_cool_off": ReasonText(
        "客户投诉后的静默期内", "The customer complained not long ago"
    ),
    "reject_cool_off": ReasonText(
        "客户近期拒绝过该产品", "The customer rejected this product not long ago"
    ),
    "reject_cool_off_all_credit": ReasonText(
        "客户近期多次拒绝信贷产品", "The customer rejected credit several times of late"
    ),
    "recent_decline_cooloff": ReasonText(
        "同一产品近期被拒的冷静期内", "This product was declined not long ago"
    ),
    "moment_passed": ReasonText("关键时刻已过", "The moment is over"),
    "contact_cap": ReasonText("联系次数已达上限", "The limit on contacts is reached"),
    "contact_hours": ReasonText("需等待可联系时段", "It is not the time of day to make contact"),
}

_CONTACT_RULES = {
    "no_contact_hours": "contact_hours",
    "expires_before_contact_hours": "contact_hours",
    "quiet_hours": "contact_hours",
    "list_time": "contact_hours",
}

MODEL_FAMILIES: Mapping[str, str] = {
    "debt_service_ratio": "obligations_high",
    "own_repay_sum_minor_30d": "obligations_high",
    "ext_repay_sum_minor_30d": "obligations_high",
    "debt_service_due_ratio": "obligations_high",
    "ext_lender_cnt_90d": "too_many_lenders",
    "ext_loan_inflow_sum_minor_30d": "too_many_lenders",
    "bureau_ext_lender_cnt": "too_many_lenders",
    "bureau_query_cnt_30d": "recent_enquiries",
    "bureau_max_dpd_24m_days": "delinquency_history",
    "own_dpd_max_days_180d": "delinquency_history",
    "cash_buffer_days": "cash_buffer_low",
    "balance_last_minor": "cash_buffer_low",
    "balance_min_minor_30d": "cash_buffer_low",
    "inflow_sum_minor_7d": "income_insufficient",
    "inflow_sum_minor_30d": "income_insufficient",
    "inflow_sum_minor_90d": "income_insufficient",
    "customer_receipt_sum_minor_30d": "income_insufficient",
    "income_est_minor_month": "income_insufficient",
    "income_month_cnt": "income_unstable",
    "salary_month_cnt_180d": "income_unstable",
    "salary_growth_ratio": "income_unstable",
    "days_since_customer_receipt": "income_unstable",
    "receipt_gap_p90_d_180d": "income_unstable",
    "settle_sum_minor_30d": "merchant_flow_weak",
    "settle_growth_ratio": "merchant_flow_weak",
    "refund_ratio_30d": "merchant_flow_weak",
    "outflow_sum_minor_30d": "flow_irregular",
    "outflow_sum_minor_90d": "flow_irregular",
    "net_flow_minor_30d": "flow_irregular",
    "supplier_payment_sum_minor_90d": "flow_irregular",
    "limit_query_cnt_24h": "recent_enquiries",
    "apply_start_cnt_30d": "recent_enquiries",
    "loan_page_view_cnt_24h": "recent_enquiries",
    "night_session_ratio_7d": "conduct_pattern",
    "face_fail_cnt_24h": "conduct_pattern",
    "gambling_like_ratio_90d": "conduct_pattern",
    "round_trip_ratio_24h": "conduct_pattern",
}
"""Which reason a model's feature belongs to (docs/domain.md, "Risk screen", families of reasons).

Every feature that a risk model reads is named here: a test holds this against the models' lists. A
feature that is not named is `flow_irregular`.
"""


def family_of(feature: str) -> str:
    """Return the reason that a feature of the risk model speaks for.

    >>> family_of("ext_lender_cnt_90d"), family_of("outflow_sum_minor_30d")
    ('too_many_lenders', 'flow_irregular')
    """
    return MODEL_FAMILIES.get(feature, "flow_irregular")


def contact_reason(rule: str) -> str:
    """Return the reason behind a contact rule; every cap has the same one.

    >>> contact_reason("cap_sms_1_in_7d"), contact_reason("opt_out")
    ('contact_cap', 'opt_out')
    """
    return "contact_cap" if rule.startswith("cap_") else _CONTACT_RULES.get(rule, rule)
