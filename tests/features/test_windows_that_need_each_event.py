"""Spread, slope, ranks, gaps, months, round trips, lowest totals: equal to their definitions."""

import itertools
import math
import statistics
import sys
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.business_time import DAY_MS, HOUR_MS, business_month
from features.definitions import Window
from features.describe import describe
from features.errors import CatalogueError
from features.kinds import INFLOW, OUTFLOW, kinds
from features.log import Step, read, update, update_and_read
from features.log_batch import update_and_read_many
from features.log_event import LogEvent
from features.plan import EMPTY, compile_catalogue
from features.slow import SlowLog
from tests.features.every_aggregation import EVERY, EVERY_PLAN, a_score, a_window
from tests.features.histories import START_MS, a_reversal, an_event, bits, checked, histories
from tests.features.test_windows_are_exact import busy_history

LARGEST_MINOR = (1 << 34) - 1
DAYS_180 = 180 * DAY_MS


def value_of(window: Window, events: list[LogEvent], *, at_ms: int = START_MS) -> float:
    """The compiled value of one window over some events, said to be the slow one too."""
    log = update(EMPTY, events, at_ms, plan=(plan := compile_catalogue((window,))))
    (value,) = read(log, at_ms, plan=plan).tolist()
    slow = SlowLog(catalogue=(window,))
    slow.apply(events)
    assert value.hex() == slow.read(at_ms)[window.name].hex()
    return float(value)


def amounts(*of: int, kind: str = "other_in", every_ms: int = DAY_MS) -> list[LogEvent]:
    """Events with these amounts, the last one now and the others before it."""
    first_ms = START_MS - every_ms * (len(of) - 1)
    return [
        an_event(kind, at_ms=first_ms + every_ms * i, amount_minor=amount, event_id=i + 1)
        for i, amount in enumerate(of)
    ]


@settings(max_examples=200)
@given(histories())
def test_every_aggregation_equals_its_definition(steps: list[Step]) -> None:
    """Late, doubled, corrected, reversed: what needs each event must not miss one."""
    assert checked(steps, plan=EVERY_PLAN, slow=SlowLog(catalogue=EVERY)) is None


def test_sealed_blocks_do_not_show_where_each_event_is_needed() -> None:
    """A block may be skipped only where it holds nothing of the filter."""
    steps = busy_history(11, 1_800, gap_ms=60_000)
    log, slow = EMPTY, SlowLog(catalogue=EVERY)
    for i, (events, at_ms) in enumerate(steps):
        log, row = update_and_read(log, events, at_ms, plan=EVERY_PLAN)
        slow.apply(events)
        if i % 97 == 0 or i > len(steps) - 5:
            assert bits(row.tolist()) == bits(slow.read(at_ms).values())
    idle_ms = steps[-1][1] + 20 * DAY_MS
    assert bits(read(log, idle_ms, plan=EVERY_PLAN).tolist()) == bits(slow.read(idle_ms).values())


def test_what_needs_each_event_is_the_same_in_a_batch() -> None:
    """How fetches happened to be cut must not reach a decision."""
    steps = busy_history(12, 700, gap_ms=HOUR_MS)
    _, rows = update_and_read_many([EMPTY], [(0, *step) for step in steps], plan=EVERY_PLAN)
    log = EMPTY
    for (events, at_ms), batched in zip(steps, rows, strict=True):
        log, row = update_and_read(log, events, at_ms, plan=EVERY_PLAN)
        assert bits(row.tolist()) == bits(batched.tolist())


@given(st.lists(st.integers(-LARGEST_MINOR, LARGEST_MINOR), min_size=2, max_size=60))
@example([LARGEST_MINOR, -LARGEST_MINOR] * 30)
@example([LARGEST_MINOR, LARGEST_MINOR - 1])
def test_a_standard_deviation_is_that_of_the_exact_numbers(of: list[int]) -> None:
    """Sums of floats lose the small spread of large amounts; ours must not."""
    window = a_window("std", "std", kinds("balance"), window_ms=DAYS_180)
    value = value_of(window, amounts(*of, kind="balance"))
    assert value == pytest.approx(float(statistics.stdev(map(Fraction, of))), rel=1e-14)


def test_the_spread_of_thousands_of_the_largest_amounts_fits() -> None:
    """The sums behind a spread have 128 bits' worth of room, and must not wrap unseen."""
    window = a_window("std", "std", kinds("balance"), window_ms=DAYS_180)
    of = [LARGEST_MINOR, -LARGEST_MINOR] * 1_700
    value = value_of(window, amounts(*of, kind="balance", every_ms=1_000))
    assert value == pytest.approx(float(statistics.stdev(map(Fraction, of))), rel=1e-14)
    slope = a_window("slope", "slope", kinds("balance"), unit="minor_per_day", window_ms=DAYS_180)
    rising = [-LARGEST_MINOR] * 1_700 + [LARGEST_MINOR] * 1_700
    assert value_of(slope, amounts(*rising, kind="balance", every_ms=4_500_000)) > 0


@given(
    st.lists(
        st.tuples(st.integers(0, DAYS_180 - 1), st.integers(-LARGEST_MINOR, LARGEST_MINOR)),
        min_size=2,
        max_size=40,
    )
)
def test_a_slope_is_the_least_squares_one(points: list[tuple[int, int]]) -> None:
    """The line that fits best, in exact fractions, per day."""
    window = a_window("slope", "slope", kinds("balance"), unit="minor_per_day", window_ms=DAYS_180)
    events = [
        an_event("balance", at_ms=START_MS - age, amount_minor=amount, event_id=i + 1)
        for i, (age, amount) in enumerate(points)
    ]
    value = value_of(window, events)
    days = [Fraction(-age, DAY_MS) for age, _ in points]
    if len(set(days)) == 1:
        assert math.isnan(value)
        return
    mean = sum(days) / len(days)
    over = sum((day - mean) * amount for day, (_, amount) in zip(days, points, strict=True))
    assert value == pytest.approx(float(over / sum((day - mean) ** 2 for day in days)), rel=1e-14)


def test_one_event_has_no_spread_and_no_slope() -> None:
    """A spread of zero would say "very regular" of somebody who came once."""
    for aggregation, unit in (("std", "minor"), ("slope", "minor_per_day")):
        window = a_window("w", aggregation, INFLOW, unit=unit)
        assert math.isnan(value_of(window, amounts(5)))
        assert math.isnan(value_of(window, []))
        assert value_of(window, amounts(5, 5, 5)) == 0.0


@given(
    st.lists(st.integers(-LARGEST_MINOR, LARGEST_MINOR), min_size=1, max_size=70),
    st.integers(1, 100),
)
def test_a_percentile_is_the_nearest_rank(of: list[int], q_pct: int) -> None:
    """At least q per cent of the amounts are at most this, and it is the least that is so."""
    window = a_window("p", "percentile", kinds("balance"), q_pct=q_pct, window_ms=DAYS_180)
    value = value_of(window, amounts(*of, kind="balance"))
    enough = [x for x in of if 100 * sum(y <= x for y in of) >= q_pct * len(of)]
    assert value == min(enough)


def test_a_gap_is_between_events_that_follow_each_other() -> None:
    """A customer who paid every ten days and is twelve days late is late; not for one who did."""
    window = a_window("gap", "gap_percentile", INFLOW, unit="days", q_pct=90, window_ms=DAYS_180)
    events = amounts(1, 1, 1, 1, 1, every_ms=10 * DAY_MS)
    assert value_of(window, events) == 10.0
    assert math.isnan(value_of(window, events[:1]))
    late = an_event(at_ms=START_MS - 35 * DAY_MS, event_id=90)
    halved = [*events, late, a_reversal(events[1], event_id=91)]
    assert value_of(window, halved) == 15.0


@given(st.lists(st.tuples(st.integers(0, 150), st.integers(0, 50)), min_size=1, max_size=30))
def test_the_median_month_is_the_median_of_the_last_months_that_had_any(
    postings: list[tuple[int, int]],
) -> None:
    """One bonus month must not double an income."""
    window = a_window("m", "month_median", INFLOW, months=3, window_ms=DAYS_180)
    events = [
        an_event(at_ms=START_MS - days * DAY_MS, amount_minor=amount, event_id=i + 1)
        for i, (days, amount) in enumerate(postings)
    ]
    totals: dict[int, int] = {}
    for event in events:
        month = business_month(event.occurred_at_ms)
        totals[month] = totals.get(month, 0) + event.amount_minor
    last = [totals[month] for month in sorted(totals)[-3:]]
    assert value_of(window, events) == statistics.median(last)


def most_that_fits(flows: list[tuple[int, int, bool]], floor: int) -> int:
    """Match fen with fen: outflows one by one to an inflow before them, by augmenting paths."""
    ins = [t for t, amount, is_in in flows if is_in and amount >= floor for _ in range(amount)]
    outs = [t for t, amount, is_in in flows if not is_in for _ in range(amount)]
    taker: dict[int, int] = {}

    def place(out: int, tried: set[int]) -> bool:
        for i, at_ms in enumerate(ins):
            if at_ms <= outs[out] and i not in tried:
                tried.add(i)
                if i not in taker or place(taker[i], tried):
                    taker[i] = out
                    return True
        return False

    return sum(place(out, set()) for out in range(len(outs)))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.booleans()), max_size=9),
    st.integers(1, 3),
)
def test_a_round_trip_is_the_most_that_any_matching_could_take(
    flows: list[tuple[int, int, bool]], floor: int
) -> None:
    """In whichever order the postings came, and however one would pair them."""
    window = a_window(
        "r", "round_trip", INFLOW, against=OUTFLOW, floor_minor=floor, window_ms=DAY_MS
    )
    events = [
        an_event(
            "other_in" if is_in else "rent",
            at_ms=START_MS - 10 + after,
            amount_minor=amount,
            event_id=i + 1,
        )
        for i, (after, amount, is_in) in enumerate(flows)
    ]
    assert value_of(window, events) == most_that_fits(flows, floor)
    assert value_of(window, events[::-1]) == most_that_fits(flows, floor)


def test_money_that_left_before_it_came_is_no_round_trip() -> None:
    """Paying a bill and then being paid is life; being paid and passing it on is not."""
    window = a_window("r", "round_trip", INFLOW, against=OUTFLOW, floor_minor=50, window_ms=DAY_MS)
    before = an_event("rent", at_ms=START_MS - 2, amount_minor=100, event_id=1)
    inflow = an_event(at_ms=START_MS - 1, amount_minor=100, event_id=2)
    after = an_event("rent", amount_minor=80, event_id=3)
    small = an_event(amount_minor=49, at_ms=START_MS - 1, event_id=4)
    assert value_of(window, [before, inflow]) == 0.0
    assert value_of(window, [before, inflow, after]) == 80.0
    assert value_of(window, [before, small, after]) == 0.0


def test_a_transfer_between_ones_own_accounts_is_no_low_balance() -> None:
    """Between its two postings the money was nowhere, for no time at all."""
    window = a_window("low", "lowest_total", kinds("balance"), of="account")
    stated = [(1, -3, 500), (2, -2, 100), (1, -1, 50), (2, -1, 550), (2, 0, 530)]
    events = [
        an_event("balance", at_ms=START_MS + ms, amount_minor=amount, key=key, event_id=i + 1)
        for i, (key, ms, amount) in enumerate(stated)
    ]
    assert value_of(window, events) == 580.0
    assert value_of(window, events[:1]) == 500.0
    assert math.isnan(value_of(window, []))


def test_fewer_than_k_are_no_statistic() -> None:
    """Two partners who drew are two people whom somebody may know."""
    window = a_window("k", "count", INFLOW, unit="count", at_least=3)
    assert math.isnan(value_of(window, amounts(1, 1)))
    assert value_of(window, amounts(1, 1, 1)) == 3.0
    assert math.isnan(value_of(window, []))


def test_a_score_stops_where_it_must_and_a_missing_one_stays_missing() -> None:
    """A ring of fifty devices is not five times as certain as one of ten."""
    terms = (
        a_window("in", "sum", INFLOW, served=False),
        a_window("std", "std", INFLOW, served=False),
    )
    clipped, missing = a_score("s", "in", per=10, at_most=0.7), a_score("m", "std", at_most=1)
    plan = compile_catalogue((clipped, missing, *terms))
    for amount, expected in ((3, 0.3), (7, 0.7), (8, 0.7)):
        _, row = update_and_read(EMPTY, amounts(amount), START_MS, plan=plan)
        assert row[0] == expected
        assert math.isnan(row[1])


def test_the_events_behind_each_kind_of_value_are_named() -> None:
    """`why` must be able to say which events a number rests on, for every aggregation."""
    events = {
        "old": an_event("salary", at_ms=START_MS - 70 * DAY_MS, amount_minor=10, event_id=1),
        "mid": an_event("salary", at_ms=START_MS - 40 * DAY_MS, amount_minor=30, event_id=2),
        "new": an_event("salary", at_ms=START_MS - 5, amount_minor=20, event_id=3),
        "spent": an_event("rent", at_ms=START_MS - 4, amount_minor=15, event_id=4),
        "held": an_event("balance", at_ms=START_MS - 3, key=1, event_id=5),
    }
    salary, span = kinds("salary"), {"window_ms": 90 * DAY_MS}
    trip = a_window("trip", "round_trip", salary, against=kinds("rent"), floor_minor=15, **span)
    expected = {
        a_window("latest", "latest", salary, **span): ["new"],
        a_window("std", "std", salary, **span): ["old", "mid", "new"],
        a_window("slope", "slope", salary, unit="minor_per_day", **span): ["old", "mid", "new"],
        a_window("p50", "percentile", salary, q_pct=50, **span): ["new"],
        a_window("gap", "gap_percentile", salary, unit="days", q_pct=90, **span): ["mid", "new"],
        a_window("month", "month_median", salary, months=3, **span): ["new"],
        a_window("big", "sum", salary, floor_minor=20, **span): ["mid", "new"],
        trip: ["new", "spent"],
        a_window("low", "lowest_total", kinds("balance"), of="account", **span): ["held"],
    }
    log = SlowLog(catalogue=tuple(expected))
    for tag, event in events.items():
        log.apply([event], tag=tag)
    named = {window.name: log.members(window.name, START_MS) for window in expected}
    assert named == {window.name: tags for window, tags in expected.items()}


def test_a_kind_is_remembered_for_as_long_as_any_window_asks_for_it() -> None:
    """A gap over half a year needs the event of half a year ago, also after compaction."""
    long = a_window(
        "gap", "gap_percentile", kinds("rent"), unit="days", q_pct=100, window_ms=DAYS_180
    )
    trip = a_window(
        "trip",
        "round_trip",
        kinds("salary"),
        against=kinds("tax"),
        floor_minor=1,
        window_ms=90 * DAY_MS,
    )
    plan = compile_catalogue((long, trip))
    first_ms = START_MS - 80 * DAY_MS
    log = EMPTY
    early = [("rent", 1), ("salary", 2), ("tax", 3), ("fee_out", 4)]
    for kind, number in early:
        event = an_event(kind, at_ms=first_ms + number, event_id=number)
        log = update(log, [event], first_ms + number, plan=plan)
    for number in itertools.count(10):
        if number > 200:
            break
        event = an_event("rent", at_ms=START_MS, event_id=number)
        log = update(log, [event], START_MS, plan=plan)
    gap_days, taken = read(log, START_MS, plan=plan).tolist()
    assert gap_days == (80 * DAY_MS - 1) / DAY_MS
    assert taken == 100.0


@pytest.mark.parametrize(
    ("aggregation", "fields", "message"),
    [
        ("percentile", {}, "`q_pct`"),
        ("percentile", {"q_pct": 101}, "q_pct"),
        ("sum", {"q_pct": 5}, "`q_pct`"),
        ("gap_percentile", {"q_pct": 5, "unit": "minor"}, "unit"),
        ("month_median", {}, "`months`"),
        ("round_trip", {"floor_minor": 5}, "`against`"),
        ("round_trip", {"floor_minor": 5, "against": INFLOW}, "against"),
        ("round_trip", {"against": OUTFLOW}, "`floor_minor`"),
        ("max", {"floor_minor": 5}, "`floor_minor`"),
        ("sum", {"at_least": 3}, "at_least"),
        ("lowest_total", {}, "`of`"),
        ("lowest_total", {"of": "business_day"}, "of"),
        ("latest", {"of": "account"}, "`of`"),
        ("slope", {"window_ms": 1 << 34}, "window_ms"),
    ],
)
def test_a_window_that_contradicts_itself_is_refused(
    aggregation: str, fields: dict[str, object], message: str
) -> None:
    """A field that nobody reads is a promise that nobody keeps."""
    with pytest.raises(CatalogueError, match=message):
        compile_catalogue((a_window("w", aggregation, INFLOW, **fields),))


def test_each_aggregation_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks what a number means is told every parameter of it."""
    module = sys.modules[describe.__module__]
    monkeypatch.setattr(module, "BY_NAME", {feature.name: feature for feature in EVERY})
    for name, words in {
        "balance_latest_1d": "latest amount of balance\n  in the last 24 h",
        "inflow_p95_90d": "percentile 95 (nearest rank) of salary, pension",
        "page_gap_p90_d": "percentile 90 (nearest rank) of the days between loan_page_view",
        "inflow_month_3": "median of the last 3 monthly totals (UTC+8) of salary",
        "inflow_big_sum_7d": "sum of what is 7 or more of salary",
        "balance_lowest_30d": "lowest total of the latest amounts of each account of balance",
        "page_cnt_1d_k3": "in the last 24 h, missing below 3",
        "clipped": "inflow_big_sum_7d / 100, at most 0.7",
        "balance_slope_30d": "least-squares slope per day of balance",
        "inflow_std_14d": "standard deviation of salary",
    }.items():
        assert words in describe(name), describe(name)
    assert "inflows of 7 or more (salary" in describe("round_trip_1d")
    assert "outflows (rent" in describe("round_trip_1d")
