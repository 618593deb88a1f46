"""What every source event says about itself, whatever it is about."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Token = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9._:\-]+$",
        description="An opaque id made at the edge: no name, phone, card number or message text.",
    ),
]
EpochMs = Annotated[
    int, Field(ge=0, lt=1 << 42, description="Epoch milliseconds UTC, until the year 2109.")
]
Minor = Annotated[
    int,
    Field(ge=0, lt=1 << 34, description="Integer minor units (fen); at most 171 million yuan."),
]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_./:\-]+$")]


class Contract(BaseModel):
    """A value on the wire: frozen, strictly typed, no NaN; unknown fields are kept to be counted.

    A field is never renamed or re-typed in place: that is a new topic version. A new field is
    optional, so that an old event still reads.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", allow_inf_nan=False)


class Ours(BaseModel):
    """A value that only we write: frozen, strict, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Envelope(Contract):
    """The part that all source events share (docs/domain.md, "Envelope").

    `occurred_at_ms` is the source's word for when it happened; when the bank knew is the broker's
    append time and is not in the value. A correction names the event that it replaces and when
    that one occurred, so that it can be found without an index over all ids.
    """

    event_id: Token
    schema_version: Literal[1] = 1
    occurred_at_ms: EpochMs
    source_system: Code = "unknown"
    producer: Code = "unknown"
    producer_seq: Annotated[int, Field(ge=0)] = 0
    branch_path: Code = "hq"
    customer_id: Token | None = None
    enterprise_id: Token | None = None
    corrects_event_id: Token | None = None
    corrects_occurred_at_ms: EpochMs | None = None
    is_reversal: bool = False
    pii_class: Literal["none", "pseudonymous", "sensitive"] = "pseudonymous"
    trace_id: Annotated[str, Field(max_length=64)] = ""
