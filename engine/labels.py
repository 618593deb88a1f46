"""Rows as they were scored, and when the labels that wait for them are over.

Three kinds of row (docs/domain.md, "Feedback and labels"): a customer's week without a loan, a
contact or its control, and a drawn loan. `engine.label_events` says what makes a label true.
"""

from collections.abc import Mapping, Sequence

from contracts.decisions import Decision
from contracts.examples import Example, ExampleStatus, LabelName, RowKind
from contracts.ids import stable_id
from contracts.interactions import CampaignAssigned
from contracts.topics import DAY_MS, Topic
from decisions.verdict import Verdict
from engine.case import Case
from engine.outputs import Output, output
from engine.scoring import row_of, scores_of_labels
from engine.subject import OpenRow
from engine.usual import z_hex
from models import POLICIES, ROW, to_hex

WEEK_MS = 7 * DAY_MS
MAX_OPEN_ROWS = 16
ELIGIBLE_STATES = ("account_no_loan", "applying", "approved_undrawn")
KEPT_SHARE_PCT = 50
LEAST_BALANCE_MINOR = 100_000
"""Below 1,000 yuan there is no balance to keep, and nothing is asked."""
UNDONE_FOR_MS = 30 * DAY_MS
"""How long a label that came true may be taken back."""
LOAN_ROW_MS = POLICIES["dpd90_after_dpd30"].horizon_ms

_NO_WEEK = -1
_TIMER = "label.close:"
_LABELS: Mapping[str, LabelName] = {**{name: name for name in POLICIES}, "dpd30": "dpd30_mob3"}
"""Labels by the name that a state may hold; `dpd30` is of rows opened by an older version."""


def open_weekly_row(case: Case) -> list[Output]:
    """Open this week's row of a customer who could come to draw a first loan.

    At most one per customer and week, so that a busy customer does not outvote the rest. Who has
    applied already is not asked whether he will; who holds next to nothing, not what he will keep.
    """
    week = case.at_ms // WEEK_MS
    subject = case.subject
    state = subject.facts.loan.state
    if state not in ELIGIBLE_STATES:
        return []
    if any(row.week == week and row.kind in {"", "week"} for row in subject.rows):
        return []
    labels: list[LabelName] = ["drawn_30d"]
    if state == "account_no_loan":
        labels.append("applied_14d")
    balance_minor = case.features["balance_last_minor"]
    keep_minor = 0
    if balance_minor >= LEAST_BALANCE_MINOR:
        labels.append("retained_flow_30d")
        keep_minor = int(balance_minor) * KEPT_SHARE_PCT // 100
    row = OpenRow(
        row_id=stable_id("r", case.subject_id, "week", week),
        week=week,
        at_ms=case.at_ms,
        labels={},
        kind="week",
        keep_minor=keep_minor,
    )
    return _open(case, row, labels)


def open_contact_row(case: Case, decision: Decision, verdict: Verdict) -> list[Output]:
    """Open the row of a customer's first contact of a week, or of the first that was held out.

    Where chance alone decided between the two, the row says how likely that was; any other has no
    probability, and teaches nothing about what contact changes. Protection is no offer, so it
    opens none.
    """
    acted, trial = decision.disposition == "acted", verdict.trial
    if verdict.protective or not (acted or decision.disposition == "held_out" or trial is not None):
        return []
    week = case.at_ms // WEEK_MS
    if any(row.week == week and row.kind == "contact" for row in case.subject.rows):
        return []
    labels: list[LabelName] = ["complaint_30d"]
    if acted:
        labels.append("engaged_3d")
    if case.subject.facts.loan.state in ELIGIBLE_STATES:
        labels.append("drawn_30d")
    row = OpenRow(
        row_id=stable_id("r", case.subject_id, "contact", week),
        week=week,
        at_ms=case.at_ms,
        labels={},
        kind="contact",
        decision_id=decision.decision_id,
    )
    return _open(
        case,
        row,
        labels,
        treated=acted if trial is None else trial.treated,
        selection_prob_micro=None if trial is None else trial.prob_micro,
    )


def open_campaign_row(case: Case, event: CampaignAssigned) -> list[Output]:
    """Open the row of a customer whom another system's campaign contacted, or did not, by chance.

    Opened where the customer's first contact of the week would be; only one of both is.
    """
    week = case.at_ms // WEEK_MS
    if any(row.week == week and row.kind == "contact" for row in case.subject.rows):
        return []
    labels: list[LabelName] = ["complaint_30d"]
    if case.subject.facts.loan.state in ELIGIBLE_STATES:
        labels.append("drawn_30d")
    row = OpenRow(
        row_id=stable_id("r", case.subject_id, "contact", week),
        week=week,
        at_ms=case.at_ms,
        labels={},
        kind="contact",
    )
    return _open(
        case,
        row,
        labels,
        treated=event.treated,
        selection_prob_micro=event.selection_prob_micro,
    )


def open_loan_row(case: Case, loan_id: str) -> list[Output]:
    """Open the row of a loan that was just drawn: will it be paid?"""
    row_id = stable_id("r", case.subject_id, "loan", loan_id)
    if any(row.row_id == row_id for row in case.subject.rows):
        return []
    row = OpenRow(
        row_id=row_id,
        week=_NO_WEEK,
        at_ms=case.at_ms,
        labels={},
        loan_id=loan_id,
        kind="loan",
    )
    return _open(case, row, ["dpd30_mob3", "dpd90_after_dpd30"])


def come_true(case: Case, row: OpenRow, label: LabelName, because: str) -> list[Output]:
    """Say that a label of a row came true, if it still waits; `because` is what may undo it."""
    if not _stop_waiting(case, row, label):
        return []
    row.positives[label] = because
    return [_step(case, row, label, "positive")]


def take_back(case: Case, row: OpenRow, label: LabelName) -> list[Output]:
    """Say that what made a label true was undone; from now on it is a no."""
    if row.positives.pop(label, None) is None:
        return []
    return [_step(case, row, label, "revised")]


def fall_away(case: Case, row: OpenRow, label: LabelName) -> list[Output]:
    """Say that a label's question does not arise any more, if it still waits."""
    return [_step(case, row, label, "void")] if _stop_waiting(case, row, label) else []


def close_on_time(case: Case, reference: str) -> list[Output]:
    """Answer the label whose time is over: no, unless it is one that only now can be told."""
    row_id, _, name = reference.partition("/")
    label = _LABELS[name]
    outputs: list[Output] = []
    for row in case.subject.rows:
        if row.row_id != row_id or not _stop_waiting(case, row, label):
            continue
        if label == "retained_flow_30d" and _is_kept(case, row):
            outputs.append(_step(case, row, label, "positive"))
            continue
        outputs.append(_step(case, row, label, "closed"))
        if label == "dpd30_mob3":  # what was never 30 days late cannot be 90 days late after it
            outputs += fall_away(case, row, "dpd90_after_dpd30")
    _forget_old_rows(case)
    return outputs


def waits(row: OpenRow, label: LabelName) -> bool:
    """Say whether a label of a row has no answer yet."""
    return label in row.labels or (label == "dpd30_mob3" and "dpd30" in row.labels)


def _stop_waiting(case: Case, row: OpenRow, label: LabelName) -> bool:
    """Drop a label and its timer; say whether it had been waiting."""
    names = ("dpd30_mob3", "dpd30") if label == "dpd30_mob3" else (label,)
    waited = False
    for name in names:
        case.subject.timers.pop(f"{_TIMER}{row.row_id}/{name}", None)
        waited = row.labels.pop(name, None) is not None or waited
    return waited


def _is_kept(case: Case, row: OpenRow) -> bool:
    return case.features["balance_last_minor"] >= row.keep_minor  # a missing balance is not kept


def _open(
    case: Case,
    row: OpenRow,
    labels: Sequence[LabelName],
    *,
    treated: bool | None = None,
    selection_prob_micro: int | None = None,
) -> list[Output]:
    _forget_old_rows(case)
    subject = case.subject
    if case.partition.facts.loads_history:
        return []  # its features lack what is still to come, and its label may be known already
    if len(subject.rows) >= MAX_OPEN_ROWS:
        subject.rows_dropped += 1
        case.partition.count("rows_dropped")
        return []
    names = tuple(labels)
    for label in names:
        row.labels[label] = case.at_ms + POLICIES[label].horizon_ms
        subject.timers[f"{_TIMER}{row.row_id}/{label}"] = row.labels[label]
    subject.rows.append(row)
    values = row_of(case)
    given = scores_of_labels(case, values, names)
    example = Example(
        row_id=row.row_id,
        status="opened",
        subject_id=case.subject_id,
        at_ms=case.at_ms,
        partition=case.partition.facts.partition,
        seq=case.seq,
        ordinal=case.next_ordinal(),
        schema_hash=ROW.schema_hash,
        row_hex=to_hex(values),
        kind=_kind(row),
        label_names=names,
        scores={label: one.score.hex() for label, one in given.items()},
        model_ids={label: one.model_id for label, one in given.items()},
        treated=treated,
        selection_prob_micro=selection_prob_micro,
        decision_id=row.decision_id,
        anomaly_hex=None if case.unusual is None else case.unusual.score.hex(),
        anomaly_z_hex=z_hex(case),
    )
    for label in names:
        case.partition.count(f"examples_{label}_opened")
    return [output(Topic.EXAMPLES, key=case.subject_id, message=example, seq=case.seq)]


def _forget_old_rows(case: Case) -> None:
    """Drop rows whose every label has an answer that can no longer be taken back.

    The row of this week stays, and that of a loan for its horizon, so that no second one is opened.
    """
    week = case.at_ms // WEEK_MS
    case.subject.rows = [
        row
        for row in case.subject.rows
        if row.labels
        or row.week == week
        or (row.positives and row.at_ms > case.at_ms - UNDONE_FOR_MS)
        or (row.week == _NO_WEEK and row.at_ms > case.at_ms - LOAN_ROW_MS)
    ]


def _kind(row: OpenRow) -> RowKind:
    match row.kind:
        case "week" | "contact" | "loan":
            return row.kind
        case _:
            return "loan" if row.week == _NO_WEEK else "week"


def _step(case: Case, row: OpenRow, label: LabelName, status: ExampleStatus) -> Output:
    example = Example(
        row_id=row.row_id,
        label_name=label,
        status=status,
        subject_id=case.subject_id,
        at_ms=case.at_ms,
        partition=case.partition.facts.partition,
        seq=case.seq,
        ordinal=case.next_ordinal(),
    )
    case.partition.count(f"examples_{label}_{status}")
    return output(Topic.EXAMPLES, key=case.subject_id, message=example, seq=case.seq)
