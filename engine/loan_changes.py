"""Changes of loan state: published, attributed, and told to the rows that waited for them."""

from contracts.conversions import LoanStateChanged
from contracts.ids import stable_id
from contracts.topics import DAY_MS, Topic
from decisions.loan_state import Transition
from engine.case import Case
from engine.label_events import label_drawdown, revise_drawdown
from engine.labels import open_loan_row
from engine.outputs import Output, output

ATTRIBUTION_DAYS = 90


def publish_transitions(case: Case, transitions: tuple[Transition, ...]) -> list[Output]:
    """Return the loan-state changes of a case, with the examples that they settle.

    A drawdown of history converts nobody: whoever had a loan before we came has one, that is all.
    """
    outputs: list[Output] = []
    for number, transition in enumerate(transitions):
        outputs.append(_change(case, transition, number))
        if transition.conversion is not None and not case.partition.facts.loads_history:
            outputs += label_drawdown(case, transition)
            case.subject.facts.flag = None
        if transition.revokes is not None and transition.loan_id is not None:
            outputs += revise_drawdown(case, transition.loan_id)
        case.partition.count(f"to_{transition.to_state}")
    outputs += _open_loan_rows(case)
    return outputs


def _open_loan_rows(case: Case) -> list[Output]:
    """Open the row of each loan drawn just now."""
    outputs: list[Output] = []
    for loan in case.subject.facts.loan.loans.values():
        if loan.drawn_at_ms == case.at_ms and not loan.cancelled:
            outputs += open_loan_row(case, loan.loan_id)
    return outputs


def _change(case: Case, transition: Transition, number: int) -> Output:
    facts = case.subject.facts
    since_ms = case.at_ms - ATTRIBUTION_DAYS * DAY_MS
    recent = [made for made in facts.decisions if made.at_ms > since_ms]
    flag = facts.flag if facts.flag is not None and facts.flag.at_ms > since_ms else None
    historic = _is_historic(case, transition)
    change = LoanStateChanged(
        conversion_id=stable_id(
            "v", case.subject_id, case.partition.facts.partition, case.seq, case.at_ms, number
        ),
        subject_id=case.subject_id,
        partition=case.partition.facts.partition,
        seq=case.seq,
        at_ms=case.at_ms,
        occurred_at_ms=transition.occurred_at_ms,
        from_state=transition.from_state,
        to_state=transition.to_state,
        conversion=None if historic else transition.conversion,
        revokes=None if historic else transition.revokes,
        days_in_previous_state=transition.days_in_previous_state,
        loan_id=transition.loan_id,
        drawn_minor=transition.drawn_minor,
        attributed_decision_ids=tuple(made.decision_id for made in recent if made.acted),
        flagged_decision_id=flag.decision_id if flag else None,
        flagged_at_ms=flag.at_ms if flag else None,
        risk_band_at_decision=recent[-1].risk_band if recent else None,
        historic=historic,
    )
    return output(Topic.CONVERSIONS, key=case.subject_id, message=change, seq=case.seq)


def _is_historic(case: Case, transition: Transition) -> bool:
    """Whether a change is history itself, or takes back a drawdown that was."""
    facts = case.partition.facts
    if facts.loads_history:
        return True
    loan = case.subject.facts.loan.loans.get(transition.loan_id or "")
    return (
        transition.revokes is not None and loan is not None and facts.is_history(loan.drawn_at_ms)
    )
