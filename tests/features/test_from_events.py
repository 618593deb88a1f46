"""What an event means to a window: its kind, its amount, whom it is about and what it corrects."""

from typing import Any

import msgspec
import pytest

from contracts.decode import decode
from contracts.topics import Topic
from features.catalogue import CATALOGUE
from features.definitions import Window
from features.from_events import log_events
from features.kinds import KINDS
from features.log import update_and_read
from features.log_event import ADD, CLAMP_MS, CORRECTION, REVERSAL
from features.parts import COUNTED, NOT_COUNTED, SIGNAL_USES
from features.plan import EMPTY, PLAN
from tests.contracts.classes import event_classes

AT_MS = 1_790_000_000_000
NIGHT_MS = 1_790_016_000_000 // 86_400_000 * 86_400_000 + 18 * 3_600_000  # 02:00 in UTC+8


def an_event(topic: Topic, **fields: Any) -> Any:
    """An event of a topic as its contract reads it."""
    base = {"event_id": "e-1", "occurred_at_ms": AT_MS, "customer_id": "c-1"}
    return decode(topic, msgspec.json.encode(base | fields))


def a_posting(**fields: Any) -> Any:
    """A posting of 12.50 into the account."""
    base = {
        "event_type": "transaction_posted",
        "txn_id": "t-1",
        "account_id_hash": "a-1",
        "direction": "in",
        "amount_minor": 1_250,
        "currency": "CNY",
    }
    return an_event(Topic.TRANSACTIONS, **(base | fields))


def an_app_event(event_type: str, event_name: str, **fields: Any) -> Any:
    """Something in the app."""
    base = {"event_type": event_type, "event_name": event_name}
    ids = {"session_id": "s-1", "device_id_hash": "d-1"}
    return an_event(Topic.APP_EVENTS, **(base | ids | fields))


def kinds_of(event: Any) -> list[str]:
    """The kinds that an event leaves in the log."""
    return [KINDS[line.kind] for line in log_events(event, AT_MS)]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"purpose_class": "salary"}, "salary"),
        ({"purpose_class": "salary", "direction": "out"}, "other_out"),
        ({"purpose_class": "supplier_payment"}, "other_in"),
        ({"purpose_class": "supplier_payment", "direction": "out"}, "supplier_payment"),
        ({"purpose_class": "gambling_like"}, "other_in"),
        ({"purpose_class": "interest", "direction": "out"}, "fee_out"),
        ({"purpose_class": "insurance"}, "insurance_in"),
        ({"counterparty_kind": "lender"}, "loan_inflow_external"),
        ({"counterparty_kind": "lender", "direction": "out"}, "loan_repayment_external"),
        ({"purpose_class": "rent", "counterparty_kind": "lender", "direction": "out"}, "rent"),
        ({"counterparty_kind": "self"}, "own_transfer_in"),
        ({"purpose_class": "own_transfer", "direction": "out"}, "own_transfer_out"),
        (
            {"counterparty_kind": "self", "direction": "out", "counterparty_bank_code": "b-2"},
            "own_transfer_out_other_bank",
        ),
        ({"direction": "out", "counterparty_bank_code": "b-2"}, "other_out"),
    ],
)
def test_a_posting_is_read_by_purpose_direction_and_counterparty(
    fields: dict[str, Any], kind: str
) -> None:
    """A salary paid out is no income, and a loan from elsewhere is no salary."""
    assert kinds_of(a_posting(**fields)) == [kind]


def test_every_purpose_counts_in_its_direction() -> None:
    """No posting may be missing from inflow or outflow, whatever its purpose."""
    purposes = type(a_posting()).model_fields["purpose_class"].annotation.__args__
    for direction, feature in (("in", "inflow_sum_minor_7d"), ("out", "outflow_sum_minor_7d")):
        for purpose in purposes:
            lines = log_events(a_posting(purpose_class=purpose, direction=direction), AT_MS)
            _, row = update_and_read(EMPTY, lines, AT_MS)
            assert row[PLAN.names.index(feature)] == 1_250.0, (purpose, direction)


@pytest.mark.parametrize(
    ("event", "kinds"),
    [
        (an_app_event("page", "app_open"), ["session_day"]),
        (an_app_event("page", "app_open", occurred_at_ms=NIGHT_MS), ["session_night"]),
        (an_app_event("page", "loan_page_view"), ["loan_page_view"]),
        (an_app_event("page", "limit_query"), ["limit_query"]),
        (an_app_event("page", "search"), []),
        (an_app_event("calculator", "calculator_use"), ["calculator"]),
        (an_app_event("apply", "apply_submit"), ["apply_submit"]),
        (an_app_event("face_verify", "face_verify_fail"), ["face_fail"]),
    ],
)
def test_an_app_event_is_read_by_its_name(event: Any, kinds: list[str]) -> None:
    """Only what a feature counts is remembered."""
    assert kinds_of(event) == kinds


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"event_type": "feedback", "feedback_type": "sent", "channel": "sms"}, ["touch_sms"]),
        ({"event_type": "feedback", "feedback_type": "sent", "channel": "rm_task"}, []),
        ({"event_type": "feedback", "feedback_type": "opened", "channel": "app"}, []),
        ({"event_type": "feedback", "feedback_type": "rejected", "channel": "app"}, ["reject"]),
        ({"event_type": "feedback", "feedback_type": "complaint", "channel": "app"}, ["complaint"]),
        ({"event_type": "wecom", "wecom_event": "message_out", "rm_id": "r-1"}, ["touch_wecom"]),
        ({"event_type": "wecom", "wecom_event": "message_in", "rm_id": "r-1"}, ["wecom_reply"]),
        ({"event_type": "wecom", "wecom_event": "group_joined", "rm_id": "r-1"}, []),
        ({"event_type": "call", "call_event": "dialled"}, ["touch_call"]),
        ({"event_type": "call", "call_event": "ended"}, []),
    ],
)
def test_a_touch_is_counted_once_where_it_happened(
    fields: dict[str, Any], kinds: list[str]
) -> None:
    """A call that is dialled, connected and ended has disturbed the customer once."""
    assert kinds_of(an_event(Topic.INTERACTIONS, **fields)) == kinds


def test_a_balance_keeps_its_sign_and_its_account() -> None:
    """An overdrawn account is the one that matters."""
    one = log_events(a_posting(balance_after_minor=-5_000), AT_MS)[1]
    other = log_events(a_posting(balance_after_minor=1, account_id_hash="a-2"), AT_MS)[1]
    assert (KINDS[one.kind], one.amount_minor) == ("balance", -5_000)
    assert one.key_hash != other.key_hash


def test_unnamed_lenders_are_one_lender() -> None:
    """A lender that is not named is a lender, and not a new one with each payment."""
    named = a_posting(purpose_class="loan_inflow_external", counterparty_id_hash="p-1")
    unnamed = [a_posting(purpose_class="loan_inflow_external", event_id=f"e-{n}") for n in (2, 3)]
    lines = [line for event in (named, *unnamed) for line in log_events(event, AT_MS)]
    _, row = update_and_read(EMPTY, lines, AT_MS)
    assert row[PLAN.names.index("ext_lender_cnt_90d")] == 2.0


@pytest.mark.parametrize("ahead_ms", [1, CLAMP_MS])
def test_a_clock_that_is_ahead_counts_as_now(ahead_ms: int) -> None:
    """An event from a fast clock must not wait in the future."""
    (line,) = log_events(a_posting(occurred_at_ms=AT_MS + ahead_ms), AT_MS)
    assert (line.occurred_at_ms, line.stated_at_ms) == (AT_MS, AT_MS + ahead_ms)


def test_a_reversal_adds_nothing_and_takes_both_parts_away() -> None:
    """The posting and the balance that it stated never were."""
    posting = a_posting(balance_after_minor=9_000)
    reversal = an_event(
        Topic.TRANSACTIONS,
        event_type="transaction_reversed",
        event_id="e-2",
        corrects_event_id="e-1",
        corrects_occurred_at_ms=AT_MS,
        occurred_at_ms=AT_MS,
    )
    (line,) = log_events(reversal, AT_MS)
    assert line.op == REVERSAL
    log, _ = update_and_read(EMPTY, log_events(posting, AT_MS), AT_MS)
    _, row = update_and_read(log, [line], AT_MS)
    _, untouched = update_and_read(EMPTY, (), AT_MS)
    assert row.tobytes() == untouched.tobytes()


def test_a_correction_into_something_that_nobody_counts_still_corrects() -> None:
    """A complaint that turns out to be a question is no complaint any more."""
    complaint = {"event_type": "feedback", "feedback_type": "complaint", "channel": "app"}
    question = complaint | {
        "feedback_type": "replied",
        "event_id": "e-2",
        "corrects_event_id": "e-1",
        "corrects_occurred_at_ms": AT_MS,
    }
    lines = [
        line
        for fields in (complaint, question)
        for line in log_events(an_event(Topic.INTERACTIONS, **fields), AT_MS)
    ]
    _, row = update_and_read(EMPTY, lines, AT_MS)
    assert row[PLAN.names.index("complaint_cnt_90d")] == 0.0


def test_a_correction_that_names_no_time_restates_its_own() -> None:
    """The time is optional in the envelope; the usual correction changes an amount."""
    first, *_ = log_events(a_posting(event_id="e-2", corrects_event_id="e-1"), AT_MS)
    assert (first.op, first.ref_at_ms) == (CORRECTION, AT_MS)


def test_a_reference_into_the_future_refers_to_nothing() -> None:
    """No event with that time can have been accepted; the rest counts as an event of its own."""
    far = AT_MS + CLAMP_MS + 1
    fields = {"corrects_event_id": "e-0", "corrects_occurred_at_ms": far}
    (line,) = log_events(a_posting(**fields), AT_MS)
    assert line.op == ADD
    assert log_events(a_posting(**fields, is_reversal=True), AT_MS) == ()


def test_every_contract_is_counted_or_says_why_not() -> None:
    """An event that nobody thought of is a feature that is silently too small."""
    assert COUNTED | set(NOT_COUNTED) == set(event_classes())
    assert not COUNTED & set(NOT_COUNTED)
    assert all(NOT_COUNTED.values())


@pytest.mark.parametrize(
    ("topic", "fields", "kinds"),
    [
        (
            Topic.INTERACTIONS,
            {"event_type": "benefit", "benefit_id": "b-1", "benefit_event": "granted"},
            [("benefit", 1)],
        ),
        (
            Topic.INTERACTIONS,
            {"event_type": "benefit", "benefit_id": "b-1", "benefit_event": "used"},
            [("benefit", 0)],
        ),
        (
            Topic.INTERACTIONS,
            {"event_type": "branch", "branch_event": "ticket_taken"},
            [("branch_visit", 0)],
        ),
        (Topic.INTERACTIONS, {"event_type": "branch", "branch_event": "left"}, []),
        (
            Topic.LOAN_EVENTS,
            {
                "event_type": "loan_application",
                "loan_stage": "investigation",
                "stage_status": "entered",
                "application_id": "a-1",
            },
            [("loan_applied", 0)],
        ),
        (
            Topic.LOAN_EVENTS,
            {
                "event_type": "loan_credit_line",
                "loan_stage": "credit_line",
                "stage_status": "failed",
                "application_id": "a-1",
            },
            [("loan_declined", 0)],
        ),
        (
            Topic.RELATIONS,
            {
                "event_type": "referral_step",
                "campaign_id": "mgm-1",
                "invite_code": "i-1",
                "referee_token": "r-1",
                "step": "invited",
            },
            [("referral_invited", 0)],
        ),
        (
            Topic.SIGNALS,
            {
                "event_type": "merchant_flow",
                "enterprise_id": "ent-1",
                "business_date": "2024-03-01",
                "settle_minor": 90_000,
                "txn_cnt": 12,
                "refund_minor": 500,
            },
            [("settle", 90_000), ("refund", 500)],
        ),
    ],
)
def test_an_event_of_another_source_leaves_what_its_features_read(
    topic: Topic, fields: dict[str, Any], kinds: list[tuple[str, int]]
) -> None:
    """Only what a feature reads is remembered, with the number that it reads."""
    lines = log_events(an_event(topic, **fields), AT_MS)
    assert [(KINDS[line.kind], line.amount_minor) for line in lines] == kinds


@pytest.mark.parametrize("permitted", [("marketing", "fraud"), ("credit",)])
def test_a_bureau_report_counts_only_where_it_permits_credit(permitted: tuple[str, ...]) -> None:
    """The customer's authorization says what for; a report for another purpose leaves nothing."""
    report = an_event(
        Topic.SIGNALS,
        event_type="bureau_report",
        authorization_id="auth-1",
        report_time_ms=AT_MS,
        query_cnt_30d=6,
        ext_lender_cnt=2,
        ext_outstanding_minor=5_000_000,
        ext_monthly_due_minor=200_000,
        max_dpd_24m_days=0,
        permitted_use=permitted,
    )
    kept = {KINDS[line.kind]: line.amount_minor for line in log_events(report, AT_MS)}
    assert kept.get("bureau_query") == (6 if "credit" in permitted else None)
    assert len(kept) == (5 if "credit" in permitted else 0)


def test_no_feature_may_be_used_for_more_than_its_signals_permit() -> None:
    """A feature for credit over facts that were given for marketing would launder a permission."""
    of_signal = {
        "bureau_report": {"bureau_query", "bureau_lender", "bureau_due", "bureau_outstanding"}
        | {"bureau_dpd"},
        "merchant_day": {"settle", "refund"},
        "device_customers": {"device_customers"},
        "ip_customers": {"ip_customers"},
        "chain_drawn": {"chain_drawn"},
    }
    assert set(of_signal) == set(SIGNAL_USES)
    for feature in CATALOGUE:
        if isinstance(feature, Window):
            for signal, kinds in of_signal.items():
                if feature.kinds & kinds:
                    assert feature.permitted_use <= SIGNAL_USES[signal], feature.name
