"""`dead-letters.v1`: what could not be read: the original bytes, and the story as a header."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import EpochMs, Ours

HEADER = "shouwen-dead-letter"

DeadReason = Literal[
    "not_utf8",
    "not_json",
    "invalid",
    "unknown_type",
    "too_large",
    "null_key",
    "key_mismatch",
    "wrong_partition",
    "from_the_future",
    "id_conflict",
    "empty",
    "unit_suspect",
]


class DeadLetter(Ours):
    """Why a record is here, where it came from, and what to do.

    `id_conflict` is found by `decide` (the same event id with another body), and so is a control
    record that reads well and yet cannot be used (`invalid`); the rest by `sequence`. `detail`
    names fields, never values: a value may be personal. `unit_suspect` is a time that seems to be
    in another unit than milliseconds.
    """

    event_type: Literal["dead_letter"] = "dead_letter"
    reason: DeadReason
    detail: Annotated[str, Field(max_length=1000)]
    source_topic: str
    source_partition: Annotated[int, Field(ge=0)]
    source_offset: Annotated[int, Field(ge=0)]
    at_ms: EpochMs
    contract_version: Literal[1] = 1
