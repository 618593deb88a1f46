"""One event of one customer: counted once, conflicts buried, labels told, decisions signed."""

import json
from typing import Any

import pytest

from contracts.alerts import RiskAlert
from contracts.conversions import LoanStateChanged
from contracts.dead_letters import HEADER, DeadLetter
from contracts.decisions import Decision
from contracts.examples import Example, LearnBarrier
from contracts.topics import DAY_MS, Topic
from engine.decide import digest_of
from engine.fold import fold
from engine.labels import MAX_OPEN_ROWS
from engine.outputs import Output
from engine.subjects import MemorySubjects
from features import LOG_CAP, LogEvent, update
from features.kinds import CODES
from features.log_event import ADD, hash63
from tests.engine.given import (
    NOON_MS,
    START_MS,
    Journal,
    a_calculation,
    a_known_customer,
    a_loan_stage,
    a_partition,
)

MINUTE_MS = 60_000


def _fold(journal: Journal) -> tuple[list[Output], MemorySubjects, dict[str, int]]:
    partition, subjects = a_partition(), MemorySubjects()
    outputs = fold(partition, subjects, journal.entries)
    return outputs, subjects, partition.facts.counts


def _values(outputs: list[Output], topic: Topic, contract: Any) -> list[Any]:
    return [
        contract.model_validate_json(output.value) for output in outputs if output.topic is topic
    ]


def _examples(outputs: list[Output]) -> list[Example]:
    return [
        Example.model_validate_json(output.value)
        for output in outputs
        if output.topic is Topic.EXAMPLES and json.loads(output.value)["event_type"] == "example"
    ]


def _draw(journal: Journal, *, at_ms: int) -> None:
    for event_type, stage, more in (
        ("loan_application", "signing", {}),
        ("loan_credit_line", "credit_line", {"approved_limit_minor": 5_000_000}),
        ("loan_disbursement", "disbursement", {"loan_id": "l-1", "drawn_minor": 5_000_000}),
    ):
        event = a_loan_stage(event_type, stage, occurred_at_ms=at_ms, **more)
        journal.event(Topic.LOAN_EVENTS, event, at_ms=at_ms)


def test_the_same_event_twice_counts_once() -> None:
    """A producer that retries must not make a customer look twice as eager."""
    once, twice = a_known_customer(), a_known_customer()
    calculation = a_calculation("e-1", occurred_at_ms=NOON_MS)
    once.event(Topic.APP_EVENTS, calculation, at_ms=NOON_MS)
    for _ in range(2):
        twice.event(Topic.APP_EVENTS, calculation, at_ms=NOON_MS)
    outputs, _, _ = _fold(once)
    again, _, counts = _fold(twice)

    assert [output.value for output in again] == [output.value for output in outputs]
    assert counts["duplicate_events"] == 1


def test_the_same_id_with_another_body_is_a_dead_letter() -> None:
    """Two truths under one id: the first stands, the second is kept for a person to see."""
    journal = a_known_customer()
    journal.event(Topic.APP_EVENTS, a_calculation("e-1", occurred_at_ms=NOON_MS), at_ms=NOON_MS)
    other = journal.event(
        Topic.APP_EVENTS, a_calculation("e-1", occurred_at_ms=NOON_MS - 1), at_ms=NOON_MS
    )
    outputs, _, counts = _fold(journal)
    dead = [output for output in outputs if output.topic is Topic.DEAD_LETTERS]

    assert [letter.value for letter in dead] == [other.value]
    story = DeadLetter.model_validate_json(dict(dead[0].headers)[HEADER])
    assert (story.reason, story.source_offset) == ("id_conflict", other.source_offset)
    assert counts["id_conflicts"] == 1


def test_an_id_is_forgotten_after_seven_days() -> None:
    """The memory of ids is bounded: 7 days, as the contract with producers says."""
    journal = a_known_customer()
    later_ms = NOON_MS + 7 * DAY_MS
    journal.event(Topic.APP_EVENTS, a_calculation("e-1", occurred_at_ms=NOON_MS), at_ms=NOON_MS)
    journal.event(Topic.APP_EVENTS, a_calculation("e-1", occurred_at_ms=later_ms), at_ms=later_ms)
    _, _, counts = _fold(journal)

    assert "id_conflicts" not in counts


def test_at_most_500_ids_are_remembered() -> None:
    """A device that floods us costs a bounded state."""
    journal = a_known_customer()
    for number in range(600):
        event = a_calculation(f"e-{number}", occurred_at_ms=NOON_MS)
        journal.event(Topic.APP_EVENTS, event, at_ms=NOON_MS)
    _, subjects, _ = _fold(journal)

    assert len(subjects.get("c-1").event_ids) == 500


def test_a_drawdown_makes_open_rows_positive_and_opens_a_risk_row() -> None:
    """The conversion that counts is the drawdown; its loan is watched for 120 days."""
    journal = a_known_customer()
    journal.event(Topic.APP_EVENTS, a_calculation("e-1", occurred_at_ms=NOON_MS), at_ms=NOON_MS)
    _draw(journal, at_ms=NOON_MS + DAY_MS)
    journal.tick(NOON_MS + 122 * DAY_MS)
    outputs, _, _ = _fold(journal)
    contacts = {e.row_id for e in _examples(outputs) if e.kind == "contact"}
    story = [(e.labels, e.status) for e in _examples(outputs) if e.row_id not in contacts]

    assert story == [
        (("drawn_30d", "applied_14d"), "opened"),
        (("applied_14d",), "positive"),
        (("drawn_30d",), "positive"),
        (("dpd30_mob3", "dpd90_after_dpd30"), "opened"),
        (("dpd30_mob3",), "closed"),
        (("dpd90_after_dpd30",), "void"),
    ]
    changes = _values(outputs, Topic.CONVERSIONS, LoanStateChanged)
    assert [change.conversion for change in changes if change.conversion] == ["first"]


def test_a_row_nobody_drew_for_closes_after_thirty_days() -> None:
    """A negative is known only when its time is over, and at that time, not at the next event."""
    journal = a_known_customer()
    journal.tick(NOON_MS + 90 * DAY_MS)
    outputs, _, _ = _fold(journal)
    opened, *closed = _examples(outputs)

    assert opened.labels == ("drawn_30d", "applied_14d")
    assert [(e.label, e.status, e.at_ms - opened.at_ms) for e in closed] == [
        ("applied_14d", "closed", 14 * DAY_MS),
        ("drawn_30d", "closed", 30 * DAY_MS),
    ]
    assert [e.row_hex for e in closed] == [None, None]


def test_thirty_days_past_due_makes_the_risk_row_positive() -> None:
    """The risk label is days past due of 30 or more within 120 days of the drawdown."""
    for dpd_days, expected in ((29, []), (30, ["positive"])):
        journal = a_known_customer()
        _draw(journal, at_ms=NOON_MS)
        event = a_loan_stage(
            "loan_monitoring",
            "monitoring",
            occurred_at_ms=NOON_MS + 60 * DAY_MS,
            loan_id="l-1",
            dpd_days=dpd_days,
        )
        journal.event(Topic.LOAN_EVENTS, event, at_ms=NOON_MS + 60 * DAY_MS)
        outputs, _, _ = _fold(journal)
        told = [e.status for e in _examples(outputs) if e.label == "dpd30_mob3"]

        assert told == ["opened", *expected]


def test_an_undone_drawdown_revises_its_positives() -> None:
    """A loan cancelled in its cool-off was no conversion: the learner must unlearn it."""
    journal = a_known_customer()
    _draw(journal, at_ms=NOON_MS)
    undone = a_loan_stage(
        "loan_disbursement",
        "disbursement",
        occurred_at_ms=NOON_MS + DAY_MS,
        loan_id="l-1",
        drawn_minor=5_000_000,
        stage_status="cancelled",
    )
    journal.event(Topic.LOAN_EVENTS, undone, at_ms=NOON_MS + DAY_MS)
    outputs, _, _ = _fold(journal)
    told = [e.status for e in _examples(outputs) if e.label == "drawn_30d"]

    assert told[:3] == ["opened", "positive", "revised"]
    changes = _values(outputs, Topic.CONVERSIONS, LoanStateChanged)
    assert [change.revokes for change in changes if change.revokes] == ["first"]


def test_an_abandoned_application_is_noticed_at_its_time() -> None:
    """A timer fires when it was due, also where nothing happened for hours."""
    journal = a_known_customer()
    event = a_calculation("e-1", occurred_at_ms=NOON_MS) | {
        "event_type": "apply",
        "event_name": "apply_start",
    }
    journal.event(Topic.APP_EVENTS, event, at_ms=NOON_MS)
    journal.tick(NOON_MS + 4 * 60 * MINUTE_MS)
    outputs, _, _ = _fold(journal)
    decisions = _values(outputs, Topic.DECISIONS, Decision)
    abandoned = [d for d in decisions if d.moment == "apply_abandoned"]

    assert [d.at_ms for d in abandoned] == [NOON_MS + 30 * MINUTE_MS]
    assert abandoned[0].cause.startswith("timer:loan.abandoned:")


def test_repayment_stress_protects_and_alerts() -> None:
    """A customer in trouble is not sold a loan; a person is told."""
    journal = a_known_customer()
    _draw(journal, at_ms=NOON_MS)
    late = a_loan_stage(
        "loan_monitoring",
        "monitoring",
        occurred_at_ms=NOON_MS + 40 * DAY_MS,
        loan_id="l-1",
        dpd_days=10,
    )
    journal.event(Topic.LOAN_EVENTS, late, at_ms=NOON_MS + 40 * DAY_MS)
    outputs, _, _ = _fold(journal)
    alerts = _values(outputs, Topic.RISK_ALERTS, RiskAlert)
    decisions = _values(outputs, Topic.DECISIONS, Decision)
    stress = [d for d in decisions if d.moment == "repayment_stress"]

    assert [alert.kind for alert in alerts] == ["repayment_stress"]
    assert len(stress) == 1
    assert stress[0].action is None or stress[0].action.kind != "credit"


def test_a_learn_tick_becomes_a_barrier() -> None:
    """The learner waits for every partition, so that a recorded run learns in one order."""
    journal = Journal(partition=3)
    journal.tick(START_MS, learn=True, slice_no=9)
    outputs = fold(a_partition(3), MemorySubjects(), journal.entries)

    assert [LearnBarrier.model_validate_json(output.value) for output in outputs] == [
        LearnBarrier(partition=3, at_ms=START_MS, slice_no=9)
    ]


@pytest.mark.parametrize("field", ["features", "risk_band", "scores", "arm", "degradations"])
def test_the_digest_covers_what_a_decision_says(field: str) -> None:
    """A decision that was changed afterwards must not pass for the one that was made."""
    journal = a_known_customer()
    journal.event(Topic.APP_EVENTS, a_calculation("e-1", occurred_at_ms=NOON_MS), at_ms=NOON_MS)
    outputs, _, _ = _fold(journal)
    decision = _values(outputs, Topic.DECISIONS, Decision)[0]
    other = {
        "features": decision.features | {"calculator_cnt_24h": "0x1.0000000000001p+0"},
        "risk_band": "E",
        "scores": {"drawn_30d": "0x1.0000000000001p-6"},
        "arm": "somebody-else",
        "degradations": (),
    }
    assert digest_of(decision) == decision.digest
    assert digest_of(decision.model_copy(update={field: other[field]})) != decision.digest


def test_open_rows_are_bounded() -> None:
    """Sixteen rows wait for labels at most; what does not fit is counted."""
    journal = a_known_customer()
    for number in range(30):
        at_ms = NOON_MS + number
        event = a_loan_stage(
            "loan_disbursement",
            "disbursement",
            occurred_at_ms=at_ms,
            loan_id=f"l-{number}",
            drawn_minor=1_000,
            application_id=f"app-{number}",
        )
        journal.event(Topic.LOAN_EVENTS, event, at_ms=at_ms)
    _, subjects, counts = _fold(journal)

    assert len(subjects.get("c-1").rows) == MAX_OPEN_ROWS
    assert counts["rows_dropped"] > 0


def test_a_reversal_that_comes_when_its_date_alone_is_known_is_counted() -> None:
    """The features keep what the books took back: someone has to see how often."""
    journal = a_known_customer()
    partition, subjects = a_partition(), MemorySubjects()
    fold(partition, subjects, journal.entries)
    first_ms, known = NOON_MS + 1, len(journal.entries)
    subject = subjects.get("c-1")
    lines = [
        LogEvent(first_ms + i, CODES["other_in"], 0, 100, hash63(f"p-{i}"), ADD, 0, 0, first_ms + i)
        for i in range(2 * LOG_CAP)
    ]
    at_ms = first_ms + len(lines)
    subject.log = update(subject.log, lines, at_ms)
    for number, back in enumerate((0, len(lines) - 1)):
        reversal = {
            "event_type": "transaction_reversed",
            "event_id": f"r-{number}",
            "occurred_at_ms": at_ms,
            "customer_id": "c-1",
            "corrects_event_id": f"p-{back}",
            "corrects_occurred_at_ms": first_ms + back,
        }
        journal.event(Topic.TRANSACTIONS, reversal, at_ms=at_ms)
    fold(partition, subjects, journal.entries[known:])
    assert partition.facts.counts["lost_reversals"] == 1
