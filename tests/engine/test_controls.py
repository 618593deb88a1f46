"""Control entries: what can be used takes effect at its place, what cannot is a dead letter."""

from functools import cache
from typing import Any

import pytest

from contracts.control import SnapshotActivated, StrategyActivated
from contracts.dead_letters import HEADER, DeadLetter
from contracts.decisions import Decision
from contracts.snapshots import ModelSnapshot
from contracts.topics import Topic
from decisions.strategy import canonical_sha256
from engine.fold import fold
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from models import Learner, model_id_of
from models.canonical import sha256_of
from strategies import bundled, load_file
from tests.engine.given import (
    NOON_MS,
    Journal,
    a_calculation,
    a_known_customer,
    a_partition,
    an_activation,
)
from tests.models.given import a_history


def _changed(**changes: Any) -> StrategyActivated:
    return an_activation(load_file(bundled("no_loan_to_loan_v1")) | changes)


def _without(field: str) -> StrategyActivated:
    data = load_file(bundled("no_loan_to_loan_v1"))
    del data[field]
    return StrategyActivated(
        strategy_id="no_loan_to_loan_v1", version=2, sha256=canonical_sha256(data), strategy=data
    )


UNUSABLE = {
    "a field is missing": _without("actions"),
    "an override is no mapping": _changed(
        experiment={
            "id": "e-1",
            "unit": "customer",
            "salt": "s",
            "holdout_pct": 0,
            "arms": {"champion": {"pct": 100, "overrides": {"actions": 5}}},
        }
    ),
    "another hash": an_activation().model_copy(update={"sha256": "0" * 64}),
    "another name": an_activation().model_copy(update={"strategy_id": "other"}),
    "a number that is none": an_activation().model_copy(update={"strategy": {"x": float("nan")}}),
}


def _run(journal: Journal) -> tuple[list[Output], PartitionState]:
    partition = a_partition()
    return fold(partition, MemorySubjects(), journal.entries), partition


def _letters(outputs: list[Output]) -> list[DeadLetter]:
    return [
        DeadLetter.model_validate_json(dict(output.headers)[HEADER])
        for output in outputs
        if output.topic is Topic.DEAD_LETTERS
    ]


@pytest.mark.parametrize("why", UNUSABLE)
def test_a_strategy_that_cannot_be_used_is_a_dead_letter_and_the_last_one_stands(why: str) -> None:
    """At its first decision it would stop the partition, and again at every start."""
    journal = a_known_customer()
    raw = UNUSABLE[why].model_dump_json().encode()
    journal.add(Topic.CONTROL, raw, at_ms=NOON_MS, key="0")
    journal.event(Topic.APP_EVENTS, a_calculation("calc", occurred_at_ms=NOON_MS), at_ms=NOON_MS)
    outputs, partition = _run(journal)

    assert [letter.reason for letter in _letters(outputs)] == ["invalid"]
    assert partition.facts.counts["controls_refused"] == 1
    decided = [o for o in outputs if o.topic is Topic.DECISIONS]
    assert [Decision.model_validate_json(o.value).strategy.sha256 for o in decided] == [
        an_activation().sha256
    ]


@cache
def _snapshots(rows: int) -> tuple[ModelSnapshot, ...]:
    learner = Learner()
    for example in a_history(rows, seed=1, labels=("drawn_30d", "applied_14d")):
        learner.apply(example)
    record = learner.snapshot(learner.clock_ms, examples_offset=0)
    assert record is not None
    return record.snapshots


def test_a_snapshot_of_other_features_is_a_dead_letter_and_the_last_one_scores() -> None:
    """A learner that was deployed first must not stop those who score."""
    good = _snapshots(400)[0]
    body = good.body | {"features": ["a_feature_of_tomorrow"]}
    sha256 = sha256_of(body)
    changes = {"body": body, "sha256": sha256, "model_id": model_id_of(good.name, sha256)}
    journal = a_known_customer()
    for snapshot in (good, good.model_copy(update=changes)):
        control = SnapshotActivated(snapshot=snapshot, learned_until_ms=0)
        journal.add(Topic.CONTROL, control.model_dump_json().encode(), at_ms=NOON_MS, key="0")
    outputs, partition = _run(journal)

    assert len(_letters(outputs)) == 1
    assert partition.snapshots[good.name] == good


def test_a_stored_snapshot_of_other_features_is_left_out() -> None:
    """An upgrade that changes the features must not end in a partition that cannot start."""
    good = _snapshots(400)[0]
    body = good.body | {"features": ["a_feature_of_yesterday"]}
    old = good.model_copy(update={"body": body, "sha256": sha256_of(body)})
    partition = a_partition()
    partition.snapshots = {"drawn_30d": old, "applied_14d": _snapshots(400)[1]}
    back = PartitionState.decode(partition.encode(), build="the next one")

    assert list(back.snapshots) == ["applied_14d"]
    assert back.facts.counts["snapshots_unreadable"] == 1


def test_entries_that_come_twice_leave_no_trace() -> None:
    """How often a reader begins too early is luck, and no part of what a partition knows."""
    entries = a_known_customer().entries
    once, twice = a_partition(), a_partition()
    fold(once, MemorySubjects(), entries)
    subjects = MemorySubjects()
    fold(twice, subjects, entries)

    assert fold(twice, subjects, entries) == []
    assert twice.encode() == once.encode()


def test_a_model_that_no_longer_scores_is_forgotten() -> None:
    """Two models every ten minutes, kept for ever, would fill a worker's memory in days."""
    journal = a_known_customer()
    for rows in (300, 400):
        for snapshot in _snapshots(rows):
            control = SnapshotActivated(snapshot=snapshot, learned_until_ms=0)
            journal.add(Topic.CONTROL, control.model_dump_json().encode(), at_ms=NOON_MS, key="0")
    _, partition = _run(journal)

    assert sorted(partition.scorers) == sorted(s.model_id for s in _snapshots(400))
