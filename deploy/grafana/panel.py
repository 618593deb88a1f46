"""What a panel of the board is: a question, and the queries that answer it."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["s", "short", "ops", "percentunit", "bool_yes_no"]
Form = Literal["lines", "number", "bars"]

_WINDOW = "5m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One PromQL expression and how its series are named."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel: `why` is what its reader wants to know, and shows behind the panel's (i)."""

    title: str
    why: str
    queries: tuple[Query, ...]
    unit: Unit = "short"
    form: Form = "lines"
    width: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels that answer one question together."""

    title: str
    panels: tuple[Panel, ...]


def per_second(metric: str, *by: str, window: str = _WINDOW) -> Query:
    """Return the rate of a counter, added up over everything but the labels `by`.

    >>> per_second("shouwen_events_total", "topic", "result")
    Query(expr='sum by (topic, result) (rate(shouwen_events_total[5m]))', legend='{{topic}} {{result}}')
    """  # noqa: E501 - the value is one line
    labels = f"by ({', '.join(by)}) " if by else ""
    return Query(
        expr=f"sum {labels}(rate({metric}[{window}]))",
        legend=" ".join(f"{{{{{label}}}}}" for label in by) or "all",
    )


def quantile(metric: str, q: float, *by: str, window: str = _WINDOW) -> Query:
    """Return a quantile of a histogram over all workers.

    >>> quantile("shouwen_transaction_seconds", 0.99, "role").expr
    'histogram_quantile(0.99, sum by (le, role) (rate(shouwen_transaction_seconds_bucket[5m])))'
    """
    labels = ", ".join(["le", *by])
    name = " ".join([f"p{100 * q:g}", *(f"{{{{{label}}}}}" for label in by)])
    return Query(
        expr=f"histogram_quantile({q:g}, sum by ({labels}) (rate({metric}_bucket[{window}])))",
        legend=name,
    )


def latest(metric: str, *by: str, how: str = "sum") -> Query:
    """Return a gauge or a count as it stands, put together over all workers.

    >>> latest("shouwen_ready", "role", how="min").expr
    'min by (role) (shouwen_ready)'
    """
    labels = f"by ({', '.join(by)}) " if by else ""
    return Query(
        expr=f"{how} {labels}({metric})",
        legend=" ".join(f"{{{{{label}}}}}" for label in by) or "all",
    )


def mean(histogram: str, by: str) -> Query:
    """Return the mean of everything a histogram has seen since its worker started.

    >>> mean("shouwen_state_recovery_seconds", "role").legend
    'mean {{role}}'
    """
    return Query(
        expr=f"sum by ({by}) ({histogram}_sum) / sum by ({by}) ({histogram}_count)",
        legend=f"mean {{{{{by}}}}}",
    )
