"""What can be asked of a kept run: commands to paste, with decisions that are really in it."""

import shlex
from pathlib import Path

import pytest

from shouwen.cli import COMMANDS
from shouwen.trial.keeping import look_at, this_program
from tests.support.records import a_decision, an_action

APPROVED = a_decision(at_ms=1, decision_id="d_approved", action=an_action())
DECLINED = a_decision(at_ms=2, decision_id="d_declined", risk_outcome="decline")
SUPPRESSED = a_decision(
    at_ms=3, decision_id="d_suppressed", disposition="suppressed", risk_outcome="refer"
)
HELD_OUT = a_decision(at_ms=4, decision_id="d_held_out", disposition="held_out")


def test_one_decision_of_each_kind_can_be_explained() -> None:
    """A yes, a no, a silence, and one who is there for comparison: the four questions asked."""
    decisions = [APPROVED, DECLINED, SUPPRESSED, HELD_OUT]
    lines = list(look_at(decisions, Path("run1"), program="shouwen"))

    assert lines[:4] == [
        "shouwen why d_approved --journal run1   # approved",
        "shouwen why d_declined --journal run1   # declined",
        "shouwen why d_suppressed --journal run1   # not contacted",
        "shouwen why d_held_out --journal run1   # held out",
    ]
    assert [line.split()[1] for line in lines[4:]] == ["replay", "backtest"]


def test_a_kind_that_did_not_occur_is_not_made_up() -> None:
    """A command that ends in `no such decision` would teach nothing."""
    lines = list(look_at([DECLINED], Path("run1"), program="shouwen"))

    assert [line for line in lines if " why " in line] == [
        "shouwen why d_declined --journal run1   # declined"
    ]


def test_the_latest_of_a_kind_is_shown() -> None:
    """It rests on the longest history."""
    later = a_decision(at_ms=9, decision_id="d_later", disposition="held_out")
    lines = list(look_at([later, HELD_OUT], Path("run1"), program="shouwen"))

    assert "shouwen why d_later --journal run1   # held out" in lines


def test_a_folder_with_a_space_can_be_pasted() -> None:
    """Home folders have spaces."""
    (line, *_) = look_at([DECLINED], Path("my run"), program="shouwen")

    assert shlex.split(line, comments=True)[-1] == "my run"


def test_every_command_named_exists() -> None:
    """A hint at a command of yesterday is worse than none."""
    decisions = [APPROVED, DECLINED, SUPPRESSED, HELD_OUT]
    named = {line.split()[1] for line in look_at(decisions, Path("run1"), program="shouwen")}

    assert named <= COMMANDS.keys()


def test_the_program_is_named_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After `make demo` it is in .venv/bin and not on the path; the hint must work all the same."""
    script = tmp_path / "bin" / "shouwen"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(script)])

    monkeypatch.setenv("PATH", "/usr/bin")
    assert this_program() == "bin/shouwen"
    monkeypatch.setenv("PATH", f"/usr/bin:{script.parent}")
    assert this_program() == "shouwen"
    monkeypatch.setattr("sys.argv", ["/x/shouwen/__main__.py"])
    assert this_program() == "python -m shouwen"
