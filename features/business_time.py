"""Business days and months: UTC+8 all year round, the zone of `Asia/Shanghai` since 1991.

A log does not know the customer's own zone, so every calendar feature counts in this one
(docs/domain.md, "Features"). The kernel has the same arithmetic compiled; tests compare the two.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
BUSINESS_OFFSET_MS: Final = 8 * HOUR_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def business_day(at_ms: int) -> int:
    """Return the number of the business day: days since 1970-01-01 in UTC+8.

    >>> business_day(16 * HOUR_MS), business_day(16 * HOUR_MS - 1)
    (1, 0)
    """
    return (at_ms + BUSINESS_OFFSET_MS) // DAY_MS


def business_month(at_ms: int) -> int:
    """Return the number of the business month: months since January of year 0.

    >>> business_month(0) - 1970 * 12
    0
    >>> business_month(31 * DAY_MS - 8 * HOUR_MS) - business_month(0)  # 1 February in UTC+8
    1
    """
    local = _EPOCH + timedelta(milliseconds=at_ms + BUSINESS_OFFSET_MS)
    return local.year * 12 + local.month - 1


def is_night(at_ms: int) -> bool:
    """Return whether the business clock shows 00:00 to 05:59.

    >>> is_night(16 * HOUR_MS), is_night(22 * HOUR_MS), is_night(16 * HOUR_MS - 1)
    (True, False, False)
    """
    return (at_ms + BUSINESS_OFFSET_MS) % DAY_MS < 6 * HOUR_MS
