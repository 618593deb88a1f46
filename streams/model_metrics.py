"""What the learner reports of its models, as metrics."""

from typing import get_args

from adapters.metrics import Metrics
from contracts.model_reports import EventKind
from contracts.snapshots import SnapshotRecord


def show_reports(metrics: Metrics, record: SnapshotRecord) -> None:
    """Set each model's gauges to what a record of the learner says.

    The measures are of the scores that decisions saw; before any of them has matured, of the main
    line. Counts of events are those since the first row, out of the checkpoint: a restart does not
    begin them anew, and nothing alarms twice. One that never happened is 0 and not absent, or the
    first of its kind would raise no alarm.
    """
    for report in record.reports:
        served = report.lines.get("served", {})
        measures = served if served.get("rows") else report.lines.get("main", {})
        gauges = {
            metrics.model_auc: measures.get("auc"),
            metrics.model_average_precision: measures.get("average_precision"),
            metrics.model_calibration_error: measures.get("calibration_error"),
            metrics.model_calibration_ratio: measures.get("calibration_ratio"),
            metrics.model_psi_max: max(report.psi.values(), default=None),
            metrics.model_leaks: float(len(report.leaks)),
        }
        if report.champion_since_ms is not None:
            age_seconds = (record.at_ms - report.champion_since_ms) / 1_000
            gauges[metrics.model_champion_age] = age_seconds
        for gauge, value in gauges.items():
            if value is not None:
                gauge.labels(model=report.model).set(value)
        for event in get_args(EventKind):
            total = report.totals.get(event, 0)
            metrics.model_events.labels(model=report.model, event=event).set(total)
