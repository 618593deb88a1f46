"""Streams with a known truth."""

import numpy as np

from models.labels import Teaches
from shouwen.quality.stream import DAY_MS, Stream


def a_stream(
    rows: int,
    *,
    policy: Teaches = "as_arrives",
    positive_share: float = 0.3,
    days: int = 60,
    horizon_days: int = 20,
    features: int = 4,
    seed: int = 0,
) -> Stream:
    """Return rows at equal distances; the first two features say something about the outcome.

    Half of the positives are known after a sixth of the horizon, the slowest at its end.
    """
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(rows, features)).astype(np.float32)
    signal = values[:, 0] + 0.5 * values[:, 1] + chance.normal(0.0, 1.0, rows)
    opened_ms = np.arange(rows, dtype=np.int64) * days * DAY_MS // rows
    horizon_ms = horizon_days * DAY_MS
    return Stream(
        name="given",
        about="rows of a test",
        features=tuple(f"f{number}" for number in range(features)),
        rows=values,
        outcomes=signal > np.quantile(signal, 1.0 - positive_share),
        opened_ms=opened_ms,
        told_ms=opened_ms + _delays_ms(chance, rows, horizon_ms),
        closed_ms=opened_ms + horizon_ms,
        policy=policy,
        prior=positive_share,
        units=np.arange(rows, dtype=np.int64) // 10,
        refit_ms=5 * DAY_MS,
    )


def _delays_ms(chance: np.random.Generator, rows: int, horizon_ms: int) -> np.ndarray:
    return np.clip(chance.exponential(0.24 * horizon_ms, rows), 1, horizon_ms).astype(np.int64)
