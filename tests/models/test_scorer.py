"""Promises of snapshots and of the read-only models that they become."""

import math
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.snapshots import ModelSnapshot
from models import (
    ROW,
    Encoding,
    Learner,
    LogOddsLine,
    Panel,
    RowError,
    SnapshotError,
    fallback,
    kernels,
    load_scorer,
    model_id_of,
)
from models.canonical import canonical_json, sha256_of
from models.kernels import COLUMNS, LINEAR
from tests.models.given import CAUSE, a_history, a_learner, a_row

MAX_BODY_BYTES = 256 * 1024
ROWS = st.lists(st.floats(-1e6, 1e6, width=32) | st.just(math.nan), min_size=4, max_size=4)


LABELS = ("drawn_30d", "applied_14d", "dpd30_mob3")


@pytest.fixture(scope="module")
def learner() -> Learner:
    learner = a_learner(risk_serving="live")
    for example in a_history(400, seed=1, labels=LABELS):
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


@pytest.mark.parametrize("name", ["drawn_30d", "applied_14d"])
def test_a_scorer_scores_as_the_learner_it_came_from(
    name: str, learner: Learner, snapshots: dict[str, ModelSnapshot]
) -> None:
    """Through JSON and back, to the bit: a decision replays from the snapshot alone.

    Risk is made monotone on the way (tests of `models.monotone`).
    """
    sent = ModelSnapshot.model_validate_json(snapshots[name].model_dump_json())
    scorer = load_scorer(sent)
    rows = np.stack([a_row(seed=seed) for seed in range(50)])
    model, line = learner.head(name).lines["main"].model, scorer.calibration
    raw = [model.score_row(row) for row in rows]
    expected = raw if line == LogOddsLine() else [line.calibrated(score) for score in raw]

    assert [scorer.score(row) for row in rows] == expected
    assert scorer.score_many(rows).tolist() == expected


@pytest.mark.parametrize("name", LABELS)
def test_a_score_is_the_baseline_and_the_contributions(
    name: str, snapshots: dict[str, ModelSnapshot]
) -> None:
    """Reasons are read from the contributions: they must be all of the score."""
    scorer = load_scorer(snapshots[name])
    for seed in range(50):
        row = a_row(seed=seed)
        total = scorer.baseline + sum(scorer.contributions(row).values())

        assert math.isclose(1 / (1 + math.exp(-total)), scorer.score(row), rel_tol=1e-9)


def test_the_feature_that_decides_has_the_largest_contribution(
    snapshots: dict[str, ModelSnapshot],
) -> None:
    """In the test's history the first feature alone decides."""
    scorer = load_scorer(snapshots["drawn_30d"])
    low, high = a_row(seed=3), a_row(seed=3)
    low[CAUSE], high[CAUSE] = 0.0, 3_000.0
    first = ROW.names[CAUSE]

    assert scorer.contributions(low)[first] < 0.0 < scorer.contributions(high)[first]
    assert scorer.score(low) < scorer.score(high)


@pytest.mark.parametrize("name", LABELS)
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

    with pytest.raises(SnapshotError, match="needs the features of drawn_30d in rows of schema"):
        load_scorer(changed(snapshot, schema_hash="0" * 16))
    with pytest.raises(SnapshotError, match="needs the features of drawn_30d in rows of schema"):
        load_scorer(reordered)


def test_another_format_is_refused(snapshots: dict[str, ModelSnapshot]) -> None:
    """A newer build's snapshot is not guessed at."""
    with pytest.raises(SnapshotError, match="'linear-ftrl/9'"):
        load_scorer(with_body(snapshots["drawn_30d"], format="linear-ftrl/9"))


def test_numbers_that_are_not_finite_are_refused(snapshots: dict[str, ModelSnapshot]) -> None:
    """The last good model goes on instead."""
    with pytest.raises(SnapshotError, match="finite numbers"):
        load_scorer(with_body(snapshots["drawn_30d"], bias="inf"))


@pytest.mark.parametrize("name", LABELS)
def test_before_the_first_snapshot_there_is_a_declared_score(name: str) -> None:
    """A decision without a model is possible, named as such, and the same for everybody."""
    scorer = fallback(name)
    rows = np.stack([a_row(seed=seed) for seed in range(3)])

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
    infinite = np.full(len(ROW.names), np.inf, dtype=np.float32)

    unrounded = np.zeros(len(ROW.names))
    for row in (short, infinite, unrounded):
        for verb in (scorer.score, scorer.contributions):
            with pytest.raises(RowError, match="finite float32 values"):
                verb(row)


NAMES = ("a", "b", "c", "d")
WEIGHTS = st.lists(st.floats(-3.0, 3.0), min_size=4 * COLUMNS, max_size=4 * COLUMNS)


@dataclass(frozen=True)
class Parts:
    """A linear head, as a panel sees it."""

    encoding: Encoding
    weights: np.ndarray
    bias: float
    calibration: LogOddsLine


@st.composite
def heads(draw: st.DrawFn) -> list[Parts]:
    """Return heads of some features each, on one of two encodings, some of them calibrated."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    wholes = [
        Encoding.fit(NAMES, rng.lognormal(0.0, 2.0, (50, 4)).astype(np.float32)) for _ in range(2)
    ]
    found = []
    for _ in range(draw(st.integers(1, 5))):
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(sorted))
        weights = np.array(draw(WEIGHTS)).reshape(4, COLUMNS)[: len(names)]
        line = LogOddsLine(draw(st.floats(0.25, 4.0)), draw(st.floats(-2.0, 2.0)))
        found.append(
            Parts(
                encoding=draw(st.sampled_from(wholes)).of(names),
                weights=weights,
                bias=draw(st.floats(-5.0, 5.0)),
                calibration=draw(st.sampled_from((line, LogOddsLine()))),
            )
        )
    return found


@given(heads(), st.lists(ROWS, min_size=1, max_size=5))
def test_a_head_scores_the_same_whatever_it_is_scored_beside(
    parts: list[Parts], values: list[list[float]]
) -> None:
    """A new head beside an old one must not change a bit of what the old one says."""
    rows = np.array(values, dtype=np.float32)

    together = Panel(parts, row_names=NAMES).score_many(rows)

    for place, head in enumerate(parts):
        alone = Panel([head], row_names=NAMES).score_many(rows)
        assert together[:, place].tolist() == alone[:, 0].tolist()
        assert together[:, place].tolist() == [slow_score(head, row) for row in rows]


def slow_score(head: Parts, row: np.ndarray) -> float:
    """Return the score by its definition: bias, features in order, calibration, sigmoid."""
    total = head.bias
    own = row[[NAMES.index(name) for name in head.encoding.names]]
    for f, (column, z) in enumerate(zip(*head.encoding.encode(own), strict=True)):
        total += head.weights[f, column] + head.weights[f, LINEAR] * z
    return kernels.sigmoid(head.calibration.slope * total + head.calibration.shift)


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_a_value_beyond_all_that_was_seen_moves_a_score_no_further(
    values: list[list[float]],
) -> None:
    """However wrong a number is, it counts as the largest that was plausible."""
    rng = np.random.default_rng(7)
    encoding = Encoding.fit(NAMES, rng.lognormal(0.0, 2.0, (50, 4)).astype(np.float32))
    head = Parts(encoding, rng.normal(size=(4, COLUMNS)), 0.0, LogOddsLine())
    panel = Panel([head], row_names=NAMES)
    largest = np.float32(np.finfo(np.float32).max)
    rows = np.array(values, dtype=np.float32)
    for f in range(4):
        far, furthest = rows.copy(), rows.copy()
        far[:, f], furthest[:, f] = 1e25, largest
        assert (encoding.outside(far)[f], encoding.outside(furthest)[f]) == (len(rows), len(rows))
        assert panel.score_many(far).tolist() == panel.score_many(furthest).tolist()


def test_calibrated_contributions_still_add_up(snapshots: dict[str, ModelSnapshot]) -> None:
    """A staircase would be a better fit and a worse explanation: a line keeps both."""
    line = LogOddsLine(slope=0.7, shift=-0.4)
    snapshot = with_body(snapshots["dpd30_mob3"], calibration=line.to_data())
    scorer = load_scorer(snapshot)
    for seed in range(20):
        row = a_row(seed=seed)
        total = scorer.baseline + sum(scorer.contributions(row).values())

        assert math.isclose(1 / (1 + math.exp(-total)), scorer.score(row), rel_tol=1e-9)


def test_a_calibration_that_would_turn_the_order_round_is_refused(
    snapshots: dict[str, ModelSnapshot],
) -> None:
    """A slope of zero or below makes the riskiest the safest."""
    for slope in (0.0, -1.0):
        line = LogOddsLine(slope=slope).to_data()
        with pytest.raises(SnapshotError, match="needs a slope above 0"):
            load_scorer(with_body(snapshots["drawn_30d"], calibration=line))
