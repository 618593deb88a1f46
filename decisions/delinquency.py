"""Days past due: what they are now, and the worst of the last 24 months, exactly."""

from contracts.topics import DAY_MS
from decisions.facts import Loan, LoanFile

MEMORY_MS = 730 * DAY_MS
KEPT = 24


def is_active(loan: Loan) -> bool:
    """Say whether money is owed on this loan: drawn, neither undone nor paid back."""
    return not loan.cancelled and loan.settled_at_ms is None


def active_loans(file: LoanFile) -> tuple[Loan, ...]:
    """Return the loans on which money is owed, in the order in which they were heard of."""
    return tuple(loan for loan in file.loans.values() if is_active(loan))


def current_dpd(file: LoanFile) -> int:
    """Return the most days past due of any active loan; 0 where there is none.

    >>> late = Loan("l-1", "consumer_loan", 100_00, 40_00, 0, dpd_days=12)
    >>> current_dpd(LoanFile(loans={"l-1": late}))
    12
    """
    return max((loan.dpd_days for loan in active_loans(file)), default=0)


def worst_dpd_24m(file: LoanFile, at_ms: int) -> int:
    """Return the most days past due of the last 24 months (730 days), and now.

    >>> file = LoanFile()
    >>> note_dpd(file, 40, occurred_ms=0)
    >>> note_dpd(file, 5, occurred_ms=DAY_MS)
    >>> worst_dpd_24m(file, MEMORY_MS - 1), worst_dpd_24m(file, MEMORY_MS)
    (40, 5)
    """
    past = max((dpd for ms, dpd in file.dpd_history if ms > at_ms - MEMORY_MS), default=0)
    return max(past, current_dpd(file))


def note_dpd(file: LoanFile, dpd_days: int, *, occurred_ms: int) -> None:
    """Remember a delinquency, unless a later one was at least as bad.

    Kept are only the ones that can still be the worst of some window to come: from old to new
    they get milder. Beyond 24 the two oldest become one, with the older's days at the newer's
    time, so that nobody looks better than they were.
    """
    history = file.dpd_history
    if dpd_days <= 0 or any(ms >= occurred_ms and dpd >= dpd_days for ms, dpd in history):
        return
    history = [(ms, dpd) for ms, dpd in history if ms > occurred_ms or dpd > dpd_days]
    history.append((occurred_ms, dpd_days))
    history.sort()
    newest_ms = history[-1][0]
    history = [(ms, dpd) for ms, dpd in history if ms > newest_ms - MEMORY_MS]
    while len(history) > KEPT:
        history[0:2] = [(history[1][0], history[0][1])]
    file.dpd_history = history
