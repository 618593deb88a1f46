"""Promises of snapshots and of the read-only models that they become."""

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from contracts.snapshots import ModelSnapshot
from models import (
    PROPENSITY,
    SCHEMAS,
    Learner,
    RowError,
    SnapshotError,
    fallback,
    load_scorer,
    model_id_of,
)
from models.canonical import canonical_json, sha256_of
from tests.models.given import a_history, a_row

MAX_BODY_BYTES = 256 * 1024


@pytest.fixture(scope="module")
def learner() -> Learner:
    learner = Learner()
    for example in a_history(400, seed=1):
        learner.apply(example)
    return learner


@pytest.fixture(scope="module")
def snapshots(learner: Learner) -> dict[str, ModelSnapshot]:
    record = learner.snapshot(learner.clock_ms, examples_offset=800)
    assert record is not None
    return {snapshot.name: snapshot for snapshot in record.snapshots}


def changed(snapshot: ModelSnapshot, **changes: Any) -> ModelSnapshot:
    return ModelSnapshot(**(snapshot.model_dump() | changes))


def with_body(snapshot: ModelSnapshot, **changes: Any) -> ModelSnapshot:
    """Return a snapshot with another body, and the hash and id that fit it."""
    body = snapshot.body | changes
    sha256 = sha256_of(body)
    return changed(snapshot, body=body, sha256=sha256, model_id=model_id_of(snapshot.name, sha256))


@pytest.mark.parametrize("name", ["drawn_30d", "dpd30"])
def test_a_scorer_scores_as_the_learner_it_came_from(
    name: str, learner: Learner, snapshots: dict[str, ModelSnapshot]
) -> None:
    """Through JSON and back, to the bit: a decision replays from the snapshot alone."""
    sent = ModelSnapshot.model_validate_json(snapshots[name].model_dump_json())
    scorer = load_scorer(sent)
    rows = np.stack([a_row(name, seed=seed) for seed in range(50)])
    expected = [learner.head(name).champion.score_row(row) for row in rows]

    assert [scorer.score(row) for row in rows] == expected
    assert scorer.score_many(rows).tolist() == expected


@pytest.mark.parametrize("name", ["drawn_30d", "dpd30"])
def test_a_score_is_the_baseline_and_the_contributions(
    name: str, snapshots: dict[str, ModelSnapshot]
) -> None:
    """Reasons are read from the contributions: they must be all of the score."""
    scorer = load_scorer(snapshots[name])
    for seed in range(50):
        row = a_row(name, seed=seed)
        total = scorer.baseline + sum(scorer.contributions(row).values())

        assert math.isclose(1 / (1 + math.exp(-total)), scorer.score(row), rel_tol=1e-9)


def test_the_feature_that_decides_has_the_largest_contribution(
    snapshots: dict[str, ModelSnapshot],
) -> None:
    """In the test's history the first feature alone decides."""
    scorer = load_scorer(snapshots["drawn_30d"])
    low, high = a_row(seed=3), a_row(seed=3)
    low[0], high[0] = 0.0, 3_000.0
    first = PROPENSITY.names[0]

    assert scorer.contributions(low)[first] < 0.0 < scorer.contributions(high)[first]
    assert scorer.score(low) < scorer.score(high)


@pytest.mark.parametrize("name", ["drawn_30d", "dpd30"])
def test_a_snapshot_fits_into_the_journal(name: str, snapshots: dict[str, ModelSnapshot]) -> None:
    """It is written to every partition."""
    assert len(canonical_json(snapshots[name].body)) <= MAX_BODY_BYTES


def test_a_body_that_was_changed_is_refused(snapshots: dict[str, ModelSnapshot]) -> None:
    """One digit of one weight is another model."""
    snapshot = snapshots["drawn_30d"]
    forged = changed(snapshot, body=snapshot.body | {"bias": (5.0).hex()})

    with pytest.raises(SnapshotError, match="changed after it was made"):
        load_scorer(forged)


def test_an_id_that_is_not_of_the_body_is_refused(snapshots: dict[str, ModelSnapshot]) -> None:
    """Decisions name the id: it must lead to the model that scored."""
    with pytest.raises(SnapshotError, match="needs the id 'drawn_30d:"):
        load_scorer(changed(snapshots["drawn_30d"], model_id="drawn_30d:0000000000000000"))


def test_other_features_are_refused(snapshots: dict[str, ModelSnapshot]) -> None:
    """A row of another schema would be scored without a complaint otherwise."""
    snapshot = snapshots["drawn_30d"]
    reordered = with_body(snapshot, features=sorted(snapshot.body["features"]))

    with pytest.raises(SnapshotError, match="needs the features of schema"):
        load_scorer(changed(snapshot, schema_hash="0" * 16))
    with pytest.raises(SnapshotError, match="needs the features of schema"):
        load_scorer(reordered)


def test_another_format_is_refused(snapshots: dict[str, ModelSnapshot]) -> None:
    """A newer build's snapshot is not guessed at."""
    with pytest.raises(SnapshotError, match="'linear-ftrl/9'"):
        load_scorer(with_body(snapshots["drawn_30d"], format="linear-ftrl/9"))


def test_numbers_that_are_not_finite_are_refused(snapshots: dict[str, ModelSnapshot]) -> None:
    """The last good model goes on instead."""
    with pytest.raises(SnapshotError, match="finite numbers"):
        load_scorer(with_body(snapshots["drawn_30d"], bias="inf"))


@pytest.mark.parametrize("name", ["drawn_30d", "dpd30"])
def test_before_the_first_snapshot_there_is_a_declared_score(name: str) -> None:
    """A decision without a model is possible, named as such, and the same for everybody."""
    scorer = fallback(name)
    rows = np.stack([a_row(name, seed=seed) for seed in range(3)])

    assert scorer.model_id == f"{name}:fallback"
    assert len(set(scorer.score_many(rows).tolist()) | {scorer.score(rows[0])}) == 1
    assert math.isclose(1 / (1 + math.exp(-scorer.baseline)), scorer.score(rows[0]))


def test_a_process_that_only_scores_does_not_load_river() -> None:
    """River takes most of a second and 80 MB: a decide worker has no use for either."""
    code = "import sys, models; models.load_scorer; sys.exit('river' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_row_of_the_wrong_shape_is_refused(snapshots: dict[str, ModelSnapshot]) -> None:
    """The compiled code checks no bounds: the door does."""
    scorer = load_scorer(snapshots["drawn_30d"])
    short = np.zeros(3, dtype=np.float32)
    infinite = np.full(len(SCHEMAS["drawn_30d"].names), np.inf, dtype=np.float32)

    unrounded = np.zeros(len(SCHEMAS["drawn_30d"].names))
    for row in (short, infinite, unrounded):
        for verb in (scorer.score, scorer.contributions):
            with pytest.raises(RowError, match="finite float32 values"):
                verb(row)
