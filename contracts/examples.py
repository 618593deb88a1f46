"""`examples.v1`: rows as they were scored, and what became of them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.envelope import Code, EpochMs, Ours, Token
from contracts.model_names import LabelName
from contracts.model_orders import ModelOrder

__all__ = ["Example", "ExampleMessage", "ExampleStatus", "LabelName", "LearnBarrier", "RowKind"]

RecordedLabelName = Literal[LabelName, "dpd30"]

RowKind = Literal["week", "contact", "loan"]
"""What a row is about: a customer's week without a loan, one contact or its control, a loan."""

ExampleStatus = Literal["opened", "positive", "closed", "revised", "void"]
FloatHex = Annotated[str, Field(pattern=r"^-?(0x[01]\.[0-9a-f]{1,13}p[+-]\d+)$")]
Micro = Annotated[int, Field(ge=0, le=1_000_000)]

_KIND_BEFORE: dict[str, RowKind] = {"drawn_30d": "week", "dpd30": "loan"}


class Example(Ours):
    """One step in the life of one row, or of one label of it.

    `opened`: the row was scored, and all of `label_names` wait. The other steps name one label.
    `positive`: it came true. `closed`: its time is over and it did not. `revised`: what was
    positive was taken back, and stays a no. `void`: the question fell away (a loan that never was
    30 days late cannot be 90 days late), so that there is no answer.

    Only `opened` carries the row (float32 values as little-endian hex, in the order of
    `schema_hash`), the score that each active model gave it, and, where it is about a contact,
    whether the customer was `treated` or held out, and how likely that was. `anomaly_hex` is how
    unusual the customer was, and `anomaly_z_hex` the z-scores behind it (float32, little-endian
    hex), absent while too little is known of the customer. `row_id` joins the rest to it:
    (`row_id`, label, status) is said once, and a repetition means nothing.

    `score_hex`, `model_id` and the label `dpd30` are of rows opened before rows were shared by
    labels; they are read, and written no more.
    """

    event_type: Literal["example"] = "example"
    row_id: Code
    label_name: RecordedLabelName | None = None
    status: ExampleStatus
    subject_id: Token
    at_ms: EpochMs
    partition: Annotated[int, Field(ge=0)]
    seq: Annotated[int, Field(ge=0)]
    ordinal: Annotated[int, Field(ge=0)]
    schema_hash: Code | None = None
    row_hex: str | None = None
    score_hex: str | None = None
    model_id: Code | None = None
    kind: RowKind | None = None
    label_names: tuple[LabelName, ...] = ()
    scores: dict[str, FloatHex] = Field(default_factory=dict)
    model_ids: dict[str, Code] = Field(default_factory=dict)
    treated: bool | None = None
    selection_prob_micro: Micro | None = None
    decision_id: Token | None = None
    anomaly_hex: FloatHex | None = None
    anomaly_z_hex: Annotated[str, Field(pattern=r"^([0-9a-f]{8})*$")] | None = None

    @model_validator(mode="after")
    def _says_what_it_is_about(self) -> Self:
        if self.label_name is None and (self.status != "opened" or not self.label_names):
            raise ValueError(
                f"an example needs the label that it is about, and an opened one all that wait; "
                f"got status={self.status!r}, label_names={self.label_names!r}"
            )
        return self

    @property
    def label(self) -> LabelName:
        """The label that this step is about; of an opened row the first.

        >>> step = dict(row_id="r-1", subject_id="c-1", at_ms=0, partition=0, seq=0, ordinal=0)
        >>> Example(label_name="dpd30", status="closed", **step).label
        'dpd30_mob3'
        """
        if self.label_name == "dpd30":
            return "dpd30_mob3"
        return self.label_names[0] if self.label_name is None else self.label_name

    @property
    def labels(self) -> tuple[LabelName, ...]:
        """All labels that wait for an opened row, or the one that another step is about."""
        return self.label_names or (self.label,)

    @property
    def row_kind(self) -> RowKind:
        """What the row is about, also of one that was opened before rows said so."""
        return self.kind or _KIND_BEFORE.get(self.label_name or "", "week")


class LearnBarrier(Ours):
    """A partition has handed over every example up to `at_ms` (recorded clock only).

    `slice_no` is the slice that the tick closed; the learner's answer belongs to the next one.
    """

    event_type: Literal["barrier"] = "barrier"
    partition: Annotated[int, Field(ge=0)]
    at_ms: EpochMs
    slice_no: Annotated[int, Field(ge=0)]


ExampleMessage = Annotated[Example | LearnBarrier | ModelOrder, Field(discriminator="event_type")]
"""What the learner reads, in the one order that it obeys."""
