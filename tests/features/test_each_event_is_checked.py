"""Negative controls of the windows that need each event: a fault in a table is found, each time."""

from collections.abc import Sequence

import pytest
from hypothesis import find

from features.business_time import DAY_MS
from features.definitions import Aggregation, Feature, Formula, Window
from features.kernel import (
    P_FORMULAS,
    P_GROUP_OF,
    P_KEEP,
    P_N_WINDOWS,
    P_ROWS,
    P_ROWS_AT,
    P_WINDOWS,
    ROW_WORDS,
)
from features.kinds import CODES
from features.log import Step
from features.log_event import REVERSAL, LogEvent
from features.plan import Plan, compile_catalogue
from features.plan_ordered import CODED
from features.slow import SlowLog
from tests.features.every_aggregation import EVERY
from tests.features.histories import START_MS, a_reversal, an_event, checked, histories
from tests.features.test_the_checker_checks import FINDING

BY_NAME = {feature.name: feature for feature in EVERY}
CODE, NUMBER, PER, OTHER_END = 0, 5, 6, 9
"""Words of a row of the table of windows."""


_IN = an_event(amount_minor=100, event_id=1)
_OUT = an_event("rent", amount_minor=60, event_id=2)
_UNDONE = an_event("rent", amount_minor=10, event_id=3)
PASSING_THROUGH: list[Step] = [
    ([_IN, _OUT, _UNDONE, a_reversal(_UNDONE)], START_MS),
    ((), START_MS + DAY_MS - 1),
    ((), START_MS + DAY_MS),
]
"""Money that comes and goes, read as it leaves the window: drawn histories seldom have one."""


def alone(name: str) -> tuple[Feature, ...]:
    """A feature and the windows that it needs, and nothing else: found faster."""
    feature = BY_NAME[name]
    terms = feature.terms if isinstance(feature, Formula) else ()
    return (feature, *(BY_NAME[term] for term in dict.fromkeys(terms)))


def planted(catalogue: Sequence[Feature], table: int, index: int, change: int) -> Plan:
    """The plan of a catalogue with one number changed."""
    plan = compile_catalogue(catalogue)
    words = plan.words.copy()
    words[words[table] + index] += change
    return plan._replace(words=words)


def finds(catalogue: Sequence[Feature], plan: Plan, *, oracle: type[SlowLog] = SlowLog) -> bool:
    """Whether some drawn history shows a difference; hypothesis raises where none does."""

    def differs(steps: list[Step]) -> bool:
        return checked(steps, plan=plan, slow=oracle(catalogue=catalogue)) is not None

    return differs(PASSING_THROUGH) or bool(find(histories(), differs, settings=FINDING))


def with_longer_windows(name: str, change_ms: int) -> Plan:
    """The plan of a feature with each of its windows so much longer."""
    plan = compile_catalogue(alone(name))
    words = plan.words.copy()
    words[words[P_WINDOWS] : words[P_WINDOWS] + words[P_N_WINDOWS]] += change_ms
    return plan._replace(words=words)


EACH_EVENT = [
    feature.name
    for feature in EVERY
    if isinstance(feature, Window)
    and (feature.floor_minor or feature.aggregation not in {"count", "distinct", "last"})
]


@pytest.mark.parametrize("name", EACH_EVENT)
def test_a_window_one_millisecond_short_is_found(name: str) -> None:
    """For every aggregation: an event that is still in the window must count."""
    assert finds(alone(name), with_longer_windows(name, -1))


@pytest.mark.parametrize("name", EACH_EVENT)
def test_a_window_one_millisecond_long_is_found(name: str) -> None:
    """And one that has just left it must not."""
    assert finds(alone(name), with_longer_windows(name, 1))


@pytest.mark.parametrize(
    ("name", "word", "change"),
    [
        ("inflow_p50_7d", NUMBER, 1),
        ("inflow_gap_p50_min", NUMBER, 1),
        ("inflow_gap_p50_min", PER, 1),
        ("inflow_month_2", NUMBER, 1),
        ("inflow_month_3", NUMBER, -1),
        ("inflow_big_sum_7d", NUMBER, 1),
        ("round_trip_1d", NUMBER, 1),
        ("round_trip_1d", OTHER_END, -1),
        ("balance_lowest_30d", CODE, -3),
    ],
)
def test_a_wrong_number_in_the_table_is_found(name: str, word: int, change: int) -> None:
    """Another rank, floor, month count, unit or partner is a plausible number too."""
    assert finds(alone(name), planted(alone(name), P_ROWS, word, change))


@pytest.mark.parametrize(
    ("name", "aggregation", "rows"),
    [("inflow_std_14d", "slope", -1), ("inflow_slope_180d", "slope", 1)],
)
def test_a_swapped_aggregation_is_found(name: str, aggregation: Aggregation, rows: int) -> None:
    """Spread and slope stand side by side in the table; each is a plausible number."""
    place = CODED.index(aggregation)
    assert finds(alone(name), planted(alone(name), P_ROWS_AT, place, rows * ROW_WORDS))


@pytest.mark.parametrize(
    ("name", "kind", "other"),
    [
        ("balance_latest_90d", "balance", "salary"),
        ("inflow_std_180d", "salary", "loan_page_view"),
        ("balance_slope_30d", "balance", "salary"),
        ("inflow_p50_7d", "salary", "balance"),
        ("page_gap_p90_d", "loan_page_view", "salary"),
        ("inflow_month_2", "salary", "touch_sms"),
        ("balance_lowest_30d", "balance", "salary"),
    ],
)
def test_a_swapped_filter_is_found(name: str, kind: str, other: str) -> None:
    """A filter that reads the neighbouring kind gives a number that looks like one."""
    plan = compile_catalogue(alone(name))
    words = plan.words.copy()
    places = [words[P_GROUP_OF] + CODES[each] for each in (kind, other)]
    words[places] = words[places[::-1]]
    assert finds(alone(name), plan._replace(words=words))


class Forgetful(SlowLog):
    """A definition that ignores reversals: another definition."""

    def apply(self, events: Sequence[LogEvent], *, tag: object = None) -> None:
        """Take in what is no reversal."""
        super().apply([e for e in events if e.op != REVERSAL], tag=tag)


@pytest.mark.parametrize("name", EACH_EVENT)
def test_a_lost_reversal_is_found(name: str) -> None:
    """In each aggregation, what was undone must not be in it."""
    assert finds(alone(name), compile_catalogue(alone(name)), oracle=Forgetful)


def test_a_threshold_of_people_that_is_off_by_one_is_found() -> None:
    """Two people shown where three are promised is a leak."""
    for name in ("page_cnt_1d_k3", "account_cnt_k2"):
        assert finds(alone(name), planted(alone(name), P_ROWS, NUMBER, 1))


def test_a_score_that_stops_one_bit_too_high_is_found() -> None:
    """A clip is part of the meaning, to the last bit."""
    assert finds(alone("clipped"), planted(alone("clipped"), P_FORMULAS, 4, 1))


def test_events_forgotten_too_early_are_found() -> None:
    """Retention follows from the windows: a kind kept for less is a window that is too small."""
    name = "round_trip_180d"
    salary = CODES["salary"]
    assert finds(alone(name), planted(alone(name), P_KEEP, salary, -150 * 86_400_000))
