"""The loan state, transition by transition (docs/loan-state.md)."""

from typing import Any

import pytest

from contracts.loan_events import LoanEvent
from contracts.topics import DAY_MS
from decisions.facts import Facts
from decisions.loan_state import (
    Transition,
    active_loans,
    apply_loan_event,
    apply_profile,
    apply_progress,
    expire,
    worst_dpd_24m,
)
from tests.decisions.loan_words import (
    a_closing,
    a_profile,
    a_step,
    a_word,
    applied,
    approved,
    days,
    declined,
    drawn,
    paid,
    undone,
    watched,
)


def told(*events: LoanEvent, facts: Facts | None = None) -> list[Transition]:
    """Return all changes of events that came in this order, as soon as they occurred."""
    facts = a_customer() if facts is None else facts
    at_ms = facts.loan.heard_ms
    changes: list[Transition] = []
    for event in events:
        at_ms = max(at_ms, event.occurred_at_ms)
        changes += apply_loan_event(facts, event, at_ms=at_ms)
    return changes


def a_customer() -> Facts:
    """A customer with an account and no loan."""
    facts = Facts()
    apply_profile(facts, a_profile(0), at_ms=days(0))
    return facts


def path(changes: list[Transition]) -> list[str]:
    """Return the states in the order in which they were entered."""
    return [change.to_state for change in changes]


def test_the_whole_way_of_a_loan_is_told_state_by_state() -> None:
    """The funnel of every report is these transitions."""
    changes = told(
        applied(1),
        approved(5),
        drawn(8),
        watched(40, dpd_days=3),
        watched(50, dpd_days=0),
        watched(70, dpd_days=31),
        a_word("collection", "entered", at=80, dpd_days=41),
        a_word("collection", "passed", at=90, dpd_days=0),
        paid(300),
    )

    assert path(changes) == [
        "applying",
        "approved_undrawn",
        "drawn_active",
        "overdue",
        "drawn_active",
        "overdue",
        "collection",
        "drawn_active",
        "settled",
    ]
    assert [change.days_in_previous_state for change in changes[:3]] == [1, 4, 3]
    assert [change.conversion for change in changes].count("first") == 1


def test_a_drawdown_without_any_earlier_event_is_a_first_conversion() -> None:
    """Some banks only send the drawdown; it is what counts."""
    (change,) = told(drawn(3, loan="l-9", drawn_minor=70_00))

    assert (change.from_state, change.to_state) == ("account_no_loan", "drawn_active")
    assert (change.conversion, change.loan_id, change.drawn_minor) == ("first", "l-9", 70_00)


@pytest.mark.parametrize(
    ("gap_days", "conversion"), [(179.999, None), (180, "again"), (180.001, "again")]
)
def test_a_new_loan_counts_again_only_180_days_after_the_last_one(
    gap_days: float, conversion: str | None
) -> None:
    """A loan rolled over into the next one is not a customer won."""
    changes = told(drawn(1), paid(50), drawn(50 + gap_days, loan="l-2"))

    assert changes[-1].to_state == "drawn_active"
    assert changes[-1].conversion == conversion


def test_a_second_loan_beside_a_running_one_changes_nothing() -> None:
    """Two loans at once are one customer with loans; the first settled does not settle them."""
    facts = a_customer()
    told(drawn(1, loan="l-1"), facts=facts)

    assert told(drawn(2, loan="l-2"), paid(3, loan="l-1"), facts=facts) == []
    assert [loan.loan_id for loan in active_loans(facts.loan)] == ["l-2"]
    assert path(told(paid(4, loan="l-2"), facts=facts)) == ["settled"]


def test_an_undone_drawdown_gives_the_limit_back_and_unmakes_the_conversion() -> None:
    """The label that learnt from it must be revised; the customer is again one to be reminded."""
    facts = a_customer()
    changes = told(applied(1), approved(2), drawn(3), undone(5), facts=facts)

    assert path(changes)[-1] == "approved_undrawn"
    assert (changes[-1].conversion, changes[-1].revokes) == (None, "first")
    assert not facts.loan.ever_drawn


def test_a_drawdown_after_an_undone_one_is_still_the_first() -> None:
    """What was undone never was."""
    changes = told(drawn(3), undone(5), drawn(9, loan="l-2"))

    assert [change.conversion for change in changes] == ["first", None, "first"]


def test_undoing_one_of_two_loans_is_told_although_the_state_stays() -> None:
    """The conversion was the first loan's; its label has to be revised all the same."""
    changes = told(drawn(1), drawn(2, loan="l-2"), undone(3))

    assert (changes[-1].from_state, changes[-1].to_state) == ("drawn_active", "drawn_active")
    assert changes[-1].revokes == "first"


def test_a_line_drawn_again_and_undone_leaves_its_first_life_alone() -> None:
    """A revolving line has several lives under one id."""
    facts = a_customer()
    changes = told(drawn(1), paid(20), drawn(220), undone(222), facts=facts)

    assert [change.conversion for change in changes] == ["first", None, "again", None]
    assert path(changes)[-1] == "settled"
    assert facts.loan.ever_drawn


@pytest.mark.parametrize(
    "late", [applied(1), approved(2), declined(1.5), a_word("signing", "entered", at=2)]
)
def test_a_late_stage_of_the_same_application_never_takes_a_drawdown_back(
    late: LoanEvent,
) -> None:
    """Stages come from several systems; the slowest one must not undo what happened."""
    facts = a_customer()
    told(drawn(3), facts=facts)

    assert apply_loan_event(facts, late, at_ms=days(4)) == ()
    assert facts.loan.state == "drawn_active"


def test_a_late_approval_is_what_an_undone_drawdown_falls_back_to() -> None:
    """The limit stood, whenever we heard of it."""
    assert path(told(drawn(3), approved(2), undone(5)))[-1] == "approved_undrawn"


def test_a_stage_passed_through_after_the_approval_keeps_the_limit() -> None:
    """Signing may end after the limit was opened; the customer still has a limit to draw."""
    assert path(told(approved(2), a_word("signing", "passed", at=3))) == ["approved_undrawn"]


def test_a_newer_refusal_takes_a_limit_back_and_an_older_one_does_not() -> None:
    """The last word by occurrence stands, not the last to come."""
    assert path(told(approved(5), a_word("credit_line", "cancelled", at=7)))[-1] == (
        "account_no_loan"
    )
    facts = a_customer()
    told(approved(5), facts=facts)
    assert apply_loan_event(facts, declined(4), at_ms=days(8)) == ()


def test_a_loan_heard_of_before_its_drawdown_is_active_and_converts_when_it_is_told() -> None:
    """Days past due on a loan that we never saw drawn are days past due."""
    changes = told(watched(9, dpd_days=4), drawn(3))

    assert path(changes) == ["overdue", "overdue"]
    assert [change.conversion for change in changes] == [None, "first"]


def test_an_instalment_after_the_loan_is_paid_back_does_not_open_it() -> None:
    """A late payment report is older news than the last one."""
    facts = a_customer()
    told(drawn(1), paid(30), facts=facts)

    late = paid(20, outstanding_minor=10_00)
    assert apply_loan_event(facts, late, at_ms=days(31)) == ()
    bounced = a_word("payment", "cancelled", at=32, outstanding_minor=9_00)
    assert path(told(bounced, facts=facts)) == ["drawn_active"]


def test_an_event_of_the_future_is_dated_by_the_clock() -> None:
    """A source whose clock runs ahead must not outrank what comes next."""
    facts = a_customer()
    apply_loan_event(facts, drawn(3.003), at_ms=days(3))
    apply_loan_event(facts, undone(3.001), at_ms=days(3.001))

    assert facts.loan.state == "account_no_loan"


def test_a_reversed_drawdown_is_undone() -> None:
    """`is_reversal` says that the event never was."""
    changes = told(drawn(1), drawn(2, is_reversal=True))

    assert changes[-1].revokes == "first"


@pytest.mark.parametrize(
    ("begun", "state", "day"),
    [
        ((declined(1),), "declined", 31),
        ((applied(1),), "applying", 91),
        ((drawn(1), paid(2)), "settled", 367),
    ],
)
def test_a_state_that_time_ends_lasts_to_the_last_millisecond(
    begun: tuple[LoanEvent, ...], state: str, day: int
) -> None:
    """The cool-off is 30 days: not a millisecond less, and nobody stays `declined` for ever."""
    facts = a_customer()
    told(*begun, facts=facts)

    assert expire(facts, at_ms=days(day) - 1) == ()
    assert facts.loan.state == state
    (change,) = expire(facts, at_ms=days(day))
    assert change.to_state == "account_no_loan"


def test_a_customer_declined_after_a_loan_is_settled_again_when_the_cool_off_ends() -> None:
    """A refusal does not wipe out that the customer once paid a loan back."""
    facts = a_customer()
    told(drawn(1), paid(2), applied(10), declined(11), facts=facts)

    assert path(list(expire(facts, at_ms=days(41)))) == ["settled"]


def test_an_approval_after_a_refusal_lifts_the_cool_off() -> None:
    """An appeal that was won is not held against the customer."""
    facts = a_customer()
    told(declined(1), approved(3), facts=facts)

    assert facts.loan.declined_at_ms == {}


def test_the_file_shows_the_open_limit_before_any_newer_application() -> None:
    """Reminders and offers quote the limit that can be drawn."""
    facts = a_customer()
    told(
        approved(1, application="a-1", apr_all_in_bps=620, term_months=12),
        applied(2, application="a-2", product_id="car_loan"),
        facts=facts,
    )

    shown: tuple[Any, ...] = (facts.loan.application_id, facts.loan.approved_limit_minor)
    assert shown == ("a-1", 80_000_00)
    assert (facts.loan.apr_all_in_bps, facts.loan.term_months) == (620, 12)


def test_an_account_is_opened_and_closed() -> None:
    """Without an account there is nothing to convert from."""
    facts = Facts()

    opened = apply_profile(facts, a_profile(1, rm_id="rm-7"), at_ms=days(1))
    assert [(change.from_state, change.to_state) for change in opened] == [
        ("no_account", "account_no_loan")
    ]
    assert facts.profile.rm_id == "rm-7"
    assert apply_profile(facts, a_profile(0.5, has_account=False), at_ms=days(2)) == ()
    assert path(list(apply_profile(facts, a_closing(3), at_ms=days(3)))) == ["no_account"]


def test_an_application_in_the_app_ends_with_what_the_bank_says_of_it() -> None:
    """The draft and the bank's application are one application."""
    facts = a_customer()
    begun = apply_progress(facts, a_step("apply_start", at=1), at_ms=days(1))
    apply_progress(facts, a_step("apply_submit", at=1.1, step_no=5), at_ms=days(1.1))

    assert path(list(begun)) == ["applying"]
    assert path(told(applied(1.2), declined(2), facts=facts)) == ["declined"]


def test_a_draft_left_alone_stops_counting_after_30_days() -> None:
    """Somebody who looked at the form once is not applying for ever."""
    facts = a_customer()
    apply_progress(facts, a_step("apply_start", at=1), at_ms=days(1))

    assert expire(facts, at_ms=days(31) - 1) == ()
    assert path(list(expire(facts, at_ms=days(31)))) == ["account_no_loan"]


def test_a_late_submit_submits_and_a_late_step_of_another_session_does_nothing() -> None:
    """Phones send what they did when they are online again."""
    facts = a_customer()
    for step in (
        a_step("apply_start", at=2, session="s-2", step_no=1),
        a_step("apply_step", at=2.2, session="s-2", step_no=3),
        a_step("apply_submit", at=2.1, session="s-2"),
        a_step("apply_step", at=1, session="s-1", step_no=9),
    ):
        apply_progress(facts, step, at_ms=days(3))

    file = facts.loan
    assert (file.apply_session, file.apply_step_no, file.apply_submitted) == ("s-2", 3, True)


def test_a_customer_who_is_already_borrowing_stays_so_while_applying() -> None:
    """Applying for another loan does not make the running one disappear."""
    facts = a_customer()
    told(drawn(1), facts=facts)

    assert told(applied(2, application="a-2"), approved(3, application="a-2"), facts=facts) == []
    assert apply_progress(facts, a_step("apply_start", at=4), at_ms=days(4)) == ()


def test_loans_without_end_fit_into_a_bounded_file() -> None:
    """A source that makes up loan ids must not make a state that no message can carry."""
    facts = a_customer()
    for number in range(300):
        told(drawn(float(number), loan=f"l-{number}", application="a-1"), facts=facts)

    assert len(facts.loan.loans) == 128
    assert facts.loan.state == "drawn_active"
    for number in range(300):
        told(paid(400.0 + number, loan=f"l-{number}", application="a-1"), facts=facts)
    assert facts.loan.state == "settled"
    assert len(facts.loan.loans) == 32


def test_ten_years_of_loans_fit_into_a_bounded_file() -> None:
    """A state that grows with every loan would one day not fit any message."""
    facts = a_customer()
    changes = []
    for number in range(100):
        at = number * 20.0
        changes += told(
            drawn(at, loan=f"l-{number}", application=f"a-{number}"),
            paid(at + 10, loan=f"l-{number}", application=f"a-{number}"),
            approved(at + 11, application=f"b-{number}"),
            facts=facts,
        )

    assert (len(facts.loan.loans), len(facts.loan.applications)) == (32, 8)
    assert facts.loan.ever_drawn
    assert facts.loan.last_active_loan_ms == days(99 * 20 + 10)
    assert facts.loan.since_ms > DAY_MS
    assert [change.conversion for change in changes].count("first") == 1


def test_a_drawdown_told_after_it_was_undone_does_not_stand() -> None:
    """The undoing is the newer news, although it came first."""
    facts = a_customer()
    told(undone(5), facts=facts)

    assert apply_loan_event(facts, drawn(3), at_ms=days(6)) == ()
    assert not active_loans(facts.loan)


def test_undoing_a_drawdown_that_was_never_told_revokes_nothing() -> None:
    """Only what was announced can be taken back."""
    changes = told(watched(2, dpd_days=0), undone(5))

    assert path(changes) == ["drawn_active", "account_no_loan"]
    assert [change.revokes for change in changes] == [None, None]


def test_a_late_report_of_days_past_due_does_not_overrule_a_newer_one() -> None:
    """The customer has paid; an old file must not make them overdue again."""
    facts = a_customer()
    told(drawn(1), watched(9, dpd_days=0), facts=facts)

    assert apply_loan_event(facts, watched(8, dpd_days=40), at_ms=days(9)) == ()
    assert worst_dpd_24m(facts.loan, days(9)) == 40


def test_an_instalment_of_a_line_before_it_was_drawn_again_says_nothing_of_now() -> None:
    """What was left of the first drawing is not what is left of the second."""
    facts = a_customer()
    told(drawn(1), paid(20), drawn(220), facts=facts)

    assert apply_loan_event(facts, paid(19), at_ms=days(221)) == ()
    assert apply_loan_event(facts, paid(30), at_ms=days(222)) == ()


def test_a_draft_resumed_after_the_bank_opened_it_ends_with_the_banks_word() -> None:
    """Otherwise a declined customer would count as applying for another month."""
    facts = a_customer()
    told(applied(1), facts=facts)
    apply_progress(facts, a_step("apply_start", at=5, session="s-2"), at_ms=days(5))
    apply_progress(facts, a_step("apply_submit", at=5.1, session="s-2"), at_ms=days(5.1))

    assert path(told(declined(6), facts=facts)) == ["declined"]


def test_a_draft_never_submitted_ends_when_the_bank_opened_the_application_elsewhere() -> None:
    """Who began in the app and finished in a branch has one application."""
    facts = a_customer()
    apply_progress(facts, a_step("apply_start", at=1), at_ms=days(1))

    assert path(told(applied(2), declined(3), facts=facts)) == ["declined"]


def test_a_loan_paid_back_before_its_drawdown_is_told_is_converted_and_settled() -> None:
    """Payments and drawdowns come from different systems; what is left is the payments' word."""
    facts = a_customer()
    changes = told(paid(9), drawn(3), facts=facts)

    assert [(change.to_state, change.conversion) for change in changes] == [
        ("settled", None),
        ("settled", "first"),
    ]
    assert facts.loan.loans["l-1"].outstanding_minor == 0
    assert facts.loan.loans["l-1"].drawn_minor == 50_000_00


def test_starting_again_after_a_submit_is_a_new_draft() -> None:
    """A session may hold two applications; the second can be abandoned too."""
    facts = a_customer()
    for step in (
        a_step("apply_start", at=1),
        a_step("apply_submit", at=1.1, step_no=5),
        a_step("apply_start", at=1.2),
    ):
        apply_progress(facts, step, at_ms=step.occurred_at_ms)

    assert (facts.loan.apply_submitted, facts.loan.apply_step_no) == (False, 0)


def test_the_stage_shown_is_that_of_the_last_event_by_occurrence() -> None:
    """A person who looks at the file sees where the loan is, not what came last."""
    facts = a_customer()
    told(applied(1), approved(5), facts=facts)
    apply_loan_event(facts, a_word("rating", "passed", at=3), at_ms=days(6))

    assert (facts.loan.stage, facts.loan.stage_entered_ms) == ("credit_line", days(5))


def test_a_limit_is_remembered_longer_than_refusals_that_came_after_it() -> None:
    """Whatever was refused since, the limit can be drawn."""
    facts = a_customer()
    told(approved(1, application="a-0"), facts=facts)
    told(*(declined(2, application=f"b-{n}") for n in range(20)), facts=facts)

    assert "a-0" in facts.loan.applications
    assert facts.loan.state == "approved_undrawn"
