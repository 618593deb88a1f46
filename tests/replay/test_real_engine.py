"""The same promises with the engine that decides in life, on the events of a simulated bank."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.kept import KeptJournal
from adapters.kept_writer import KeptWriter
from contracts.journal import Entry
from contracts.topics import Topic
from features import NAMES
from replay.backtest import Candidate, backtest
from replay.errors import DecisionNotFoundError
from replay.folding import this_engine
from replay.verify import verify
from replay.why import why
from tests.replay import bank


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptJournal:
    return bank.keep(tmp_path_factory.mktemp("bank") / "kept", bank.journal())


def decisions_of(kept: KeptJournal) -> list[dict[str, object]]:
    return [
        json.loads(record.value)
        for partition in kept.partitions
        for record in kept.decisions(partition)
    ]


def test_every_decision_is_made_again_to_the_last_bit(kept: KeptJournal) -> None:
    """Replay is exact: features, scores, reasons, payloads, chain."""
    found = verify(kept, engine=this_engine())

    assert found.exact
    assert found.decisions_checked == kept.rows(Topic.DECISIONS) > 50
    assert found.conversions_checked == kept.rows(Topic.CONVERSIONS) > 20


def one_fen_less(entries: Iterable[Entry], customer: str) -> Iterator[Entry]:
    """Yield a journal in which the customer's first amount is one fen less than it was."""
    done = False
    for entry in entries:
        value = json.loads(entry.value)
        if done or entry.key != customer or "amount_minor" not in value:
            yield entry
            continue
        done = True
        value["amount_minor"] -= 1
        yield replace(entry, value=json.dumps(value).encode())


def test_a_journal_that_says_something_else_does_not_verify(
    kept: KeptJournal, tmp_path: Path
) -> None:
    """The control: one fen in one posting, and the decisions that rest on it are not confirmed."""
    customer = str(decisions_of(kept)[-1]["subject_id"])
    with KeptWriter(tmp_path / "forged", partitions=kept.partitions) as forged:
        for partition in kept.partitions:
            forged.add_entries(list(one_fen_less(kept.entries(partition), customer)))
            for record in kept.decisions(partition):
                forged.add_record(
                    Topic.DECISIONS, partition=partition, key=record.key, value=record.value
                )
            for record in kept.conversions(partition):
                forged.add_record(
                    Topic.CONVERSIONS, partition=partition, key=record.key, value=record.value
                )

    found = verify(KeptJournal(tmp_path / "forged"), engine=this_engine())

    assert not found.exact
    assert {item.field.partition(".")[0] for item in found.mismatches} == {"features"}
    assert all(item.digest_agrees for item in found.mismatches)


def test_current_equals_life_and_a_strategy_without_moments_decides_nothing(
    kept: KeptJournal,
) -> None:
    """The two ends between which every candidate lies."""
    blind = Candidate(name="blind", strategy=bank.the_strategy(strategy_id="blind", moments=[]))

    result = backtest(kept, [Candidate(name="current"), blind], engine=this_engine(), processes=1)

    assert result.equals_recorded(result.runs[0])
    assert result.runs[1].counts.decisions == 0
    assert result.runs[0].counts.conversions == result.runs[1].counts.conversions > 0
    assert {flip.element for flip in result.comparisons[0].flips} == {"moment", "follow_up"}


def test_a_strategy_under_another_name_flips_nobody_where_both_sides_are_treated_alike(
    kept: KeptJournal,
) -> None:
    """The journal has no word of any channel: assuming one for the candidate alone is a bias.

    Exploration is off, because it is drawn from the decision's id, and that names the strategy.
    """
    same = bank.without_exploration()
    renamed = bank.without_exploration(strategy_id="renamed")
    candidates = [
        Candidate(name="same", strategy=same),
        Candidate(name="renamed", strategy=renamed),
    ]

    alike = backtest(kept, candidates, engine=this_engine(), processes=1, assume_sent=False)

    assert alike.confirmed_actions == 0 < alike.recorded_actions
    assert alike.comparisons[0].flips == ()
    assert alike.runs[1].counts.decisions > 50


def test_a_stricter_threshold_flips_customers_and_is_named(kept: KeptJournal) -> None:
    """A strategist changes one number and sees whom it concerns, and that it was this number."""
    risk = {**bank.the_strategy().strategy["risk"], "h03_min_age_years": 40}
    elder = Candidate(name="elder", strategy=bank.the_strategy(strategy_id="elder", risk=risk))

    result = backtest(kept, [Candidate(name="current"), elder], engine=this_engine(), processes=1)

    flips = result.comparisons[0].flips
    named = [flip for flip in flips if flip.element == "threshold"]
    assert named
    assert all(flip.detail.startswith("H03.min_age: 18 → 40 (value ") for flip in named)
    assert len(flips) < result.runs[0].counts.decisions


def test_every_number_of_every_decision_is_traced_to_its_events(kept: KeptJournal) -> None:
    """`why` shows what was known then: the slow definition over those events gives its bits."""
    seen: set[tuple[object, object]] = set()
    for decision in decisions_of(kept):
        kind = (decision["moment"], decision["disposition"])
        if kind in seen:
            continue
        seen.add(kind)
        tree = why(kept, str(decision["decision_id"]), engine=this_engine())
        assert tree.difference is None
        assert {used.name for used in tree.features} == set(NAMES)
        assert [used.name for used in tree.features if not used.confirmed] == []
        at_ms = tree.decision.at_ms
        assert all(event.known_at_ms <= at_ms for used in tree.features for event in used.events)
        assert bool(tree.messages) == (tree.decision.action is not None)
    assert len({moment for moment, _ in seen}) >= 4


def test_a_decision_that_nobody_made_is_a_clear_error(kept: KeptJournal) -> None:
    """An officer mistypes an id."""
    with pytest.raises(DecisionNotFoundError, match="d_nobody"):
        why(kept, "d_nobody", engine=this_engine())
