"""`shouwen try berka`: fifteen months of a real bank's postings, through the whole pipeline."""

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from contracts.topics import Topic
from tests.acceptance.exactly_once import problems
from tests.acceptance.topics import Run

pytestmark = [pytest.mark.kafka, pytest.mark.real_data]

LAST_DAY = "940331"


def loans_by_the_bank(berka: Path) -> Counter[tuple[str, str, int]]:
    """Who drew a first loan on which day, and how much of it: by the bank's own file."""
    with (berka / "disp.csv").open(encoding="latin-1") as file:
        owners = {
            row["account_id"]: row["client_id"]
            for row in csv.DictReader(file)
            if row["type"] == "OWNER"
        }
    with (berka / "accounts_1993_1994Q1.csv").open(encoding="latin-1") as file:
        return Counter(
            (f"client-{owners[row['account_id']]}", row["loan_date"], round(float(row["amount"])))
            for row in csv.DictReader(file)
            if row["loan_id"] and row["loan_date"] <= LAST_DAY
        )


def changes(run: Run) -> list[LoanStateChanged]:
    return [LoanStateChanged.model_validate_json(v) for v in run.found.values(Topic.CONVERSIONS)]


def decisions(run: Run) -> list[Decision]:
    return [Decision.model_validate_json(value) for value in run.found.values(Topic.DECISIONS)]


def day_of(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%y%m%d")


def test_every_record_is_in_the_journal_or_a_dead_letter(quiet_run: Run) -> None:
    """Nothing is lost, by the report's own reader and by ours."""
    told = quiet_run.report.as_json()

    assert told["in"] > 25_000
    assert told["in"] == told["journal_events"] + told["dead_letters"]
    assert told["lost"] == told["unreadable"] == told["restarts"] == 0
    assert problems(quiet_run.found) == []


def test_exactly_the_22_drawdowns_of_the_records_are_first_conversions(
    quiet_run: Run, berka: Path
) -> None:
    """The conversion that counts, on its day and for its amount, and not one that never was."""
    seen = Counter(
        (change.subject_id, day_of(change.at_ms), round((change.drawn_minor or 0) / 100))
        for change in changes(quiet_run)
        if change.conversion is not None
    )

    assert seen == loans_by_the_bank(berka)
    assert seen.total() == 22
    assert quiet_run.report.as_json()["conversions"] == {"first": 22, "again": 0}


def test_nobody_is_contacted_without_a_consent_and_nobody_is_declined_for_it(
    quiet_run: Run,
) -> None:
    """The records hold no consents: contact is suppressed, and risk has its own answer."""
    made = decisions(quiet_run)

    assert made
    assert {(d.contact_outcome, d.contact_rule) for d in made} == {("suppress", "consent_missing")}
    assert {d.outcome for d in made} == {"suppress"}
    assert {d.action for d in made} == {None}
    assert len({d.risk_outcome for d in made}) > 1
    for topic in (Topic.CHANNEL_APP, Topic.CHANNEL_SMS, Topic.CHANNEL_RM_TASK):
        assert quiet_run.found.values(topic) == []


def test_the_replay_makes_every_decision_again(quiet_run: Run) -> None:
    """One digest per decision, and all of them equal."""
    told = quiet_run.report.as_json()["replay"]

    assert told == {"checked": len(decisions(quiet_run)), "mismatches": 0}
    assert quiet_run.report.verification.exact
    assert quiet_run.report.verification.conversions_checked == len(changes(quiet_run))
