"""The state of a customer as a plain reading of the loan file at a time: no history needed.

Because the state is derived from the last word on each application and each loan, it does not
depend on the order in which those words arrived (except words of the same instant).
"""

from collections.abc import Iterator

from contracts.conversions import LoanStateName
from decisions.delinquency import active_loans
from decisions.facts import Application, Facts, Loan, LoanFile
from decisions.loan_table import COOL_OFF_MS, DRAFT_MS, SETTLED_MS, SILENT_APPLICATION_MS


def state_at(facts: Facts, at_ms: int) -> LoanStateName:
    """Return the loan state at `at_ms`: the first of `loan_table.STATES` that is true.

    >>> state_at(Facts(), 0)
    'no_account'
    """
    file = facts.loan
    active = active_loans(file)
    if active:
        return _state_of_debt(active)
    if any(True for _ in undrawn_limits(file)):
        return "approved_undrawn"
    if _has_application(file, at_ms) or has_draft(file, at_ms):
        return "applying"
    if any(at_ms < said_no_ms + COOL_OFF_MS for said_no_ms in file.declined_at_ms.values()):
        return "declined"
    ended_ms = file.last_active_loan_ms
    if ended_ms is not None and at_ms < ended_ms + SETTLED_MS:
        return "settled"
    return "account_no_loan" if facts.profile.has_account else "no_account"


def undrawn_limits(file: LoanFile) -> Iterator[tuple[str, Application]]:
    """Yield (application_id, application) of every limit on which nothing was drawn."""
    drawn = _drawn_applications(file)
    for application_id, application in file.applications.items():
        if application.standing == "approved" and application_id not in drawn:
            yield application_id, application


def has_draft(file: LoanFile, at_ms: int) -> bool:
    """Say whether an application begun in the app is still nobody's but the customer's.

    The bank has taken it over when an application was opened since the draft was begun, or, once
    the draft was submitted, when any application moved since.
    """
    if file.apply_session is None or at_ms >= file.apply_active_ms + DRAFT_MS:
        return False
    return not any(
        application.opened_ms >= file.apply_opened_ms
        or (file.apply_submitted and application.occurred_ms >= file.apply_occurred_ms)
        for application in file.applications.values()
    )


def next_change_ms(facts: Facts) -> int | None:
    """Return when time alone will next change the state that `facts.loan` says, or none."""
    file = facts.loan
    edges = {said_no_ms + COOL_OFF_MS for said_no_ms in file.declined_at_ms.values()}
    edges |= {app.occurred_ms + SILENT_APPLICATION_MS for app in file.applications.values()}
    if file.apply_session is not None:
        edges.add(file.apply_active_ms + DRAFT_MS)
    if file.last_active_loan_ms is not None:
        edges.add(file.last_active_loan_ms + SETTLED_MS)
    ahead = sorted(edge for edge in edges if edge > file.heard_ms)
    return next((edge for edge in ahead if state_at(facts, edge) != file.state), None)


def _state_of_debt(active: tuple[Loan, ...]) -> LoanStateName:
    if any(loan.in_collection for loan in active):
        return "collection"
    return "overdue" if any(loan.dpd_days > 0 for loan in active) else "drawn_active"


def _has_application(file: LoanFile, at_ms: int) -> bool:
    drawn = _drawn_applications(file)
    return any(
        application.standing == "applying"
        and application_id not in drawn
        and at_ms < application.occurred_ms + SILENT_APPLICATION_MS
        for application_id, application in file.applications.items()
    )


def _drawn_applications(file: LoanFile) -> set[str]:
    return {loan.application_id for loan in file.loans.values() if not loan.cancelled}
