"""What a feature is: a window over kinds, or whole-number arithmetic over windows. Data only."""

from dataclasses import dataclass
from typing import Literal

from contracts.uses import Use

Unit = Literal["minor", "minor_per_day", "count", "days", "minutes", "ratio", "score", "flag"]
Aggregation = Literal[
    "count",
    "sum",
    "min",
    "max",
    "since_last",
    "distinct",
    "last",
    "latest",
    "std",
    "slope",
    "percentile",
    "gap_percentile",
    "month_median",
    "round_trip",
    "lowest_total",
]
Key = Literal["counterparty", "account", "business_day", "business_month"]
NullPolicy = Literal["zero", "missing"]

MARKETING: frozenset[Use] = frozenset({"marketing"})
CREDIT: frozenset[Use] = frozenset({"credit"})
FRAUD: frozenset[Use] = frozenset({"fraud"})
ANY_USE: frozenset[Use] = MARKETING | CREDIT | FRAUD


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """An aggregation of the live events of some kinds with `at - window_ms < occurred_at <= at`.

    Below, x is an event's amount, t its occurrence in ms, and of two events at the same ms the
    later is the one that arrived later. Everything is exact in whole numbers until the one
    division named; `float(i)` is the nearest double of a whole number i, ties to even.

    ==================  ===========================================================================
    `count`             how many events
    `sum`               the sum of x; with `floor_minor` of those x that are at least that
    `min`, `max`        the lowest and the highest x
    `since_last`        the age of the latest event in `unit`, with its fraction
    `distinct`          how many different values of `of`
    `last`              the latest x of each value of `of`, added up
    `latest`            x of the latest event
    `std`               `sqrt(float(n*sum(xx) - sum(x)**2) / float(n*(n-1)))`, two events or more
    `slope`             `float(n*sum(tx) - sum(t)*sum(x)) / float(n*sum(tt) - sum(t)**2)
                        * 86_400_000.0`, x per day, two different t or more
    `percentile`        the x of rank ceil(q_pct * n / 100) from below (nearest rank)
    `gap_percentile`    the same of the n-1 times between successive events, in `unit`, with its
                        fraction, two events or more
    `month_median`      the median of the sums of x per business month, of the last `months`
                        months that have an event in the window; of an even number of months the
                        mean of the two middle ones, which is exact
    `round_trip`        the most that outflows, each at or after the inflow it is set against and
                        each used once, can take of the inflows x >= `floor_minor`; `where` are the
                        inflows and `against` the outflows, both in the window
    `lowest_total`      the lowest of the totals over `of` of latest amounts, as they stood after
                        each ms with an event since every `of` of the window has stated one
    ==================  ===========================================================================

    A window without events is 0 for `count`, `sum`, `distinct` and `round_trip`, and missing (NaN)
    else. Below `at_least` a `count` or `distinct` is missing: fewer than k people are no statistic.
    A window that is not `served` is only a term of a `Formula`.

    `std` and `slope` are exact for up to 16,384 events in the window.
    """

    name: str
    unit: Unit
    aggregation: Aggregation
    where: frozenset[str]
    window_ms: int
    why: str
    permitted_use: frozenset[Use]
    of: Key | None = None
    served: bool = True
    at_least: int = 0
    q_pct: int | None = None
    months: int | None = None
    floor_minor: int | None = None
    against: frozenset[str] = frozenset()

    @property
    def null_policy(self) -> NullPolicy:
        """What the feature is where nothing happened: 0, or missing."""
        counted = self.aggregation in {"count", "sum", "distinct", "round_trip"}
        return "zero" if counted and not self.at_least else "missing"

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind that the value rests on; each is remembered for `window_ms`."""
        return self.where | self.against


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """`(over - less) * times / ((under - under_less) * per) + plus`, of windows by name.

    Where every term is a sum of whole numbers below 2**53, only the one division rounds (and
    `plus` after it); other terms are added one by one in the order written, and then the same ones
    subtracted. A name may stand twice, to weigh double. Without `under` the divisor is `per` alone.
    What is above `at_most` is `at_most`. It is missing (NaN) where a term is missing or the divisor
    is 0.
    """

    name: str
    unit: Unit
    over: tuple[str, ...]
    why: str
    permitted_use: frozenset[Use]
    less: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    under_less: tuple[str, ...] = ()
    times: int = 1
    per: int = 1
    plus: int = 0
    at_most: float | None = None

    @property
    def null_policy(self) -> NullPolicy:
        """What the feature is where it cannot be computed: missing."""
        return "missing"

    @property
    def terms(self) -> tuple[str, ...]:
        """The windows that the value rests on."""
        return (*self.over, *self.less, *self.under, *self.under_less)


Feature = Window | Formula
