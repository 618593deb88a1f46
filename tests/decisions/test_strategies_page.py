"""The strategist's page says what the files and the rules say."""

import re
from pathlib import Path

import pytest

import strategies
from tests.decisions.given import a_verdict, the_contact_policy, the_risk_table

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"
TABLE = the_risk_table()


def rows() -> dict[str, str]:
    """Return the page's table of rules: id to the rest of its line."""
    return dict(
        re.findall(r"^\| ([HS]\d\d) \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    )


def test_the_page_shows_exactly_the_rules_that_are_evaluated() -> None:
    """A rule that the page promises and nobody reads is a false comfort."""
    evaluated = {result.rule.partition(".")[0] for result in a_verdict().rules}

    assert set(rows()) == evaluated


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        ("H02", [the_contact_policy().complaint_protected_days]),
        ("H03", [TABLE.h03_min_age_years]),
        ("H06", [TABLE.h06_current_dpd_days, TABLE.h06_worst_dpd_24m_days]),
        ("H07", [TABLE.h07_lenders_90d]),
        ("H13", [TABLE.h13_cool_off_days]),
        ("S01", [TABLE.s01_debt_service_ratio, TABLE.s01_points]),
        ("S03", [TABLE.s03_lenders_90d, TABLE.s03_points]),
        ("S09", [TABLE.s09_income_months, TABLE.s09_points]),
        ("S10", [int(TABLE.s10_cash_buffer_days), TABLE.s10_points]),
    ],
)
def test_the_page_shows_the_thresholds_that_count(rule: str, numbers: list[float]) -> None:
    """A strategist who tunes by an old number tunes the wrong thing."""
    said = re.findall(r"\d+(?:\.\d+)?", rows()[rule])

    assert {str(number) for number in numbers} <= set(said)


def test_the_page_names_every_file() -> None:
    """A table that nobody knows of is a table that nobody reviews."""
    named = set(re.findall(r"^\| `(\w+\.yaml)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

    assert named == {path.name for path in Path(strategies.__file__).parent.glob("*.yaml")}
