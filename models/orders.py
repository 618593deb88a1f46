"""What an order of people wants to serve, or why that cannot be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.model_orders import ModelOrder
from contracts.snapshots import ModelSnapshot
from models.canary import ScoresMany
from models.canonical import sha256_of
from models.champion import Champion
from models.errors import SnapshotError
from models.last_good import Body
from models.progress import Progress

PEOPLE = 2
"""People that a risk model needs before it serves."""

ScorerOf = Callable[[Body], ScoresMany]
"""Makes a scorer of a body; raises SnapshotError for one that cannot score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A line of a head as it stands at a snapshot.

    Args:
        progress: Its measures.
        same_bits: Whether its arithmetic gives the same bits everywhere; only then may it serve.
        body: Makes its snapshot's body; None while it has nothing to score with.
    """

    progress: Progress
    same_bits: bool
    body: Callable[[], Body | None]


def body_ordered(
    order: ModelOrder,
    champion: Champion,
    lines: Mapping[str, Standing],
    scorer_of: ScorerOf,
    *,
    is_risk: bool,
) -> tuple[Body | None, str]:
    """Return what an order wants to serve, or None and why that cannot be.

    A snapshot must be what its hash says. A rollback goes to what served before; that of a risk
    model needs two people: those who approved the body then, or those who order it now.
    """
    body, missing = _body_meant(order, champion, lines)
    if body is None:
        return None, missing
    refused = _refusal(order, champion, body, is_risk=is_risk)
    if refused is not None:
        return None, refused
    try:
        scorer_of(body)
    except SnapshotError as error:
        return None, str(error)
    return body, ""


def people_behind(order: ModelOrder, champion: Champion, body: Body) -> tuple[str, ...]:
    """Return who let a body serve once an order is obeyed: two who say so now, or as before."""
    if len(order.people) >= PEOPLE and order.order != "freeze":
        return order.people
    return champion.approvers_of(body)


def _body_meant(
    order: ModelOrder, champion: Champion, lines: Mapping[str, Standing]
) -> tuple[Body | None, str]:
    """Return the body that an order is about, or None and why there is none."""
    if order.line is not None and order.line not in lines:
        return None, f"no line {order.line!r}; there are {', '.join(sorted(lines))}"
    if order.line is not None and not lines[order.line].same_bits:
        return None, f"{order.line} never serves: its bits differ between machines"
    if order.line is not None:
        body = lines[order.line].body()
    elif order.snapshot is not None:
        body = order.snapshot.body
    elif order.order == "freeze":
        body = champion.served
    else:
        body = None if champion.last_good is None else champion.last_good.body
    return body, "there is no snapshot to serve"


def _refusal(order: ModelOrder, champion: Champion, body: Body, *, is_risk: bool) -> str | None:
    """Return why these people may not let this body serve, or None."""
    if order.snapshot is not None and not _is_whole(order.snapshot):
        return f"{order.snapshot.model_id} is not the body that its hash and its id say"
    if order.snapshot is not None and order.order != "promote" and not champion.has_served(body):
        return "that snapshot never served, or too long ago: let two people promote it"
    few = len(set(people_behind(order, champion, body))) < PEOPLE
    if is_risk and order.order == "rollback" and few:
        return "nobody approved that risk model: let two people promote it"
    return None


def _is_whole(snapshot: ModelSnapshot) -> bool:
    sha256 = sha256_of(snapshot.body)
    return snapshot.sha256 == sha256 and snapshot.model_id == f"{snapshot.name}:{sha256[:16]}"
