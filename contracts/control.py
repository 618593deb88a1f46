"""`control.v1`: what changes how decisions are made, written to every partition at once."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

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


class DecisionsSwitched(Ours):
    """From this position of each partition on nothing is decided, or decisions are made again.

    While they are off no moment opens and nobody is contacted; features, loan states and the labels
    of what was decided before go on. `loads_history` says that what comes until the next switch is
    the past, told late: a drawdown in it is no conversion, and nothing in it becomes an example.

    >>> DecisionsSwitched(on=True, reason="live", loads_history=True)
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for DecisionsSwitched
      Value error, history is loaded while decisions are off; got on=True ...
    """

    event_type: Literal["decisions_switched"] = "decisions_switched"
    on: bool
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    loads_history: bool = False

    @model_validator(mode="after")
    def _history_while_off(self) -> Self:
        if self.on and self.loads_history:
            raise ValueError("history is loaded while decisions are off; got on=True")
        return self


class SnapshotActivated(Ours):
    """A model snapshot becomes the one that scores, at this position of each partition."""

    event_type: Literal["snapshot_activated"] = "snapshot_activated"
    snapshot: ModelSnapshot
    learned_until_ms: EpochMs


Control = Annotated[
    StrategyActivated | StrategyPaused | SnapshotActivated | DecisionsSwitched,
    Field(discriminator="event_type"),
]
