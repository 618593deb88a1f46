"""`examples.v1`: rows as they were scored, and what became of them."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Code, EpochMs, Ours, Token

LabelName = Literal["drawn_30d", "dpd30"]


class Example(Ours):
    """One step in the life of one label of one row.

    `opened`: the row was scored, nothing is known yet. `positive`: it came true. `closed`: its
    time is over and it did not. `revised`: what was positive was taken back. Only `opened` carries
    the row (float32 values as little-endian hex, in the order of `schema_hash`); `row_id` joins
    the rest to it.
    """

    event_type: Literal["example"] = "example"
    row_id: Code
    label_name: LabelName
    status: Literal["opened", "positive", "closed", "revised"]
    subject_id: Token
    at_ms: EpochMs
    partition: Annotated[int, Field(ge=0)]
    seq: Annotated[int, Field(ge=0)]
    ordinal: Annotated[int, Field(ge=0)]
    schema_hash: Code | None = None
    row_hex: str | None = None
    score_hex: str | None = None
    model_id: Code | None = None


class LearnBarrier(Ours):
    """A partition has handed over every example up to `at_ms` (recorded clock only).

    `slice_no` is the slice that the tick closed; the learner's answer belongs to the next one.
    """

    event_type: Literal["barrier"] = "barrier"
    partition: Annotated[int, Field(ge=0)]
    at_ms: EpochMs
    slice_no: Annotated[int, Field(ge=0)]


ExampleMessage = Annotated[Example | LearnBarrier, Field(discriminator="event_type")]
