"""Promises of scoring in one pass: many heads at once say what each says alone."""

import numpy as np
import pytest

from contracts.snapshots import ModelSnapshot
from engine.partition import PartitionState
from models import POLICIES, load_scorer
from tests.models.given import a_history, a_learner, a_row

LABELS = ("drawn_30d", "applied_14d", "dpd30_mob3")


@pytest.fixture(scope="module")
def snapshots() -> list[ModelSnapshot]:
    """Snapshots of three heads, from early and from late in one history."""
    learner, taken = a_learner(risk_serving="live"), []
    history = a_history(400, seed=1, labels=LABELS)
    for part in (history[: len(history) // 2], history[len(history) // 2 :]):
        for example in part:
            learner.apply(example)
        record = learner.snapshot(learner.clock_ms, examples_offset=0)
        assert record is not None
        taken += [snapshot for snapshot in record.snapshots if snapshot.name in POLICIES]
    return taken


def test_one_pass_gives_the_scores_of_each_head_alone(snapshots: list[ModelSnapshot]) -> None:
    """After every switch, whichever heads are active: another bit would be another decision."""
    state = PartitionState(partition=0, build="b-1")
    for snapshot in snapshots:
        state.score_with(snapshot)
        for seed in range(5):
            row = a_row(seed=seed)
            alone = {
                name: load_scorer(active).score(row) for name, active in state.snapshots.items()
            }
            assert state.score_labels(row) == alone

    assert set(state.snapshots) == set(LABELS)


def test_a_new_snapshot_replaces_the_old_one_of_its_name_alone(
    snapshots: list[ModelSnapshot],
) -> None:
    """What was prepared for the heads of before must not outlive them."""
    state = PartitionState(partition=0, build="b-1")
    for snapshot in snapshots:
        state.score_with(snapshot)
    row = a_row(seed=1)
    before = state.score_labels(row)
    first = next(snapshot for snapshot in snapshots if snapshot.name == "drawn_30d")

    state.score_with(first)
    after = state.score_labels(row)

    assert after["drawn_30d"] == load_scorer(first).score(row) != before["drawn_30d"]
    others = [name for name in LABELS if name != "drawn_30d"]
    assert [after[name] for name in others] == [before[name] for name in others]


def test_without_a_model_nothing_is_said() -> None:
    """Before the first snapshot the declared fallbacks stand in, and decisions name them."""
    state = PartitionState(partition=0, build="b-1")

    assert state.score_labels(np.full(48, np.nan, dtype=np.float32)) == {}
