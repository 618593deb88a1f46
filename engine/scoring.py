"""Rows and scores: which snapshot scores now, and what it says about one row."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from contracts.examples import LabelName
from decisions.situation import Scores
from engine.case import Case
from engine.partition import PartitionState
from features import NAMES
from models import ROW, Row, Scorer, fallback, load_scorer

PLACES = ROW.indices(NAMES)
"""Where the features of a row of the models stand in a row of all features."""
_MICRO = 1_000_000


class Given(NamedTuple):
    """A score, and the snapshot that gave it."""

    score: float
    model_id: str


def row_of(case: Case) -> Row:
    """Return the case's row for all models: float32, so that what is scored is what is learnt."""
    return ROW.row(case.values[PLACES])


def scores_of_labels(case: Case, row: Row, labels: Sequence[LabelName]) -> dict[LabelName, Given]:
    """Return what each active model of `labels` says of a row; those without one are left out."""
    given: dict[LabelName, Given] = {}
    for label in labels:
        if label in case.partition.snapshots:
            scorer = scorer_of(case.partition, label)
            given[label] = Given(score=scorer.score(row), model_id=scorer.model_id)
    return given


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
    row = row_of(case)
    propensity = propensity_model.score(row)
    degradations = []
    if "drawn_30d" not in case.partition.snapshots:
        degradations.append("propensity_model_missing")
    snapshot = case.partition.snapshots.get("dpd30_mob3")
    pd_model = scorer_of(case.partition, "dpd30_mob3")
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
