"""LightGBM beside us: fitted again on the rows that have matured, the strongest usual way."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from shouwen.errors import ShouwenError

_ROUNDS = 150
_PARAMETERS = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.05,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbose": -1,
}
"""150 trees of 15 leaves, one thread, a fixed seed: the same scores in every run."""


def require_lightgbm() -> None:
    """Say what is missing, before anything takes long.

    Raises:
        ShouwenError: LightGBM is not installed.
    """
    if find_spec("lightgbm") is None:
        raise ShouwenError(
            "shouwen quality needs LightGBM, to measure it beside ours; it is not installed. "
            "Install it: `pip install lightgbm` (it needs the system library libgomp1)."
        )


def lightgbm(
    rows: NDArray[np.float32], outcomes: NDArray[np.bool_]
) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """Fit boosted trees and return their scoring."""
    from lightgbm import Dataset, train

    booster = train(_PARAMETERS, Dataset(rows, outcomes.astype(float)), _ROUNDS)

    def score(wanted: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(booster.predict(wanted, num_threads=1), dtype=np.float64)

    return score
