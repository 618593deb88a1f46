"""The metrics of a worker, on the registry that it is given, never on the global one."""

from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, write_to_textfile

NAMESPACE: Final = "shouwen"

LATENCY_BUCKETS: Final = (
    0.005,
    0.01,
    0.025,
    0.05,
    0.075,
    0.1,
    0.15,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
"""Seconds. Dense around the objective: p50 50 ms, p99 100 ms, and 1 s that must never be passed."""

TRANSACTION_BUCKETS: Final = (0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
LATENESS_BUCKETS: Final = (
    *(1.0, 10.0, 60.0, 300.0, 1_800.0, 3_600.0, 21_600.0),
    *(86_400.0, 259_200.0, 604_800.0, 2_592_000.0),
)
"""Seconds, to a month: a queue, an offline terminal, the file of a day, a forgotten file."""

RECOVERY_BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """Everything that a worker measures.

    Labels are closed sets known to the contracts: topics, roles, reasons, outcomes, moments. A
    customer, an event or a decision is never a label: each new value is a new series, for ever.

    >>> metrics = Metrics(CollectorRegistry())
    >>> metrics.events.labels(topic="consents.v1", result="accepted").inc(2)
    >>> metrics.registry.get_sample_value(
    ...     "shouwen_events_total", {"topic": "consents.v1", "result": "accepted"}
    ... )
    2.0
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.events = _counter(
            registry,
            "events",
            "Source records by topic and what became of them: accepted, dead, known.",
            "topic",
            "result",
        )
        self.dead_letters = _counter(
            registry, "dead_letters", "Dead letters by source topic and reason.", "topic", "reason"
        )
        self.late_events = _counter(
            registry,
            "late_events",
            "Events known more than 5 minutes after they occurred.",
            "topic",
        )
        self._add_state(registry)
        self.unknown_fields = _counter(
            registry, "unknown_fields", "Fields of source events that this version does not know."
        )
        self.source_fields = _counter(
            registry,
            "source_fields",
            "Optional fields of a sample of source events: present or absent.",
            "topic",
            "field",
            "state",
        )
        self.unit_suspects = _counter(
            registry,
            "unit_suspects",
            "Windows of a source's amounts that are a hundredth or a hundredfold of before.",
            "topic",
        )
        self.feature_rows = _counter(
            registry, "feature_rows", "Rows of features sampled to watch their quality."
        )
        self.entries = _counter(registry, "journal_entries", "Journal entries folded by decide.")
        self.outputs = _counter(registry, "outputs", "Records published, by topic.", "topic")
        self.moments = _counter(
            registry, "moments", "Moments decided on, by what was done.", "moment", "result"
        )
        self.decisions = _counter(
            registry,
            "decisions",
            "Decisions by outcome, context and strategy.",
            "outcome",
            "context",
            "strategy",
        )
        self.reasons = _counter(registry, "reasons", "Reasons given in decisions.", "code")
        self.reason_flips = _counter(
            registry,
            "reason_flips",
            "Reasons of sampled decisions that were tried: did flipping the input help?",
            "result",
        )
        self.anomalies = _counter(
            registry, "anomalies", "Decisions by how unusual the customer was.", "grade"
        )
        self.contact_blocked = _counter(
            registry, "contact_blocked", "Decisions held back by the contact policy.", "rule"
        )
        self.degradations = _counter(
            registry, "degradation", "Decisions made with a part unwell, by part.", "kind"
        )
        self.conversions = _counter(
            registry, "conversions", "Drawdowns of customers who had no active loan.", "kind"
        )
        self.labels = _counter(
            registry, "labels", "Examples that reached the learner.", "label", "kind"
        )
        self.alerts = _counter(registry, "alerts", "Alerts raised for a person.", "kind")
        self.replay_mismatches = _counter(
            registry, "replay_mismatch", "Decisions that a replay did not repeat to the last bit."
        )
        self.redis_retries = _counter(
            registry, "redis_retries", "Writes of the view that had to be tried again."
        )
        self.event_to_decision = Histogram(
            "event_to_decision",
            "From the broker's stamp of the source record to its decision being read.",
            namespace=NAMESPACE,
            unit="seconds",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.lateness = Histogram(
            "lateness",
            "How long after it occurred a sampled source event was known.",
            namespace=NAMESPACE,
            unit="seconds",
            labelnames=("topic",),
            buckets=LATENESS_BUCKETS,
            registry=registry,
        )
        self.transaction = Histogram(
            "transaction",
            "One batch of a role: processing and its Kafka transaction.",
            namespace=NAMESPACE,
            unit="seconds",
            labelnames=("role",),
            buckets=TRANSACTION_BUCKETS,
            registry=registry,
        )
        self.state_recovery = Histogram(
            "state_recovery",
            "From fencing a partition to its state being ready.",
            namespace=NAMESPACE,
            unit="seconds",
            labelnames=("role",),
            buckets=RECOVERY_BUCKETS,
            registry=registry,
        )
        self.lag = _gauge(registry, "lag_records", "Records not yet processed.", "topic")
        self.clock_delay = _gauge(
            registry,
            "clock_delay_seconds",
            "Wall clock minus a partition's clock, when that last moved.",
            "partition",
        )
        self.feature_missing = _gauge(
            registry,
            "feature_missing_ratio",
            "Share of the last window of sampled rows in which a feature is missing.",
            "feature",
        )
        self.feature_low = _gauge(
            registry, "feature_low", "Lowest value in the last window of sampled rows.", "feature"
        )
        self.feature_high = _gauge(
            registry, "feature_high", "Highest value in the last window of sampled rows.", "feature"
        )
        self.feature_drift = _gauge(
            registry,
            "feature_drift_psi",
            "Population stability index of the last window against the reference rows.",
            "feature",
        )
        self.partitions = _gauge(registry, "partitions", "Partitions this worker owns.", "role")
        self.subjects = _gauge(registry, "subjects", "Subjects in memory.")
        self.ready = _gauge(registry, "ready", "1 when assigned and recovered, else 0.", "role")
        self.model_log_loss = _gauge(
            registry, "model_log_loss", "Progressive log loss of a model.", "model"
        )
        self.model_calibrated = _gauge(
            registry, "model_calibrated", "1 when the model's last snapshot is calibrated.", "model"
        )
        self.model_learned = _gauge(registry, "model_learned", "Labels a model learnt.", "model")
        self.model_auc = _gauge(
            registry, "model_auc", "Exact AUC of a model over its newest matured rows.", "model"
        )
        self.model_average_precision = _gauge(
            registry,
            "model_average_precision",
            "Average precision of a model over its newest matured rows.",
            "model",
        )
        self.model_calibration_error = _gauge(
            registry,
            "model_calibration_error",
            "Mean gap of predicted and observed, over tenths of the newest matured rows.",
            "model",
        )
        self.model_calibration_ratio = _gauge(
            registry,
            "model_calibration_ratio",
            "Predicted over observed, over the newest 350 to 400 rows that came true.",
            "model",
        )
        self.model_psi_max = _gauge(
            registry,
            "model_psi_max",
            "Largest stability index of a model's features, against the rows that fixed the bins.",
            "model",
        )
        self.model_leaks = _gauge(
            registry, "model_leaks", "Features that rank the outcome almost alone.", "model"
        )
        self.model_events = _gauge(
            registry,
            "model_events",
            "What happened to a model since its first row: promoted, drift, snapshot_refused, ...",
            "model",
            "event",
        )
        self.model_champion_age = _gauge(
            registry,
            "model_champion_age_seconds",
            "How long the same line or frozen snapshot has served, at the last report.",
            "model",
        )
        self.build = Gauge(
            "build",
            "1, with the fingerprint of code and machine as a label.",
            namespace=NAMESPACE,
            labelnames=("build",),
            registry=registry,
        )

    def _add_state(self, registry: CollectorRegistry) -> None:
        """What the states of subjects and partitions say of themselves."""
        self.duplicates = _counter(
            registry, "duplicates", "Events whose id was known already, and which changed nothing."
        )
        self.large_states = _counter(
            registry, "large_states", "States of subjects written that were larger than 128 KiB."
        )
        self.lost_reversals = _counter(
            registry,
            "lost_reversals",
            "Reversals and corrections of events that a full log knows by their date only.",
        )
        self.decisions_off = _gauge(registry, "decisions_off", "Partitions where nobody decides.")


def write_replay_mismatches(path: Path, mismatches: int) -> None:
    """Write what a replay found as a file that node_exporter's textfile collector reads.

    The file is replaced whole, so that it is never read half written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "shouwen.prom"
    >>> write_replay_mismatches(path, 3)
    >>> "shouwen_replay_mismatch_total 3.0" in path.read_text()
    True
    """
    found = Metrics(CollectorRegistry()).replay_mismatches
    found.inc(mismatches)
    alone = CollectorRegistry()
    alone.register(found)
    write_to_textfile(str(path), alone)


def _counter(registry: CollectorRegistry, name: str, about: str, *labels: str) -> Counter:
    return Counter(name, about, labelnames=labels, namespace=NAMESPACE, registry=registry)


def _gauge(registry: CollectorRegistry, name: str, about: str, *labels: str) -> Gauge:
    return Gauge(name, about, labelnames=labels, namespace=NAMESPACE, registry=registry)
