"""What a subject knows of its relations: edges, and the last word of each neighbour. Values only.

Both are read as of now, without a window: an edge counts while it is valid, a neighbour's word
until it says something else. The latest word about an edge counts, by (occurred, arrival); if that
word was its end, or was corrected or reversed, there is no edge until it is stated anew.
"""

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from typing import Final

import msgspec

from contracts.neighbours import NeighbourSignal
from contracts.relations import FAMILY, Direction, EdgeKind, RelationEnded, RelationStated
from contracts.signals import EnterpriseChanged
from contracts.uses import Use
from features.log_event import hash63
from features.standing import Standing

MOST_EDGES: Final = 64
"""Per kind; what is stated beyond is counted and not kept. Also per fact that neighbours tell."""

MOST_EDGES_IN_ALL: Final = 256
"""Over all kinds, so that a subject whose every kind is full still fits into its 128 KB."""

MOST_STRUCK: Final = 64
FOREVER_MS: Final = 1 << 42
SELF: Final = "self"
"""Stands for the subject itself where its own register entry is the word."""

STANDING: Final = frozenset({"core_hops", "enterprise_flag"})
"""Facts that stand until the neighbour says otherwise; the other ones are events of the log."""

_BIT: Final[dict[str, int]] = {"marketing": 1, "credit": 2, "fraud": 4}
_RED: Final = frozenset({"court_enforced", "dishonest_listed", "revoked"})
ALL_USES: Final = 7


class Edge(msgspec.Struct, array_like=True):
    """The latest word about one edge; `word` is the hash of the event that said it.

    `out` reads "subject kind other". `uses` has a bit per permitted use. An edge whose validity is
    empty is remembered only so that an older word about it is known to be older.
    """

    other: str
    out: bool
    other_kind: str
    confidence_bps: int
    valid_from_ms: int
    valid_to_ms: int
    uses: int
    said_ms: int
    word: int

    def is_valid(self, at_ms: int) -> bool:
        """Return whether the edge counts at `at_ms`."""
        return self.valid_from_ms <= at_ms < self.valid_to_ms


class Told(msgspec.Struct, array_like=True):
    """The last word of a neighbour: the value, when it occurred, what it permits."""

    value: int
    said_ms: int
    uses: int


class Relations(msgspec.Struct, array_like=True, dict=True):
    """The relations of one subject: bounded, and empty for most.

    `beyond` counts what was stated and found no room (64 of a kind, 256 in all), by
    "<kind>:<out>:<uses>". `told` maps a fact to the last word of each neighbour. `struck` are
    hashes of events that were corrected or reversed, the newest 64.

    >>> relations = Relations()
    >>> relations.is_empty
    True
    """

    edges: dict[str, list[Edge]] = {}
    beyond: dict[str, int] = {}
    told: dict[str, dict[str, Told]] = {}
    struck: list[int] = []

    @cached_property
    def last_reading(self) -> list[Standing]:
        """The features as last read, one or none: no part of the value, and of no state on disk.

        Whoever changes the relations must clear it, as `note_relation` does.
        """
        return []

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever said."""
        return not (self.edges or self.told or self.struck)

    def live(
        self,
        at_ms: int,
        kinds: Collection[EdgeKind],
        *,
        direction: Direction | None = None,
        needs: Collection[Use] = (),
        least_bps: int = 0,
    ) -> Iterator[tuple[str, Edge]]:
        """Yield (kind, edge) of every edge that is valid at `at_ms` and permits all of `needs`."""
        wanted = use_bits(needs)
        for kind in kinds:
            for edge in self.edges.get(kind, ()):
                if (
                    edge.is_valid(at_ms)
                    and edge.uses & wanted == wanted
                    and edge.confidence_bps >= least_bps
                    and (direction is None or edge.out == (direction == "out"))
                ):
                    yield kind, edge

    def count_beyond(
        self,
        kinds: Collection[EdgeKind],
        *,
        direction: Direction | None = None,
        needs: Collection[Use] = (),
    ) -> int:
        """Return how many statements found no room: an upper bound of the edges not kept."""
        wanted = use_bits(needs)
        total = 0
        for place, count in self.beyond.items():
            kind, out, uses = place.split(":")
            fits = direction is None or (out == "1") == (direction == "out")
            if kind in kinds and fits and int(uses) & wanted == wanted:
                total += count
        return total


def use_bits(uses: Collection[Use]) -> int:
    """Return permitted uses as bits: 1 marketing, 2 credit, 4 fraud.

    >>> use_bits(("marketing", "fraud"))
    5
    """
    return sum(_BIT[use] for use in set(uses))


def note_relation(relations: Relations, event: object, at_ms: int) -> None:
    """Let an event of which the bank knew at `at_ms` change the relations; most change nothing."""
    note = _NOTES.get(type(event))
    if note is not None:
        note(relations, event, at_ms)
        relations.last_reading.clear()


def _stated(relations: Relations, event: RelationStated, at_ms: int) -> None:
    if _strikes(relations, event):
        return
    uses = use_bits(event.permitted_use)
    if event.edge_kind in FAMILY:
        uses &= ~_BIT["credit"]
    edge = Edge(
        other=event.other_node_id,
        out=event.direction == "out",
        other_kind=event.other_node_kind,
        confidence_bps=event.confidence_bps,
        valid_from_ms=event.valid_from_ms,
        valid_to_ms=FOREVER_MS if event.valid_to_ms is None else event.valid_to_ms,
        uses=uses,
        said_ms=min(event.occurred_at_ms, at_ms),
        word=hash63(event.event_id),
    )
    if edge.word in relations.struck:
        _void(edge)
    _place(relations, event.edge_kind, edge, at_ms)


def _ended(relations: Relations, event: RelationEnded, at_ms: int) -> None:
    if _strikes(relations, event):
        return
    said_ms, word = min(event.occurred_at_ms, at_ms), hash63(event.event_id)
    edge = Edge(event.other_node_id, event.direction == "out", "", 0, 0, 0, 0, said_ms, word)
    _place(relations, event.edge_kind, edge, at_ms)


def _strikes(relations: Relations, event: RelationStated | RelationEnded) -> bool:
    """Take out the word that the event corrects; return whether it says nothing else."""
    if event.corrects_event_id is None:
        return False
    struck = hash63(event.corrects_event_id)
    if struck not in relations.struck:
        relations.struck = [*relations.struck, struck][-MOST_STRUCK:]
    for edges in relations.edges.values():
        for edge in edges:
            if edge.word == struck:
                _void(edge)
    return event.is_reversal


def _void(edge: Edge) -> None:
    edge.valid_from_ms = edge.valid_to_ms = edge.confidence_bps = edge.uses = 0


def _place(relations: Relations, kind: EdgeKind, edge: Edge, at_ms: int) -> None:
    edges = relations.edges.setdefault(kind, [])
    for number, known in enumerate(edges):
        if known.other == edge.other and known.out == edge.out:
            if known.said_ms <= edge.said_ms:
                edges[number] = edge
            return
    if len(edges) >= MOST_EDGES or _in_all(relations) >= MOST_EDGES_IN_ALL:
        over = [known for known in edges if known.valid_to_ms <= at_ms]
        if not over:
            place = f"{kind}:{edge.out:d}:{edge.uses}"
            relations.beyond[place] = relations.beyond.get(place, 0) + 1
            return
        edges.remove(min(over, key=lambda known: known.valid_to_ms))
    edges.append(edge)


def _in_all(relations: Relations) -> int:
    return sum(len(edges) for edges in relations.edges.values())


def _told(relations: Relations, event: NeighbourSignal, at_ms: int) -> None:
    if event.fact in STANDING:
        word = Told(
            event.value_int, min(event.occurred_at_ms, at_ms), use_bits(event.permitted_use)
        )
        _hear(relations, event.fact, event.from_ref, word)


def _registered(relations: Relations, event: EnterpriseChanged, at_ms: int) -> None:
    if event.enterprise_event in _RED or event.enterprise_event == "cleared":
        value = int(event.enterprise_event in _RED)
        word = Told(value, min(event.occurred_at_ms, at_ms), ALL_USES)
        _hear(relations, "enterprise_flag", SELF, word)


def _hear(relations: Relations, fact: str, from_ref: str, word: Told) -> None:
    words = relations.told.setdefault(fact, {})
    known = words.get(from_ref)
    if known is not None and known.said_ms > word.said_ms:
        return
    if known is None and len(words) >= MOST_EDGES:
        oldest = min(words, key=lambda ref: (words[ref].said_ms, ref))
        del words[oldest]
        relations.beyond[f"{fact}:0:0"] = relations.beyond.get(f"{fact}:0:0", 0) + 1
    words[from_ref] = word


_NOTES: Final[dict[type, Callable[..., None]]] = {
    RelationStated: _stated,
    RelationEnded: _ended,
    NeighbourSignal: _told,
    EnterpriseChanged: _registered,
}
