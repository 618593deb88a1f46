"""What the board asks Prometheus: rows of panels, each with its question and its queries."""

from deploy.grafana.model_panels import MODELS
from deploy.grafana.panel import Panel, Query, Row, latest, mean, per_second, quantile

DECISION_LATENCY = "shouwen_event_to_decision_seconds"

ROWS: tuple[Row, ...] = (
    Row(
        title="Is it well?",
        panels=(
            Panel(
                title="Ready",
                why="1: every worker of the role has its partitions, recovered.",
                queries=(latest("shouwen_ready", "role", how="min"),),
                form="number",
                width=6,
            ),
            Panel(
                title="Partitions owned",
                why="Each role owns every partition once; fewer means a worker is missing.",
                queries=(latest("shouwen_partitions", "role"),),
                form="number",
                width=6,
            ),
            Panel(
                title="Must stay 0",
                why="A decision that does not repeat is a defect.",
                queries=(
                    Query(expr="sum(shouwen_replay_mismatch_total)", legend="replay mismatches"),
                ),
                form="number",
                width=6,
            ),
            Panel(
                title="Builds",
                why="Code, libraries, machine. The first two differ in an upgrade only.",
                queries=(latest("shouwen_build", "build", how="count"),),
                form="number",
                width=6,
            ),
            Panel(
                title="Lag",
                why="Records that wait, by topic. A line that only rises is more than we can do.",
                queries=(latest("shouwen_lag_records", "topic"),),
            ),
            Panel(
                title="Clock delay",
                why="How old a partition's clock was when it last moved.",
                queries=(latest("shouwen_clock_delay_seconds", "partition", how="max"),),
                unit="s",
            ),
            Panel(
                title="Writes of the view tried again",
                why="Redis is slow or away; decisions go on, look-ups grow old.",
                queries=(per_second("shouwen_redis_retries_total"),),
                unit="ops",
            ),
        ),
    ),
    Row(
        title="How fast?",
        panels=(
            Panel(
                title="From event to decision",
                why="From the broker's stamp of the event to its decision being read.",
                queries=tuple(quantile(DECISION_LATENCY, q) for q in (0.5, 0.99, 0.999)),
                unit="s",
            ),
            Panel(
                title="One batch and its transaction",
                why="Where the time goes, role by role.",
                queries=tuple(
                    quantile("shouwen_transaction_seconds", q, "role") for q in (0.5, 0.99)
                ),
                unit="s",
            ),
            Panel(
                title="Transactions",
                why="Few and large under load, many and small when idle.",
                queries=(per_second("shouwen_transaction_seconds_count", "role"),),
                unit="ops",
            ),
            Panel(
                title="Recovery",
                why="From fencing a partition to its state being ready.",
                queries=(mean("shouwen_state_recovery_seconds", "role"),),
                unit="s",
            ),
            Panel(
                title="Journal entries folded",
                why="The pace of decide.",
                queries=(per_second("shouwen_journal_entries_total"),),
                unit="ops",
            ),
            Panel(
                title="Subjects in memory",
                why="What decide holds; memory grows with it. A state above 128 KiB is too much.",
                queries=(
                    latest("shouwen_subjects"),
                    Query(
                        expr="sum(increase(shouwen_large_states_total[1h]))",
                        legend="written above 128 KiB, in an hour",
                    ),
                ),
            ),
            Panel(
                title="Partitions without decisions",
                why="Off while history is loaded; else somebody has to turn them on again.",
                queries=(latest("shouwen_decisions_off"),),
            ),
        ),
    ),
    Row(
        title="What comes in?",
        panels=(
            Panel(
                title="Source records",
                why="By topic, and whether they were accepted, dead or known already.",
                queries=(per_second("shouwen_events_total", "topic", "result"),),
                unit="ops",
                width=12,
            ),
            Panel(
                title="Dead letters",
                why="What could not be read, and why: the producer has to know.",
                queries=(per_second("shouwen_dead_letters_total", "topic", "reason"),),
                unit="ops",
                width=12,
            ),
            Panel(
                title="Late events",
                why="Known more than 5 minutes after they occurred: moments are missed.",
                queries=(per_second("shouwen_late_events_total", "topic"),),
                unit="ops",
            ),
            Panel(
                title="Duplicates",
                why="Sent twice by a producer; they change nothing.",
                queries=(
                    per_second("shouwen_duplicates_total"),
                    per_second("shouwen_lost_reversals_total"),
                ),
                unit="ops",
            ),
            Panel(
                title="Unknown fields",
                why="A producer speaks a newer contract than we do.",
                queries=(per_second("shouwen_unknown_fields_total"),),
                unit="ops",
            ),
        ),
    ),
    Row(
        title="Data quality",
        panels=(
            Panel(
                title="Fields left out",
                why="Share of sampled events without it; a jump is a deploy at the source.",
                queries=(
                    Query(
                        expr="topk(15, sum by (topic, field) "
                        '(rate(shouwen_source_fields_total{state="absent"}[5m])) '
                        "/ sum by (topic, field) (rate(shouwen_source_fields_total[5m])))",
                        legend="{{topic}} {{field}}",
                    ),
                ),
                unit="percentunit",
            ),
            Panel(
                title="Lateness",
                why="1 event in 100 is known later than this after it occurred.",
                queries=(quantile("shouwen_lateness_seconds", 0.99, "topic"),),
                unit="s",
            ),
            Panel(
                title="Amounts in another unit?",
                why="Windows of amounts a hundredth or a hundredfold of before: 0 is well.",
                queries=(latest("shouwen_unit_suspects_total", "topic"),),
            ),
            Panel(
                title="Features missing",
                why="Share of sampled rows without the feature, the most missing first.",
                queries=(
                    Query(
                        expr="topk(15, max by (feature) (shouwen_feature_missing_ratio))",
                        legend="{{feature}}",
                    ),
                ),
                unit="percentunit",
                form="bars",
                width=6,
            ),
            Panel(
                title="Drift of features",
                why="Stability index against the reference: under 0.1 nothing, over 0.25 look.",
                queries=(
                    Query(
                        expr="topk(15, max by (feature) (shouwen_feature_drift_psi))",
                        legend="{{feature}}",
                    ),
                ),
                width=6,
            ),
            Panel(
                title="Range of features",
                why="The highest and the lowest values in the last window of sampled rows.",
                queries=(
                    Query(
                        expr="topk(8, max by (feature) (shouwen_feature_high))",
                        legend="high {{feature}}",
                    ),
                    Query(
                        expr="bottomk(8, min by (feature) (shouwen_feature_low))",
                        legend="low {{feature}}",
                    ),
                ),
                form="bars",
                width=6,
            ),
            Panel(
                title="Rows watched",
                why="The sample that the panels on features rest on.",
                queries=(per_second("shouwen_feature_rows_total"),),
                unit="ops",
                width=6,
            ),
        ),
    ),
    Row(
        title="What is decided?",
        panels=(
            Panel(
                title="Decisions",
                why="By outcome: approve, refer, decline, suppress, defer.",
                queries=(per_second("shouwen_decisions_total", "outcome"),),
                unit="ops",
            ),
            Panel(
                title="Decisions by strategy",
                why="Who decides, in which context.",
                queries=(per_second("shouwen_decisions_total", "strategy", "context"),),
                unit="ops",
            ),
            Panel(
                title="Moments",
                why="What was seen and what was done about it.",
                queries=(per_second("shouwen_moments_total", "moment", "result"),),
                unit="ops",
            ),
            Panel(
                title="Reasons",
                why="Since the workers started, most frequent first.",
                queries=(
                    Query(
                        expr="topk(15, sum by (code) (shouwen_reasons_total))", legend="{{code}}"
                    ),
                ),
                form="bars",
            ),
            Panel(
                title="Reasons that were tried",
                why="Inputs flipped in one decision of twenty: what changes nothing was no reason.",
                queries=(per_second("shouwen_reason_flips_total", "result"),),
                unit="ops",
            ),
            Panel(
                title="Unlike their own past",
                why="Decisions by grade: a few percent are alerts; a moment is unusual by itself.",
                queries=(per_second("shouwen_anomalies_total", "grade"),),
                unit="ops",
            ),
            Panel(
                title="Held back by the contact policy",
                why="Which rule keeps us from a customer.",
                queries=(per_second("shouwen_contact_blocked_total", "rule"),),
                unit="ops",
            ),
            Panel(
                title="Decided with a part unwell",
                why="What was missing: every such decision says so itself.",
                queries=(per_second("shouwen_degradation_total", "kind"),),
                unit="ops",
            ),
            Panel(
                title="Conversions",
                why="Drawdowns of customers without an active loan: the conversion that counts.",
                queries=(latest("shouwen_conversions_total", "kind"),),
                form="bars",
            ),
            Panel(
                title="Alerts for people",
                why="What was put into risk-alerts.v1 by the front door.",
                queries=(per_second("shouwen_alerts_total", "kind"),),
                unit="ops",
            ),
            Panel(
                title="Records published",
                why="By topic; a channel without records has nothing to do.",
                queries=(per_second("shouwen_outputs_total", "topic"),),
                unit="ops",
            ),
        ),
    ),
    Row(
        title="What is learnt?",
        panels=(
            Panel(
                title="Log loss",
                why="Progressive: each label is scored before it is learnt. Rising is unlearning.",
                queries=(latest("shouwen_model_log_loss", "model", how="max"),),
                width=6,
            ),
            Panel(
                title="Labels learnt",
                why="What a model rests on.",
                queries=(latest("shouwen_model_learned", "model", how="max"),),
                form="number",
                width=6,
            ),
            Panel(
                title="Calibrated",
                why="A score that is no probability must not be used as one.",
                queries=(latest("shouwen_model_calibrated", "model", how="min"),),
                unit="bool_yes_no",
                form="number",
                width=6,
            ),
            Panel(
                title="Examples",
                why="What reaches the learner: opened, positive, closed, revised.",
                queries=(per_second("shouwen_labels_total", "label", "kind"),),
                unit="ops",
                width=6,
            ),
        ),
    ),
    MODELS,
)
"""The board, top to bottom."""


def panel_queries() -> list[tuple[str, str]]:
    """Return every query of the board, as (title of its panel, expression).

    >>> panel_queries()[0]
    ('Ready', 'min by (role) (shouwen_ready)')
    """
    return [
        (panel.title, query.expr) for row in ROWS for panel in row.panels for query in panel.queries
    ]
