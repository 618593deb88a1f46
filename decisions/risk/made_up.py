"""Made-up customers at every edge of a risk table: its reasons are tried before anyone is told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from contracts.ids import unit_interval
from decisions.facts import Facts, Loan, LoanFile, Profile
from decisions.policy import RiskTable
from decisions.risk.flips import FlipTest, tried
from decisions.risk.screen import screen
from decisions.situation import AnomalyGrade, Scores, Situation
from decisions.texts import MODEL_FAMILIES

CUSTOMERS = 400
_AT_MS = 1_790_042_400_000
_THIS_YEAR = 2026
_DAY_MS = 86_400_000
_T = TypeVar("_T")
_GRADES: tuple[AnomalyGrade, ...] = ("normal", "normal", "normal", "watch", "alert")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of trying reasons on made-up customers.

    `untrue` are codes of reasons that explained nothing, `untold` of what would have helped and was
    no reason, each once per customer.
    """

    customers: int
    reasons: int
    untrue: tuple[str, ...]
    untold: tuple[str, ...]

    @property
    def faithful_ratio(self) -> float:
        """The share of reasons that are true, 1 where there were none."""
        return 1.0 - len(self.untrue) / self.reasons if self.reasons else 1.0


def try_reasons(table: RiskTable, *, customers: int = CUSTOMERS) -> Tried:
    """Screen made-up customers by a table, and try every reason, and all that was no reason.

    The customers are the same for every run: chance is a hash of the table's name and a number.
    """
    count = 0
    untrue: list[str] = []
    untold: list[str] = []
    products = sorted(table.products)
    for number, (situation, scores) in enumerate(made_up(table, customers=customers)):
        product = products[number % len(products)]
        test = FlipTest(situation=situation, scores=scores, table=table, product=product)
        answer = screen(
            situation, scores, table=table, product=product, context="marketing_unsolicited"
        )
        reasons = [r for r in tried(answer, test).reasons if r.faithful is not None]
        count += len(reasons)
        untrue += [reason.code for reason in reasons if not reason.faithful]
        untold += test.untold(answer)
    return Tried(customers=customers, reasons=count, untrue=tuple(untrue), untold=tuple(untold))


def made_up(table: RiskTable, *, customers: int) -> Iterator[tuple[Situation, Scores]]:
    """Yield customers whose numbers lie at, just below and above each limit of the table."""
    for number in range(customers):
        yield _customer(_Draw(f"{table.name}/{number}"), table)


class _Draw:
    """Draws one of several, by a hash of what is drawn for."""

    def __init__(self, who: str) -> None:
        self._who = who

    def one(self, what: str, *choices: _T) -> _T:
        return choices[int(unit_interval(self._who, what) * len(choices))]

    def near(self, what: str, *limits: float) -> float:
        """Return a number at a limit, on either side of it, far below all, or none (NaN)."""
        around = [limit + step for limit in limits for step in (-0.01, 0.0, 0.01)]
        return self.one(what, 0.0, float("nan"), *around)


def _customer(draw: _Draw, table: RiskTable) -> tuple[Situation, Scores]:
    oldest = max(product.max_age_at_maturity_years for product in table.products.values())
    age = draw.one(
        "age", None, table.h03_min_age_years - 1, table.h03_min_age_years, 40, oldest + 1
    )
    dpd = draw.one("dpd", 0, 0, 0, 0, table.h06_current_dpd_days)
    worst = draw.one(
        "worst", 0, 0, 0, table.h06_worst_dpd_24m_days - 1, table.h06_worst_dpd_24m_days
    )
    loan = Loan(
        loan_id="l", product_id="p", drawn_minor=1, outstanding_minor=1, drawn_at_ms=0, dpd_days=dpd
    )
    facts = Facts(
        profile=Profile(known=True, birth_year=None if age is None else _THIS_YEAR - age),
        loan=LoanFile(
            loans={"l": loan} if dpd else {},
            dpd_history=[(_AT_MS - 100 * _DAY_MS, worst)] if worst else [],
        ),
    )
    features = {
        "ext_lender_cnt_90d": draw.near("lenders", table.s03_lenders_90d, table.h07_lenders_90d),
        "debt_service_ratio": draw.near("debt", table.s01_debt_service_ratio),
        "income_month_cnt": draw.near("income", table.s09_income_months),
        "cash_buffer_days": draw.near("buffer", table.s10_cash_buffer_days),
    }
    situation = Situation(subject_id="made-up", at_ms=_AT_MS, facts=facts, features=features)
    return situation, _scores(draw, table)


def _scores(draw: _Draw, table: RiskTable) -> Scores:
    first = draw.near("pd", *table.pd_band_below, 2 * table.pd_band_below[-1])
    known = first > 0.0
    grade = draw.one("anomaly", *_GRADES)
    return Scores(
        pd=first * 0.5 if known else None,
        dpd30=first if known else None,
        dpd90=0.5 if known else None,
        pd_model_id="made_up" if known else "fallback",
        pd_calibrated=True,
        pd_contributions=_contributions(draw),
        propensity=0.0,
        propensity_micro=0,
        propensity_model_id="made_up",
        anomaly=grade,
        anomaly_z={} if grade == "normal" else {"balance_last_minor": -5.0},
    )


def _contributions(draw: _Draw) -> Mapping[str, float]:
    names = sorted(MODEL_FAMILIES)
    chosen = {draw.one(f"feature {place}", *names) for place in range(4)}
    return {
        name: 4.0 * draw.one(f"weight of {name}", -0.2, 0.05, 0.3, 1.0) for name in sorted(chosen)
    }
