"""When a channel may be used: local wall time, in the customer's own time zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from decisions.policy import Hours

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_SATURDAY = 5
_LOOK_AHEAD_DAYS = 9
"""A working day comes again within a week; two more for a day that a zone skipped."""


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """Return the time zone, or none where no such zone exists.

    Zones come from the pinned package, never from the machine: two machines with other zone rules
    would decide otherwise.

    >>> zone("Asia/Shanghai").key, zone("Asia/Atlantis"), zone("../passwd")
    ('Asia/Shanghai', None, None)
    """
    *folders, leaf = name.split("/")
    if not all(part and part.strip(".") for part in (*folders, leaf)):
        return None
    place = resources.files("tzdata.zoneinfo").joinpath(*folders, leaf)
    if not place.is_file():
        return None
    with place.open("rb") as file:
        try:
            return ZoneInfo.from_file(file, key=name)
        except ValueError:
            return None


def local(at_ms: int, tz: ZoneInfo) -> datetime:
    """Return the wall time there, by integers: a float would lose the millisecond.

    >>> local(0, zone("Asia/Shanghai")).isoformat()
    '1970-01-01T08:00:00+08:00'
    """
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(tz)


def allowed(at_ms: int, tz: ZoneInfo, hours: tuple[Hours, ...], *, working_days_only: bool) -> bool:
    """Return whether the wall time is within one of the windows.

    >>> day = (Hours(start="09:00", end="21:00"),)
    >>> allowed(0, zone("Asia/Shanghai"), day, working_days_only=False)
    False
    >>> allowed(3_600_000, zone("Asia/Shanghai"), day, working_days_only=False)
    True
    """
    wall = local(at_ms, tz)
    if working_days_only and wall.weekday() >= _SATURDAY:
        return False
    clock = wall.time()
    return any(
        time.fromisoformat(window.start) <= clock < time.fromisoformat(window.end)
        for window in hours
    )


def next_allowed_ms(
    at_ms: int, tz: ZoneInfo, hours: tuple[Hours, ...], *, working_days_only: bool
) -> int | None:
    """Return the first time from `at_ms` on that is allowed; none where none comes in a week.

    Working days are Monday to Friday: a calendar of public holidays is not part of this.

    >>> day = (Hours(start="09:00", end="21:00"),)
    >>> next_allowed_ms(0, zone("Asia/Shanghai"), day, working_days_only=False)
    3600000
    """
    if allowed(at_ms, tz, hours, working_days_only=working_days_only):
        return at_ms
    starts = sorted(
        ms
        for window in hours
        for ms in _starts(at_ms, tz, window.start)
        if ms > at_ms and allowed(ms, tz, hours, working_days_only=working_days_only)
    )
    return starts[0] if starts else None


def closing_ms(at_ms: int, tz: ZoneInfo, hours: tuple[Hours, ...]) -> int:
    """Return when the window that holds `at_ms` ends; `at_ms` itself where none holds it.

    >>> day = (Hours(start="09:00", end="21:00"),)
    >>> closing_ms(3_600_000, zone("Asia/Shanghai"), day) // 3_600_000
    13
    >>> closing_ms(0, zone("Asia/Shanghai"), day)
    0
    """
    clock = local(at_ms, tz).time()
    ends = [
        next_wall_time_ms(at_ms, tz, window.end)
        for window in hours
        if time.fromisoformat(window.start) <= clock < time.fromisoformat(window.end)
    ]
    return max(ends, default=at_ms)


def next_wall_time_ms(at_ms: int, tz: ZoneInfo, clock: str) -> int:
    """Return the next time strictly after `at_ms` that the wall clock shows `HH:MM`.

    >>> next_wall_time_ms(0, zone("Asia/Shanghai"), "09:30")
    5400000
    """
    return min(ms for ms in _starts(at_ms, tz, clock) if ms > at_ms)


def _starts(at_ms: int, tz: ZoneInfo, clock: str) -> Iterator[int]:
    """Yield when the wall clock begins to show `clock`, day by day, both times where it does twice.

    A wall time that a zone skips (clocks go forward) maps to an instant behind the gap: the
    customer then waits up to that hour longer, never less.
    """
    today = local(at_ms, tz).date()
    for day in range(-1, _LOOK_AHEAD_DAYS):
        wall = datetime.combine(today + timedelta(days=day), time.fromisoformat(clock))
        for fold in (0, 1):
            instant = wall.replace(tzinfo=tz, fold=fold)
            yield (instant.astimezone(UTC) - _EPOCH) // _MS
