"""From a probability to a band, and from band and points to an outcome."""

from contracts.conversions import RiskBand
from contracts.decisions import RiskOutcome
from decisions.policy import BANDS, RiskTable
from decisions.situation import AnomalyGrade, Scores

FALLBACK_BAND: RiskBand = "C"
_SERIES_TERMS = 18


def is_fallback(model_id: str) -> bool:
    """Return whether a model's id says that there is no model yet.

    >>> (
    ...     is_fallback("fallback"),
    ...     is_fallback("dpd30:fallback"),
    ...     is_fallback("dpd30:9bee32b110800c28"),
    ... )
    (True, True, False)
    """
    return model_id.rpartition(":")[2] == "fallback"


def band_of(pd: float, table: RiskTable) -> RiskBand:
    """Return the band of a probability of default in [0, 1]; an edge belongs to the worse band.

    Source: docs/domain.md, "Risk screen", bands and matrix.
    """
    for band, below in zip(BANDS, table.pd_band_below, strict=False):
        if pd < below:
            return band
    return BANDS[-1]


def band_from(scores: Scores, table: RiskTable) -> tuple[RiskBand, tuple[str, ...]]:
    """Return the band and what is unwell about it.

    Without a model everyone is in band C; that is a degradation, not a judgement.
    """
    if scores.pd is None or is_fallback(scores.pd_model_id):
        return FALLBACK_BAND, ("risk_model_missing",)
    unwell = () if scores.pd_calibrated else ("pd_uncalibrated",)
    return band_of(scores.pd, table), unwell


def outcome_of(
    band: RiskBand, soft_points: int, table: RiskTable, *, anomaly: AnomalyGrade = "normal"
) -> RiskOutcome:
    """Return what the matrix says to a band (row) and soft points (column).

    A customer who is watched stands one column further right, the last one stays; an alert is
    never approved.

    Source: docs/domain.md, "Risk screen", bands and matrix.
    """
    columns = table.matrix[band]
    column = sum(soft_points > most for most in table.soft_points_column_max)
    if anomaly == "watch":
        column = min(column + 1, len(columns) - 1)
    outcome = columns[column]
    return "refer" if anomaly == "alert" and outcome == "approve" else outcome


def pd_without(scores: Scores, log_odds: float) -> float:
    """Return the probability of default when that much is taken off the log-odds of its first part.

    Contributions are those of the first bucket, 30 days late; where both buckets are known only
    that one changes, so that what is taken off is what its model added.

    Raises:
        ValueError: there is no probability of default.
    """
    if scores.pd is None:
        raise ValueError("a probability of default can only change where there is one; got none")
    if scores.dpd30 is None or scores.dpd90 is None:
        return without(scores.pd, log_odds)
    return without(scores.dpd30, log_odds) * scores.dpd90


def without(pd: float, log_odds: float) -> float:
    """Return the probability when that much is taken off its log-odds.

    The exponential is a fixed series of additions and multiplications: a library's differs in the
    last bit between machines, and a reason must not.

    >>> round(without(0.5, 1.0), 12)
    0.268941421370
    """
    if not 0.0 < pd < 1.0:
        return pd
    odds = pd / (1.0 - pd) / _exp(log_odds)
    return odds / (1.0 + odds)


def _exp(x: float) -> float:
    halvings = 0
    while abs(x) > 0.5:  # noqa: PLR2004 - where the series below is exact to the last bits
        x /= 2.0
        halvings += 1
    total = term = 1.0
    for n in range(1, _SERIES_TERMS):
        term *= x / n
        total += term
    for _ in range(halvings):
        total *= total
    return total
