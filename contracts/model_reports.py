"""What people see of a model: how good it is, what moved, who is better, and what was done."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Code, EpochMs, Ours
from contracts.model_names import ModelName

Count = Annotated[int, Field(ge=0)]

EventKind = Literal[
    "promoted",
    "rolled_back",
    "frozen",
    "order_refused",
    "drift",
    "snapshot_refused",
    "leak_suspected",
    "shadow_better",
]


class ReliabilityPoint(Ours):
    """Matured rows of similar scores: what was predicted for them, and how many came true."""

    rows: Count
    positives: Count
    mean_score: float


class TimeBlock(Ours):
    """The champion on rows opened in ten days: predicted and observed positives, and the loss."""

    from_ms: EpochMs
    rows: Count
    positives: Count
    predicted: float
    log_loss: float


class ContestReport(Ours):
    """How far the bet has come that `challenger` is better; natural logarithms.

    `most` reaching `needed` is proof. `unmet` are the conditions of a promotion that do not hold.
    """

    challenger: Code
    rows: Count
    log_evidence: float
    most: float
    needed: float
    unmet: tuple[Code, ...]


class ModelEvent(Ours):
    """One thing that happened to a model, in words."""

    at_ms: EpochMs
    kind: EventKind
    about: Annotated[str, Field(max_length=500)]


class ModelReport(Ours):
    """One model at the moment of a snapshot.

    `champion` is the line that serves as it learns, or the snapshot that serves frozen, or None
    while a declared prior serves. `lines` has the measures of each line and, as `served`, of the
    scores that decisions saw. `psi` and `leaks` have a feature each; `totals` count events since
    the first row.
    """

    model: ModelName
    champion: Code | None
    champion_since_ms: EpochMs | None
    is_frozen: bool
    lines: dict[str, dict[str, float]]
    reliability: tuple[ReliabilityPoint, ...]
    blocks: tuple[TimeBlock, ...]
    psi: dict[str, float]
    leaks: dict[str, float]
    contests: tuple[ContestReport, ...]
    events: tuple[ModelEvent, ...]
    totals: dict[str, int]
