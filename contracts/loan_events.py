"""`loan-events.v1`: the nine stages of a loan, in the order of the closed loop."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Code, Envelope, Minor, Token

LoanStage = Literal[
    "marketing",
    "investigation",
    "rating",
    "signing",
    "credit_line",
    "disbursement",
    "payment",
    "monitoring",
    "collection",
]
STAGES: tuple[LoanStage, ...] = (
    "marketing",
    "investigation",
    "rating",
    "signing",
    "credit_line",
    "disbursement",
    "payment",
    "monitoring",
    "collection",
)
StageStatus = Literal["entered", "passed", "failed", "cancelled"]
Days = Annotated[int, Field(ge=0, le=36_500)]


class _LoanEvent(Envelope):
    customer_id: Token
    stage_status: StageStatus
    application_id: Token
    loan_id: Token | None = None
    product_id: Code = "consumer_loan"
    requested_minor: Minor | None = None
    approved_limit_minor: Minor | None = None
    drawn_minor: Minor | None = None
    outstanding_minor: Minor | None = None
    apr_all_in_bps: Annotated[int, Field(ge=0, le=100_000)] | None = None
    term_months: Annotated[int, Field(ge=1, le=600)] | None = None
    dpd_days: Days | None = None
    decline_reason_codes: tuple[Code, ...] = ()
    decided_by: Literal["machine", "human"] = "machine"


class ApplicationStage(_LoanEvent):
    """Marketing, investigation, rating or signing: before there is a limit."""

    event_type: Literal["loan_application"]
    loan_stage: Literal["marketing", "investigation", "rating", "signing"]


class CreditLineStage(_LoanEvent):
    """A limit was granted (`passed`), refused (`failed`) or taken back (`cancelled`)."""

    event_type: Literal["loan_credit_line"]
    loan_stage: Literal["credit_line"]


class DisbursementStage(_LoanEvent):
    """Money was drawn (`passed`), or a drawdown was undone in the cool-off (`cancelled`)."""

    event_type: Literal["loan_disbursement"]
    loan_stage: Literal["disbursement"]
    loan_id: Token
    drawn_minor: Minor


class PaymentStage(_LoanEvent):
    """An instalment was paid; `outstanding_minor` is what is left, and 0 means settled."""

    event_type: Literal["loan_payment"]
    loan_stage: Literal["payment"]
    loan_id: Token
    outstanding_minor: Minor


class MonitoringStage(_LoanEvent):
    """How a running loan does: `dpd_days` is days past due, 0 means current."""

    event_type: Literal["loan_monitoring"]
    loan_stage: Literal["monitoring"]
    loan_id: Token
    dpd_days: Days


class CollectionStage(_LoanEvent):
    """The loan went to collection (`entered`) or came back from it (`passed`)."""

    event_type: Literal["loan_collection"]
    loan_stage: Literal["collection"]
    loan_id: Token
    dpd_days: Days


LoanEvent = Annotated[
    ApplicationStage
    | CreditLineStage
    | DisbursementStage
    | PaymentStage
    | MonitoringStage
    | CollectionStage,
    Field(discriminator="event_type"),
]
