"""The board and the rules ask only what workers export, and workers export only what is asked."""

import json

import pytest
from prometheus_client import CollectorRegistry

from adapters.metrics import Metrics
from deploy.grafana.board import DATA_SOURCE_UID, board_json
from deploy.grafana.panels import ROWS, panel_queries
from tests.deploy.driven import LABEL_VALUES, collectors, exported_names
from tests.deploy.prom import ROOT
from tests.deploy.promql import names_in, rules

EXPORTED = exported_names(Metrics(CollectorRegistry()))
ATTRIBUTES = [name for name, _ in collectors(Metrics(CollectorRegistry()))]
RECORDED = {rule["record"] for rule in rules() if "record" in rule}


def _read() -> set[str]:
    exprs = [expr for _, expr in panel_queries()] + [rule["expr"] for rule in rules()]
    return set().union(*(names_in(expr) for expr in exprs))


@pytest.mark.parametrize(("title", "expr"), panel_queries())
def test_a_panel_reads_only_what_is_exported(title: str, expr: str) -> None:
    """A renamed metric leaves an empty panel, which looks like a quiet day."""
    assert names_in(expr) <= EXPORTED | RECORDED, title


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert", rule.get("record")))
def test_a_rule_reads_only_what_is_exported(rule: dict[str, str]) -> None:
    """An alert on a metric that is not there never fires, and everybody feels safe."""
    assert names_in(rule["expr"]) <= EXPORTED | RECORDED | {"up"}


@pytest.mark.parametrize(
    "attribute", [name for name, _ in collectors(Metrics(CollectorRegistry()))]
)
def test_every_exported_metric_is_looked_at(attribute: str) -> None:
    """What nobody looks at costs memory and rots."""
    alone = CollectorRegistry()
    metrics = Metrics(CollectorRegistry())
    alone.register(getattr(metrics, attribute))
    metrics.registry = alone

    assert exported_names(metrics) & _read(), "show it on a panel, or do not export it"


def test_every_recorded_series_is_used_by_an_alert() -> None:
    """A recording rule that nothing reads is work for nothing, every 15 seconds."""
    read = set().union(*(names_in(rule["expr"]) for rule in rules() if "alert" in rule))

    assert RECORDED - read == set()


def test_titles_are_told_apart() -> None:
    """Somebody says a panel's title on the phone at night."""
    titles = [panel.title for row in ROWS for panel in row.panels]

    assert len(titles) == len(set(titles))


def test_the_board_shows_every_panel_from_the_provisioned_source() -> None:
    """A panel of another data source is empty on every installation but its author's."""
    board = json.loads(board_json())
    shown = [panel for panel in board["panels"] if panel["type"] != "row"]
    source = (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yaml").read_text("utf-8")

    assert [panel["title"] for panel in shown] == [p.title for row in ROWS for p in row.panels]
    assert {panel["datasource"]["uid"] for panel in shown} == {DATA_SOURCE_UID}
    assert f"uid: {DATA_SOURCE_UID}" in source
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in shown)


def test_labels_are_closed_sets_that_we_know() -> None:
    """A customer as a label would be a new series per customer, and personal data besides."""
    for name, metric in collectors(Metrics(CollectorRegistry())):
        assert set(metric._labelnames) <= set(LABEL_VALUES), name
