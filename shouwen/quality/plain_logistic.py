"""A plain logistic regression, fitted again and again: what a credit department would try first."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_RIDGE = 1.0
_STEPS = 50
_ENOUGH = 1e-8

Scoring = Callable[[NDArray[np.float32]], NDArray[np.float64]]


def plain_logistic(rows: NDArray[np.float32], outcomes: NDArray[np.bool_]) -> Scoring:
    """Fit on standardised columns by Newton's steps, with a ridge of 1; missing is the mean.

    Source: Hastie, Tibshirani, Friedman (2009), "The Elements of Statistical Learning", section
    4.4.1, iteratively reweighted least squares; the ridge is what common libraries default to.

    >>> rows = np.array([[1.0], [2.0], [3.0], [4.0]], dtype=np.float32)
    >>> score = plain_logistic(rows, np.array([False, False, True, True]))
    >>> score(rows).round(2)
    array([0.22, 0.4 , 0.6 , 0.78])
    """
    known = np.where(np.isnan(rows), np.nan, rows).astype(np.float64)
    present = ~np.isnan(known)
    counts = np.maximum(present.sum(axis=0), 1)
    means = np.where(present, known, 0.0).sum(axis=0) / counts
    spread = np.sqrt(np.where(present, (known - means) ** 2, 0.0).sum(axis=0) / counts)
    scales = np.where(spread > 0.0, spread, 1.0)

    def design(wanted: NDArray[np.float32]) -> NDArray[np.float64]:
        scaled = (wanted.astype(np.float64) - means) / scales
        return np.column_stack((np.ones(len(wanted)), np.where(np.isnan(scaled), 0.0, scaled)))

    x, y = design(rows), outcomes.astype(np.float64)
    ridge = np.full(x.shape[1], _RIDGE)
    ridge[0] = 0.0
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = _sigmoid(x @ weights)
        curvature = x.T @ (x * (p * (1.0 - p))[:, None]) + np.diag(ridge)
        step = np.linalg.solve(curvature, x.T @ (p - y) + ridge * weights)
        weights -= step
        if float(np.abs(step).max()) < _ENOUGH:
            break

    def score(wanted: NDArray[np.float32]) -> NDArray[np.float64]:
        return _sigmoid(design(wanted) @ weights)

    return score


def _sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    probabilities: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -35.0, 35.0)))
    return probabilities
