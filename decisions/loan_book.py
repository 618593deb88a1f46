"""The customer's loans: the last word on each of four aspects, and what a drawdown counts as.

The aspects are the drawdown, what is left to pay, days past due, and collection. Each keeps when
its last word occurred, so a late word never overrules a newer one. A loan that is heard of before
its drawdown (events out of order, or from before we listened) is kept as an active loan.
"""

from dataclasses import dataclass
from typing import Literal

from contracts.loan_events import (
    CollectionStage,
    DisbursementStage,
    MonitoringStage,
    PaymentStage,
)
from decisions.delinquency import active_loans, is_active, note_dpd
from decisions.facts import Loan, LoanFile
from decisions.loan_table import CONVERSION_GAP_MS, Effect

KEPT = 32
ACTIVE_KEPT = 128
"""Nobody owes on so many loans: beyond it a source makes up loan ids, and the oldest go."""
Conversion = Literal["first", "again"]
LoanWord = DisbursementStage | PaymentStage | MonitoringStage | CollectionStage


@dataclass(frozen=True, slots=True)
class Counted:
    """What a word on a loan makes or unmakes: a conversion, or neither."""

    conversion: Conversion | None = None
    revokes: Conversion | None = None


NOTHING = Counted()


def judge(file: LoanFile, *, occurred_ms: int) -> Conversion | None:
    """Return what a drawdown of a new loan would count as (docs/domain.md, "Loan state").

    `first` when no loan was ever drawn; `again` when none was active in the 180 days before;
    none otherwise. Undone drawdowns never were.

    >>> judge(LoanFile(), occurred_ms=0)
    'first'
    >>> paid_back = LoanFile(ever_drawn=True, last_active_loan_ms=0)
    >>> (
    ...     judge(paid_back, occurred_ms=CONVERSION_GAP_MS - 1),
    ...     judge(paid_back, occurred_ms=CONVERSION_GAP_MS),
    ... )
    (None, 'again')
    """
    if active_loans(file):
        return None
    if not file.ever_drawn:
        return "first"
    ended_ms = file.last_active_loan_ms
    if ended_ms is not None and ended_ms > occurred_ms - CONVERSION_GAP_MS:
        return None
    return "again"


def note_loan(
    file: LoanFile, event: LoanWord, effect: Effect, *, occurred_ms: int, at_ms: int
) -> Counted:
    """Take a word on a loan; return the conversion that it makes or unmakes."""
    if effect is Effect.NOTED:
        return NOTHING
    loan = file.loans.get(event.loan_id)
    if loan is None:
        undone = effect is Effect.UNDONE
        loan = Loan(
            loan_id=event.loan_id,
            product_id=event.product_id,
            drawn_minor=0,
            outstanding_minor=event.outstanding_minor or 0,
            drawn_at_ms=-1,
            application_id=event.application_id,
            cancelled=undone,
            conversion=None if undone else judge(file, occurred_ms=occurred_ms),
        )
        file.loans[event.loan_id] = loan
    counted = NOTHING
    match event:
        case DisbursementStage():
            if effect is Effect.DRAWN:
                counted = _draw(file, loan, event, occurred_ms=occurred_ms, at_ms=at_ms)
            else:
                counted = _undo(loan, occurred_ms=occurred_ms)
        case PaymentStage():
            _pay(loan, event, occurred_ms=occurred_ms)
        case MonitoringStage():
            _watch(file, loan, event.dpd_days, occurred_ms=occurred_ms)
        case CollectionStage():
            _watch(file, loan, event.dpd_days, occurred_ms=occurred_ms)
            if occurred_ms >= loan.collection_occurred_ms:
                loan.collection_occurred_ms = occurred_ms
                loan.in_collection = effect is Effect.COLLECTED
    _tally(file)
    return counted


def _draw(
    file: LoanFile, loan: Loan, event: DisbursementStage, *, occurred_ms: int, at_ms: int
) -> Counted:
    if occurred_ms < loan.drawn_occurred_ms:
        return NOTHING
    fresh = loan.drawn_occurred_ms < 0
    if not fresh:
        paid_back_ms = None if loan.cancelled else loan.settled_at_ms
        if loan.cancelled:
            loan.conversion = judge(file, occurred_ms=occurred_ms)
            fresh = True
        elif paid_back_ms is not None and occurred_ms > loan.paid_occurred_ms:
            # A line that was paid back is drawn again: its first life goes into the tally, so
            # that undoing the new drawdown does not undo the old one.
            loan.conversion = judge(file, occurred_ms=occurred_ms)
            _forget(file, paid_back_ms)
            fresh = True
    loan.cancelled = False
    loan.drawn_occurred_ms = occurred_ms
    loan.drawn_minor = event.drawn_minor
    if occurred_ms > loan.paid_occurred_ms:
        loan.outstanding_minor = (
            event.drawn_minor if event.outstanding_minor is None else event.outstanding_minor
        )
        loan.settled_at_ms = None
    if not fresh:
        return NOTHING
    loan.drawn_at_ms = at_ms
    return Counted(conversion=loan.conversion)


def _undo(loan: Loan, *, occurred_ms: int) -> Counted:
    if occurred_ms < loan.drawn_occurred_ms:
        return NOTHING
    told = loan.drawn_occurred_ms >= 0 and not loan.cancelled
    counted = Counted(revokes=loan.conversion if told else None)
    loan.drawn_occurred_ms = occurred_ms
    loan.cancelled = True
    loan.conversion = None
    return counted


def _pay(loan: Loan, event: PaymentStage, *, occurred_ms: int) -> None:
    if occurred_ms < loan.paid_occurred_ms:
        return
    loan.paid_occurred_ms = occurred_ms
    if not loan.cancelled and occurred_ms < loan.drawn_occurred_ms:
        return
    loan.outstanding_minor = event.outstanding_minor
    loan.settled_at_ms = occurred_ms if event.outstanding_minor == 0 else None


def _watch(file: LoanFile, loan: Loan, dpd_days: int, *, occurred_ms: int) -> None:
    note_dpd(file, dpd_days, occurred_ms=occurred_ms)
    if occurred_ms >= loan.dpd_occurred_ms:
        loan.dpd_occurred_ms = occurred_ms
        loan.dpd_days = dpd_days


def _tally(file: LoanFile) -> None:
    """Say anew whether anything was ever drawn, and when the last paid-back loan ended."""
    ended = [loan for loan in file.loans.values() if not is_active(loan)]
    while len(file.loans) > KEPT and ended:
        oldest = min(ended, key=lambda loan: (loan.drawn_occurred_ms, loan.loan_id))
        ended.remove(oldest)
        del file.loans[oldest.loan_id]
        if not oldest.cancelled and oldest.settled_at_ms is not None:
            _forget(file, oldest.settled_at_ms)
    active = [loan for loan in file.loans.values() if is_active(loan)]
    for oldest in sorted(active, key=_last_word)[: max(0, len(active) - ACTIVE_KEPT)]:
        del file.loans[oldest.loan_id]
        _forget(file, max(0, _last_word(oldest)[0]))
    lived = [loan for loan in file.loans.values() if not loan.cancelled]
    forgotten_ms = file.forgotten_loans_until_ms
    file.ever_drawn = bool(lived) or forgotten_ms is not None
    ends = [loan.settled_at_ms for loan in lived if loan.settled_at_ms is not None]
    if forgotten_ms is not None:
        ends.append(forgotten_ms)
    file.last_active_loan_ms = max(ends, default=None)


def _last_word(loan: Loan) -> tuple[int, str]:
    times = (loan.drawn_occurred_ms, loan.paid_occurred_ms, loan.dpd_occurred_ms)
    return max(*times, loan.collection_occurred_ms), loan.loan_id


def _forget(file: LoanFile, settled_at_ms: int) -> None:
    known_ms = file.forgotten_loans_until_ms
    file.forgotten_loans_until_ms = max(settled_at_ms, -1 if known_ms is None else known_ms)
