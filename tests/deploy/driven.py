"""Workers' metrics that were used: every one of them, each label with a value it really takes."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from adapters.metrics import Metrics

LABEL_VALUES: dict[str, tuple[str, ...]] = {
    "build": ("0f1e2d3c4b5a6978-01234567-89abcdef",),
    "code": ("too_many_lenders",),
    "context": ("marketing_unsolicited",),
    "event": ("snapshot_refused", "promoted", "rolled_back", "drift", "order_refused"),
    "feature": ("inflow_sum_minor_30d",),
    "field": ("mcc",),
    "grade": ("normal", "watch", "alert"),
    "kind": ("first",),
    "label": ("drawn_30d",),
    "model": ("drawn_30d", "dpd30"),
    "moment": ("funding_gap",),
    "outcome": ("approve",),
    "partition": ("0", "1"),
    "reason": ("not_json",),
    "result": ("accepted", "dead"),
    "role": ("sequence", "decide", "learn", "project"),
    "rule": ("push_daily",),
    "state": ("present", "absent"),
    "strategy": ("no_loan_to_loan",),
    "topic": ("transactions.v1",),
}


def collectors(metrics: Metrics) -> Iterator[tuple[str, Counter | Gauge | Histogram]]:
    """Yield each metric with the name of its attribute."""
    for attribute, value in vars(metrics).items():
        if isinstance(value, Counter | Gauge | Histogram):
            yield attribute, value


def exported_names(metrics: Metrics) -> set[str]:
    """Return the names of the series that a scrape of these metrics brings, used or not.

    >>> from prometheus_client import CollectorRegistry
    >>> sorted(n for n in exported_names(Metrics(CollectorRegistry())) if "recovery" in n)
    ['shouwen_state_recovery_seconds_bucket', 'shouwen_state_recovery_seconds_count', ...]
    """
    suffixes = {
        "counter": ("_total",),
        "gauge": ("",),
        "histogram": ("_bucket", "_count", "_sum"),
    }
    return {
        f"{family.name}{suffix}"
        for family in metrics.registry.collect()
        for suffix in suffixes[family.type]
    }


def drive(metrics: Metrics) -> None:
    """Use every metric once, with every combination of label values above."""
    for _, metric in collectors(metrics):
        names: tuple[str, ...] = metric._labelnames
        for values in product(*(LABEL_VALUES[name] for name in names)):
            child: Any = metric.labels(*values) if values else metric
            match metric:
                case Counter():
                    child.inc()
                case Histogram():
                    child.observe(0.04)
                case Gauge():
                    child.set(1)
