"""The loan state of one customer: what an event, a profile or the passing of time changes in it.

The state is a reading of the file (`loan_standing`); here are the doors through which words reach
the file, and the transitions that the world hears of (docs/loan-state.md).
"""

from dataclasses import dataclass

from contracts.app_events import ApplyProgressed
from contracts.conversions import LoanStateName
from contracts.customers import Customer, CustomerProfile
from contracts.loan_events import ApplicationStage, CreditLineStage, LoanEvent
from contracts.topics import DAY_MS
from decisions.applications import note_application, show_leader
from decisions.delinquency import active_loans, current_dpd, worst_dpd_24m
from decisions.facts import Facts, LoanFile
from decisions.loan_book import NOTHING, Conversion, Counted, note_loan
from decisions.loan_standing import state_at
from decisions.loan_table import RANK, effect_of

__all__ = [
    "Transition",
    "active_loans",
    "apply_loan_event",
    "apply_profile",
    "apply_progress",
    "current_dpd",
    "expire",
    "worst_dpd_24m",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of loan state, a conversion made, or one unmade.

    `conversion` is `first` or `again` where a drawdown counts (see `loan_book.judge`), `revokes`
    what an undone drawdown had counted as: its label is to be revised. Where the state itself
    stays (a drawdown told late, one of two loans undone) both states are the same.
    `days_in_previous_state` is 0 where nobody knows since when.
    """

    from_state: LoanStateName
    to_state: LoanStateName
    at_ms: int
    occurred_at_ms: int
    conversion: Conversion | None
    days_in_previous_state: int
    loan_id: str | None
    drawn_minor: int | None
    revokes: Conversion | None = None


def apply_loan_event(facts: Facts, event: LoanEvent, *, at_ms: int) -> tuple[Transition, ...]:
    """Take a word on an application or a loan into the file; return what it changed.

    Late, repeated and contradictory events are ordinary input: the last word by occurrence stands.

    Args:
        facts: Of the customer; changed in place.
        event: Any stage and status of `loan-events.v1`.
        at_ms: The partition's clock: when the bank knew.

    >>> from contracts.loan_events import DisbursementStage
    >>> facts = Facts()
    >>> drawn = DisbursementStage(
    ...     event_type="loan_disbursement", loan_stage="disbursement", stage_status="passed",
    ...     event_id="e-1", customer_id="c-1", application_id="a-1", loan_id="l-1",
    ...     drawn_minor=50_000_00, occurred_at_ms=DAY_MS,
    ... )  # fmt: skip
    >>> [(change.to_state, change.conversion) for change in apply_loan_event(
    ...     facts, drawn, at_ms=DAY_MS)]  # fmt: skip
    [('drawn_active', 'first')]

    Hearing it again changes nothing:

    >>> apply_loan_event(facts, drawn, at_ms=DAY_MS)
    ()
    """
    file = facts.loan
    occurred_ms = min(event.occurred_at_ms, at_ms)
    effect = effect_of(event.loan_stage, event.stage_status, is_reversal=event.is_reversal)
    counted = NOTHING
    if isinstance(event, ApplicationStage | CreditLineStage):
        note_application(file, event, effect, occurred_ms=occurred_ms)
        drawn_minor = None
    else:
        counted = note_loan(file, event, effect, occurred_ms=occurred_ms, at_ms=at_ms)
        loan = file.loans.get(event.loan_id)
        drawn_minor = loan.drawn_minor if loan is not None and loan.drawn_minor > 0 else None
    _note_stage(file, event, occurred_ms=occurred_ms)
    show_leader(file)
    return _derive(
        facts,
        at_ms=at_ms,
        occurred_ms=occurred_ms,
        counted=counted,
        loan_id=event.loan_id,
        drawn_minor=drawn_minor,
    )


def apply_profile(facts: Facts, event: Customer, *, at_ms: int) -> tuple[Transition, ...]:
    """Take a profile, or the closing of the last account; an older one changes nothing.

    >>> from contracts.customers import CustomerProfile
    >>> opened = CustomerProfile(
    ...     event_type="customer_profile", event_id="e-1", customer_id="c-1", has_account=True,
    ...     occurred_at_ms=0,
    ... )  # fmt: skip
    >>> apply_profile(Facts(), opened, at_ms=0)[0].to_state
    'account_no_loan'
    """
    profile = facts.profile
    occurred_ms = min(event.occurred_at_ms, at_ms)
    if occurred_ms >= profile.occurred_ms:
        profile.occurred_ms = occurred_ms
        if isinstance(event, CustomerProfile):
            profile.known = True
            profile.birth_year = event.birth_year
            profile.kyc_level = event.kyc_level
            profile.has_account = event.has_account
            profile.opened_on_ms = event.opened_on_ms
            profile.rm_id = event.rm_id
            profile.aum_minor = event.aum_minor
            profile.risk_flags = event.risk_flags
            profile.timezone = event.timezone
            profile.branch_path = event.branch_path
            profile.employer_id = event.employer_id
        else:
            profile.has_account = False
    return _derive(facts, at_ms=at_ms, occurred_ms=occurred_ms)


def apply_progress(facts: Facts, event: ApplyProgressed, *, at_ms: int) -> tuple[Transition, ...]:
    """Take a step of an application in the app: begun, one step further, or submitted.

    A session is one draft. A submit is final for its session, however late it is heard of; any
    other step that is older than the last one is not news. Steps are numbered by the app.
    """
    file = facts.loan
    occurred_ms = min(event.occurred_at_ms, at_ms)
    submits = event.event_name == "apply_submit"
    same = event.session_id == file.apply_session
    if occurred_ms < file.apply_occurred_ms and not (same and submits):
        return _derive(facts, at_ms=at_ms, occurred_ms=occurred_ms)
    begins_anew = not same or (file.apply_submitted and event.event_name == "apply_start")
    if begins_anew:
        file.apply_session = event.session_id
        file.apply_opened_ms = occurred_ms
        file.apply_submitted = False
        file.apply_step_no = 0
    file.apply_step_no = max(file.apply_step_no, event.apply_step_no)
    file.apply_submitted = file.apply_submitted or submits
    file.apply_active_ms = at_ms
    file.apply_occurred_ms = max(file.apply_occurred_ms, occurred_ms)
    return _derive(facts, at_ms=at_ms, occurred_ms=occurred_ms)


def expire(facts: Facts, *, at_ms: int) -> tuple[Transition, ...]:
    """Let time alone change the state: a cool-off is over, a draft is old, a loan long settled.

    >>> from decisions.loan_table import SETTLED_MS
    >>> facts = Facts(loan=LoanFile(state="settled", ever_drawn=True, last_active_loan_ms=0))
    >>> expire(facts, at_ms=SETTLED_MS - 1)
    ()
    >>> expire(facts, at_ms=SETTLED_MS)[0].to_state
    'no_account'
    """
    return _derive(facts, at_ms=at_ms, occurred_ms=at_ms)


def _note_stage(file: LoanFile, event: LoanEvent, *, occurred_ms: int) -> None:
    stage = "marketing" if file.stage is None else file.stage
    if (occurred_ms, RANK[event.loan_stage]) < (file.stage_entered_ms, RANK[stage]):
        return
    if file.stage != event.loan_stage:
        file.stage_entered_ms = occurred_ms
    file.stage = event.loan_stage
    file.stage_status = event.stage_status


def _derive(
    facts: Facts,
    *,
    at_ms: int,
    occurred_ms: int,
    counted: Counted = NOTHING,
    loan_id: str | None = None,
    drawn_minor: int | None = None,
) -> tuple[Transition, ...]:
    """Read the state anew and say what changed."""
    file = facts.loan
    before, after = file.state, state_at(facts, at_ms)
    days = (at_ms - file.since_ms) // DAY_MS if file.heard_ms >= 0 else 0
    if file.heard_ms < 0 or after != before:
        file.since_ms = at_ms
    file.heard_ms = max(file.heard_ms, at_ms)
    file.state = after
    if after == before and counted == NOTHING:
        return ()
    return (
        Transition(
            from_state=before,
            to_state=after,
            at_ms=at_ms,
            occurred_at_ms=occurred_ms,
            conversion=counted.conversion,
            days_in_previous_state=days,
            loan_id=loan_id,
            drawn_minor=drawn_minor,
            revokes=counted.revokes,
        ),
    )
