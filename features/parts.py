"""What each source event adds to a log: one entry per contract, in one table.

What an event means follows docs/domain.md, "Features". Some things had to be chosen. A purpose that
contradicts the direction (a salary going out, a supplier paying in) is an other posting. A touch
is counted once, where it really happened: app and sms messages when they were sent, WeCom when a
manager wrote or called there, a call when it was dialled; a task that was handed out is no touch.
A fact that its sender permits for less than the features over it may be used for is not remembered.
"""

from collections.abc import Callable
from typing import Final

from contracts.app_events import ApplyProgressed, CalculatorUsed, FaceVerifyFailed, PageSeen
from contracts.consents import ConsentDenied, ConsentGranted, ConsentWithdrawn
from contracts.customers import CustomerClosed, CustomerProfile
from contracts.decode import SourceEvent
from contracts.interactions import (
    BenefitHappened,
    BranchVisit,
    CallHappened,
    CampaignAssigned,
    Feedback,
    RmStep,
    WecomHappened,
)
from contracts.loan_events import (
    ApplicationStage,
    CollectionStage,
    CreditLineStage,
    DisbursementStage,
    MonitoringStage,
    PaymentStage,
)
from contracts.neighbours import NeighbourFact, NeighbourSignal
from contracts.relations import ReferralStep, RelationEnded, RelationStated
from contracts.signals import (
    BureauReport,
    EnterpriseChanged,
    ExternalLead,
    MerchantFlowDay,
    PoiObserved,
)
from contracts.transactions import TransactionPosted, TransactionReversed
from contracts.uses import Use
from features.business_time import is_night
from features.purposes import LEAST_BPS, infer_purpose

Part = tuple[str, int, str | None]
"""A kind, an amount in minor units or a number in place of it, and what it is counted by."""

SUBMITTED: Final = 100
"""Stands for the step of an application that was submitted: `apply_step_no` goes up to 100."""

SIGNAL_USES: Final[dict[str, frozenset[Use]]] = {
    "bureau_report": frozenset({"credit"}),
    "merchant_day": frozenset({"marketing", "credit"}),
    "device_customers": frozenset({"fraud"}),
    "ip_customers": frozenset({"fraud"}),
    "chain_drawn": frozenset({"marketing"}),
}
"""What a signal must permit to be remembered: all that the features over it may be used for."""

NOT_COUNTED: Final[dict[type, str]] = {
    TransactionReversed: "it only takes a posting out",
    CustomerProfile: "a fact, not an event: the engine keeps the latest one",
    CustomerClosed: "a fact, not an event: the engine keeps the latest one",
    ConsentGranted: "what the customer allows is a rule, not a feature",
    ConsentDenied: "what the customer allows is a rule, not a feature",
    ConsentWithdrawn: "what the customer allows is a rule, not a feature",
    DisbursementStage: "the label; the loan file keeps it",
    PaymentStage: "the loan file keeps it; own repayments are counted where money moves",
    RmStep: "the manager's work, not the customer's",
    CampaignAssigned: "whom chance contacted: a feature of it would tell the arms of a trial apart",
    RelationStated: "kept as an edge in `features.relations`",
    RelationEnded: "kept as an edge in `features.relations`",
    EnterpriseChanged: "a standing fact, kept in `features.relations`",
    PoiObserved: "kept in the journal; no feature reads the map yet",
    ExternalLead: "a stranger's token: nothing is known of the person",
}
"""Events that the log never remembers, and why. Every other contract says what it adds below."""
_IN: Final = {
    "salary": "salary",
    "pension": "pension",
    "insurance": "insurance_in",
    "interest": "interest_in",
    "customer_receipt": "customer_receipt",
    "loan_inflow_external": "loan_inflow_external",
    "own_transfer": "own_transfer_in",
}
_OUT: Final = {
    "insurance": "insurance_out",
    "fee": "fee_out",
    "interest": "fee_out",
    "own_transfer": "own_transfer_out",
    **{
        purpose: purpose
        for purpose in (
            "loan_repayment_own",
            "rent",
            "tax",
            "social_insurance",
            "supplier_payment",
            "loan_repayment_external",
            "education",
            "medical",
            "renovation",
            "vehicle",
            "travel",
            "property",
            "securities",
            "gambling_like",
            "utilities",
        )
    },
}
_FEEDBACK: Final = {"rejected": "reject", "complaint": "complaint"}
_SENT: Final = {"app": "touch_app", "sms": "touch_sms"}
_WECOM: Final = {
    "message_out": "touch_wecom",
    "call_done": "touch_wecom",
    "message_in": "wecom_reply",
}


def parts_of(event: SourceEvent) -> tuple[Part, ...]:
    """Return what an event adds to the log; none where no feature reads it."""
    parts = _PARTS.get(type(event))
    return () if parts is None else parts(event)


def _posting(event: TransactionPosted) -> tuple[Part, ...]:
    purpose = event.purpose_class
    sure_bps = event.purpose_confidence_bps
    if purpose == "other" or (sure_bps is not None and sure_bps < LEAST_BPS):
        purpose, _ = infer_purpose(
            event.direction, event.counterparty_kind, event.txn_channel, event.mcc
        )
    if event.direction == "in":
        kind = _IN.get(purpose, "other_in")
    else:
        kind = _OUT.get(purpose, "other_out")
        if kind == "own_transfer_out" and event.counterparty_bank_code is not None:
            kind = "own_transfer_out_other_bank"
    amount = (kind, event.amount_minor, event.counterparty_id_hash)
    if event.balance_after_minor is None:
        return (amount,)
    return amount, ("balance", event.balance_after_minor, event.account_id_hash)


def _page(event: PageSeen) -> tuple[Part, ...]:
    match event.event_name:
        case "app_open":
            night = is_night(event.occurred_at_ms)
            return (("session_night" if night else "session_day", 0, None),)
        case "loan_page_view" | "limit_query" as name:
            return ((name, 0, None),)
        case _:
            return ()


def _progress(event: ApplyProgressed) -> tuple[Part, ...]:
    step = SUBMITTED if event.event_name == "apply_submit" else event.apply_step_no
    return ((event.event_name, step, None),)


def _wecom(event: WecomHappened) -> tuple[Part, ...]:
    kind = _WECOM.get(event.wecom_event)
    return () if kind is None else ((kind, 0, None),)


def _call(event: CallHappened) -> tuple[Part, ...]:
    return (("touch_call", 0, None),) if event.call_event == "dialled" else ()


def _feedback(event: Feedback) -> tuple[Part, ...]:
    sent = event.feedback_type == "sent"
    kind = _SENT.get(event.channel) if sent else _FEEDBACK.get(event.feedback_type)
    return () if kind is None else ((kind, 0, None),)


def _visit(event: BranchVisit) -> tuple[Part, ...]:
    return (("branch_visit", 0, None),) if event.branch_event == "ticket_taken" else ()


def _benefit(event: BenefitHappened) -> tuple[Part, ...]:
    open_still = event.benefit_event in {"granted", "claimed"}
    return (("benefit", int(open_still), event.benefit_id),)


def _application(event: ApplicationStage | CreditLineStage) -> tuple[Part, ...]:
    if event.loan_stage == "marketing":
        return ()
    if event.stage_status == "failed":
        return (("loan_declined", 0, event.application_id),)
    under_way = event.loan_stage != "credit_line" and event.stage_status in {"entered", "passed"}
    return (("loan_applied", 0, event.application_id),) if under_way else ()


def _days_past_due(event: MonitoringStage | CollectionStage) -> tuple[Part, ...]:
    return (("own_dpd", event.dpd_days, None),)


def _bureau(event: BureauReport) -> tuple[Part, ...]:
    if not SIGNAL_USES["bureau_report"] <= set(event.permitted_use):
        return ()
    return (
        ("bureau_query", event.query_cnt_30d, None),
        ("bureau_lender", event.ext_lender_cnt, None),
        ("bureau_outstanding", event.ext_outstanding_minor, None),
        ("bureau_due", event.ext_monthly_due_minor, None),
        ("bureau_dpd", event.max_dpd_24m_days, None),
    )


def _merchant_day(event: MerchantFlowDay) -> tuple[Part, ...]:
    return _takings(event.settle_minor, event.refund_minor)


def _takings(settle_minor: int, refund_minor: int) -> tuple[Part, ...]:
    """A day without sales is no active day, and adds nothing."""
    both = (("settle", settle_minor, None), ("refund", refund_minor, None))
    return tuple(part for part in both if part[1])


def _referral(event: ReferralStep) -> tuple[Part, ...]:
    match event.step:
        case "invited":
            return (("referral_invited", 0, event.referee_token),)
        case "drawn":
            return (("referral_drawn", 0, event.referee_token),)
        case _:
            return ()


_TOLD: Final[dict[NeighbourFact, str]] = {
    "device_customers": "device_customers",
    "ip_customers": "ip_customers",
    "chain_drawn": "chain_drawn",
}


def _neighbour(event: NeighbourSignal) -> tuple[Part, ...]:
    """Standing facts are kept in `features.relations`; what is told onwards, by the engine."""
    if not SIGNAL_USES.get(event.fact, frozenset()) <= set(event.permitted_use):
        return ()
    if event.fact == "merchant_day":
        return _takings(event.value_int, event.other_int)
    kind = _TOLD.get(event.fact)
    return () if kind is None else ((kind, event.value_int, event.from_ref),)


_PARTS: Final[dict[type, Callable[..., tuple[Part, ...]]]] = {
    TransactionPosted: _posting,
    PageSeen: _page,
    ApplyProgressed: _progress,
    CalculatorUsed: lambda _: (("calculator", 0, None),),
    FaceVerifyFailed: lambda _: (("face_fail", 0, None),),
    WecomHappened: _wecom,
    CallHappened: _call,
    Feedback: _feedback,
    BranchVisit: _visit,
    BenefitHappened: _benefit,
    ApplicationStage: _application,
    CreditLineStage: _application,
    MonitoringStage: _days_past_due,
    CollectionStage: _days_past_due,
    BureauReport: _bureau,
    MerchantFlowDay: _merchant_day,
    ReferralStep: _referral,
    NeighbourSignal: _neighbour,
}
COUNTED: Final = frozenset(_PARTS)
"""Contracts of which the log remembers something."""
