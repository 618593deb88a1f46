"""The obvious definition of every feature of relations: a list of words, read by its rules.

Nothing is bounded or replaced. What `features.relations` keeps must give the same bits as long as
no kind has more than 64 edges and all have 256 at most, and `shouwen why` traces a number with it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.neighbours import NeighbourSignal
from contracts.relations import FAMILY, RelationEnded, RelationStated
from contracts.signals import EnterpriseChanged
from features.relation_definitions import EdgeFeature, Score, ToldFeature

Edges = RelationStated | RelationEnded
_REGISTER = {"court_enforced": 1, "dishonest_listed": 1, "revoked": 1, "cleared": 0}


@dataclass(frozen=True, slots=True)
class Word:
    """An event that says something, when it occurred as far as the bank believes it, a mark."""

    event: Edges | NeighbourSignal | EnterpriseChanged
    occurred_ms: int
    tag: object


@dataclass(slots=True)
class SlowRelations:
    """All that was ever said of a subject's relations, in order of arrival."""

    words: list[Word] = field(default_factory=list)
    struck: set[str] = field(default_factory=set)

    def apply(self, event: object, at_ms: int, *, tag: object = None) -> None:
        """Take an event in of which the bank knew at `at_ms`; most events are none of ours."""
        match event:
            case RelationStated() | RelationEnded():
                if event.corrects_event_id is not None:
                    self.struck.add(event.corrects_event_id)
                    if event.is_reversal:
                        return
            case NeighbourSignal(fact="core_hops" | "enterprise_flag"):
                pass
            case EnterpriseChanged() if event.enterprise_event in _REGISTER:
                pass
            case _:
                return
        self.words.append(Word(event, min(event.occurred_at_ms, at_ms), tag))

    def value(
        self,
        feature: EdgeFeature | ToldFeature | Score,
        at_ms: int,
        others: Mapping[str, float],
    ) -> float:
        """Return a feature at `at_ms`; `others` are the features that a score may rest on."""
        if isinstance(feature, Score):
            return _score(feature, others)
        if isinstance(feature, ToldFeature):
            values = [value for value, _ in self._told(feature)]
            if feature.aggregation == "lowest":
                values = [value for value in values if value > 0]
                return float(min(values)) if values else math.nan
            return float(max(values)) if values else math.nan
        found = [word.event for word in self._edges(feature, at_ms)]
        if feature.aggregation == "count":
            return float(len(found))
        sure = [edge.confidence_bps for edge in found if isinstance(edge, RelationStated)]
        return max(sure) / 10_000 if sure else math.nan

    def members(self, feature: EdgeFeature | ToldFeature, at_ms: int) -> list[object]:
        """Return the tags of the words that a feature rests on, oldest first."""
        if isinstance(feature, ToldFeature):
            words = [word for _, word in self._told(feature)]
        else:
            words = self._edges(feature, at_ms)
        ordered = sorted(words, key=lambda word: word.occurred_ms)
        return list(dict.fromkeys(word.tag for word in ordered))

    def _edges(self, feature: EdgeFeature, at_ms: int) -> list[Word]:
        """Return the words of the valid edges that the feature may count."""
        latest: dict[tuple[str, str, str], Word] = {}
        for word in self.words:
            if isinstance(word.event, RelationStated | RelationEnded):
                edge = word.event
                identity = (edge.edge_kind, edge.direction, edge.other_node_id)
                before = latest.get(identity)
                if before is None or before.occurred_ms <= word.occurred_ms:
                    latest[identity] = word
        return [word for word in latest.values() if self._counts(word, feature, at_ms)]

    def _counts(self, word: Word, feature: EdgeFeature, at_ms: int) -> bool:
        edge = word.event
        if not isinstance(edge, RelationStated) or edge.event_id in self.struck:
            return False
        uses = set(edge.permitted_use)
        if edge.edge_kind in FAMILY:
            uses.discard("credit")
        return (
            edge.edge_kind in feature.where
            and feature.direction in {None, edge.direction}
            and feature.permitted_use <= uses
            and edge.valid_from_ms <= at_ms
            and (edge.valid_to_ms is None or at_ms < edge.valid_to_ms)
        )

    def _told(self, feature: ToldFeature) -> list[tuple[int, Word]]:
        latest: dict[str, Word] = {}
        for word in self.words:
            ref = _speaker(word.event, feature)
            if ref is not None:
                before = latest.get(ref)
                if before is None or before.occurred_ms <= word.occurred_ms:
                    latest[ref] = word
        return [
            (_said(word.event), word)
            for word in latest.values()
            if not isinstance(word.event, NeighbourSignal)
            or feature.permitted_use <= set(word.event.permitted_use)
        ]


def _speaker(event: object, feature: ToldFeature) -> str | None:
    if isinstance(event, NeighbourSignal) and event.fact == feature.fact:
        return event.from_ref
    if isinstance(event, EnterpriseChanged) and feature.fact == "enterprise_flag":
        return "self"
    return None


def _said(event: object) -> int:
    match event:
        case EnterpriseChanged():
            return _REGISTER[event.enterprise_event]
        case NeighbourSignal():
            return event.value_int
        case _:
            raise TypeError(f"a word needs to be a register entry or a signal; got {event!r}")


def _score(score: Score, others: Mapping[str, float]) -> float:
    total = 0
    for points in score.points:
        value = others[points.feature]
        if not math.isnan(value):
            over = max(0, math.floor(value) - points.above)
            total += min(points.at_most_bps, over * points.each_bps)
    return min(10_000, total) / 10_000
