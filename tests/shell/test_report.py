"""The report: every record accounted for, numbers of one kind in one form, nothing cut off."""

import io
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from replay.findings import Mismatch, Verification
from shouwen.trial.audit import Audit
from shouwen.trial.flags import Flagged
from shouwen.trial.report import TrialReport
from shouwen.trial.report_text import as_text
from shouwen.trial.watch import percentile
from tests.support.records import a_change, a_decision, an_action

NO_FLAGS = Flagged(
    converted=0,
    before_conversion=0,
    median_days_before=None,
    flags=0,
    precision=None,
    random_precision=None,
)


def an_audit(**changes: Any) -> Audit:
    fields: dict[str, Any] = {
        "published": 12_345,
        "journal_events": 12_341,
        "journal_ticks": 40,
        "journal_control": 8,
        "dead_letters": Counter({"null_key": 3, "not_json": 1}),
        "conflicts": 2,
        "lost": frozenset(),
    }
    return Audit(**fields | changes)


def a_report(**changes: Any) -> TrialReport:
    """A sound run of 12,345 records with five decisions; `changes` replace findings."""
    acted = {"disposition": "acted", "action": an_action()}
    deferred = {"contact_outcome": "defer", "outcome": "defer", "contact_rule": "quiet_hours"}
    suppressed = {
        "contact_outcome": "suppress",
        "outcome": "suppress",
        "contact_rule": "consent_missing",
    }
    fields: dict[str, Any] = {
        "records_in": 12_345,
        "unreadable": 1,
        "audit": an_audit(),
        "decisions": [
            a_decision(at_ms=1, **acted),
            a_decision(at_ms=2, moment="loan_intent_browse", disposition="deferred", **deferred),
            a_decision(at_ms=3, risk_outcome="refer", disposition="suppressed", **suppressed),
            a_decision(
                at_ms=4, moment="repayment_stress", risk_outcome="decline", outcome="decline"
            ),
            a_decision(at_ms=5, disposition="held_out"),
        ],
        "changes": [a_change(), a_change(at_ms=9, conversion="first", to_state="drawn_active")],
        "flagged": NO_FLAGS,
        "verification": Verification(build="test", decisions_checked=5),
        "latencies_ms": [float(value) for value in range(1, 1_001)],
        "seconds": 61.25,
        "restarts": 0,
    }
    return TrialReport(**fields | changes)


def printed(report: TrialReport, *, width: int) -> str:
    """The report as a terminal of this width shows it."""
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(as_text(report))
    return console.export_text()


def row(text: str, name: str) -> list[str]:
    """The numbers that stand behind a name."""
    found = [line for line in text.splitlines() if line.strip().startswith(name)]
    assert found, f"no row {name!r} in\n{text}"
    return found[0].strip().removeprefix(name).split()


def test_the_json_has_the_names_that_programs_read() -> None:
    """A script that reads one number must find it under the same name in every version."""
    data = a_report().as_json()

    assert data["in"] == 12_345
    assert (data["journal_events"], data["journal_ticks"], data["journal_control"]) == (
        12_341,
        40,
        8,
    )
    assert (data["dead_letters"], data["conflicts"], data["lost"]) == (4, 2, 0)
    assert data["decisions"] == {"approve": 2, "decline": 1, "defer": 1, "suppress": 1}
    assert data["conversions"] == {"first": 1, "again": 0}
    assert data["moments"] == {"funding_gap": 3, "loan_intent_browse": 1, "repayment_stress": 1}
    assert data["flagged"].keys() == {
        "converted",
        "before_conversion",
        "median_days_before",
        "flags",
        "precision",
        "random_precision",
    }
    assert data["replay"] == {"checked": 5, "mismatches": 0}
    assert data["latency_ms"] == {"p50": 500.0, "p99": 990.0, "p999": 999.0}
    assert data["seconds"] == 61.25


def test_what_went_in_is_in_the_journal_or_a_dead_letter() -> None:
    """`in` = journal + dead letters of the front door; a conflict is in the journal already."""
    data = a_report().as_json()

    assert data["in"] == data["journal_events"] + data["dead_letters"]
    assert data["dead_letters_by_reason"] == {"not_json": 1, "null_key": 3}
    assert a_report().is_sound


@pytest.mark.parametrize(
    "changes",
    [
        {"audit": an_audit(lost=frozenset({"e-1:abc"}))},
        {"audit": an_audit(journal_events=12_340)},
        {"audit": an_audit(journal_events=12_342)},
        {"audit": an_audit(signals_sent=7, journal_signals=6)},
        {
            "verification": Verification(
                build="test",
                decisions_checked=5,
                mismatches=[
                    Mismatch(
                        kind="decision",
                        partition=0,
                        seq=1,
                        record_id="d_1",
                        field="scores.drawn_30d",
                        live="0x1p-1",
                        replayed="0x1p-2",
                        digest_agrees=True,
                    )
                ],
            )
        },
    ],
    ids=["lost", "one too few", "one too many", "a signal too few", "replays otherwise"],
)
def test_a_run_is_not_sound_when_one_record_is_not_where_it_should_be(
    changes: dict[str, Any],
) -> None:
    """One is enough: the exit code of `shouwen try` hangs on it."""
    report = a_report(**changes)

    assert not report.is_sound
    assert "NOT SOUND" in printed(report, width=80)


@pytest.mark.parametrize("width", [80, 100, 140])
def test_every_row_is_one_whole_line(width: int) -> None:
    """A wrapped table cannot be compared with yesterday's."""
    lines = printed(a_report(), width=width).splitlines()

    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if "…" in line.rstrip()[3:]], "a name was cut off"


def test_numbers_have_thousands_and_shares_beside_them() -> None:
    """12345678 is read wrongly; 3 of 5 means nothing without the five."""
    text = printed(a_report(), width=80)

    assert row(text, "records published") == ["12,345"]
    assert row(text, "in the journal") == ["12,341", "100.0%"]
    assert row(text, "moments decided on") == ["5"]
    assert row(text, "funding gap") == ["3", "60.0%"]
    assert row(text, "… not declined by the risk screen") == ["4", "80.0%"]
    assert row(text, "… and may be contacted, now or later") == ["3", "60.0%"]
    assert row(text, "quiet hours") == ["1", "20.0%"]
    assert row(text, "decisions replayed") == ["5"]
    assert row(text, "source append to readable decision, p99.9") == ["999", "ms"]


def test_risk_outcomes_stand_in_the_order_of_the_screen() -> None:
    """Approve, refer, decline: from good to bad, also where one of them is zero."""
    text = printed(a_report(decisions=[a_decision(risk_outcome="decline")]), width=80)
    screen = text[text.index("What the risk screen said") : text.index("What was done")]

    assert re.findall(r"^(\w+) +(\d)", screen, re.MULTILINE) == [
        ("approve", "0"),
        ("refer", "0"),
        ("decline", "1"),
    ]


def test_a_run_without_decisions_shows_no_invented_number() -> None:
    """Zero percent of nothing is not zero percent."""
    report = a_report(
        decisions=[], changes=[], latencies_ms=[], verification=Verification(build="test")
    )
    text = printed(report, width=80)

    assert row(text, "approve") == ["0", "–"]
    assert row(text, "median days from flag to drawdown") == ["–"]
    assert row(text, "source append to readable decision, p50") == ["–"]
    assert report.as_json()["latency_ms"] == {"p50": None, "p99": None, "p999": None}


VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)


@given(values=VALUES, percent=st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_that_covers_its_share(
    values: list[float], percent: int
) -> None:
    """Nearest rank: a latency that was really measured, never one between two."""
    found = percentile(values, percent / 100)

    covering = [v for v in values if sum(w <= v for w in values) * 100 >= percent * len(values)]
    assert found == min(covering)


def test_what_was_not_measured_moves_no_percentile() -> None:
    """A decision without a stamp must not make the bank look faster or slower."""
    assert percentile([float("nan"), 3.0, 1.0], 0.5) == 1.0
    assert percentile([float("nan")], 0.5) is None
    assert percentile([], 0.99) is None
