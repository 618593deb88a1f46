"""Numbers and names of a decision in the words of a risk officer."""

import math
from collections.abc import Mapping

from replay.sections import in_both, yuan

__all__ = ["RULES", "feature_text", "in_both", "rule_number", "yuan"]

RULES: Mapping[str, tuple[str, str]] = {
    "H01": ("无有效营销授权 no consent for any channel", ""),
    "H02": ("受保护客户 protected customer", ""),
    "H03.min_age": ("最低年龄 minimum age", "岁 years"),
    "H03.max_age_at_maturity": ("到期最高年龄 oldest at maturity", "岁 years"),
    "H06.current": ("当前逾期 past due now", "天 days"),
    "H06.history": ("24个月最长逾期 worst in 24 months", "天 days"),
    "H07": ("多头借贷 lenders in 90 days", "家 lenders"),
    "H13": ("拒绝冷静期 days since a decline", "天 days"),
    "S01": ("还款收入比 repayments to income", "%"),
    "S03": ("多头借贷 lenders in 90 days", "家 lenders"),
    "S09": ("收入月份数 months with income", "个月 months"),
    "S10": ("余额可撑天数 days the balance lasts", "天 days"),
}
"""Every rule in words, and the unit of what it reads; `%` for a ratio."""


def rule_number(rule: str, hexed: str | None) -> str:
    """Return what a rule read, or its threshold, with its unit.

    >>> rule_number("S01", (0.55).hex()), rule_number("H06.current", (3.0).hex())
    ('55.0 %', '3 天 days')
    >>> rule_number("H07", None)
    '未知 unknown'
    """
    if hexed is None:
        return "未知 unknown"
    return _with_unit(float.fromhex(hexed), RULES.get(rule, ("", ""))[1])


def feature_text(  # noqa: PLR0911 - one way out per unit reads best
    value: float, unit: str
) -> str:
    """Return a feature's value as people read it.

    >>> feature_text(123456.0, "minor"), feature_text(0.125, "ratio")
    ('1,234.56 元', '12.5 %')
    >>> feature_text(4.5, "days"), feature_text(3.0, "count"), feature_text(math.nan, "days")
    ('4.5 天 days', '3', '未知 missing')
    >>> (
    ...     feature_text(-250.4, "minor_per_day"),
    ...     feature_text(0.25, "score"),
    ...     feature_text(1.0, "flag"),
    ... )
    ('-2.50 元/天 per day', '0.25', '是 yes')
    """
    if math.isnan(value):
        return "未知 missing"
    match unit:
        case "minor":
            return yuan(round(value))
        case "ratio":
            return _with_unit(value, "%")
        case "days":
            return _with_unit(value, "天 days")
        case "minutes":
            return _with_unit(value, "分钟 minutes")
        case "minor_per_day":
            return f"{yuan(round(value))}/天 per day"
        case "score":
            return f"{value:.2f}"
        case "flag":
            return "是 yes" if value else "否 no"
        case _:
            return _with_unit(value, "")


def _with_unit(value: float, unit: str) -> str:
    if unit == "%":
        return f"{100 * value:.1f} %"
    number = f"{value:,.0f}" if value == math.floor(value) else f"{value:,.1f}"
    return f"{number} {unit}".rstrip()
