"""A moment as a person types it: a wall time, epoch milliseconds, or a place in the journal."""

from datetime import UTC, datetime, timedelta, timezone

import click

from replay.as_of import Coordinate

_BUSINESS_TIME = timezone(timedelta(hours=8), "UTC+8")
_FIRST_MS, _LAST_MS = 100_000_000_000, (1 << 42) - 1
"""March 1973, and May 2109: a number outside is no time in milliseconds that a bank speaks of."""


def moment(text: str) -> Coordinate | int:
    """Return what `text` means: a coordinate, or a time in epoch milliseconds UTC.

    A wall time without a zone is the bank's: UTC+8.

    Raises:
        click.BadParameter: it is none of these.

    >>> moment("2026-03-01T09:30"), moment("2026-03-01 01:30+00:00"), moment("1772328600000")
    (1772328600000, 1772328600000, 1772328600000)
    >>> moment("2:417")
    Coordinate(partition=2, seq=417)
    """
    coordinate = Coordinate.parse(text)
    if coordinate is not None:
        return coordinate
    is_a_date = len(text) == len("20260301")
    at_ms = int(text) if text.isdecimal() and not is_a_date else _wall_time(text)
    if not _FIRST_MS <= at_ms <= _LAST_MS:
        raise click.BadParameter(
            f"a time needs epoch milliseconds between {_FIRST_MS} and {_LAST_MS}; got {text!r}. "
            "A place in the journal is PARTITION:NUMBER."
        )
    return at_ms


def _wall_time(text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"a moment needs ISO 8601 (2026-03-01T09:30, UTC+8 where no zone is named), epoch "
            f"milliseconds, or PARTITION:NUMBER; got {text!r}."
        ) from error
    aware = time if time.tzinfo is not None else time.replace(tzinfo=_BUSINESS_TIME)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
