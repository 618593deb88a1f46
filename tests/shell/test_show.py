"""What a person sees while a run goes on: lines that fit, and a sign of life from the start."""

import io
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from contracts.decisions import Disposition, Moment
from contracts.topics import DAY_MS
from shouwen.trial.decision_line import MARKS, decision_line
from shouwen.trial.show import SilentShow, TerminalShow
from tests.support.records import a_decision, an_action

NINE_IN_CHINA_MS = 1_767_225_600_000 + 3_600_000
LONGEST: dict[str, Any] = {
    "at_ms": NINE_IN_CHINA_MS,
    "subject_id": "c-000123",
    "moment": "loan_intent_browse",
    "risk_outcome": "approve",
    "disposition": "acted",
    "action": an_action("rm_task", "resume_application"),
}


def line(width: int, latency_ms: float = 61.4, **changes: Any) -> str:
    return decision_line(a_decision(**LONGEST | changes), latency_ms, width=width).plain


def shown(width: int = 80) -> tuple[TerminalShow, io.StringIO]:
    """A show on a console that is no terminal, as under `make demo > file`."""
    file = io.StringIO()
    return TerminalShow(Console(file=file, width=width), decisions_from_ms=100 * DAY_MS), file


def test_a_wide_terminal_shows_everything_about_a_decision() -> None:
    """Who, why, how risky, what next, how fast."""
    assert (
        line(100) == "01-01 09:00 → c-000123 loan intent browse approve band B "
        "rm task: resume application 61 ms"
    )


def test_a_narrow_terminal_loses_columns_and_not_the_end() -> None:
    """Band first, then the latency, then the risk; what is done stays to the last."""
    whole = line(100)

    assert line(92) == whole.replace("band B ", "")
    assert line(80) == whole.replace("band B ", "").removesuffix(" 61 ms")
    assert line(72) == line(80).replace("approve ", "")
    assert line(40).endswith("…")


@given(
    width=st.integers(30, 160),
    moment=st.sampled_from(get_args(Moment)),
    disposition=st.sampled_from(get_args(Disposition)),
    rule=st.none() | st.sampled_from(["quiet_hours", "cap_customer_1_in_1d", "x" * 60]),
    latency_ms=st.floats(0, 1e7) | st.just(float("nan")),
)
def test_no_decision_is_wider_than_the_terminal(
    width: int, moment: Moment, disposition: Disposition, rule: str | None, latency_ms: float
) -> None:
    """A wrapped line turns a table into soup."""
    text = line(
        width,
        latency_ms,
        moment=moment,
        disposition=disposition,
        contact_rule=rule,
        action=an_action() if disposition == "acted" else None,
    )

    assert len(text) <= width
    assert "nan" not in text


def test_columns_stand_under_each_other_whatever_is_decided() -> None:
    """The eye runs down a column."""
    acted = line(100)
    others = [
        line(100, moment="funding_gap", risk_outcome="refer", disposition=other, action=None)
        for other in get_args(Disposition)
        if other != "acted"
    ]

    assert {text.index("band B") for text in [acted, *others]} == {acted.index("band B")}


def test_what_was_not_done_is_told_with_its_rule() -> None:
    """`held out` is an experiment and not a rule of contact, even where one would have applied."""
    rule = {"contact_rule": "quiet_hours", "action": None}

    assert "… c-000123" in line(100, disposition="deferred", **rule)
    assert "quiet hours" in line(100, disposition="deferred", **rule)
    assert "held out" in line(100, disposition="held_out", **rule)
    assert "quiet hours" not in line(100, disposition="held_out", **rule)


def test_every_disposition_has_a_sign_of_its_own() -> None:
    """The legend promises it."""
    assert MARKS.keys() == set(get_args(Disposition))
    assert len({mark for mark, _, _ in MARKS.values()}) == len(MARKS)


def test_history_says_something_at_its_first_decision_and_then_each_month() -> None:
    """Within seconds a person must see that it works, also where output is a file."""
    show, file = shown()
    for day in range(1, 91):
        show.advance(1_000)
        show.day(day * DAY_MS)
    for day in range(2, 90):
        show.decision(a_decision(at_ms=day * DAY_MS), 5.0)

    assert file.getvalue().splitlines() == [
        "1970-01-03 · 2,000 events · 1 decided so far",
        "1970-01-31 · 30,000 events · 29 decided so far",
        "1970-03-02 · 60,000 events · 59 decided so far",
    ]


def test_decisions_are_lines_from_the_live_days_on() -> None:
    """History would scroll away what the demo is about."""
    show, file = shown()
    show.decision(a_decision(at_ms=100 * DAY_MS - 1), 5.0)
    show.decision(a_decision(at_ms=100 * DAY_MS), 5.0)
    show.decision(a_decision(at_ms=100 * DAY_MS + 1), 5.0)

    history, legend, *decisions = file.getvalue().splitlines()

    assert "1 decided so far" in history
    assert legend.startswith("→ handed to a channel  … put off")
    assert [text[:11] for text in decisions] == ["04-11 08:00"] * 2


@pytest.mark.parametrize("width", [60, 80, 132])
def test_no_line_is_wider_than_the_console(width: int) -> None:
    """The same promise, through the console."""
    show, file = shown(width)
    with show:
        show.stage("publishing", total=2)
        show.decision(a_decision(), 5.0)
        show.decision(a_decision(**LONGEST | {"at_ms": 100 * DAY_MS}), 5.0)

    assert max(map(len, file.getvalue().splitlines())) <= width


def test_a_stage_is_a_line_where_nobody_sees_a_bar() -> None:
    """A log of a run says where it stood."""
    show, file = shown()
    show.stage("deciding")

    assert file.getvalue() == "deciding …\n"


def test_a_silent_show_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """`--json` must print one JSON and nothing else, whatever happens."""
    show = SilentShow()
    show.stage("deciding", total=None)
    show.advance(3)
    show.day(5)
    show.decision(a_decision(), float("nan"))

    assert capfd.readouterr() == ("", "")
