"""What the learner reports is what a scrape sees."""

from prometheus_client import CollectorRegistry

from adapters.metrics import Metrics
from contracts.model_reports import ModelReport
from contracts.snapshots import SnapshotRecord
from streams.model_metrics import show_reports

HOUR_MS = 3_600_000


def a_report(**changes: object) -> ModelReport:
    fields = {
        "model": "drawn_30d",
        "champion": "main",
        "champion_since_ms": HOUR_MS,
        "is_frozen": False,
        "lines": {"main": {"rows": 10.0, "auc": 0.6}, "served": {"rows": 0.0}},
        "reliability": (),
        "blocks": (),
        "psi": {"cash_buffer_days": 0.1, "inflow_sum_minor_30d": 0.3},
        "leaks": {},
        "contests": (),
        "events": (),
        "totals": {"drift": 2},
    } | changes
    return ModelReport.model_validate(fields)


def shown(*reports: ModelReport) -> CollectorRegistry:
    registry = CollectorRegistry()
    record = SnapshotRecord(
        at_ms=3 * HOUR_MS,
        examples_offset=0,
        snapshots=(),
        checkpoint={},
        checkpoint_sha256="0" * 64,
        reports=reports,
    )
    show_reports(Metrics(registry), record)
    return registry


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"shouwen_model_{name}", {"model": "drawn_30d", **labels})


def test_the_worst_feature_and_the_age_of_the_champion_are_shown() -> None:
    """An alert needs one number per model, not forty."""
    registry = shown(a_report())

    assert value(registry, "psi_max") == 0.3
    assert value(registry, "champion_age_seconds") == 7_200.0
    assert value(registry, "leaks") == 0.0


def test_what_decisions_saw_counts_before_what_the_line_would_have_said() -> None:
    """A frozen champion that has grown bad must not hide behind a line that learns."""
    assert value(shown(a_report()), "auc") == 0.6
    served = {"main": {"rows": 10.0, "auc": 0.6}, "served": {"rows": 5.0, "auc": 0.4}}
    assert value(shown(a_report(lines=served)), "auc") == 0.4


def test_what_never_happened_is_zero() -> None:
    """The first snapshot that is refused must raise the alarm, not only the second."""
    registry = shown(a_report())

    assert value(registry, "events", event="drift") == 2.0
    assert value(registry, "events", event="snapshot_refused") == 0.0


def test_a_measure_that_is_not_there_is_not_shown_as_zero() -> None:
    """An AUC of 0 would be a model that is always wrong."""
    registry = shown(a_report(lines={"main": {}, "served": {}}, psi={}, champion_since_ms=None))

    assert value(registry, "auc") is None
    assert value(registry, "psi_max") is None
    assert value(registry, "champion_age_seconds") is None
