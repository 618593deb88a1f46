"""The worst delinquency of 24 months against a scan of everything that was reported."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.topics import DAY_MS
from decisions.delinquency import KEPT, MEMORY_MS, note_dpd, worst_dpd_24m
from decisions.facts import LoanFile

REPORTS = st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 120)), max_size=60)


@given(REPORTS, st.integers(0, 800))
def test_the_worst_of_24_months_is_that_of_a_scan_over_all_reports(
    reports: list[tuple[int, int]], later_days: int
) -> None:
    """A loan is refused for it, so it is exact to the day it is forgotten, in any order."""
    file = LoanFile()
    for day, dpd_days in reports:
        note_dpd(file, dpd_days, occurred_ms=day * DAY_MS)
    at_day = max((day for day, _ in reports), default=0) + later_days

    scanned = [dpd for day, dpd in reports if at_day - 730 < day <= at_day]
    assert worst_dpd_24m(file, at_day * DAY_MS) == max(scanned, default=0)


def test_a_long_history_stays_short_and_forgives_nothing() -> None:
    """Beyond 24 entries the worse one lasts longer, never shorter."""
    file = LoanFile()
    for day in range(100):
        note_dpd(file, 200 - day, occurred_ms=day * DAY_MS)

    assert len(file.dpd_history) == KEPT
    assert worst_dpd_24m(file, 99 * DAY_MS) == 200
    at_ms = 99 * DAY_MS + MEMORY_MS - 1
    assert worst_dpd_24m(file, at_ms) >= 101
