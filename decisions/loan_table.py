"""What each stage and status of a loan event says: the one table of the loan-state machine.

`docs/loan-state.md` shows the same table to people; a test keeps the two alike.
"""

from collections.abc import Mapping
from enum import StrEnum

from contracts.conversions import LoanStateName
from contracts.loan_events import STAGES, LoanStage, StageStatus
from contracts.topics import DAY_MS

COOL_OFF_MS = 30 * DAY_MS
"""How long a decline by the bank stands as a state of its own."""
SETTLED_MS = 365 * DAY_MS
"""How long a customer whose last loan is paid back counts as `settled`."""
DRAFT_MS = 30 * DAY_MS
"""How long an application begun in the app, and left there, still counts."""
SILENT_APPLICATION_MS = 90 * DAY_MS
"""How long an application at the bank counts without any news of it."""
CONVERSION_GAP_MS = 180 * DAY_MS
"""A drawdown is a conversion when no loan was active for this long before it."""


class Effect(StrEnum):
    """What one event says: about the application (first five) or about the loan."""

    NOTED = "noted"
    APPLYING = "applying"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    DRAWN = "drawn"
    UNDONE = "undone"
    PAID = "paid"
    WATCHED = "watched"
    COLLECTED = "collected"
    RECOVERED = "recovered"


_E = Effect
_BEFORE_THE_LIMIT = (_E.APPLYING, _E.APPLYING, _E.DECLINED, _E.WITHDRAWN)
STATUSES: tuple[StageStatus, ...] = ("entered", "passed", "failed", "cancelled")
_ROWS: Mapping[LoanStage, tuple[Effect, Effect, Effect, Effect]] = {
    #                 entered       passed        failed        cancelled
    "marketing": (_E.NOTED, _E.NOTED, _E.NOTED, _E.NOTED),
    "investigation": _BEFORE_THE_LIMIT,
    "rating": _BEFORE_THE_LIMIT,
    "signing": _BEFORE_THE_LIMIT,
    "credit_line": (_E.APPLYING, _E.APPROVED, _E.DECLINED, _E.WITHDRAWN),
    "disbursement": (_E.NOTED, _E.DRAWN, _E.UNDONE, _E.UNDONE),
    "payment": (_E.NOTED, _E.PAID, _E.NOTED, _E.PAID),
    "monitoring": (_E.WATCHED, _E.WATCHED, _E.WATCHED, _E.NOTED),
    "collection": (_E.COLLECTED, _E.RECOVERED, _E.COLLECTED, _E.RECOVERED),
}
EFFECTS: Mapping[tuple[LoanStage, StageStatus], Effect] = {
    (stage, status): effect
    for stage in STAGES
    for status, effect in zip(STATUSES, _ROWS[stage], strict=True)
}
RANK: Mapping[LoanStage, int] = {stage: rank for rank, stage in enumerate(STAGES)}
"""The place of a stage in the closed loop: of two words of the same moment the later stage wins."""

STATES: Mapping[LoanStateName, str] = {
    "collection": "a loan is active and in collection",
    "overdue": "a loan is active and at least one day past due",
    "drawn_active": "a loan is active",
    "approved_undrawn": "a limit stands and nothing was drawn on it",
    "applying": "an application is under way, in the app or at the bank",
    "declined": "the bank said no less than 30 days ago",
    "settled": "the last loan was paid back less than 365 days ago",
    "account_no_loan": "the customer has an account",
    "no_account": "none of the above",
}
"""Every state with what makes it true; where several are true, the first one is the state."""


def effect_of(stage: LoanStage, status: StageStatus, *, is_reversal: bool = False) -> Effect:
    """Return what an event says.

    A reversed drawdown is undone; of any other reversed event nobody knows what stood before it,
    so it is only noted, and the next word on the loan puts things right.

    >>> effect_of("credit_line", "passed"), effect_of("disbursement", "passed", is_reversal=True)
    (<Effect.APPROVED: 'approved'>, <Effect.UNDONE: 'undone'>)
    """
    effect = EFFECTS[stage, status]
    if not is_reversal:
        return effect
    return Effect.UNDONE if effect is Effect.DRAWN else Effect.NOTED
