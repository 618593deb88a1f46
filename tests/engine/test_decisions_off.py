"""Decisions off: nothing is decided, everything is remembered, and nothing is caught up later."""

from typing import Any

from contracts.control import DecisionsSwitched
from contracts.conversions import LoanStateChanged
from contracts.topics import DAY_MS, Topic
from engine.fold import fold
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from features import read
from tests.engine.given import (
    NOON_MS,
    Journal,
    a_calculation,
    a_known_customer,
    a_loan_stage,
    a_partition,
)

MINUTE_MS = 60_000
TO_THE_WORLD = {
    Topic.DECISIONS,
    Topic.RISK_ALERTS,
    Topic.CHANNEL_APP,
    Topic.CHANNEL_SMS,
    Topic.CHANNEL_RM_TASK,
}


def _switch(journal: Journal, *, on: bool, at_ms: int, loads_history: bool = False) -> None:
    control = DecisionsSwitched(on=on, reason="a test", loads_history=loads_history)
    journal.add(Topic.CONTROL, control.model_dump_json().encode(), at_ms=at_ms, key="")


def _run(journal: Journal) -> tuple[list[Output], PartitionState, MemorySubjects]:
    partition, subjects = a_partition(), MemorySubjects()
    return fold(partition, subjects, journal.entries), partition, subjects


def _told(outputs: list[Output]) -> list[Topic]:
    return [output.topic for output in outputs if output.topic in TO_THE_WORLD]


def _changes(outputs: list[Output]) -> list[LoanStateChanged]:
    return [
        LoanStateChanged.model_validate_json(output.value)
        for output in outputs
        if output.topic is Topic.CONVERSIONS
    ]


def _calculate(journal: Journal, event_id: str, *, at_ms: int) -> None:
    journal.event(Topic.APP_EVENTS, a_calculation(event_id, occurred_at_ms=at_ms), at_ms=at_ms)


def _begin_application(journal: Journal, *, at_ms: int) -> None:
    begun: dict[str, Any] = a_calculation("start", occurred_at_ms=at_ms) | {
        "event_type": "apply",
        "event_name": "apply_start",
        "apply_step_no": 1,
    }
    journal.event(Topic.APP_EVENTS, begun, at_ms=at_ms)


def _loan_stage(journal: Journal, stage: str, *, at_ms: int, told_ms: int, **more: Any) -> None:
    kind = {"credit_line": "loan_credit_line", "disbursement": "loan_disbursement"}[stage]
    if stage == "disbursement":
        more = {"loan_id": "l-1", "drawn_minor": 5_000_000, **more}
    event = a_loan_stage(kind, stage, occurred_at_ms=at_ms, **more)
    journal.event(Topic.LOAN_EVENTS, event, at_ms=told_ms)


def test_while_off_nobody_hears_anything_and_every_feature_is_as_if_on() -> None:
    """A bank that is not sure of a strategy must not lose what happens meanwhile."""
    quiet, awake = a_known_customer(), a_known_customer()
    _switch(quiet, on=False, at_ms=NOON_MS)
    for journal in (quiet, awake):
        _calculate(journal, "calc", at_ms=NOON_MS)
    off, partition, silent = _run(quiet)
    on, _, loud = _run(awake)

    assert _told(off) == []
    assert Topic.DECISIONS in _told(on)
    assert partition.facts.counts.get("decisions", 0) == 0
    rows = [read(subjects.get("c-1").log, NOON_MS).tobytes() for subjects in (silent, loud)]
    assert rows[0] == rows[1]


def test_a_moment_that_was_true_while_off_is_gone_and_the_next_one_counts() -> None:
    """Whoever was interested last week must not be called about it today."""
    journal = a_known_customer()
    _switch(journal, on=False, at_ms=NOON_MS)
    _calculate(journal, "then", at_ms=NOON_MS)
    _switch(journal, on=True, at_ms=NOON_MS + MINUTE_MS)
    journal.tick(NOON_MS + DAY_MS)
    before, _, _ = _run(journal)
    _calculate(journal, "now", at_ms=NOON_MS + DAY_MS)
    after, _, _ = _run(journal)

    assert _told(before) == []
    assert _told(after).count(Topic.DECISIONS) == 1


def test_a_timer_that_falls_due_while_off_does_not_fire_when_on() -> None:
    """A thousand abandoned applications of one weekend must not be a thousand pushes on Monday."""
    journal = a_known_customer()
    _switch(journal, on=False, at_ms=NOON_MS)
    _begin_application(journal, at_ms=NOON_MS)
    _switch(journal, on=True, at_ms=NOON_MS + 60 * MINUTE_MS)  # the clock passes the timer here
    journal.tick(NOON_MS + DAY_MS)
    outputs, partition, subjects = _run(journal)

    assert _told(outputs) == []
    assert partition.facts.counts["timers_fired"] >= 1
    assert [n for n in subjects.get("c-1").timers if n.startswith("loan.abandoned")] == []


def test_a_timer_that_falls_due_after_the_switch_is_a_moment_of_now() -> None:
    """Off is not forgotten: an application begun before and abandoned after is abandoned today."""
    journal = a_known_customer()
    _switch(journal, on=False, at_ms=NOON_MS)
    _begin_application(journal, at_ms=NOON_MS)
    _switch(journal, on=True, at_ms=NOON_MS + 10 * MINUTE_MS)
    journal.tick(NOON_MS + 31 * MINUTE_MS)
    outputs, _, _ = _run(journal)

    assert _told(outputs).count(Topic.DECISIONS) == 1


def test_a_deferred_action_whose_time_comes_while_off_is_dropped() -> None:
    """What was put off until the morning is not sent on the day on which we are back."""
    night_ms = NOON_MS + 11 * 60 * MINUTE_MS  # 23:00 in Shanghai: quiet hours
    journal = a_known_customer()
    _begin_application(journal, at_ms=night_ms - 31 * MINUTE_MS)
    journal.tick(night_ms)
    deferring, _, waiting = _run(journal)
    assert list(waiting.get("c-1").facts.deferred), _told(deferring)
    _switch(journal, on=False, at_ms=night_ms + 1)
    _switch(journal, on=True, at_ms=night_ms + DAY_MS)
    journal.tick(night_ms + 2 * DAY_MS)
    outputs, partition, subjects = _run(journal)

    assert _told(outputs) == _told(deferring)
    assert partition.facts.counts["deferred_while_off"] == 1
    assert subjects.get("c-1").facts.deferred == {}


def test_a_loan_of_history_is_known_and_converts_nobody() -> None:
    """The day we go live is not the day on which every borrower of the bank converted."""
    journal = a_known_customer()
    _switch(journal, on=False, loads_history=True, at_ms=NOON_MS)
    _loan_stage(journal, "disbursement", at_ms=NOON_MS - 90 * DAY_MS, told_ms=NOON_MS)
    _switch(journal, on=True, at_ms=NOON_MS + 1)
    outputs, _, subjects = _run(journal)
    drawn = [change for change in _changes(outputs) if change.to_state == "drawn_active"]

    assert [(change.conversion, change.historic) for change in drawn] == [(None, True)]
    assert subjects.get("c-1").facts.loan.ever_drawn
    told = [output.seq for output in outputs if output.topic is Topic.EXAMPLES]
    assert [seq for seq in told if seq >= len(a_known_customer().entries)] == []


def test_a_loan_after_a_loan_of_history_is_no_first_conversion() -> None:
    """A customer who owed us money last year is no new borrower."""
    journal = a_known_customer()
    _switch(journal, on=False, loads_history=True, at_ms=NOON_MS)
    _loan_stage(journal, "disbursement", at_ms=NOON_MS - 90 * DAY_MS, told_ms=NOON_MS)
    _switch(journal, on=True, at_ms=NOON_MS + 1)
    later_ms = NOON_MS + DAY_MS
    _loan_stage(journal, "disbursement", at_ms=later_ms, told_ms=later_ms, loan_id="l-2")
    outputs, _, _ = _run(journal)

    assert [change.conversion for change in _changes(outputs) if change.conversion] == []


def test_undoing_a_loan_of_history_takes_no_conversion_back() -> None:
    """What was never counted cannot be taken off the count."""
    journal = a_known_customer()
    _switch(journal, on=False, loads_history=True, at_ms=NOON_MS)
    _loan_stage(journal, "disbursement", at_ms=NOON_MS - DAY_MS, told_ms=NOON_MS)
    _switch(journal, on=True, at_ms=NOON_MS + 1)
    undone_ms = NOON_MS + DAY_MS
    _loan_stage(
        journal, "disbursement", at_ms=undone_ms, told_ms=undone_ms, stage_status="cancelled"
    )
    outputs, _, _ = _run(journal)
    last = _changes(outputs)[-1]

    assert last.from_state == "drawn_active"
    assert (last.revokes, last.historic) == (None, True)


def test_a_drawdown_while_decisions_are_off_for_another_reason_is_a_conversion() -> None:
    """A customer who draws while we are silent came by themselves: the measure needs them."""
    journal = a_known_customer()
    _switch(journal, on=False, at_ms=NOON_MS)
    _loan_stage(journal, "disbursement", at_ms=NOON_MS, told_ms=NOON_MS)
    outputs, _, _ = _run(journal)

    assert [(c.conversion, c.historic) for c in _changes(outputs) if c.conversion] == [
        ("first", False)
    ]


def test_the_switch_is_kept_with_the_state() -> None:
    """A worker that is started again must not begin to decide by accident."""
    journal = a_known_customer()
    _switch(journal, on=False, loads_history=True, at_ms=NOON_MS)
    _, partition, _ = _run(journal)
    back = PartitionState.decode(partition.encode(), build="test-build")
    back_on = PartitionState.decode(partition.encode(), build="test-build")
    back_on.switch(on=True, loads_history=False, at_ms=NOON_MS + 5)

    assert back.facts.decisions_off
    assert back.facts.loads_history
    assert back_on.facts.history == (NOON_MS, NOON_MS + 5)
    assert not back_on.facts.loads_history
