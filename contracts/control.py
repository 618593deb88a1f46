"""`control.v1`: what changes how decisions are made, written to every partition at once."""

from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.envelope import Code, EpochMs, Ours
from contracts.snapshots import ModelSnapshot

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class StrategyActivated(Ours):
    """A strategy becomes active at this position of each partition, whole, as reviewed.

    `strategy` is the reviewed file as a JSON object; `sha256` is that of its canonical JSON.
    """

    event_type: Literal["strategy_activated"] = "strategy_activated"
    strategy_id: Code
    version: Annotated[int, Field(ge=1)]
    sha256: Sha256
    strategy: dict[str, Any]


class StrategyPaused(Ours):
    """A strategy stops deciding at this position; what it promised already stands."""

    event_type: Literal["strategy_paused"] = "strategy_paused"
    strategy_id: Code
    reason: Annotated[str, Field(max_length=500)]


class SnapshotActivated(Ours):
    """A model snapshot becomes the one that scores, at this position of each partition."""

    event_type: Literal["snapshot_activated"] = "snapshot_activated"
    snapshot: ModelSnapshot
    learned_until_ms: EpochMs


Control = Annotated[
    StrategyActivated | StrategyPaused | SnapshotActivated, Field(discriminator="event_type")
]
