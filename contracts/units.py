"""Which fields carry a time or money, and what a time in another unit than milliseconds looks like.

A second taken for a millisecond lands in January 1970, where nothing that a bank still speaks of
happened; a microsecond lands beyond every date. So both are told apart from good times for sure
enough to refuse them, and never to convert them: a guess that changes a value is a wrong value.
"""

from functools import cache
from typing import Final

from pydantic import BaseModel

DURATIONS: Final = frozenset({"dwell_ms"})
"""Fields in milliseconds that are no point in time."""

_SECONDS_FROM: Final = 100_000_000
"""Epoch seconds of March 1973; as milliseconds it is the second of January 1970."""

_AHEAD_SECONDS: Final = 30 * 366 * 86_400
"""How far ahead of the bank's clock an honest date may lie: the end of a long loan."""

_CLOCK_FROM_MS: Final = 1_000 * _SECONDS_FROM
"""A bank whose own clock stands before this is a test; nothing can be said of its times."""

_REFUSED: Final[tuple[tuple[str, int, int], ...]] = (
    ("seconds", _SECONDS_FROM, 10_000_000_000),
    ("microseconds", 100_000_000_000_000, 10_000_000_000_000_000),
    ("nanoseconds", 100_000_000_000_000_000, 10_000_000_000_000_000_000),
)
"""From 1973 to 2286 in each unit. Whole seconds are not refused: `seconds_fields` finds those."""


@cache
def time_fields(contract: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields of a contract that carry a point in time.

    >>> from contracts.loan_events import CreditLineStage
    >>> time_fields(CreditLineStage)
    ('occurred_at_ms', 'corrects_occurred_at_ms')
    """
    return tuple(
        name for name in contract.model_fields if name.endswith("_ms") and name not in DURATIONS
    )


@cache
def amount_fields(contract: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields of a contract that carry money in minor units.

    >>> from contracts.transactions import TransactionPosted
    >>> amount_fields(TransactionPosted)
    ('amount_minor', 'balance_after_minor')
    """
    return tuple(name for name in contract.model_fields if name.endswith("_minor"))


def seconds_fields(event: BaseModel, *, at_ms: int) -> tuple[str, ...]:
    """Return the fields of an event whose times look like epoch seconds; at the bank it is `at_ms`.

    A true date in January 1970 looks the same and would be refused with them.

    >>> from contracts.clock import Tick
    >>> seconds_fields(Tick(), at_ms=1_790_000_000_000)
    ()
    """
    if at_ms < _CLOCK_FROM_MS:
        return ()
    latest = at_ms // 1_000 + _AHEAD_SECONDS
    return tuple(
        name
        for name in time_fields(type(event))
        if (value := getattr(event, name)) is not None and _SECONDS_FROM <= value <= latest
    )


def refused_unit(name: str, value: object) -> str | None:
    """Return the unit that a time seems to have which its contract refused, or none.

    >>> refused_unit("occurred_at_ms", 1_790_000_000_000_000)
    'microseconds'
    >>> refused_unit("occurred_at_ms", 1_790_000_000.25)
    'seconds'
    >>> refused_unit("amount_minor", 1_790_000_000_000_000) is None
    True
    """
    if not name.endswith("_ms") or name in DURATIONS or not isinstance(value, int | float):
        return None
    for unit, least, below in _REFUSED:
        if least <= value < below:
            return unit
    return None
