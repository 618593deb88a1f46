"""What a fact may be used for: one closed list for contracts, features, rules and strategies."""

from typing import Annotated, Literal

from pydantic import Field

Use = Literal["marketing", "credit", "fraud"]
Uses = Annotated[tuple[Use, ...], Field(max_length=3)]
"""What the sender of a fact permits; an empty list means that nothing may be decided with it."""

Bps = Annotated[int, Field(ge=0, le=10_000)]
"""A share in ten-thousandths, so that it is a whole number on every machine."""
