"""Bins and scales of the linear model, fixed once from the first rows."""

import numpy as np
from numpy.typing import NDArray

from models.kernels import EDGES, F64, signed_log

QUANTILES = 16
_SPREAD = np.array([1.0, 3.0, 7.0, 15.0, 31.0, 63.0])
_SPREAD_OF_A_CONSTANT = np.array([0.25, 1.0, 8.0, 1e4, 1e6, 1e8])
_SMALLEST_SCALE = 1e-6


def fit_bins(rows: NDArray[np.float32]) -> tuple[F64, F64]:
    """Return the edges (F, 29) and the scaler (F, 2: centre, scale) that `rows` suggest.

    Sixteen bins hold equal shares of the finite values. Beyond the lowest and the highest value
    seen there are six edges each, whose distance doubles: windows of 90 days fill up long after
    the first rows, and values grow by a factor of 64 before two of them share the last bin. A
    constant feature gets edges at fixed distances. The scaler is of `signed_log` of the value.

    >>> edges, scaler = fit_bins(np.arange(32, dtype=np.float32).reshape(32, 1))
    >>> edges[0, 6:12], edges[0, -6:]
    (array([ 0.,  2.,  4.,  6.,  8., 10.]), array([  62.,  124.,  248.,  496.,  992., 1984.]))
    """
    features = rows.shape[1]
    edges, scaler = np.empty((features, EDGES)), np.empty((features, 2))
    for f in range(features):
        values = np.sort(rows[:, f][np.isfinite(rows[:, f])])
        edges[f] = _edges(values)
        scaler[f] = _centre_and_scale(values)
    return edges, scaler


def without_rows(features: int) -> tuple[F64, F64]:
    """Return the edges and scaler of features that no row has shown yet."""
    return fit_bins(np.full((1, features), np.nan, dtype=np.float32))


def _edges(values: NDArray[np.float32]) -> F64:
    if not len(values):
        values = np.zeros(1, dtype=np.float32)
    inner = values[np.arange(1, QUANTILES) * len(values) // QUANTILES].astype(np.float64)
    low = float(values[0])
    high = float(np.nextafter(float(values[-1]), np.inf))
    span = float(values[-1]) - low
    beyond = span * _SPREAD if span > 0.0 else _SPREAD_OF_A_CONSTANT
    edges = np.concatenate(((low - beyond)[::-1], [low], inner, [high], float(values[-1]) + beyond))
    ascending: F64 = np.maximum.accumulate(edges)  # next to a huge value a small distance is none
    return ascending


def _centre_and_scale(values: NDArray[np.float32]) -> tuple[float, float]:
    if not len(values):
        return 0.0, 1.0
    total = 0.0
    logs = [signed_log(float(value)) for value in values]
    for value in logs:
        total += value
    centre = total / len(logs)
    squares = 0.0
    for value in logs:
        squares += (value - centre) * (value - centre)
    scale = float(np.sqrt(squares / len(logs)))
    return centre, scale if scale > _SMALLEST_SCALE else 1.0
