"""Enterprises: what happens to one concerns its owners, its trading partners, and their owners.

Only along edges that the receiver's fact may use: confident enough, valid now, permitted for all
that the fact serves. Family edges are none of these kinds, so that family never reaches credit.
Each end keeps its own copy of an edge, and what comes along an edge that the receiver does not have
goes no further.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from contracts.neighbours import NeighbourFact, NeighbourSignal
from contracts.relations import Direction, EdgeKind, RelationEnded, RelationStated
from contracts.signals import EnterpriseChanged, MerchantFlowDay
from contracts.uses import Use
from engine.neighbour_outputs import Telling, reference
from engine.neighbour_state import NeighbourState
from features.relations import MOST_EDGES, SELF, Edge, Relations

OWNER: Final[tuple[EdgeKind, ...]] = ("legal_rep", "beneficial_owner")
CHAIN: Final[tuple[EdgeKind, ...]] = ("supplier_of", "distributor_of")
LEAST_BPS: Final = 8_000
"""How sure an edge must be to carry a fact. Source: docs/domain.md, "Moments", number 13."""

MOST_TOLD: Final = 20
"""How many neighbours one event reaches, the surest edges first; a standing reaches all 64."""

CORE_PARTNERS: Final = 5
"""An enterprise to which so many others supply, or whose goods they distribute, is a core one."""

MOST_CORE_HOPS: Final = 2

NEEDS: Final[dict[NeighbourFact, tuple[Use, ...]]] = {
    "merchant_day": ("marketing", "credit"),
    "enterprise_flag": ("credit",),
    "owner_drew": ("marketing",),
    "partner_drew": ("marketing",),
    "chain_drawn": ("marketing",),
    "core_hops": ("marketing",),
}
"""What an edge must permit to carry a fact: all that the features made of it may be used for."""

_USES: Final[tuple[tuple[int, Use], ...]] = ((1, "marketing"), (2, "credit"), (4, "fraud"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A subject with its relations at `at_ms`."""

    subject_id: str
    relations: Relations
    at_ms: int

    def edges(
        self, fact: NeighbourFact, kinds: Collection[EdgeKind], direction: Direction | None = None
    ) -> dict[str, Edge]:
        """Return the surest edge to each neighbour that may hear the fact, the surest first."""
        found = self.relations.live(
            self.at_ms, kinds, direction=direction, needs=NEEDS[fact], least_bps=LEAST_BPS
        )
        edges: dict[str, Edge] = {}
        for _, edge in sorted(found, key=lambda pair: (-pair[1].confidence_bps, pair[1].other)):
            edges.setdefault(edge.other, edge)
        return edges

    def owners(self, fact: NeighbourFact) -> dict[str, Edge]:
        """Return who owns this enterprise and may hear the fact."""
        return self.edges(fact, OWNER, "in")

    def partners(self, fact: NeighbourFact) -> dict[str, Edge]:
        """Return the enterprises that this one trades with and that may hear the fact."""
        return self.edges(fact, CHAIN)

    def knows(self, edges: dict[str, Edge], from_ref: str) -> str | None:
        """Return the neighbour that a signal came from, or none where it is not among the edges."""
        for other in edges:
            if reference(other, self.subject_id) == from_ref:
                return other
        return None


def merchant_day(node: Node, day: MerchantFlowDay) -> list[Telling]:
    """Tell the owners what their shop took in."""
    return _tell(
        node.owners("merchant_day"), "merchant_day", day.settle_minor, other_int=day.refund_minor
    )


def drawdown(node: Node) -> list[Telling]:
    """Let a customer who drew for the first time tell the own enterprises."""
    return _tell(node.edges("owner_drew", OWNER, "out"), "owner_drew", 1)


def passed_on(node: Node, signal: NeighbourSignal) -> list[Telling]:
    """Let an enterprise pass a drawdown on: to its partners, and from a partner to the owners."""
    if signal.fact == "owner_drew":
        if node.knows(node.owners("owner_drew"), signal.from_ref) is None:
            return []
        return _tell(node.partners("partner_drew"), "partner_drew", 1)
    partner = node.knows(node.partners("partner_drew"), signal.from_ref)
    if partner is None:
        return []
    return _tell(node.owners("chain_drawn"), "chain_drawn", 1, about=partner)


def standing(
    node: Node,
    state: NeighbourState,
    event: EnterpriseChanged | RelationStated | RelationEnded | NeighbourSignal,
) -> list[Telling]:
    """Tell an enterprise's red flag and hops to those who do not know how it stands now.

    A changed standing goes to all, and with an edge that came or went to whoever is at its other
    end; 0 takes it back. What happened before an edge came (merchant days, drawdowns) is not told.
    """
    edge = event if isinstance(event, RelationStated | RelationEnded) else None
    return [*_flag(node, state, edge), *_hops(node, state, edge)]


def _flag(
    node: Node, state: NeighbourState, edge: RelationStated | RelationEnded | None
) -> list[Telling]:
    word = node.relations.told.get("enterprise_flag", {}).get(SELF)
    flag = 0 if word is None else word.value
    if flag == state.flag_told == 0:
        return []
    is_news, state.flag_told = flag != state.flag_told, flag
    return _stand(
        node.owners("enterprise_flag"),
        "enterprise_flag",
        flag,
        kinds=OWNER,
        edge=edge,
        is_news=is_news,
    )


def _hops(
    node: Node, state: NeighbourState, edge: RelationStated | RelationEnded | None
) -> list[Telling]:
    """Tell hops as 1 and more; `core_told` is one higher, so that 0 means that there is no core."""
    mine = _core_hops(node)
    known = 0 if mine is None else mine + 1
    if known == state.core_told == 0:
        return []
    is_news, state.core_told = known != state.core_told, known
    for_owners = 0 if mine is None else mine
    for_partners = 0 if mine is None or mine >= MOST_CORE_HOPS else mine + 1
    partners, owners = node.partners("core_hops"), node.owners("core_hops")
    return [
        *_stand(partners, "core_hops", for_partners, kinds=CHAIN, edge=edge, is_news=is_news),
        *_stand(owners, "core_hops", for_owners, kinds=OWNER, edge=edge, is_news=is_news),
    ]


def _core_hops(node: Node) -> int | None:
    """Return how far a core enterprise is: 0 is to be one, none is to know of none."""
    needs = NEEDS["core_hops"]
    towards = node.relations.live(
        node.at_ms, CHAIN, direction="in", needs=needs, least_bps=LEAST_BPS
    )
    if len({edge.other for _, edge in towards}) >= CORE_PARTNERS:
        return 0
    told = node.relations.told.get("core_hops", {}).values()
    return min((word.value for word in told if word.value > 0), default=None)


def _stand(
    edges: dict[str, Edge],
    fact: NeighbourFact,
    value_int: int,
    *,
    kinds: Collection[EdgeKind],
    edge: RelationStated | RelationEnded | None,
    is_news: bool,
) -> list[Telling]:
    """Tell news to all, and to the other end of an edge of these kinds how it stands now."""
    other = edge.other_node_id if edge is not None and edge.edge_kind in kinds else None
    tellings = _tell(
        {name: found for name, found in edges.items() if is_news or (value_int and name == other)},
        fact,
        value_int,
        most=MOST_EDGES,
    )
    if other is not None and other not in edges:
        tellings.append(Telling(to=other, fact=fact, value_int=0, permitted_use=()))
    return tellings


def _tell(
    edges: dict[str, Edge],
    fact: NeighbourFact,
    value_int: int,
    *,
    other_int: int = 0,
    about: str | None = None,
    most: int = MOST_TOLD,
) -> list[Telling]:
    return [
        Telling(
            to=other,
            fact=fact,
            value_int=value_int,
            other_int=other_int,
            permitted_use=_names(edge.uses),
            about=about,
        )
        for other, edge in list(edges.items())[:most]
    ]


def _names(bits: int) -> tuple[Use, ...]:
    return tuple(use for bit, use in _USES if bits & bit)
