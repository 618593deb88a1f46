"""Rows and scores: which snapshot scores now, and what it says about one row."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contracts.examples import LabelName
from decisions.situation import Scores
from engine.case import Case
from engine.partition import PartitionState
from engine.usual import grade_of
from models import Row, Scorer, fallback

_MICRO = 1_000_000
_BUCKETS: tuple[LabelName, LabelName] = ("dpd30_mob3", "dpd90_after_dpd30")
_PEOPLE = 2
"""Who must stand behind a risk model; one that serves without them says so."""


class Given(NamedTuple):
    """A score, and the snapshot that gave it."""

    score: float
    model_id: str


def row_of(case: Case) -> Row:
    """Return the case's row for all models: float32, so that what is scored is what is learnt."""
    return case.row


def scores_of_labels(case: Case, row: Row, labels: Sequence[LabelName]) -> dict[LabelName, Given]:
    """Return what each active model of `labels` says of a row; those without one are left out."""
    said, snapshots = case.partition.score_labels(row), case.partition.snapshots
    return {
        label: Given(score=said[label], model_id=snapshots[label].model_id)
        for label in labels
        if label in said
    }


def scorer_of(partition: PartitionState, label: LabelName) -> Scorer:
    """Return the active snapshot's scorer, or the declared fallback before the first one."""
    snapshot = partition.snapshots.get(label)
    return fallback(label) if snapshot is None else partition.scorers[snapshot.model_id]


def scores_of(case: Case) -> Scores:
    """Return what the active models say of a case, and what is missing or not trusted yet."""
    row = row_of(case)
    said = case.partition.score_labels(row)
    propensity_model = scorer_of(case.partition, "drawn_30d")
    propensity = said["drawn_30d"] if "drawn_30d" in said else propensity_model.score(row)
    degradations: list[str] = []
    if "drawn_30d" not in case.partition.snapshots:
        degradations.append("propensity_model_missing")
    risk = _risk_of(case.partition, row, said)
    degradations += risk.degradations
    learnt, uplift = case.partition.snapshots.get("drawn_30d"), case.partition.uplift
    found, anomaly = case.unusual, case.partition.anomaly
    return Scores(
        pd=risk.pd,
        pd_model_id=risk.model_ids[0],
        pd_calibrated=risk.calibrated,
        pd_contributions=risk.contributions,
        dpd30=risk.dpd30,
        dpd90=risk.dpd90,
        dpd90_model_id=risk.model_ids[1],
        propensity=propensity,
        propensity_micro=min(_MICRO, math.floor(propensity * _MICRO + 0.5)),
        propensity_model_id=propensity_model.model_id,
        propensity_evidence=0 if learnt is None else learnt.learned,
        uplift_micro=None if uplift is None else uplift.uplift_micro(row),
        uplift_model_id=None if uplift is None else uplift.model_id,
        uplift_evidence=0 if uplift is None else uplift.evidence,
        anomaly=grade_of(case, row),
        anomaly_score=None if found is None else found.score,
        anomaly_z={} if found is None else found.top,
        anomaly_model_id=None if anomaly is None else anomaly.model_id,
        degradations=tuple(degradations),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Risk:
    """A row's probability of default, in its two buckets; none without a model of the first."""

    pd: float | None
    dpd30: float | None
    dpd90: float | None
    model_ids: tuple[str, str | None]
    calibrated: bool
    contributions: Mapping[str, float]
    degradations: tuple[str, ...]


def _risk_of(partition: PartitionState, row: Row, said: Mapping[str, float]) -> _Risk:
    """Return the probability of default within 12 months: of 30 days late, then of 90.

    Where no model of the second bucket is active, its declared prior stands in, and the decision
    says `pd_90_assumed`. The contributions are those of the first bucket.

    Source: docs/domain.md, "Risk screen".
    """
    first, second = (partition.snapshots.get(name) for name in _BUCKETS)
    models = [scorer_of(partition, name) for name in _BUCKETS]
    contributions = models[0].contributions(row)
    if first is None:
        return _Risk(
            pd=None,
            dpd30=None,
            dpd90=None,
            model_ids=("fallback", None),
            calibrated=False,
            contributions=contributions,
            degradations=(),
        )
    dpd30, dpd90 = (
        said[name] if name in said else model.score(row)
        for name, model in zip(_BUCKETS, models, strict=True)
    )
    unwell = [] if second is not None else ["pd_90_assumed"]
    active = [snapshot for snapshot in (first, second) if snapshot is not None]
    if any(len(set(snapshot.approved_by)) < _PEOPLE for snapshot in active):
        unwell.append("risk_model_unapproved")
    return _Risk(
        pd=dpd30 * dpd90,
        dpd30=dpd30,
        dpd90=dpd90,
        model_ids=(models[0].model_id, models[1].model_id),
        calibrated=len(active) == len(_BUCKETS) and all(s.calibrated for s in active),
        contributions=contributions,
        degradations=tuple(unwell),
    )
