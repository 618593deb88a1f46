"""Which series an expression reads, found by parsing it as Prometheus does."""

from typing import Any

import promql_parser
import yaml

from tests.deploy.prom import PROMETHEUS_DIR


def names_in(expr: str) -> set[str]:
    """Return the names of all series that `expr` selects.

    Raises:
        ValueError: it is not PromQL.

    >>> sorted(names_in("sum by (role) (rate(a_total[5m])) / on () (b:c:d unless e) > 1"))
    ['a_total', 'b:c:d', 'e']
    """
    return _names(promql_parser.parse(expr))


def _names(node: Any) -> set[str]:
    if isinstance(node, promql_parser.VectorSelector):
        return {node.name}
    if isinstance(node, promql_parser.MatrixSelector):
        return _names(node.vector_selector)
    children = [getattr(node, part, None) for part in ("expr", "lhs", "rhs", "param")]
    children += getattr(node, "args", [])
    return set().union(*(_names(child) for child in children if child is not None))


def rules() -> list[dict[str, Any]]:
    """Return every recording rule and alert of the project."""
    return [
        rule
        for path in sorted(PROMETHEUS_DIR.glob("rules/*.yml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


def alerts() -> list[dict[str, Any]]:
    """Return the alerts alone."""
    return [rule for rule in rules() if "alert" in rule]
