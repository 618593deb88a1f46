"""The features of relations as numbers, in the order of their catalogue."""

import math
from collections.abc import Sequence
from typing import Final

from features.catalogue import LOG_NAMES
from features.catalogue_relations import RELATED
from features.log import Row
from features.relation_definitions import EdgeFeature, RelationFeature, Score, ToldFeature
from features.relations import Relations, use_bits

_PLACES: Final = {
    name: place for place, name in enumerate([*LOG_NAMES, *(each.name for each in RELATED)])
}
_SCORES: Final = tuple(
    (
        place,
        tuple(
            (_PLACES[each.feature], each.above, each.each_bps, each.at_most_bps)
            for each in feature.points
        ),
    )
    for place, feature in enumerate(RELATED)
    if isinstance(feature, Score)
)
_NOBODY: Final = tuple(0.0 if feature.null_policy == "zero" else math.nan for feature in RELATED)
"""The features of a subject without relations; a score is added for everyone."""


def relation_row(
    relations: Relations, log_row: Sequence[float] | Row, at_ms: int
) -> Sequence[float]:
    """Return the features of relations at `at_ms`, in the order of `RELATED`.

    `log_row` are the features of the subject's log, in their order: a score may rest on them.

    >>> row = relation_row(Relations(), [0.0] * len(LOG_NAMES), 0)
    >>> dict(zip([feature.name for feature in RELATED], row, strict=True))["family_edge_cnt"]
    0.0
    """
    if relations.is_empty:
        row = list(_NOBODY)
    else:
        row = [_value(feature, relations, at_ms) for feature in RELATED]
    known = len(log_row)
    for place, points in _SCORES:
        total = 0
        for column, above, each_bps, at_most_bps in points:
            value = float(log_row[column]) if column < known else row[column - known]
            if value > above:  # a missing one is above nothing
                total += min(at_most_bps, (math.floor(value) - above) * each_bps)
        row[place] = min(10_000, total) / 10_000
    return row


def _value(feature: RelationFeature, relations: Relations, at_ms: int) -> float:
    if isinstance(feature, EdgeFeature):
        return _edges(feature, relations, at_ms)
    if isinstance(feature, ToldFeature):
        return _told(feature, relations)
    return 0.0


def _edges(feature: EdgeFeature, relations: Relations, at_ms: int) -> float:
    live = relations.live(
        at_ms, feature.where, direction=feature.direction, needs=feature.permitted_use
    )
    if feature.aggregation == "max_confidence":
        return max((edge.confidence_bps for _, edge in live), default=math.nan) / 10_000
    beyond = relations.count_beyond(
        feature.where, direction=feature.direction, needs=feature.permitted_use
    )
    return float(sum(1 for _ in live) + beyond)


def _told(feature: ToldFeature, relations: Relations) -> float:
    wanted = use_bits(feature.permitted_use)
    words = relations.told.get(feature.fact, {}).values()
    values = [word.value for word in words if word.uses & wanted == wanted]
    if feature.aggregation == "lowest":
        return float(min((value for value in values if value > 0), default=math.nan))
    return float(max(values, default=math.nan))
