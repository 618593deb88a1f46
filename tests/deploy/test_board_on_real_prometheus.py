"""Every panel and rule finds data on a real Prometheus that scrapes a worker's own endpoint."""

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from adapters.metrics import Metrics
from adapters.ports import LOOPBACK
from deploy.grafana.panels import panel_queries
from streams.health import HealthServer
from tests.deploy.driven import drive
from tests.deploy.prom import LocalPrometheus, eventually
from tests.deploy.promql import rules

pytestmark = pytest.mark.prometheus


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPrometheus]:
    """A Prometheus that has scraped twice a worker on which everything happened."""
    metrics = Metrics(CollectorRegistry())
    drive(metrics)
    worker = HealthServer(LOOPBACK, 0, registry=metrics.registry, is_ready=lambda: True)
    worker.start()
    try:
        folder = tmp_path_factory.mktemp("prometheus")
        with LocalPrometheus(folder, [f"{LOOPBACK}:{worker.port}"]) as server:
            assert eventually(lambda: bool(server.series("rate(shouwen_events_total[5m])")))
            yield server
    finally:
        worker.stop()


@pytest.mark.parametrize(("title", "expr"), panel_queries())
def test_a_panel_finds_data(prometheus: LocalPrometheus, title: str, expr: str) -> None:
    """A query may be right and still join nothing with nothing."""
    assert prometheus.series(expr), title


def test_a_query_for_nothing_finds_nothing(prometheus: LocalPrometheus) -> None:
    """Negative control of the test above."""
    assert prometheus.series("shouwen_events_total{topic='nobody'}") == []


def test_every_rule_is_evaluated_without_an_error(prometheus: LocalPrometheus) -> None:
    """A rule whose sides do not match fails at run time only."""
    assert eventually(
        lambda: {rule["health"] for rule in prometheus.rules()} == {"ok"}, seconds=10
    ), [rule for rule in prometheus.rules() if rule["health"] != "ok"]
    assert len(prometheus.rules()) == len(rules())


def test_recorded_series_are_there(prometheus: LocalPrometheus) -> None:
    """Alerts read them; an empty one is an alert that cannot fire."""
    for rule in rules():
        if "record" in rule:
            assert eventually(lambda name=rule["record"]: bool(prometheus.series(name))), rule  # type: ignore[misc] # mypy does not infer defaults
