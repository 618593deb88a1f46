"""Promises of calibration: scores that mean what they say, from evidence, and still explainable."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import Calibration, LogOddsLine, kernels
from models.calibration import HALVED_AT_POSITIVES, MIN_POSITIVES, SLOPES

PROBABILITIES = st.floats(0.001, 0.999)


def a_world(rows: int, *, slope: float, shift: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores, and outcomes whose true log-odds are slope * log-odds of the score + shift."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-2.5, 1.2, rows)
    scores = 1.0 / (1.0 + np.exp(-log_odds))
    true = 1.0 / (1.0 + np.exp(-(slope * log_odds + shift)))
    return scores, rng.random(rows) < true


def fitted(scores: np.ndarray, outcomes: np.ndarray) -> Calibration:
    calibration = Calibration()
    for score, outcome in zip(scores.tolist(), outcomes.tolist(), strict=True):
        calibration.add(score, outcome=outcome)
    return calibration


def calibration_error(scores: np.ndarray, outcomes: np.ndarray) -> float:
    """Return the mean gap of predicted and observed over ten equal shares of the rows."""
    parts = np.array_split(np.argsort(scores), 10)
    return float(np.mean([abs(scores[part].mean() - outcomes[part].mean()) for part in parts]))


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.6, -1.0), (1.6, 0.8)])
def test_scores_become_what_is_observed(slope: float, shift: float) -> None:
    """A band of risk is a promise about a share: after the line, ECE is below .01 on new rows."""
    scores, outcomes = a_world(30_000, slope=slope, shift=shift, seed=1)
    line = fitted(scores[:10_000], outcomes[:10_000]).line()
    assert line is not None

    calibrated = np.array([line.calibrated(score) for score in scores[10_000:].tolist()])

    assert calibration_error(calibrated, outcomes[10_000:]) < 0.01
    assert line.slope == pytest.approx(slope, rel=0.15)


@given(st.floats(*SLOPES), st.floats(-3.0, 3.0), PROBABILITIES, PROBABILITIES)
def test_the_order_of_customers_stays(slope: float, shift: float, low: float, high: float) -> None:
    """Calibration moves bands, never ranks: whoever was riskier still is."""
    line = LogOddsLine(slope, shift)

    assert (low <= high) == (line.calibrated(low) <= line.calibrated(high)) or low == high


def test_the_line_that_changes_nothing_changes_no_bit() -> None:
    """A snapshot without a calibration must score as before there was one."""
    for log_odds in np.linspace(-30.0, 30.0, 101).tolist():
        assert LogOddsLine().apply(log_odds) == log_odds


def test_without_evidence_there_is_no_line() -> None:
    """Two hundred of each: fewer would calibrate to chance."""
    calibration = Calibration()
    for _ in range(MIN_POSITIVES - 1):
        calibration.add(0.5, outcome=True)
    for _ in range(MIN_POSITIVES):
        calibration.add(0.5, outcome=False)
    assert calibration.line() is None

    calibration.add(0.5, outcome=True)

    assert calibration.line() is not None


@settings(max_examples=30)
@given(st.lists(st.tuples(PROBABILITIES, st.booleans()), min_size=1, max_size=30))
def test_a_line_is_never_wilder_than_its_bounds(few: list[tuple[float, bool]]) -> None:
    """Whatever comes, hostile scores included, the slope stays positive and finite."""
    calibration = Calibration()
    for probability, outcome in few * 200:
        calibration.add(probability, outcome=outcome)
    for probability in (0.0, 1.0, 5e-324):
        calibration.add(probability, outcome=probability > 0.5)
    line = calibration.line()

    if line is not None:
        assert SLOPES[0] <= line.slope <= SLOPES[1]
        assert np.isfinite(line.shift)
        assert 0.0 < line.calibrated(0.3) < 1.0


def test_what_is_old_weighs_less() -> None:
    """The world that halves its defaults is followed, not averaged with the one before."""
    before, after = (a_world(60_000, slope=1.0, shift=shift, seed=2) for shift in (0.8, -0.8))
    calibration = fitted(*before)
    for score, outcome in zip(after[0].tolist(), after[1].tolist(), strict=True):
        calibration.add(score, outcome=outcome)
    line = calibration.line()
    assert line is not None

    assert int(before[1].sum()) > HALVED_AT_POSITIVES
    assert line.calibrated(0.1) == pytest.approx(LogOddsLine(1.0, -0.8).calibrated(0.1), rel=0.2)


def test_resumed_it_fits_the_same_line() -> None:
    """A checkpoint holds all of it, to the bit."""
    scores, outcomes = a_world(8_000, slope=0.8, shift=0.3, seed=3)
    undisturbed = fitted(scores, outcomes)
    half = fitted(scores[:4_000], outcomes[:4_000])
    resumed = Calibration.from_data(json.loads(json.dumps(half.to_data())))
    for score, outcome in zip(scores[4_000:].tolist(), outcomes[4_000:].tolist(), strict=True):
        resumed.add(score, outcome=outcome)

    assert resumed.line() == undisturbed.line()
    assert resumed.to_data() == undisturbed.to_data()


def test_no_score_is_the_best_fit_by_accident() -> None:
    """The line is the ridge fit: no small step in any direction makes the rows more likely."""
    scores, outcomes = a_world(6_000, slope=0.7, shift=-0.4, seed=4)
    line = fitted(scores, outcomes).line()
    assert line is not None
    log_odds = np.array([kernels.logit(score) for score in scores.tolist()])

    def loss(slope: float, shift: float) -> float:
        p = 1.0 / (1.0 + np.exp(-(slope * log_odds + shift)))
        held = 5.0 * ((slope - 1.0) ** 2 + shift**2)
        return float(-np.where(outcomes, np.log(p), np.log1p(-p)).sum()) + held

    best = loss(line.slope, line.shift)
    for step in ((0.05, 0.0), (-0.05, 0.0), (0.0, 0.05), (0.0, -0.05)):
        assert loss(line.slope + step[0], line.shift + step[1]) > best


def test_scores_without_signal_still_say_how_many() -> None:
    """With the slope at its bound, what is predicted is on average what is observed."""
    rng = np.random.default_rng(5)
    scores = 1.0 / (1.0 + np.exp(-rng.normal(-2.5, 1.2, 20_000)))
    outcomes = rng.random(20_000) < 0.05
    line = fitted(scores, outcomes).line()
    assert line is not None

    assert line.slope == SLOPES[0]
    mean = np.mean([line.calibrated(score) for score in scores.tolist()])
    assert mean == pytest.approx(outcomes.mean(), rel=0.05)
