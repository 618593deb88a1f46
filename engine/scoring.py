"""Rows and scores: which snapshot scores now, and what it says about one row."""

import math

from contracts.examples import LabelName
from decisions.situation import Scores
from engine.case import Case
from engine.partition import PartitionState
from features import NAMES
from models import PROPENSITY, RISK, Row, RowSchema, Scorer, fallback, load_scorer

SCHEMAS: dict[LabelName, RowSchema] = {"drawn_30d": PROPENSITY, "dpd30": RISK}
PLACES = {name: schema.indices(NAMES) for name, schema in SCHEMAS.items()}
"""Where the features of a model stand in a row of all features."""
_MICRO = 1_000_000


def row_of(case: Case, label: LabelName) -> Row:
    """Return the case's row for a model: float32, so that what is scored is what is learnt."""
    return SCHEMAS[label].row(case.values[PLACES[label]])


def scorer_of(partition: PartitionState, label: LabelName) -> Scorer:
    """Return the active snapshot's scorer, or the declared fallback before the first one."""
    snapshot = partition.snapshots.get(label)
    if snapshot is None:
        return fallback(label)
    scorer = partition.scorers.get(snapshot.model_id)
    if scorer is None:
        scorer = partition.scorers[snapshot.model_id] = load_scorer(snapshot)
    return scorer


def scores_of(case: Case) -> Scores:
    """Return what the active models say of a case, and what is missing or not trusted yet."""
    propensity_model = scorer_of(case.partition, "drawn_30d")
    propensity = propensity_model.score(row_of(case, "drawn_30d"))
    degradations = []
    if "drawn_30d" not in case.partition.snapshots:
        degradations.append("propensity_model_missing")
    snapshot = case.partition.snapshots.get("dpd30")
    pd_model = scorer_of(case.partition, "dpd30")
    row = row_of(case, "dpd30")
    return Scores(
        pd=None if snapshot is None else pd_model.score(row),
        pd_model_id="fallback" if snapshot is None else pd_model.model_id,
        pd_calibrated=snapshot is not None and snapshot.calibrated,
        pd_contributions=pd_model.contributions(row),
        propensity=propensity,
        propensity_micro=min(_MICRO, math.floor(propensity * _MICRO + 0.5)),
        propensity_model_id=propensity_model.model_id,
        degradations=tuple(degradations),
    )
