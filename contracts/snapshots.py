"""`models.v1`: the history of what the learner knew, and the part of it that scores."""

from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.envelope import Code, EpochMs, Ours, Token
from contracts.model_names import ModelName
from contracts.model_reports import ModelReport

Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{16,64}$")]


class ModelSnapshot(Ours):
    """A read-only model: enough to score a row of exactly the features it names.

    `body` is plain data (numbers as float hex where bits matter), never code. `model_id` is
    `<name>:<first 16 hex digits of sha256>`; `parent` is the snapshot that it grew from.
    `metrics` are of progressive validation: each label was scored before it was learnt.
    `approved_by` are the people who let it serve; a risk model needs two (see
    `contracts.model_orders`).
    """

    name: ModelName
    model_id: Code
    parent: Code | None
    sha256: Hex
    schema_hash: Hex
    learned: Annotated[int, Field(ge=0)]
    positives: Annotated[int, Field(ge=0)]
    calibrated: bool
    metrics: dict[str, float]
    body: dict[str, Any]
    approved_by: tuple[Token, ...] = ()


class SnapshotRecord(Ours):
    """One line of the learner's history: the snapshot and the checkpoint it was taken from.

    The checkpoint is the learner's whole state as data, with its own hash, and the offset in
    `examples.v1` behind the last example in it: one thing, so weights and position always agree.

    `snapshots` serve from now on, where they differ from the last ones. `candidates` do not: they
    are what a model that people have not approved knows now, for them to look at and order.
    `reports` say how the models do.
    """

    event_type: Literal["learner_checkpoint"] = "learner_checkpoint"
    at_ms: EpochMs
    examples_offset: Annotated[int, Field(ge=0)]
    snapshots: tuple[ModelSnapshot, ...]
    candidates: tuple[ModelSnapshot, ...] = ()
    reports: tuple[ModelReport, ...] = ()
    checkpoint: dict[str, Any]
    checkpoint_sha256: Hex
