"""`clock.v1`: ticks, so that a partition without events grows older too."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Ours


class Tick(Ours):
    """One tick of one partition; its time is the record's own, like that of any source record.

    Recorded runs close a slice with one tick per partition. A tick with `learn` asks every
    partition to hand the learner all that it has up to here, so that a model learnt from recorded
    events does not depend on how fast each partition happened to run; `slice_no` is that slice.
    A tick with `neighbours` asks it to say that every neighbour signal up to here is out.
    """

    event_type: Literal["tick"] = "tick"
    learn: bool = False
    slice_no: Annotated[int, Field(ge=0)] | None = None
    neighbours: bool = False
