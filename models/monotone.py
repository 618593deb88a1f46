"""Risk that goes the way the risk table says: bin weights made monotone for a snapshot."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np

from models.encoding import Encoding
from models.kernels import F64, LINEAR, MISSING, z_of

Direction = Literal[1, -1]
"""1: more of it is riskier or equal; -1: less of it is."""

RISK_DIRECTIONS: Mapping[str, Direction] = MappingProxyType(
    {
        "debt_service_ratio": 1,  # S01
        "debt_service_due_ratio": 1,  # S01
        "bureau_query_cnt_30d": 1,  # S02
        "ext_lender_cnt_90d": 1,  # H07, S03
        "bureau_ext_lender_cnt": 1,  # H07, S03
        "round_trip_ratio_24h": 1,  # S04
        "gambling_like_ratio_90d": 1,  # S05
        "own_dpd_max_days_180d": 1,  # H06
        "bureau_max_dpd_24m_days": 1,  # H06
        "income_month_cnt": -1,  # S09
        "cash_buffer_days": -1,  # S10
    }
)
"""Which way a feature moves risk, where a rule of the risk table says so (docs/domain.md, "Risk
screen"; docs/strategies.md names the rules). A model that said the opposite of the rule beside it
would give reasons that nobody could defend."""

_A_ROW = 1.0


def pooled(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the non-decreasing values that are nearest in weighted squares: pool the violators.

    Source: Ayer, Brunk, Ewing, Reid, Silverman (1955), "An Empirical Distribution Function for
    Sampling with Incomplete Information", Annals of Mathematical Statistics 26(4).

    Args:
        values: What is to become monotone.
        weights: How much each of them counts, above 0.

    >>> pooled([1.0, 3.0, 2.0, 4.0], [1.0, 1.0, 3.0, 1.0])
    [1.0, 2.25, 2.25, 4.0]
    """
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        mean, total, count = value, weight, 1
        while blocks and blocks[-1][0] >= mean:
            before, before_total, before_count = blocks.pop()
            mean = (before * before_total + mean * total) / (before_total + total)
            total += before_total
            count += before_count
        blocks.append((mean, total, count))
    return [mean for mean, _, count in blocks for _ in range(count)]


def project(
    encoding: Encoding, weights: F64, seen: F64, directions: Mapping[str, Direction]
) -> F64:
    """Return weights whose score never falls where risk may only rise, as near as they can be.

    The score of a feature is its bin's weight and a slope times its z-score. It is monotone if and
    only if the slope has the right sign and the bins' weights are in order. A slope of the wrong
    sign is taken into the bins (at their middles) and then dropped; the bins are pooled, each
    counting as many rows as it rests on. "No value" keeps its weight: nobody says which way
    ignorance goes.

    Args:
        encoding: Of the features, in the order of `weights`.
        weights: (F, 32), in log-odds; left as they are.
        seen: (F, 32), the rows that each weight rests on.
        directions: By feature; one that is not named keeps its weights.

    >>> rows = np.arange(64, dtype=np.float32).reshape(64, 1)
    >>> encoding = Encoding.fit(("debt_service_ratio",), rows)
    >>> weights, seen = np.zeros((1, 32)), np.ones((1, 32))
    >>> weights[0, 10:13] = 0.3, 0.1, 0.5
    >>> project(encoding, weights, seen, RISK_DIRECTIONS)[0, 10:13].round(3).tolist()
    [0.045, 0.045, 0.045]
    """
    projected = weights.copy()
    for f, name in enumerate(encoding.names):
        sign = directions.get(name)
        if sign is None:
            continue
        bins = projected[f, :MISSING]
        if sign * projected[f, LINEAR] < 0.0:
            bins = bins + projected[f, LINEAR] * _middles(encoding, f)
            projected[f, LINEAR] = 0.0
        ordered = pooled((sign * bins).tolist(), (seen[f, :MISSING] + _A_ROW).tolist())
        projected[f, :MISSING] = sign * np.array(ordered)
    return projected


def _middles(encoding: Encoding, feature: int) -> F64:
    """Return the z-score of the middle of each bin; of the outer two, of their one edge."""
    edges = encoding.edges[feature].astype(np.float64)
    values = np.concatenate((edges[:1], (edges[:-1] + edges[1:]) / 2.0, edges[-1:]))
    limit = float(np.finfo(np.float32).max)
    centre, scale = encoding.scaler[feature].tolist()
    return np.array([z_of(min(max(v, -limit), limit), centre, scale) for v in values.tolist()])
