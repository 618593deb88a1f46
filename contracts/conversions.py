"""`conversions.v1`: changes of a customer's loan state; a drawdown is what counts."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import EpochMs, Ours, Token

LoanStateName = Literal[
    "no_account",
    "account_no_loan",
    "applying",
    "approved_undrawn",
    "drawn_active",
    "settled",
    "declined",
    "overdue",
    "collection",
]
RiskBand = Literal["A", "B", "C", "D", "E"]


class LoanStateChanged(Ours):
    """A customer moved from one loan state to another.

    `conversion` is `first` when this is the first drawdown ever, `again` when there was no
    active loan in the 180 days before, and none for every other change; `revokes` is what an undone
    drawdown had counted as. Where the state itself stays, both states are the same. `historic` is a
    change that was told while history was loaded, or the undoing of a drawdown told then: it
    happened before we were there to see it, and so is never a conversion.
    """

    event_type: Literal["loan_state_changed"] = "loan_state_changed"
    conversion_id: Token
    subject_id: Token
    partition: Annotated[int, Field(ge=0)]
    seq: Annotated[int, Field(ge=0)]
    at_ms: EpochMs
    occurred_at_ms: EpochMs
    from_state: LoanStateName
    to_state: LoanStateName
    conversion: Literal["first", "again"] | None
    revokes: Literal["first", "again"] | None = None
    days_in_previous_state: Annotated[int, Field(ge=0)]
    loan_id: Token | None
    drawn_minor: int | None
    attributed_decision_ids: tuple[str, ...]
    flagged_decision_id: str | None
    flagged_at_ms: EpochMs | None
    risk_band_at_decision: RiskBand | None
    historic: bool = False
