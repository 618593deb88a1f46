"""Backtests: history is what customers did; everything that we did evolves under the candidate."""

import json
from pathlib import Path

import pytest

from adapters.kept import KeptJournal
from replay.backtest import Backtest, Candidate, backtest
from tests.replay.toy import DRAWN, TOY, a_strategy, an_entry, decide_live, keep

LIVE = a_strategy(at_least=10, cap=1)
AMOUNTS = (5, 12, 15, DRAWN)


def journal_of(folder: Path, *, partitions: int = 1) -> KeptJournal:
    """Keep a journal in which the live strategy sends one message, at the second amount."""
    entries = []
    for partition in range(partitions):
        key = f"c-{partition}"
        mine = [an_entry(0, LIVE, partition=partition)]
        mine += [
            an_entry(seq, {"amount": amount}, partition=partition, key=key)
            for seq, amount in zip((1, 2, 4, 5), AMOUNTS, strict=True)
        ]
        decided = [json.loads(item.value) for item in decide_live(mine)]
        first = next(item["action"] for item in decided if item.get("action"))
        mine.append(an_entry(3, {"sent": first["message_id"]}, partition=partition, key=key))
        entries += sorted(mine, key=lambda entry: entry.seq)
    return KeptJournal(keep(folder, entries))


def tried(kept: KeptJournal, *candidates: Candidate, processes: int = 1) -> Backtest:
    return backtest(kept, candidates, engine=TOY, processes=processes)


CURRENT = Candidate(name="current")


def test_current_against_current_equals_what_was_decided(tmp_path: Path) -> None:
    """Before anyone believes a backtest it must reproduce the past, decision by decision."""
    result = tried(journal_of(tmp_path / "kept"), CURRENT, CURRENT)

    assert all(result.equals_recorded(run) for run in result.runs)
    assert [run.as_recorded for run in result.runs] == [4, 4]
    assert result.comparisons[0].flips == ()


def test_contact_state_evolves_under_the_candidate(tmp_path: Path) -> None:
    """A candidate that speaks earlier has used up its cap later; copied history would speak twice.

    The live strategy spoke at the second amount. The candidate speaks at the first, so that the
    cap stands against it at the second, although history knows of no message at the first.
    """
    eager = Candidate(name="eager", strategy=a_strategy(strategy_id="eager", at_least=3, cap=1))

    result = tried(journal_of(tmp_path / "kept"), CURRENT, eager)

    live, candidate = result.runs
    assert [made.disposition for made in live.decisions] == [
        "no_action",
        "acted",
        "suppressed",
        "suppressed",
    ]
    assert [made.disposition for made in candidate.decisions] == [
        "acted",
        "suppressed",
        "suppressed",
        "suppressed",
    ]
    assert candidate.counts.most_touches_7d == 1


def test_a_backtest_that_does_not_evolve_contact_state_gives_another_answer(
    tmp_path: Path,
) -> None:
    """The control: without the rule for unsent messages the same candidate speaks every time."""
    eager = Candidate(name="eager", strategy=a_strategy(strategy_id="eager", at_least=3, cap=1))
    kept = journal_of(tmp_path / "kept")

    wrong = backtest(kept, [eager], engine=TOY, assume_sent=False, processes=1)

    assert [made.disposition for made in wrong.runs[0].decisions] == ["acted"] * 4


def test_a_candidate_decides_from_the_beginning_whatever_the_journal_activates(
    tmp_path: Path,
) -> None:
    """Two candidates are compared over the same time, not over when someone switched them on."""
    entries = [an_entry(0, {"amount": 5}), an_entry(1, LIVE), an_entry(2, {"amount": 5})]
    kept = KeptJournal(keep(tmp_path / "kept", entries))
    pinned = Candidate(name="pinned", strategy=LIVE)

    current, candidate = tried(kept, CURRENT, pinned).runs

    assert [made.seq for made in current.decisions] == [2]
    assert [made.seq for made in candidate.decisions] == [0, 2]


def test_flips_name_the_first_thing_that_differs(tmp_path: Path) -> None:
    """'Somewhere in the score' is no explanation; a threshold and a cap are."""
    eager = Candidate(name="eager", strategy=a_strategy(strategy_id="eager", at_least=3, cap=1))

    (comparison,) = tried(journal_of(tmp_path / "kept"), CURRENT, eager).comparisons

    assert [(flip.element, flip.before, flip.after) for flip in comparison.flips] == [
        ("threshold", "no_action: decline", "acted: say_hello / app"),
        ("contact", "acted: say_hello / app", "suppressed: cap_app"),
    ]
    assert comparison.flips[0].detail == "H07: 10 → 3 (value 5)"
    assert comparison.flips[1].detail == "allow → suppress cap_app"


def test_an_arm_is_named_before_what_follows_from_it(tmp_path: Path) -> None:
    """A customer in another arm is treated otherwise for that reason, whatever else differs."""
    other = Candidate(name="other", strategy=a_strategy(strategy_id="o", at_least=3, arm="b"))

    (comparison,) = tried(journal_of(tmp_path / "kept"), CURRENT, other).comparisons

    assert {flip.element for flip in comparison.flips} == {"arm"}


def test_counts_add_up_and_conversions_stay_history(tmp_path: Path) -> None:
    """A backtest cannot make a customer draw a loan; it can only have seen it coming or not."""
    eager = Candidate(name="eager", strategy=a_strategy(strategy_id="eager", at_least=3, cap=9))

    live, candidate = tried(journal_of(tmp_path / "kept", partitions=2), CURRENT, eager).runs

    assert live.counts.decisions == candidate.counts.decisions == 8
    assert live.counts.dispositions == {"acted": 2, "no_action": 2, "suppressed": 4}
    assert candidate.counts.dispositions == {"acted": 8}
    assert candidate.counts.channels == {"app": 8}
    assert live.counts.conversions == candidate.counts.conversions == 2
    assert candidate.counts.most_touches_7d == 4
    assert candidate.as_recorded == 0


@pytest.mark.parametrize("processes", [1, 2])
def test_processes_change_nothing_but_the_time(tmp_path: Path, processes: int) -> None:
    """The answer of a backtest belongs to the journal and the strategy alone."""
    kept = journal_of(tmp_path / "kept", partitions=3)
    eager = Candidate(name="eager", strategy=a_strategy(strategy_id="eager", at_least=3))
    folded: list[int] = []

    result = backtest(
        kept, [CURRENT, eager], engine=TOY, processes=processes, progress=folded.append
    )

    assert sum(folded) == 2 * 3 * 6
    assert result == tried(kept, CURRENT, eager)
