"""What a feature is: a window over kinds, or whole-number arithmetic over windows. Data only."""

from dataclasses import dataclass
from typing import Literal

from contracts.uses import Use

Unit = Literal["minor", "count", "days", "minutes", "ratio"]
Aggregation = Literal["count", "sum", "min", "max", "since_last", "distinct", "last"]
Key = Literal["counterparty", "account", "business_day", "business_month"]
NullPolicy = Literal["zero", "missing"]

MARKETING: frozenset[Use] = frozenset({"marketing"})
CREDIT: frozenset[Use] = frozenset({"credit"})
FRAUD: frozenset[Use] = frozenset({"fraud"})
ANY_USE: frozenset[Use] = MARKETING | CREDIT | FRAUD


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """An aggregation of the live events of some kinds with `at - window_ms < occurred_at <= at`.

    `distinct` counts the different values of `of`; `last` adds up, over the different values of
    `of`, the amount of the latest event of each (of two at the same millisecond the one that
    arrived later). `since_last` is the age of the latest event in `unit`, with its fraction.

    A window without events is 0 for `count`, `sum` and `distinct`, and missing (NaN) else.
    A window that is not `served` is only a term of a `Formula`.
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

    @property
    def null_policy(self) -> NullPolicy:
        """What the feature is where nothing happened: 0, or missing."""
        return "zero" if self.aggregation in {"count", "sum", "distinct"} else "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """`(over - less) * times / ((under - under_less) * per) + plus`, of windows by name.

    Every term is a sum of whole numbers below 2**53, so only the one division rounds (and `plus`
    after it). Without `under` the divisor is `per` alone. It is missing (NaN) where a term is
    missing or the divisor is 0.
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

    @property
    def null_policy(self) -> NullPolicy:
        """What the feature is where it cannot be computed: missing."""
        return "missing"

    @property
    def terms(self) -> tuple[str, ...]:
        """The windows that the value rests on."""
        return (*self.over, *self.less, *self.under, *self.under_less)


Feature = Window | Formula
