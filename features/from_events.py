"""From a source event to the lines of a log: which kind it is, and what it corrects.

What an event means follows docs/domain.md, "Features". Two things had to be chosen. A purpose that
contradicts the direction (a salary going out, a supplier paying in) is an other posting. A touch
is counted once, where it really happened: app and sms messages when they were sent, WeCom when a
manager wrote or called there, a call when it was dialled; a task that was handed out is no touch.
"""

from typing import Final

from contracts.app_events import ApplyProgressed, CalculatorUsed, FaceVerifyFailed, PageSeen
from contracts.decode import SourceEvent
from contracts.envelope import Envelope
from contracts.interactions import CallHappened, Feedback, WecomHappened
from contracts.transactions import TransactionPosted
from features.business_time import is_night
from features.kinds import CODES
from features.log_event import ADD, CLAMP_MS, CORRECTION, REVERSAL, LogEvent, hash63
from features.plan import PLAN

Part = tuple[str, int, str | None]
"""A kind, an amount in minor units, and the counterparty or account it is about."""

UNNAMED: Final = "unnamed"
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


def log_events(event: SourceEvent, at_ms: int) -> tuple[LogEvent, ...]:
    """Return what a log remembers of an event that the bank knew at `at_ms` (epoch ms UTC).

    An occurrence later than `at_ms` is taken as `at_ms`: a clock up to five minutes ahead is not
    worth losing an event for, and what is further ahead never gets here. A correction that does
    not say when the corrected event occurred restates that time: its own is taken. A reference to
    an occurrence more than five minutes ahead names no event that was ever accepted: it is left
    out, and the rest of a correction counts as an event of its own.

    >>> from contracts.decode import decode
    >>> from contracts.topics import Topic
    >>> posting = decode(
    ...     Topic.TRANSACTIONS,
    ...     b'{"event_type": "transaction_posted", "event_id": "e-1", "occurred_at_ms": 7,'
    ...     b' "customer_id": "c-1", "txn_id": "t-1", "account_id_hash": "a-1", "direction": "in",'
    ...     b' "amount_minor": 1250, "currency": "CNY", "balance_after_minor": 9000}',
    ... )
    >>> [(line.kind == CODES["other_in"], line.amount_minor) for line in log_events(posting, 7)]
    [(True, 1250), (False, 9000)]
    """
    occurred_ms = min(event.occurred_at_ms, at_ms)
    op, ref_ms, ref = _reference(event, at_ms)
    parts = () if op == REVERSAL else parts_of(event)
    id_hash = hash63(event.event_id)
    lines = [
        LogEvent(
            occurred_ms,
            CODES[kind],
            hash63(key or UNNAMED) if CODES[kind] in PLAN.keyed else 0,
            amount_minor,
            id_hash,
            ADD,
            0,
            0,
            min(event.occurred_at_ms, occurred_ms + CLAMP_MS),
        )
        for kind, amount_minor, key in parts
    ]
    if op == ADD or ref_ms < 0:
        return tuple(lines)
    if not lines:
        return (LogEvent(occurred_ms, 0, 0, 0, id_hash, REVERSAL, ref_ms, ref, occurred_ms),)
    lines[0] = lines[0]._replace(op=CORRECTION, ref_at_ms=ref_ms, ref_id_hash=ref)
    return tuple(lines)


def _reference(event: Envelope, at_ms: int) -> tuple[int, int, int]:
    if event.corrects_event_id is None:
        return ADD, 0, 0
    op = REVERSAL if event.is_reversal else CORRECTION
    ref_ms = event.corrects_occurred_at_ms
    ref_ms = event.occurred_at_ms if ref_ms is None else ref_ms
    if ref_ms > at_ms + CLAMP_MS:
        return op, -1, 0
    return op, ref_ms, hash63(event.corrects_event_id)


def parts_of(event: SourceEvent) -> tuple[Part, ...]:
    """Return what an event adds to the log; none where no feature reads it."""
    if isinstance(event, TransactionPosted):
        return _posting(event)
    kind = _app_kind(event) or _contact_kind(event)
    return () if kind is None else ((kind, 0, None),)


def _app_kind(event: SourceEvent) -> str | None:
    match event:
        case PageSeen(event_name="app_open"):
            return "session_night" if is_night(event.occurred_at_ms) else "session_day"
        case PageSeen(event_name="loan_page_view" | "limit_query" as name):
            return name
        case ApplyProgressed():
            return event.event_name
        case CalculatorUsed():
            return "calculator"
        case FaceVerifyFailed():
            return "face_fail"
        case _:
            return None


def _contact_kind(event: SourceEvent) -> str | None:
    match event:
        case WecomHappened():
            return _WECOM.get(event.wecom_event)
        case CallHappened(call_event="dialled"):
            return "touch_call"
        case Feedback(feedback_type="sent"):
            return _SENT.get(event.channel)
        case Feedback():
            return _FEEDBACK.get(event.feedback_type)
        case _:
            return None


def _posting(event: TransactionPosted) -> tuple[Part, ...]:
    kind = _kind_in(event) if event.direction == "in" else _kind_out(event)
    amount = (kind, event.amount_minor, event.counterparty_id_hash)
    if event.balance_after_minor is None:
        return (amount,)
    return amount, ("balance", event.balance_after_minor, event.account_id_hash)


def _kind_in(event: TransactionPosted) -> str:
    if event.purpose_class == "other" and event.counterparty_kind == "lender":
        return "loan_inflow_external"
    if event.purpose_class == "other" and event.counterparty_kind == "self":
        return "own_transfer_in"
    return _IN.get(event.purpose_class, "other_in")


def _kind_out(event: TransactionPosted) -> str:
    kind = _OUT.get(event.purpose_class, "other_out")
    if event.purpose_class == "other" and event.counterparty_kind == "lender":
        return "loan_repayment_external"
    if event.purpose_class == "other" and event.counterparty_kind == "self":
        kind = "own_transfer_out"
    if kind == "own_transfer_out" and event.counterparty_bank_code is not None:
        return "own_transfer_out_other_bank"
    return kind
