"""What an order of people wants to serve, or why that cannot be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.model_orders import ModelOrder
from models.canary import ScoresMany
from models.champion import Champion
from models.errors import SnapshotError
from models.last_good import Body
from models.progress import Progress

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
) -> tuple[Body | None, str]:
    """Return what an order wants to serve, or None and why that cannot be."""
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
    if body is None:
        return None, "there is no snapshot to serve"
    try:
        scorer_of(body)
    except SnapshotError as error:
        return None, str(error)
    return body, ""
