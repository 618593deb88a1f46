"""Loan events for tests: each function names only what its event is about."""

from typing import Any

from contracts.app_events import ApplyProgressed
from contracts.customers import CustomerClosed, CustomerProfile
from contracts.loan_events import (
    ApplicationStage,
    CollectionStage,
    CreditLineStage,
    DisbursementStage,
    LoanEvent,
    LoanStage,
    MonitoringStage,
    PaymentStage,
    StageStatus,
)
from contracts.topics import DAY_MS

CUSTOMER: dict[str, Any] = {"event_id": "e-1", "customer_id": "c-1"}


def days(number: float) -> int:
    """Return a time that many days after the beginning of the test's world."""
    return int((1_000 + number) * DAY_MS)


def a_word(
    stage: LoanStage,
    status: StageStatus,
    *,
    at: float,
    application: str = "a-1",
    loan: str = "l-1",
    drawn_minor: int = 50_000_00,
    outstanding_minor: int = 0,
    dpd_days: int = 0,
    **more: Any,
) -> LoanEvent:
    """Return the event of a stage and status that occurred `at` days."""
    common: dict[str, Any] = {
        **CUSTOMER,
        "occurred_at_ms": days(at),
        "application_id": application,
        "stage_status": status,
        **more,
    }
    match stage:
        case "marketing" | "investigation" | "rating" | "signing":
            return ApplicationStage(event_type="loan_application", loan_stage=stage, **common)
        case "credit_line":
            return CreditLineStage(event_type="loan_credit_line", loan_stage=stage, **common)
        case "disbursement":
            return DisbursementStage(
                event_type="loan_disbursement",
                loan_stage=stage,
                loan_id=loan,
                drawn_minor=drawn_minor,
                **common,
            )
        case "payment":
            return PaymentStage(
                event_type="loan_payment",
                loan_stage=stage,
                loan_id=loan,
                outstanding_minor=outstanding_minor,
                **common,
            )
        case "monitoring":
            return MonitoringStage(
                event_type="loan_monitoring",
                loan_stage=stage,
                loan_id=loan,
                dpd_days=dpd_days,
                **common,
            )
        case "collection":
            return CollectionStage(
                event_type="loan_collection",
                loan_stage=stage,
                loan_id=loan,
                dpd_days=dpd_days,
                **common,
            )


def applied(at: float, **more: Any) -> LoanEvent:
    """The bank began to look at an application."""
    return a_word("investigation", "entered", at=at, **more)


def approved(at: float, **more: Any) -> LoanEvent:
    """A limit was granted."""
    return a_word("credit_line", "passed", at=at, **{"approved_limit_minor": 80_000_00, **more})


def declined(at: float, **more: Any) -> LoanEvent:
    """The bank said no."""
    return a_word("rating", "failed", at=at, **more)


def drawn(at: float, **more: Any) -> LoanEvent:
    """Money was drawn."""
    return a_word("disbursement", "passed", at=at, **more)


def undone(at: float, **more: Any) -> LoanEvent:
    """The drawdown was taken back in the cool-off."""
    return a_word("disbursement", "cancelled", at=at, **more)


def paid(at: float, **more: Any) -> LoanEvent:
    """An instalment was paid; nothing is left unless it says so."""
    return a_word("payment", "passed", at=at, **more)


def watched(at: float, **more: Any) -> LoanEvent:
    """Days past due were reported."""
    return a_word("monitoring", "entered", at=at, **more)


def a_profile(at: float, *, has_account: bool = True, **more: Any) -> CustomerProfile:
    """A profile of a customer, with an account unless it says otherwise."""
    return CustomerProfile(
        event_type="customer_profile",
        occurred_at_ms=days(at),
        has_account=has_account,
        **CUSTOMER,
        **more,
    )


def a_closing(at: float) -> CustomerClosed:
    """The last account was closed."""
    return CustomerClosed(event_type="customer_closed", occurred_at_ms=days(at), **CUSTOMER)


def a_step(name: str, *, at: float, session: str = "s-1", step_no: int = 0) -> ApplyProgressed:
    """A step of an application in the app."""
    return ApplyProgressed.model_validate(
        {
            **CUSTOMER,
            "event_type": "apply",
            "event_name": name,
            "occurred_at_ms": days(at),
            "session_id": session,
            "device_id_hash": "d-1",
            "apply_step_no": step_no,
        }
    )
