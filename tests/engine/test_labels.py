"""Promises of labels: which event answers a row's questions, which takes that back, and when."""

from typing import Any

import msgspec
import pytest

from contracts.examples import Example
from contracts.topics import Topic
from engine.codec import encode_subject
from engine.fold import fold
from engine.subject import OpenRow, SubjectState
from engine.subjects import MemorySubjects
from tests.engine.given import (
    DAY_MS,
    NOON_MS,
    Journal,
    a_calculation,
    a_known_customer,
    a_loan_stage,
    a_partition,
)

LOAN = {"loan_id": "l-1", "drawn_minor": 5_000_000}


def a_feedback(kind: str, decision_id: str | None, *, at_ms: int) -> dict[str, Any]:
    """Return feedback of the app on a decision."""
    return {
        "event_type": "feedback",
        "event_id": f"f-{kind}-{at_ms}",
        "customer_id": "c-1",
        "occurred_at_ms": at_ms,
        "decision_id": decision_id,
        "feedback_type": kind,
        "channel": "app",
    }


def told(journal: Journal) -> list[Example]:
    """Return all examples that a journal causes."""
    outputs = fold(a_partition(), MemorySubjects(), journal.entries)
    return [
        Example.model_validate_json(output.value)
        for output in outputs
        if output.topic is Topic.EXAMPLES
    ]


def answers(journal: Journal, label: str) -> list[str]:
    """Return what was said of a label after its rows were opened."""
    return [e.status for e in told(journal) if e.status != "opened" and e.label == label]


def a_contacted_customer() -> tuple[Journal, Example]:
    """Return a journal that contacts its customer, and the row of that contact."""
    journal = a_known_customer()
    event = a_calculation("e-1", occurred_at_ms=NOON_MS)
    journal.event(Topic.APP_EVENTS, event, at_ms=NOON_MS)
    journal.tick(NOON_MS + 12 * 3_600_000 + 10 * 3_600_000)
    (row,) = [e for e in told(journal) if e.kind == "contact"]
    return journal, row


def a_drawn_loan() -> Journal:
    """Return a journal whose customer drew a loan at noon."""
    journal = a_known_customer()
    drawn = a_loan_stage("loan_disbursement", "disbursement", occurred_at_ms=NOON_MS, **LOAN)
    journal.event(Topic.LOAN_EVENTS, drawn, at_ms=NOON_MS)
    return journal


def late(journal: Journal, days: int, dpd_days: int, **changes: Any) -> str:
    """Tell that the loan is so many days past due; return the event's id."""
    at_ms = NOON_MS + days * DAY_MS
    event = a_loan_stage(
        "loan_monitoring",
        "monitoring",
        occurred_at_ms=at_ms,
        loan_id="l-1",
        dpd_days=dpd_days,
        **changes,
    )
    journal.event(Topic.LOAN_EVENTS, event, at_ms=at_ms)
    return str(event["event_id"])


def test_a_contact_that_is_opened_is_engagement() -> None:
    """What the model of engagement predicts is an answer to our message, not a visit by chance."""
    journal, row = a_contacted_customer()
    at_ms = row.at_ms + 3_600_000
    opened = a_feedback("opened", row.decision_id, at_ms=at_ms)
    journal.event(Topic.INTERACTIONS, opened, at_ms=at_ms)

    assert answers(journal, "engaged_3d") == ["positive"]


@pytest.mark.parametrize(
    ("kind", "decision"), [("opened", "d-of-another"), ("opened", None), ("rejected", "its own")]
)
def test_what_is_no_answer_to_the_contact_is_no_engagement(kind: str, decision: str | None) -> None:
    """A no is no engagement, and an answer to another message is not one to this."""
    journal, row = a_contacted_customer()
    at_ms = row.at_ms + 3_600_000
    decision = row.decision_id if decision == "its own" else decision
    journal.event(Topic.INTERACTIONS, a_feedback(kind, decision, at_ms=at_ms), at_ms=at_ms)
    journal.tick(row.at_ms + 3 * DAY_MS)

    assert answers(journal, "engaged_3d") == ["closed"]


def test_a_message_that_reached_nobody_asks_nothing() -> None:
    """Who never got it did not ignore it: no answer, rather than a no."""
    journal, row = a_contacted_customer()
    at_ms = row.at_ms + 3_600_000
    failed = a_feedback("failed", row.decision_id, at_ms=at_ms)
    journal.event(Topic.INTERACTIONS, failed, at_ms=at_ms)
    journal.tick(row.at_ms + 3 * DAY_MS)

    assert answers(journal, "engaged_3d") == ["void"]


def test_the_wrong_person_takes_an_engagement_back() -> None:
    """Somebody else opened it."""
    journal, row = a_contacted_customer()
    for hours, kind in ((1, "opened"), (2, "wrong_person")):
        at_ms = row.at_ms + hours * 3_600_000
        feedback = a_feedback(kind, row.decision_id, at_ms=at_ms)
        journal.event(Topic.INTERACTIONS, feedback, at_ms=at_ms)

    assert answers(journal, "engaged_3d") == ["positive", "revised"]


def test_a_complaint_is_one_whomever_it_answers() -> None:
    """A complaint that names no message is still a complaint after it."""
    journal, row = a_contacted_customer()
    at_ms = row.at_ms + DAY_MS
    journal.event(Topic.INTERACTIONS, a_feedback("complaint", None, at_ms=at_ms), at_ms=at_ms)

    assert answers(journal, "complaint_30d") == ["positive"]


def test_a_customer_has_one_row_of_contact_a_week() -> None:
    """The first contact is the experiment; the second would count its outcome twice."""
    journal, row = a_contacted_customer()
    week_later_ms = row.at_ms + 7 * DAY_MS
    for at_ms in (row.at_ms + DAY_MS, week_later_ms):
        event = a_calculation(f"e-{at_ms}", occurred_at_ms=at_ms)
        journal.event(Topic.APP_EVENTS, event, at_ms=at_ms)
    rows = [e for e in told(journal) if e.kind == "contact"]

    assert len({e.row_id for e in rows}) == len(rows)
    assert len({(e.at_ms // (7 * DAY_MS)) for e in rows}) == len(rows)


def test_a_submitted_application_is_applied() -> None:
    """The week's row asks whether the customer will apply within 14 days."""
    journal = a_known_customer()
    event = a_calculation("e-1", occurred_at_ms=NOON_MS) | {
        "event_type": "apply",
        "event_name": "apply_submit",
    }
    journal.event(Topic.APP_EVENTS, event, at_ms=NOON_MS)

    assert answers(journal, "applied_14d") == ["positive"]


@pytest.mark.parametrize(
    ("status", "said"), [("entered", ["positive"]), ("failed", ["positive"]), ("cancelled", [])]
)
def test_an_application_at_the_bank_is_applied_whatever_the_bank_says(
    status: str, said: list[str]
) -> None:
    """Whether it is granted is another question."""
    journal = a_known_customer()
    event = a_loan_stage("loan_application", "rating", occurred_at_ms=NOON_MS, stage_status=status)
    journal.event(Topic.LOAN_EVENTS, event, at_ms=NOON_MS)

    assert answers(journal, "applied_14d") == said


def test_what_occurred_before_the_row_does_not_answer_it() -> None:
    """An application of last week, told late, was not caused by anything that the row knows."""
    journal = a_known_customer()
    event = a_loan_stage("loan_application", "rating", occurred_at_ms=NOON_MS - 9 * DAY_MS)
    journal.event(Topic.LOAN_EVENTS, event, at_ms=NOON_MS)

    assert answers(journal, "applied_14d") == []


def test_a_reversed_application_is_taken_back() -> None:
    """It was typed for the wrong customer."""
    journal = a_known_customer()
    for hours, changes in ((0, {}), (1, {"is_reversal": True})):
        at_ms = NOON_MS + hours * 3_600_000
        event = a_loan_stage("loan_application", "rating", occurred_at_ms=at_ms, **changes)
        journal.event(Topic.LOAN_EVENTS, event, at_ms=at_ms)

    assert answers(journal, "applied_14d") == ["positive", "revised"]


def test_ninety_days_late_after_thirty_is_the_second_bucket() -> None:
    """Two early signs, each known in time, instead of one that comes after a year."""
    journal = a_drawn_loan()
    late(journal, 60, 30)
    late(journal, 120, 90)

    assert answers(journal, "dpd30_mob3") == ["positive"]
    assert answers(journal, "dpd90_after_dpd30") == ["positive"]


def test_the_first_days_late_answer_nothing_and_leave_both_buckets_waiting() -> None:
    """Every loan that goes far behind is a day behind first; that corrects nothing."""
    journal = a_drawn_loan()
    late(journal, 31, 1)
    late(journal, 60, 30)
    late(journal, 120, 90)

    assert answers(journal, "dpd30_mob3") == ["positive"]
    assert answers(journal, "dpd90_after_dpd30") == ["positive"]


def test_a_loan_that_recovers_is_a_no_of_the_second_bucket() -> None:
    """That is what the bucket is for: most of those who are late once pay."""
    journal = a_drawn_loan()
    late(journal, 60, 35)
    late(journal, 70, 0)
    journal.tick(NOON_MS + 210 * DAY_MS)

    assert answers(journal, "dpd90_after_dpd30") == ["closed"]


def test_a_loan_that_was_never_late_has_no_answer_in_the_second_bucket() -> None:
    """Counted as recovered, it would make every late loan look harmless."""
    journal = a_drawn_loan()
    late(journal, 130, 45)  # too late for the first bucket
    late(journal, 190, 95)
    journal.tick(NOON_MS + 211 * DAY_MS)

    assert answers(journal, "dpd30_mob3") == ["closed"]
    assert answers(journal, "dpd90_after_dpd30") == ["void"]


def test_corrected_lateness_is_taken_back() -> None:
    """The payment had come and was booked to another loan."""
    journal = a_drawn_loan()
    wrong = late(journal, 60, 30)
    late(journal, 61, 2, corrects_event_id=wrong, corrects_occurred_at_ms=NOON_MS + 60 * DAY_MS)

    assert answers(journal, "dpd30_mob3") == ["positive", "revised"]
    assert answers(journal, "dpd90_after_dpd30") == ["void"]


def test_an_undone_loan_is_asked_nothing() -> None:
    """A loan that was cancelled in its cool-off is no loan that was paid."""
    journal = a_drawn_loan()
    undone = a_loan_stage(
        "loan_disbursement",
        "disbursement",
        occurred_at_ms=NOON_MS + DAY_MS,
        stage_status="cancelled",
        **LOAN,
    )
    journal.event(Topic.LOAN_EVENTS, undone, at_ms=NOON_MS + DAY_MS)

    assert answers(journal, "dpd30_mob3") == ["void"]
    assert answers(journal, "dpd90_after_dpd30") == ["void"]


@pytest.mark.parametrize(("later_minor", "said"), [(500_000, ["positive"]), (499_999, ["closed"])])
def test_half_of_the_balance_counts_as_kept(later_minor: int, said: list[str]) -> None:
    """Money that stays is what a bank that helped early earns."""
    journal = a_known_customer()
    for days, balance_minor in ((7, 1_000_000), (36, later_minor)):
        at_ms = NOON_MS + days * DAY_MS
        posting = {
            "event_type": "transaction_posted", "event_id": f"t-{days}", "customer_id": "c-1",
            "occurred_at_ms": at_ms, "txn_id": f"t-{days}", "account_id_hash": "a-1",
            "direction": "in", "amount_minor": 1_000, "currency": "CNY",
            "balance_after_minor": balance_minor,
        }  # fmt: skip
        journal.event(Topic.TRANSACTIONS, posting, at_ms=at_ms)
    journal.tick(NOON_MS + 44 * DAY_MS)
    rows = [e for e in told(journal) if e.status == "opened" and "retained_flow_30d" in e.labels]
    first = rows[0].row_id
    found = [
        e.status
        for e in told(journal)
        if e.row_id == first and e.label_names == () and e.label == "retained_flow_30d"
    ]

    assert found == said


def test_a_row_of_an_older_version_is_closed_under_its_new_name() -> None:
    """States outlive releases: a loan that waits for `dpd30` must not wait for ever."""
    row = OpenRow("r-old", -1, NOON_MS, {"dpd30": NOON_MS + 120 * DAY_MS}, loan_id="l-1")
    state = SubjectState(rows=[row], timers={"label.close:r-old/dpd30": NOON_MS + 120 * DAY_MS})
    subjects = MemorySubjects()
    subjects.load("c-1", encode_subject(state))
    journal = Journal()
    journal.tick(NOON_MS + 121 * DAY_MS)
    (closed,) = [
        Example.model_validate_json(output.value)
        for output in fold(a_partition(), subjects, journal.entries)
    ]

    assert (closed.label, closed.status) == ("dpd30_mob3", "closed")


def test_a_state_from_before_rows_had_kinds_is_read() -> None:
    """Fields are only ever added at the end, with a default."""
    six_fields = msgspec.msgpack.encode(["r-1", 3, 5, {"drawn_30d": 9}, {}, None])
    row = msgspec.msgpack.decode(six_fields, type=OpenRow)

    assert (row.labels, row.kind, row.decision_id) == ({"drawn_30d": 9}, "", None)
