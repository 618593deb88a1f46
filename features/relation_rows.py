"""The features of relations as numbers, in the order of their catalogue, behind those of the log.

Between two words, and between two times at which an edge begins or ends, they stay as they are. So
they are worked out once and kept with the relations; only a score is added up for each row, since
it may rest on the features of the log.
"""

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from features.catalogue import LOG_NAMES
from features.catalogue_relations import RELATED
from features.log import Row
from features.relation_definitions import EdgeFeature, Points, RelationFeature, Score, ToldFeature
from features.relations import FOREVER_MS, Relations, use_bits
from features.standing import Standing

_KNOWN: Final = len(LOG_NAMES)
_COLUMNS: Final = {name: column for column, name in enumerate(LOG_NAMES)}
_PLACES: Final = {feature.name: place for place, feature in enumerate(RELATED)}
_WHOLE_BPS: Final = 10_000


class _Score(NamedTuple):
    """A score's column in a whole row, the points for columns of the log, those for relations."""

    column: int
    of_log: tuple[tuple[int, Points], ...]
    of_relations: tuple[tuple[int, Points], ...]


def _score(place: int, feature: Score) -> _Score:
    of_log = [(_COLUMNS[p.feature], p) for p in feature.points if p.feature in _COLUMNS]
    others = [(_PLACES[p.feature], p) for p in feature.points if p.feature not in _COLUMNS]
    return _Score(_KNOWN + place, tuple(of_log), tuple(others))


_SCORES: Final = tuple(
    _score(place, feature) for place, feature in enumerate(RELATED) if isinstance(feature, Score)
)


def add_relations(row: Row, relations: Relations, at_ms: int) -> None:
    """Write the features of relations at `at_ms` behind those of the log, which `row` has already.

    >>> row = np.zeros(len(LOG_NAMES) + len(RELATED))
    >>> add_relations(row, Relations(), 0)
    >>> dict(zip(_PLACES, row[len(LOG_NAMES) :].tolist()))["owner_edge_confidence"]
    nan
    """
    standing = standing_at(relations, at_ms)
    row[_KNOWN:] = standing.values
    for score, total_bps in zip(_SCORES, standing.points_bps, strict=True):
        gained = [_points_bps(points, row.item(column)) for column, points in score.of_log]
        row[score.column] = min(_WHOLE_BPS, total_bps + sum(gained)) / _WHOLE_BPS


def add_relations_many(rows: Row, related: Iterable[tuple[int, Relations, int]]) -> None:
    """Do what `add_relations` does, for a batch: one whole row per line of `rows`.

    `related` are (line, relations, at_ms) of the subjects who have relations; no other one needs
    to be looked at.
    """
    rows[:, _KNOWN:] = _NOBODY.values
    points_bps = np.zeros((len(_SCORES), len(rows)), np.float64)
    for line, relations, at_ms in related:
        standing = standing_at(relations, at_ms)
        rows[line, _KNOWN:] = standing.values
        points_bps[:, line] = standing.points_bps
    for place, score in enumerate(_SCORES):
        for column, points in score.of_log:
            above = np.floor(rows[:, column]) - points.above  # whole numbers: exact as floats
            gained = np.minimum(points.at_most_bps, above * points.each_bps)
            points_bps[place] += np.where(above > 0.0, gained, 0.0)  # nothing where it is missing
        rows[:, score.column] = np.minimum(_WHOLE_BPS, points_bps[place]) / _WHOLE_BPS


def standing_at(relations: Relations, at_ms: int) -> Standing:
    """Return the features of relations at `at_ms`: as they were read last, if that still holds."""
    if relations.is_empty:
        return _NOBODY
    kept = relations.last_reading
    if not kept or not kept[0].holds(at_ms):
        kept[:] = [_read(relations, at_ms)]
    return kept[0]


def _read(relations: Relations, at_ms: int) -> Standing:
    edges = [edge for kind in relations.edges.values() for edge in kind]
    times = {edge.valid_from_ms for edge in edges} | {edge.valid_to_ms for edge in edges}
    values = [_value(feature, relations, at_ms) for feature in RELATED]
    return Standing(
        from_ms=max((ms for ms in times if ms <= at_ms), default=0),
        until_ms=min((ms for ms in times if ms > at_ms), default=FOREVER_MS),
        values=np.array(values, np.float64),
        points_bps=tuple(
            sum(_points_bps(points, values[place]) for place, points in score.of_relations)
            for score in _SCORES
        ),
    )


def _points_bps(points: Points, value: float) -> int:
    if not value > points.above:  # a missing one is above nothing
        return 0
    return min(points.at_most_bps, (math.floor(value) - points.above) * points.each_bps)


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


_NOBODY: Final = Standing(
    0,
    FOREVER_MS,
    np.array([0.0 if each.null_policy == "zero" else math.nan for each in RELATED]),
    (0,) * len(_SCORES),
)
"""The features of a subject without relations; a score is added up for everyone."""
