"""Rows as they were scored, and the labels that come to them later.

One row per customer and week is shared by all labels of that week; a risk row is opened for each
drawn loan. A positive is told when it is seen, a negative when its time is over.
"""

from typing import Literal

from contracts.decode import SourceEvent
from contracts.examples import Example, LabelName
from contracts.ids import stable_id
from contracts.loan_events import CollectionStage, MonitoringStage
from contracts.topics import DAY_MS, Topic
from decisions.loan_state import Transition
from engine.case import Case
from engine.outputs import Output, output
from engine.scoring import SCHEMAS, row_of, scorer_of
from engine.subject import OpenRow
from models import to_hex

WEEK_MS = 7 * DAY_MS
DRAWN_DAYS = 30
RISK_DAYS = 120
DPD_DAYS = 30
MAX_OPEN_ROWS = 16
ELIGIBLE_STATES = ("account_no_loan", "applying", "approved_undrawn")
_NO_WEEK = -1

Status = Literal["opened", "positive", "closed", "revised"]


def open_weekly_row(case: Case) -> list[Output]:
    """Open this week's row of a customer who could come to draw a first loan.

    Source: docs/domain.md, "Feedback and labels": at most one row per customer and week, so that
    a busy customer does not outvote the rest.
    """
    week = case.at_ms // WEEK_MS
    subject = case.subject
    if subject.facts.loan.state not in ELIGIBLE_STATES:
        return []
    if any(row.week == week for row in subject.rows):
        return []
    row_id = stable_id("r", case.subject_id, "week", week)
    return _open(case, row_id, week, "drawn_30d", DRAWN_DAYS)


def label_drawdown(case: Case, transition: Transition) -> list[Output]:
    """Tell the open rows that the customer drew, and open the risk row of the new loan."""
    outputs = []
    loan_id = transition.loan_id or "unknown"
    for row in case.subject.rows:
        if row.labels.pop("drawn_30d", None) is not None:
            del_timer(case, row.row_id, "drawn_30d")
            row.positives["drawn_30d"] = loan_id
            outputs.append(_example(case, row.row_id, "drawn_30d", "positive"))
    return outputs


def open_risk_row(case: Case, loan_id: str) -> list[Output]:
    """Open the risk row of a loan that was just drawn: is it 30 days past due within 120 days?"""
    row_id = stable_id("r", case.subject_id, "loan", loan_id)
    if any(row.row_id == row_id for row in case.subject.rows):
        return []
    outputs = _open(case, row_id, _NO_WEEK, "dpd30", RISK_DAYS)
    if outputs:
        case.subject.rows[-1].loan_id = loan_id
    return outputs


def revise_drawdown(case: Case, loan_id: str) -> list[Output]:
    """Take positives back: the drawdown that made them so was undone."""
    outputs = []
    for row in case.subject.rows:
        if row.positives.get("drawn_30d") == loan_id:
            del row.positives["drawn_30d"]
            outputs.append(_example(case, row.row_id, "drawn_30d", "revised"))
    return outputs


def close_on_event(case: Case, event: SourceEvent) -> list[Output]:
    """Label risk rows whose loan is now 30 days past due or more."""
    if not isinstance(event, MonitoringStage | CollectionStage) or event.dpd_days < DPD_DAYS:
        return []
    outputs = []
    for row in case.subject.rows:
        if row.loan_id == event.loan_id and row.labels.pop("dpd30", None) is not None:
            del_timer(case, row.row_id, "dpd30")
            outputs.append(_example(case, row.row_id, "dpd30", "positive"))
    return outputs


def close_on_time(case: Case, reference: str) -> list[Output]:
    """Close the label whose time is over: it did not come true."""
    row_id, _, label = reference.partition("/")
    name: LabelName = "dpd30" if label == "dpd30" else "drawn_30d"
    outputs = [
        _example(case, row_id, name, "closed")
        for row in case.subject.rows
        if row.row_id == row_id and row.labels.pop(name, None) is not None
    ]
    _forget_old_rows(case)
    return outputs


def del_timer(case: Case, row_id: str, label: LabelName) -> None:
    """Drop the timer that would have closed a label."""
    case.subject.timers.pop(f"label.close:{row_id}/{label}", None)


def _open(case: Case, row_id: str, week: int, label: LabelName, days: int) -> list[Output]:
    _forget_old_rows(case)
    subject = case.subject
    if case.partition.facts.loads_history:
        return []  # its features lack what is still to come, and its label may be known already
    if len(subject.rows) >= MAX_OPEN_ROWS:
        subject.rows_dropped += 1
        case.partition.count("rows_dropped")
        return []
    closes_ms = case.at_ms + days * DAY_MS
    subject.rows.append(
        OpenRow(row_id=row_id, week=week, at_ms=case.at_ms, labels={label: closes_ms})
    )
    subject.timers[f"label.close:{row_id}/{label}"] = closes_ms
    return [_example(case, row_id, label, "opened")]


def _forget_old_rows(case: Case) -> None:
    """Drop rows whose every label is closed and whose positives can no longer be taken back."""
    horizon = case.at_ms - RISK_DAYS * DAY_MS
    week_horizon = case.at_ms - DRAWN_DAYS * DAY_MS
    case.subject.rows = [
        row
        for row in case.subject.rows
        if row.labels
        or (row.positives and row.at_ms > week_horizon)
        or (row.week == _NO_WEEK and row.at_ms > horizon)
        or row.week == case.at_ms // WEEK_MS
    ]


def _example(case: Case, row_id: str, label: LabelName, status: Status) -> Output:
    """Return the example of one step; only an opened row carries its numbers."""
    row_hex = score_hex = schema_hash = model_id = None
    if status == "opened":
        row = row_of(case, label)
        scorer = scorer_of(case.partition, label)
        row_hex, score_hex = to_hex(row), scorer.score(row).hex()
        schema_hash, model_id = SCHEMAS[label].schema_hash, scorer.model_id
    example = Example(
        row_id=row_id,
        label_name=label,
        status=status,
        subject_id=case.subject_id,
        at_ms=case.at_ms,
        partition=case.partition.facts.partition,
        seq=case.seq,
        ordinal=case.next_ordinal(),
        schema_hash=schema_hash,
        row_hex=row_hex,
        score_hex=score_hex,
        model_id=model_id,
    )
    case.partition.count(f"examples_{label}_{status}")
    return output(Topic.EXAMPLES, key=case.subject_id, message=example, seq=case.seq)
