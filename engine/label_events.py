"""Which event makes a label true, and which takes that back (docs/domain.md)."""

from contracts.app_events import ApplyProgressed
from contracts.decode import SourceEvent
from contracts.interactions import CallHappened, Feedback, RmStep
from contracts.loan_events import (
    ApplicationStage,
    CollectionStage,
    CreditLineStage,
    DisbursementStage,
    MonitoringStage,
)
from decisions.loan_state import Transition
from decisions.loan_table import Effect, effect_of
from engine.case import Case
from engine.labels import come_true, fall_away, take_back, waits
from engine.outputs import Output
from engine.subject import OpenRow

DPD_DAYS = 30
DEFAULT_DAYS = 90
ENGAGED = frozenset({"opened", "clicked", "replied", "accepted", "visited", "apply_started"})
UNREACHED = frozenset({"failed", "expired", "wrong_person"})
_FILED = frozenset({Effect.APPLYING, Effect.APPROVED, Effect.DECLINED, Effect.DRAWN})


def label_drawdown(case: Case, transition: Transition) -> list[Output]:
    """Tell the open rows that the customer drew a loan that counts as a conversion."""
    loan_id = transition.loan_id or "unknown"
    outputs: list[Output] = []
    for row in case.subject.rows:
        outputs += come_true(case, row, "drawn_30d", loan_id)
    return outputs


def revise_drawdown(case: Case, loan_id: str) -> list[Output]:
    """Take positives back, and ask no more whether it is paid: the drawdown was undone."""
    outputs: list[Output] = []
    for row in case.subject.rows:
        if row.positives.get("drawn_30d") == loan_id:
            outputs += take_back(case, row, "drawn_30d")
        if row.loan_id == loan_id:
            outputs += fall_away(case, row, "dpd30_mob3")
            outputs += fall_away(case, row, "dpd90_after_dpd30")
    return outputs


def label_event(case: Case, event: SourceEvent) -> list[Output]:
    """Tell the open rows what an event means for the labels that still wait.

    What occurred before a row was opened, and was told late, is no answer to it.
    """
    match event:
        case MonitoringStage() | CollectionStage():
            return _label_arrears(case, event)
        case ApplyProgressed() if event.event_name == "apply_submit":
            return _label_application(case, event, event.session_id)
        case ApplicationStage() | CreditLineStage() | DisbursementStage():
            return _label_stage(case, event)
        case Feedback():
            return _label_feedback(case, event)
        case CallHappened() | RmStep() if event.outcome_code == "complaint":
            return _label_complaint(case, event)
        case _:
            return []


def _label_arrears(case: Case, event: MonitoringStage | CollectionStage) -> list[Output]:
    outputs: list[Output] = []
    for row in case.subject.rows:
        if row.loan_id != event.loan_id:
            continue
        outputs += _correct_arrears(case, row, event)
        if event.is_reversal:
            continue
        if event.dpd_days >= DPD_DAYS:
            outputs += come_true(case, row, "dpd30_mob3", event.event_id)
        if event.dpd_days >= DEFAULT_DAYS and not waits(row, "dpd30_mob3"):
            outputs += come_true(case, row, "dpd90_after_dpd30", event.event_id)
    return outputs


def _correct_arrears(
    case: Case, row: OpenRow, event: MonitoringStage | CollectionStage
) -> list[Output]:
    """Take back what rested on an event that is corrected now; the later bucket goes first."""
    days = -1 if event.is_reversal else event.dpd_days
    corrected = event.corrects_event_id
    outputs: list[Output] = []
    if corrected is None:
        return outputs
    if row.positives.get("dpd90_after_dpd30") == corrected and days < DEFAULT_DAYS:
        outputs += take_back(case, row, "dpd90_after_dpd30")
    if row.positives.get("dpd30_mob3") == corrected and days < DPD_DAYS:
        outputs += take_back(case, row, "dpd30_mob3")
        outputs += fall_away(case, row, "dpd90_after_dpd30")
    return outputs


def _label_stage(
    case: Case, event: ApplicationStage | CreditLineStage | DisbursementStage
) -> list[Output]:
    if event.is_reversal:
        outputs: list[Output] = []
        for row in case.subject.rows:
            if row.positives.get("applied_14d") == event.application_id:
                outputs += take_back(case, row, "applied_14d")
        return outputs
    if effect_of(event.loan_stage, event.stage_status) in _FILED:
        return _label_application(case, event, event.application_id)
    return []


def _label_application(case: Case, event: SourceEvent, because: str) -> list[Output]:
    outputs: list[Output] = []
    for row in _opened_before(case, event):
        outputs += come_true(case, row, "applied_14d", because)
    return outputs


def _label_feedback(case: Case, event: Feedback) -> list[Output]:
    if event.feedback_type == "complaint":
        return _label_complaint(case, event)
    if event.decision_id is None:
        return []
    outputs: list[Output] = []
    for row in _opened_before(case, event):
        if row.decision_id != event.decision_id:
            continue
        if event.feedback_type in ENGAGED:
            outputs += come_true(case, row, "engaged_3d", event.event_id)
        elif event.feedback_type in UNREACHED:
            outputs += take_back(case, row, "engaged_3d")
            outputs += fall_away(case, row, "engaged_3d")
    return outputs


def _label_complaint(case: Case, event: SourceEvent) -> list[Output]:
    outputs: list[Output] = []
    for row in _opened_before(case, event):
        outputs += come_true(case, row, "complaint_30d", event.event_id)
    return outputs


def _opened_before(case: Case, event: SourceEvent) -> list[OpenRow]:
    return [row for row in case.subject.rows if row.at_ms <= event.occurred_at_ms]
