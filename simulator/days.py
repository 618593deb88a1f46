"""The bank's calendar: its days start at midnight in China, which knows no summer time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Self

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SATURDAY = 5
LOCAL_OFFSET_MS = 8 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of the bank: `number` counts from the first simulated day, `start_ms` is midnight."""

    number: int
    start_ms: int
    month: int
    day_of_month: int
    weekday: int

    @classmethod
    def of(cls, *, first_ms: int, number: int) -> Self:
        """Return a day counted from the one that starts at `first_ms`.

        >>> day = Day.of(first_ms=1_767_196_800_000, number=31)
        >>> day.month, day.day_of_month, day.weekday
        (2, 1, 6)
        """
        start_ms = first_ms + number * DAY_MS
        local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            milliseconds=start_ms + LOCAL_OFFSET_MS
        )
        return cls(
            number=number,
            start_ms=start_ms,
            month=local.month,
            day_of_month=local.day,
            weekday=local.weekday(),
        )

    @property
    def end_ms(self) -> int:
        """The midnight that ends the day."""
        return self.start_ms + DAY_MS

    def between(self, random: Random, from_hour: int, to_hour: int) -> int:
        """Return a moment of this day, uniform between two hours."""
        return self.start_ms + random.randrange(from_hour * HOUR_MS, to_hour * HOUR_MS)
