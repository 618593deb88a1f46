"""What a feature of relations is: over edges, over what neighbours told, or points over features.

A feature counts only what permits everything that the feature may be used for: an edge that its
source permits for marketing alone is invisible to a feature that credit may read too.
"""

from dataclasses import dataclass
from typing import Literal

from contracts.neighbours import NeighbourFact
from contracts.relations import Direction, EdgeKind
from contracts.uses import Use
from features.definitions import NullPolicy, Unit

EdgeAggregation = Literal["count", "max_confidence"]
ToldAggregation = Literal["lowest", "highest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFeature:
    """An aggregation of the edges that are valid now: `valid_from <= at < valid_to`.

    `count` counts edges; beyond 64 of a kind, or 256 of all kinds, the rest is counted as it was
    stated, so that such a count is an upper bound. `max_confidence` is the highest confidence in
    ten-thousandths, divided by 10,000; it is missing (NaN) without an edge.
    """

    name: str
    unit: Unit
    aggregation: EdgeAggregation
    where: frozenset[EdgeKind]
    why: str
    permitted_use: frozenset[Use]
    direction: Direction | None = None

    @property
    def null_policy(self) -> NullPolicy:
        """What the feature is without an edge: 0, or missing."""
        return "zero" if self.aggregation == "count" else "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFeature:
    """The lowest or the highest of what neighbours told last, each neighbour's latest word.

    `lowest` looks at values above 0 alone: with 0 a neighbour takes its word back. Missing (NaN)
    where nobody told anything. A standing fact has no window: it stands until it is taken back.
    """

    name: str
    unit: Unit
    aggregation: ToldAggregation
    fact: NeighbourFact
    why: str
    permitted_use: frozenset[Use]

    @property
    def null_policy(self) -> NullPolicy:
        """What the feature is where nobody told anything: missing."""
        return "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """`each_bps` for every whole one of a feature above `above`, at most `at_most_bps`."""

    feature: str
    above: int
    each_bps: int
    at_most_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Points over features, in ten-thousandths, together at most 1; a missing feature adds none.

    Whole numbers until the one division by 10,000.
    """

    name: str
    unit: Unit
    points: tuple[Points, ...]
    why: str
    permitted_use: frozenset[Use]

    @property
    def null_policy(self) -> NullPolicy:
        """What the score is where nothing adds a point: 0."""
        return "zero"


RelationFeature = EdgeFeature | ToldFeature | Score
