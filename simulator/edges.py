"""A relation between two subjects as the relation graph tells it: to each end, and when it ends."""

from dataclasses import dataclass, replace
from typing import Self

from contracts.relations import EdgeKind, NodeKind, RelationEnded, RelationStated
from contracts.topics import Topic
from contracts.uses import Use
from simulator.days import DAY_MS, HOUR_MS, SECOND_MS, Day
from simulator.outbox import Outbox

_YEAR_MS = 365 * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A relation seen from `node`.

    Attributes:
        out: Whether it reads "node kind other", not "other kind node".
        years: How long it has held on the first simulated day.
        tells_other: Whether the other end hears of it from here: it has no life of its own.
        ends_on_day: The simulated day on which it ends; None = never.
    """

    kind: EdgeKind
    node: str
    node_kind: NodeKind
    other: str
    other_kind: NodeKind
    source: str
    uses: tuple[Use, ...]
    confidence_bps: int = 10_000
    out: bool = True
    years: int = 1
    tells_other: bool = True
    ends_on_day: int | None = None

    def turned(self) -> Self:
        """Return the same relation seen from the other end."""
        return replace(
            self,
            node=self.other,
            node_kind=self.other_kind,
            other=self.node,
            other_kind=self.node_kind,
            out=not self.out,
        )


class Ties:
    """Tells the relations of one customer and of the customer's enterprise.

    Args:
        edges: What there is to tell.
        outbox: Where the events go.
    """

    def __init__(self, edges: tuple[Edge, ...], outbox: Outbox) -> None:
        self._edges = edges
        self._outbox = outbox
        self._since_ms = 0

    def state(self, at_ms: int, day: Day) -> None:
        """Tell everything that holds, when the customer comes into sight."""
        self._since_ms = max(0, day.start_ms - day.number * DAY_MS)
        for edge in self._edges:
            if edge.ends_on_day is None or edge.ends_on_day > day.number:
                at_ms += SECOND_MS
                self._tell(edge, at_ms)

    def live(self, day: Day) -> None:
        """Let a day pass: some relations end."""
        for edge in self._edges:
            if edge.ends_on_day == day.number:
                at_ms = day.start_ms + 15 * HOUR_MS
                for end in _ends(edge):
                    self._outbox.send_unowned(
                        Topic.RELATIONS,
                        RelationEnded,
                        at_ms,
                        event_type="relation_ended",
                        ended_at_ms=at_ms,
                        **_nodes(end),
                    )

    def add(self, at_ms: int, edge: Edge) -> None:
        """Tell of a relation that begins now."""
        self._tell(edge, at_ms, since_ms=at_ms)

    def _tell(self, edge: Edge, at_ms: int, *, since_ms: int | None = None) -> None:
        if since_ms is None:
            since_ms = max(0, self._since_ms - edge.years * _YEAR_MS)
        for end in _ends(edge):
            self._outbox.send_unowned(
                Topic.RELATIONS,
                RelationStated,
                at_ms,
                event_type="relation_stated",
                node_kind=end.node_kind,
                other_node_kind=end.other_kind,
                confidence_bps=end.confidence_bps,
                valid_from_ms=since_ms,
                evidence_source=end.source,
                permitted_use=end.uses,
                **_nodes(end),
            )


def _ends(edge: Edge) -> tuple[Edge, ...]:
    return (edge, edge.turned()) if edge.tells_other else (edge,)


def _nodes(edge: Edge) -> dict[str, object]:
    return {
        "node_id": edge.node,
        "other_node_id": edge.other,
        "edge_kind": edge.kind,
        "direction": "out" if edge.out else "in",
    }
