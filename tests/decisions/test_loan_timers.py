"""What the loan file waits for, and what it does not wait for any more."""

from contracts.topics import DAY_MS
from decisions.facts import Facts
from decisions.loan_state import apply_loan_event, apply_progress
from decisions.timers import loan_timers, note_fired
from tests.decisions.loan_words import a_step, approved, days, declined, drawn, paid

MINUTE_MS = 60_000


def begun(*, at: float = 1) -> Facts:
    """A customer who began an application in the app."""
    facts = Facts()
    apply_progress(facts, a_step("apply_start", at=at), at_ms=days(at))
    return facts


def test_an_application_counts_as_abandoned_30_minutes_after_its_last_step() -> None:
    """Sooner would interrupt someone who is looking for a document."""
    facts = begun()
    apply_progress(facts, a_step("apply_step", at=1.01, step_no=2), at_ms=days(1.01))

    assert loan_timers(facts)["loan.abandoned:s-1"] == days(1.01) + 30 * MINUTE_MS


def test_a_submitted_application_is_not_abandoned() -> None:
    """The customer did all they could."""
    facts = begun()
    apply_progress(facts, a_step("apply_submit", at=1.01), at_ms=days(1.01))

    assert "loan.abandoned:s-1" not in loan_timers(facts)


def test_a_timer_that_fired_comes_back_only_with_a_new_due_time() -> None:
    """Nobody is reminded twice of one pause, and a second pause is a new one."""
    facts = begun()
    note_fired(facts, "loan.abandoned:s-1", due_ms=days(1) + 30 * MINUTE_MS)
    assert "loan.abandoned:s-1" not in loan_timers(facts)

    apply_progress(facts, a_step("apply_step", at=2, step_no=2), at_ms=days(2))

    assert loan_timers(facts)["loan.abandoned:s-1"] == days(2) + 30 * MINUTE_MS


def test_a_limit_is_waited_for_in_four_waves() -> None:
    """3, 7, 15 and 30 days after the approval."""
    facts = Facts()
    apply_loan_event(facts, approved(1), at_ms=days(1))

    assert loan_timers(facts) == {
        "loan.undrawn:a-1:3": days(4),
        "loan.undrawn:a-1:7": days(8),
        "loan.undrawn:a-1:15": days(16),
        "loan.undrawn:a-1:30": days(31),
    }


def test_an_approval_told_late_has_only_the_waves_that_are_still_to_come() -> None:
    """A reminder of day 3 on day 10 would come with the one of day 15."""
    facts = Facts()
    apply_loan_event(facts, approved(1), at_ms=days(10))

    assert sorted(loan_timers(facts).values()) == [days(16), days(31)]


def test_a_drawn_limit_is_waited_for_no_more() -> None:
    """Reminding a customer to draw what they drew is worse than silence."""
    facts = Facts()
    apply_loan_event(facts, approved(1), at_ms=days(1))
    apply_loan_event(facts, drawn(2), at_ms=days(2))

    assert loan_timers(facts) == {}


def test_the_end_of_a_state_is_not_hidden_by_ends_that_are_past() -> None:
    """A cool-off and a draft that are over say nothing about when `settled` ends."""
    facts = begun(at=10)
    for at, event in ((10.1, drawn(1)), (10.2, paid(2)), (10.3, declined(5))):
        apply_loan_event(facts, event, at_ms=days(at))
    apply_loan_event(facts, paid(2, event_id="e-2"), at_ms=days(45))

    assert facts.loan.state == "settled"
    assert loan_timers(facts) == {"loan.expire:settled": days(2) + 365 * DAY_MS}
