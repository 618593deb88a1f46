"""The rules that decide about credit, each read and kept whether it is hit or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from decisions.delinquency import current_dpd, worst_dpd_24m
from decisions.policy import RiskTable
from decisions.situation import Situation

Direction = Literal["above", "below", "equals", "missing"]

RULE_FEATURES = (
    "cash_buffer_days",
    "debt_service_ratio",
    "ext_lender_cnt_90d",
    "income_month_cnt",
)
"""Features of the catalogue that the rules read: each must be permitted for credit."""
_BANK_TIME = timezone(timedelta(hours=8))
"""Years turn with the bank's business date, UTC+8."""
_MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule read and said. `hard` declines alone; `points` add up.

    `feature` is what would have to change; `limit` is where it passes.
    """

    rule: str
    code: str
    hit: bool
    hard: bool
    feature: str
    value: float | None
    limit: float
    direction: Direction
    points: int = 0


def read_rules(situation: Situation, table: RiskTable, product: str) -> tuple[Finding, ...]:
    """Return every finding, hit or not, in order of the rule's id.

    Source: docs/domain.md, "Risk screen". We differ twice, so that more of a risk never looks
    better than less: S01 has no upper end (0.7 and above still scores), and S03 scores from
    three lenders on, not at exactly three.
    """
    return (*_hard(situation, table, product), *_soft(situation, table))


def age_years(situation: Situation) -> int | None:
    """Return the age that the customer reaches this year, or none where no birth year is known.

    Only the year of birth is known: somebody counts as the age they reach within the year.
    """
    birth_year = situation.facts.profile.birth_year
    if birth_year is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=situation.at_ms)
    return moment.astimezone(_BANK_TIME).year - birth_year


def _hard(situation: Situation, table: RiskTable, product: str) -> Iterator[Finding]:
    file = situation.facts.loan
    limits = table.product(product)
    age = age_years(situation)
    term_months = file.term_months or limits.term_months
    at_maturity = None if age is None else age + -(-term_months // _MONTHS_PER_YEAR)
    oldest = limits.max_age_at_maturity_years
    youngest = table.h03_min_age_years
    yield Finding(
        rule="H03.min_age",
        code="age_ineligible",
        hit=age is not None and age < youngest,
        hard=True,
        feature="age_years",
        value=age,
        limit=youngest,
        direction="below",
    )
    yield Finding(
        rule="H03.max_age_at_maturity",
        code="age_ineligible",
        hit=at_maturity is not None and at_maturity > oldest,
        hard=True,
        feature="age_at_maturity_years",
        value=at_maturity,
        limit=oldest,
        direction="above",
    )
    yield _at_least(
        "H06.current", "delinquency_current", "dpd_days", current_dpd(file),
        table.h06_current_dpd_days,
    )  # fmt: skip
    yield _at_least(
        "H06.history", "delinquency_history", "max_dpd_24m_days",
        worst_dpd_24m(file, situation.at_ms), table.h06_worst_dpd_24m_days,
    )  # fmt: skip
    lenders = situation.number("ext_lender_cnt_90d")
    yield _at_least("H07", "too_many_lenders", "ext_lender_cnt_90d", lenders, table.h07_lenders_90d)


def _soft(situation: Situation, table: RiskTable) -> Iterator[Finding]:
    yield _at_least(
        "S01", "obligations_high", "debt_service_ratio",
        situation.number("debt_service_ratio"), table.s01_debt_service_ratio,
        points=table.s01_points,
    )  # fmt: skip
    yield _at_least(
        "S03", "too_many_lenders", "ext_lender_cnt_90d",
        situation.number("ext_lender_cnt_90d"), table.s03_lenders_90d,
        points=table.s03_points,
    )  # fmt: skip
    months = situation.number("income_month_cnt")
    yield Finding(
        rule="S09",
        code="income_unstable",
        hit=months is None or months < table.s09_income_months,
        hard=False,
        feature="income_month_cnt",
        value=months,
        limit=table.s09_income_months,
        direction="missing" if months is None else "below",
        points=table.s09_points,
    )
    buffer_days = situation.number("cash_buffer_days")
    yield Finding(
        rule="S10",
        code="cash_buffer_low",
        hit=buffer_days is not None and buffer_days < table.s10_cash_buffer_days,
        hard=False,
        feature="cash_buffer_days",
        value=buffer_days,
        limit=table.s10_cash_buffer_days,
        direction="below",
        points=table.s10_points,
    )


def _at_least(
    rule: str,
    code: str,
    feature: str,
    value: float | None,
    limit: float,
    *,
    points: int | None = None,
) -> Finding:
    """Return a finding that is hit from the limit on; without points it declines alone."""
    return Finding(
        rule=rule,
        code=code,
        hit=value is not None and value >= limit,
        hard=points is None,
        feature=feature,
        value=value,
        limit=limit,
        direction="above",
        points=points or 0,
    )
