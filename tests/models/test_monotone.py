"""Promises of monotone risk."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import features
from models import FEATURES_OF, LinearLearner, auc_of
from models.encoding import Encoding
from models.kernels import COLUMNS, LINEAR, MISSING
from models.monotone import RISK_DIRECTIONS, pooled, project
from models.scorer import LinearScorer

NAMES = ("cash_buffer_days", "debt_service_ratio")
WEIGHTS = st.lists(st.floats(-2.0, 2.0, width=32), min_size=2 * COLUMNS, max_size=2 * COLUMNS).map(
    lambda numbers: np.array(numbers).reshape(2, COLUMNS)
)


def an_encoding() -> Encoding:
    values = np.random.default_rng(3).lognormal(0.0, 1.5, (200, 2)).astype(np.float32)
    return Encoding.fit(NAMES, values)


def slow_isotonic(values: list[float], weights: list[float]) -> list[float]:
    """Return the isotonic fit by its definition: max over starts of min over ends of means."""
    n = len(values)

    def mean(i: int, j: int) -> float:
        part = range(i, j + 1)
        return sum(values[k] * weights[k] for k in part) / sum(weights[k] for k in part)

    return [max(min(mean(i, j) for j in range(k, n)) for i in range(k + 1)) for k in range(n)]


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.5, 9)), min_size=1, max_size=12))
def test_pooling_is_the_isotonic_fit(pairs: list[tuple[float, float]]) -> None:
    """The min-max formula is the definition; pooling is a fast way to it."""
    values, weights = [value for value, _ in pairs], [weight for _, weight in pairs]

    for fast, slow in zip(pooled(values, weights), slow_isotonic(values, weights), strict=True):
        assert math.isclose(fast, slow, abs_tol=1e-9)


@given(WEIGHTS, WEIGHTS.map(np.abs))
def test_no_more_debt_is_ever_scored_as_less_risk(weights: np.ndarray, seen: np.ndarray) -> None:
    """Whatever was learnt: along each named feature the score goes one way, the others equal."""
    encoding = an_encoding()
    body = {
        "features": list(NAMES),
        "encoding": encoding.to_data(),
        "weights": [
            row.tobytes().hex() for row in project(encoding, weights, seen, RISK_DIRECTIONS)
        ],
        "bias": (0.0).hex(),
        "reference": np.zeros(2).tobytes().hex(),
    }
    scorer = LinearScorer("dpd30_mob3", "test", body, row_names=NAMES)
    ascending = np.sort(np.random.default_rng(0).lognormal(0.0, 3.0, 300)).astype(np.float32)
    for place, sign in ((0, -1), (1, 1)):
        rows = np.ones((300, 2), dtype=np.float32)
        rows[:, place] = ascending
        assert (sign * np.diff(scorer.score_many(rows)) >= -1e-12).all()


@given(WEIGHTS, WEIGHTS.map(np.abs))
def test_what_is_monotone_already_is_left_alone(weights: np.ndarray, seen: np.ndarray) -> None:
    """A projection changes nothing twice, and never what it need not change."""
    encoding = an_encoding()
    once = project(encoding, weights, seen, RISK_DIRECTIONS)

    np.testing.assert_allclose(project(encoding, once, seen, RISK_DIRECTIONS), once, atol=1e-12)
    assert (project(encoding, weights, seen, {}) == weights).all()
    assert (once[:, MISSING] == weights[:, MISSING]).all()


def test_a_snapshot_that_is_made_monotone_still_ranks() -> None:
    """The truth is monotone here, and noise is not: little may be lost, and the learner nothing."""
    rng = np.random.default_rng(5)
    rows = rng.lognormal(0.0, 1.5, (4_000, 2)).astype(np.float32)
    log_odds = np.log1p(rows[:, 1]) - np.log1p(rows[:, 0]) - 1.0
    y = rng.random(4_000) < 1.0 / (1.0 + np.exp(-log_odds))
    learner = LinearLearner(NAMES, prior=0.3)
    for row, label in zip(rows[:3_000], y, strict=False):
        learner.learn_row(row, bool(label))
    before = learner.to_data()

    free, bound = (
        LinearScorer("dpd30_mob3", "test", learner.scoring_data(directions), row_names=NAMES)
        for directions in ({}, RISK_DIRECTIONS)
    )

    assert learner.to_data() == before
    assert auc_of(bound.score_many(rows[3_000:]), y[3_000:]) > (
        auc_of(free.score_many(rows[3_000:]), y[3_000:]) - 0.005
    )
    assert (np.diff(bound.weights[1, :MISSING]) >= 0.0).all()
    assert bound.weights[0, LINEAR] <= 0.0 <= bound.weights[1, LINEAR]


def test_the_risk_table_names_features_that_risk_reads() -> None:
    """A direction for a feature that is not read would be a promise about nothing."""
    assert set(RISK_DIRECTIONS) <= set(FEATURES_OF["dpd30_mob3"]) <= set(features.NAMES)
