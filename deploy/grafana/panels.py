"""What the board asks Prometheus: rows of panels, each with its question and its queries."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["s", "short", "ops", "percentunit", "bool_yes_no"]
Form = Literal["lines", "number", "bars"]

_WINDOW = "5m"
DECISION_LATENCY = "shouwen_event_to_decision_seconds"


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
                why="What decide holds; memory grows with it.",
                queries=(latest("shouwen_subjects"),),
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
                queries=(per_second("shouwen_duplicates_total"),),
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
