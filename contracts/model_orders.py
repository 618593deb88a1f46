"""What people ask of the learner about its models: two of them, where a model is to serve."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.envelope import Code, EpochMs, Ours, Token
from contracts.model_names import ModelName
from contracts.snapshots import ModelSnapshot


class ModelOrder(Ours):
    """People decide which model serves; the learner obeys in its one order, on `examples.v1`.

    `promote`: from now on a line of the learner or a whole `snapshot`, taken from `models.v1`, is
    the champion. It needs two people: who asked and, another one, who approved. A line serves as it
    learns; of a risk model, what the line knows at this moment serves, until two people say
    otherwise. `rollback`: back to `snapshot`, or without one to the last good one. `freeze`: what
    serves now serves on, and nothing changes by itself. These two go back to, or stay at, what
    served before, so one person is enough at night.

    An order is obeyed once by its `order_id`; what became of it is in the learner's reports.

    >>> ModelOrder(
    ...     order_id="o-1",
    ...     order="promote",
    ...     model="dpd30_mob3",
    ...     line="main",
    ...     asked_by="li",
    ...     approved_by="li",
    ...     reason="calibrated since May",
    ...     at_ms=0,
    ... )
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelOrder
      Value error, a promotion needs two people; got asked_by='li', approved_by='li' ...
    """

    event_type: Literal["model_order"] = "model_order"
    order_id: Token
    order: Literal["promote", "rollback", "freeze"]
    model: ModelName
    line: Code | None = None
    snapshot: ModelSnapshot | None = None
    asked_by: Token
    approved_by: Token | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    at_ms: EpochMs

    @model_validator(mode="after")
    def _two_people_where_it_matters(self) -> Self:
        """Raise unless the order says what it is about and enough people stand behind it."""
        people = f"got asked_by={self.asked_by!r}, approved_by={self.approved_by!r}"
        if self.approved_by == self.asked_by or (
            self.order == "promote" and self.approved_by is None
        ):
            raise ValueError(f"a promotion needs two people; {people}")
        if self.order == "promote" and (self.line is None) == (self.snapshot is None):
            raise ValueError(
                "a promotion needs either a line or a snapshot; "
                f"got line={self.line!r}, snapshot={self._snapshot_id!r}"
            )
        if self.snapshot is not None and self.snapshot.name != self.model:
            raise ValueError(
                f"an order about {self.model} needs a snapshot of it; got {self._snapshot_id!r}"
            )
        if self.order != "promote" and self.line is not None:
            raise ValueError(f"only a promotion names a line; got line={self.line!r}")
        return self

    @property
    def people(self) -> tuple[str, ...]:
        """Who stands behind it, in the order of asking."""
        return tuple(person for person in (self.asked_by, self.approved_by) if person is not None)

    @property
    def _snapshot_id(self) -> str | None:
        return None if self.snapshot is None else self.snapshot.model_id
