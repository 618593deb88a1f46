"""When a customer may be contacted, in their own time, also where clocks change."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.policy import Hours
from decisions.quiet_hours import allowed, local, next_allowed_ms, next_wall_time_ms, zone

MINUTE_MS = 60_000
DAY = (Hours(start="09:00", end="21:00"),)
CALLS = (Hours(start="09:30", end="12:00"), Hours(start="14:00", end="19:00"))
ZONES = (
    "Asia/Shanghai",
    "Asia/Urumqi",
    "Asia/Kathmandu",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "UTC",
)


def ms(text: str) -> int:
    """Return epoch milliseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@given(
    name=st.sampled_from(ZONES),
    at_ms=st.integers(ms("2010-01-01"), ms("2036-12-31")),
    hours=st.sampled_from([DAY, CALLS]),
    working=st.booleans(),
)
def test_the_next_allowed_time_is_allowed_and_nothing_before_it_is(
    name: str, at_ms: int, hours: tuple[Hours, ...], *, working: bool
) -> None:
    """Too early wakes the customer; too late loses the moment."""
    tz = zone(name)
    assert tz is not None
    found = next_allowed_ms(at_ms, tz, hours, working_days_only=working)
    assert found is not None
    assert found >= at_ms
    assert allowed(found, tz, hours, working_days_only=working)
    before = range(at_ms, found, 15 * MINUTE_MS)
    assert not any(allowed(t, tz, hours, working_days_only=working) for t in before)


@pytest.mark.parametrize(
    ("name", "at", "hour", "minute"),
    [
        ("America/New_York", "2026-03-08T05:30:00", 9, 0),  # clocks go forward at 2 that night
        ("America/New_York", "2026-11-01T03:30:00", 9, 0),  # and back
        ("Europe/Berlin", "2026-03-28T22:30:00", 9, 0),
        ("Asia/Shanghai", "2026-09-22T14:00:00", 9, 0),
    ],
)
def test_nine_in_the_morning_is_nine_on_the_customers_wall(
    name: str, at: str, hour: int, minute: int
) -> None:
    """A day with 23 hours still begins at nine."""
    tz = zone(name)
    assert tz is not None
    found = next_allowed_ms(ms(at), tz, DAY, working_days_only=False)
    assert found is not None

    wall = local(found, tz)
    assert (wall.hour, wall.minute) == (hour, minute)


@pytest.mark.parametrize(
    ("clock", "is_allowed"),
    [("08:59", False), ("09:00", True), ("20:59", True), ("21:00", False)],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(
    clock: str, is_allowed: object
) -> None:
    """21:00 is quiet."""
    shanghai = zone("Asia/Shanghai")
    assert shanghai is not None
    at_ms = next_wall_time_ms(ms("2026-09-22"), shanghai, clock)

    assert allowed(at_ms, shanghai, DAY, working_days_only=False) is is_allowed


def test_a_call_on_friday_evening_waits_for_monday() -> None:
    """Managers do not work on Sunday, and nobody wants the call."""
    shanghai = zone("Asia/Shanghai")
    assert shanghai is not None
    friday_ms = ms("2026-09-25T11:00:00")  # 19:00 in Shanghai
    found = next_allowed_ms(friday_ms, shanghai, CALLS, working_days_only=True)
    assert found is not None

    assert local(found, shanghai).isoformat() == "2026-09-28T09:30:00+08:00"


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "Mars/Olympus", "Asia", "zone.tab"])
def test_a_zone_that_does_not_exist_is_none(name: str) -> None:
    """A profile's text must never become a path."""
    assert zone(name) is None
