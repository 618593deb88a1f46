"""A log that is full knows its oldest events by business date: exactly so, bounded, and said."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from features import kernel
from features.business_time import DAY_MS, HOUR_MS, business_day
from features.catalogue import CATALOGUE
from features.definitions import MARKETING, Aggregation, Feature, Formula, Unit, Window
from features.kinds import CODES, kinds
from features.log import (
    LOG_CAP,
    Step,
    horizon_ms,
    is_by_date,
    is_cut,
    lost_reversals,
    read,
    record_count,
    update,
)
from features.log_batch import update_and_read_many
from features.log_event import ADD, LogEvent
from features.plan import EMPTY, PLAN, compile_catalogue
from features.slow import SlowLog
from tests.features.histories import (
    START_MS,
    a_correction,
    a_reversal,
    an_event,
    checked,
    histories,
)

DAYS = (1, 7, 30, 90)
FEW = (
    "salary",
    "other_in",
    "rent",
    "other_out",
    "balance",
    "loan_inflow_external",
    "loan_repayment_external",
    "session_day",
    "touch_sms",
)


def a_window(
    aggregation: Aggregation,
    *where: str,
    days: int,
    unit: Unit = "minor",
    **fields: int | str | frozenset[str],
) -> Window:
    """A window of this test, named by what it is."""
    return Window(
        name=f"{aggregation}_{'_'.join([*where, *fields])}_{days}d",
        unit=unit,
        aggregation=aggregation,
        where=kinds(*where),
        window_ms=days * DAY_MS,
        why="Every aggregation over a full log.",
        permitted_use=MARKETING,
        **fields,  # type: ignore[arg-type] - the fields of a window, by name
    )


def every_aggregation(days: int) -> list[Feature]:
    """One window of each kind of aggregation that the catalogue may use some day."""
    return [
        a_window("latest", "salary", "other_in", days=days),
        a_window("std", "other_in", "rent", days=days),
        a_window("slope", "balance", "other_out", days=days),
        a_window("percentile", "other_in", days=days, q_pct=90),
        a_window("gap_percentile", "other_in", "salary", days=days, unit="days", q_pct=50),
        a_window("month_median", "salary", "other_in", days=days, months=2),
        a_window(
            "round_trip",
            "other_in",
            "salary",
            days=days,
            floor_minor=5,
            against=kinds("rent", "other_out"),
        ),
        a_window("lowest_total", "balance", days=days, of="account"),
        a_window("sum", "other_in", days=days, floor_minor=6),
    ]


WHOLE: tuple[Feature, ...] = (
    *(window for days in DAYS for window in every_aggregation(days)),
    *(feature for feature in CATALOGUE if isinstance(feature, Window | Formula)),
)
WHOLE_PLAN = compile_catalogue(WHOLE)


def hostile(seed: int, *, count: int, gap_ms: int) -> list[Step]:
    """A busy subject's history: late, ahead, known twice, reversed, corrected, in any mixture."""
    chance = Random(seed)
    names = chance.sample(FEW, chance.randrange(3, len(FEW)))
    at_ms, known, steps = START_MS, list[LogEvent](), list[Step]()
    for number in range(count):
        at_ms += chance.choice([0, 1, chance.randrange(gap_ms)])
        new = _one(chance, chance.choice(names), at_ms, number)
        roll = chance.random()
        if known and roll < 0.12:
            again = chance.choice(known)
            new = again._replace(
                occurred_at_ms=min(again.stated_at_ms, at_ms), op=ADD, ref_at_ms=0, ref_id_hash=0
            )
        elif known and roll < 0.22:
            new = a_reversal(_target(chance, known), at_ms=at_ms, event_id=90_000 + number)
        elif known and roll < 0.3:
            new = a_correction(_target(chance, known), new)
        if new.kind:
            known.append(new)
        steps.append(([new], at_ms))
        if chance.random() < 0.1:
            at_ms += chance.randrange(30 * DAY_MS)
            steps.append(((), at_ms))
    return steps


def _one(chance: Random, kind: str, at_ms: int, number: int) -> LogEvent:
    late = chance.choice(
        [0, 0, 0, 0, 0, 0, chance.randrange(DAY_MS), chance.randrange(60 * DAY_MS)]
    )
    ahead = 0 if late else chance.choice([0, 0, 0, 0, 0, 0, 0, chance.randrange(300_000)])
    amount = chance.choice([0, 1, 7, chance.randrange(1_000), (1 << 34) - 1])
    sign = -1 if kind == "balance" and chance.random() < 0.5 else 1
    return an_event(
        kind,
        at_ms=at_ms - late,
        amount_minor=0 if kind in {"session_day", "touch_sms"} else sign * amount,
        event_id=number + 1,
        key=chance.randrange(1, 4) if CODES[kind] in WHOLE_PLAN.keyed else 0,
        stated_ms=at_ms - late + ahead,
    )


def _target(chance: Random, known: Sequence[LogEvent]) -> LogEvent:
    return chance.choice([*known[-20:], *known[:5]])


@st.composite
def hostile_histories(draw: st.DrawFn) -> list[Step]:
    """Histories by the seed: hypothesis shrinks their length and nothing else."""
    gap_ms = draw(st.sampled_from([10 * 60_000, HOUR_MS, 12 * HOUR_MS]))
    return hostile(draw(st.integers(0, 1 << 30)), count=draw(st.integers(1, 200)), gap_ms=gap_ms)


@settings(max_examples=60, deadline=None)
@given(hostile_histories(), st.sampled_from([30, 60, 100]))
def test_a_full_log_equals_the_definition_by_date(steps: list[Step], cap: int) -> None:
    """What a merchant's windows mean beyond the cap is defined, not whatever is left."""
    full = log_after(steps, cap=cap)
    event(f"folded: {horizon_ms(full) > 0}")
    slow = SlowLog(catalogue=WHOLE)
    assert checked(steps, plan=WHOLE_PLAN, log_cap=cap, slow=slow) is None


@settings(max_examples=100, deadline=None)
@given(histories(), st.sampled_from([20, 25, 40]))
def test_a_full_log_of_any_kinds_equals_the_definition_by_date(steps: list[Step], cap: int) -> None:
    """The histories that hold for a log with room hold for one without."""
    assert checked(steps, log_cap=cap) is None


@pytest.mark.parametrize("fault", ["own_time", "reversed", "known_twice", "forgotten"])
def test_another_definition_of_before_the_horizon_is_found(fault: str) -> None:
    """The checker that finds nothing finds each of these.

    Events by their own time, a reversal that reaches behind the horizon, a duplicate recognised
    there, and events left out.
    """

    class Another(SlowLog):
        def apply(self, events: Sequence[LogEvent], *, tag: object = None) -> None:
            now = self.horizon_ms
            if fault == "reversed" or (fault == "known_twice" and self._has(events)):
                self.horizon_ms = 0
            super().apply(events, tag=tag)
            self.horizon_ms = now

        def _has(self, events: Sequence[LogEvent]) -> bool:
            return any(
                event.id_hash == known.event.id_hash for event in events for known in self.events
            )

        def date_before(self, horizon_ms: int) -> None:
            if fault == "own_time":
                self.horizon_ms = horizon_ms
                return
            super().date_before(horizon_ms)
            if fault == "forgotten":
                self.events = [known for known in self.events if not known.by_date]
            if fault == "known_twice":
                self.events = list({known.event: known for known in self.events}.values())

    def differs(seed: int) -> bool:
        steps = hostile(seed, count=200, gap_ms=HOUR_MS)
        slow = Another(catalogue=WHOLE)
        return checked(steps, plan=WHOLE_PLAN, log_cap=60, slow=slow) is not None

    assert any(differs(seed) for seed in range(40))


def log_after(steps: Sequence[Step], *, cap: int = LOG_CAP) -> bytes:
    """The log after a history, step by step."""
    log = EMPTY
    for events, at_ms in steps:
        log = update(log, events, at_ms, log_cap=cap)
    return log


@settings(max_examples=40, deadline=None)
@given(hostile_histories(), st.integers(1, 300), st.sampled_from([30, 60, 100]))
def test_a_full_log_does_not_depend_on_how_a_batch_was_cut(
    steps: list[Step], size: int, cap: int
) -> None:
    """When a log folds is decided by the event in hand, never by the fetch that it came in."""
    logs = [EMPTY]
    for start in range(0, len(steps), size):
        logs, _ = update_and_read_many(
            logs, [(0, *step) for step in steps[start : start + size]], log_cap=cap
        )
    assert logs == [log_after(steps, cap=cap)]


@settings(max_examples=40, deadline=None)
@given(hostile_histories(), st.sampled_from([30, 60, 100]))
def test_a_log_never_holds_more_than_its_cap(steps: list[Step], cap: int) -> None:
    """A key counts as half a record; cells have a room of their own."""
    log = EMPTY
    for events, at_ms in steps:
        log = update(log, events, at_ms, log_cap=cap)
        header = np.frombuffer(log, np.int64)
        assert record_count(log) + header[kernel.KEYS] // 2 <= cap
        assert len(log) <= 8 * (kernel.HEADER_WORDS + 2 * cap + kernel.cell_limit(cap))


def a_flood(count: int, *, gap_ms: int, kind: str = "other_in") -> list[Step]:
    """Events of one kind, each known when it occurred."""
    return [
        ([an_event(kind, at_ms=START_MS + n * gap_ms, event_id=n + 1)], START_MS + n * gap_ms)
        for n in range(count)
    ]


def test_a_log_folds_no_sooner_than_it_must_and_keeps_most_of_its_events() -> None:
    """Up to the cap everything is exact, and after it at least three quarters of the cap are."""
    steps = a_flood(100, gap_ms=60_000)
    assert horizon_ms(log_after(steps, cap=100)) == 0
    assert not is_by_date(log_after(steps, cap=100), steps[-1][1])
    more = a_flood(1_000, gap_ms=60_000)
    log = EMPTY
    for n, (events, at_ms) in enumerate(more):
        log = update(log, events, at_ms, log_cap=100)
        if n > 100:
            exact = sum(at > horizon_ms(log) - 1 for at in range(START_MS, at_ms + 1, 60_000))
            assert exact >= 75


def test_a_window_of_days_is_whole_business_dates_beyond_the_cap() -> None:
    """Seven days at noon: today, and the six dates before it, however many events there were."""
    noon_ms = business_day(START_MS) * DAY_MS + 4 * HOUR_MS  # 12:00 in UTC+8
    steps = [
        ([an_event("other_in", at_ms=noon_ms + n * HOUR_MS, event_id=n + 1)], noon_ms + n * HOUR_MS)
        for n in range(20 * 24 + 1)
    ]
    log = log_after(steps, cap=60)
    at_ms = steps[-1][1]
    assert is_by_date(log, at_ms)
    assert not is_cut(log, at_ms)
    values = dict(zip(PLAN.names, read(log, at_ms).tolist(), strict=True))
    assert values["inflow_sum_minor_7d"] == 100.0 * (6 * 24 + 13)  # 00:00 to 12:00 is 13 events


def test_it_is_said_until_no_window_could_tell() -> None:
    """An inexact window is named in the decision, also by a timer, and only while it is one."""
    steps = a_flood(200, gap_ms=60_000)
    log = log_after(steps, cap=100)
    keep_ms = int(PLAN.words[PLAN.words[kernel.P_KEEP] + CODES["other_in"]])
    last_folded_ms = horizon_ms(log) - 1
    assert is_by_date(log, last_folded_ms + keep_ms - 1)
    assert not is_by_date(log, last_folded_ms + keep_ms)


def test_one_more_late_event_is_added_to_its_date() -> None:
    """What comes late counts once it is known, also where its date is all that is left."""
    steps = a_flood(200, gap_ms=HOUR_MS)
    log = log_after(steps, cap=100)
    at_ms = steps[-1][1]
    column = PLAN.names.index("inflow_sum_minor_30d")
    before = read(log, at_ms)[column]
    late = an_event("other_in", at_ms=START_MS + 5, amount_minor=7, event_id=70_000)
    log = update(log, [late], at_ms, log_cap=100)
    assert read(log, at_ms)[column] == before + 7


def test_a_reversal_or_correction_behind_the_horizon_does_nothing_and_is_counted() -> None:
    """A date has no single events: to take off what may not be in it would be a guess."""
    steps = a_flood(200, gap_ms=HOUR_MS)
    log = log_after(steps, cap=100)
    at_ms = steps[-1][1]
    first, last = steps[0][0][0], steps[-1][0][0]
    correction = a_correction(first, an_event("other_in", amount_minor=9, event_id=70_001))
    after = update(log, [a_reversal(first, at_ms=at_ms), correction], at_ms, log_cap=100)
    assert read(after, at_ms).tobytes() == read(log, at_ms).tobytes()
    assert (lost_reversals(log), lost_reversals(after)) == (0, 2)
    gone = update(log, [a_reversal(last, at_ms=at_ms)], at_ms, log_cap=100)
    column = PLAN.names.index("inflow_sum_minor_7d")
    assert read(gone, at_ms)[column] == read(log, at_ms)[column] - 100


def test_a_reversal_hands_the_latest_balance_back_to_one_behind_the_horizon() -> None:
    """An account that did not move for a week still has a balance when today's is taken back."""
    old = an_event("balance", at_ms=START_MS - DAY_MS, amount_minor=500, key=1, event_id=1)
    steps = a_flood(200, gap_ms=60_000)
    last_ms = steps[-1][1]
    new = an_event("balance", at_ms=last_ms, amount_minor=9, key=1, event_id=2_000)
    log = log_after([([old], START_MS), *steps, ([new], last_ms)], cap=100)
    assert horizon_ms(log) > START_MS
    column = PLAN.names.index("balance_last_minor")
    gone = update(log, [a_reversal(new, at_ms=last_ms)], last_ms, log_cap=100)
    assert (read(log, last_ms)[column], read(gone, last_ms)[column]) == (9.0, 500.0)


@pytest.mark.parametrize("cap", [100, 20_000])
def test_more_lenders_than_a_log_can_name_are_said_to_be_missing(cap: int) -> None:
    """Keys are bounded too: the oldest go, never mixed up, and the decision says so."""
    count = kernel.MAX_KEYS + 10
    log, last_ms = EMPTY, START_MS + count
    for n in range(count):
        lender = an_event("loan_inflow_external", at_ms=START_MS + n, event_id=n + 1, key=n + 1)
        log = update(log, [lender], START_MS + n, log_cap=cap)
        if n == 49:
            assert read(log, START_MS + n)[PLAN.names.index("ext_lender_cnt_90d")] == 50.0
            assert not is_cut(log, START_MS + n)
    assert is_cut(log, last_ms)
    column = PLAN.names.index("ext_lender_cnt_90d")
    assert 40 <= read(log, last_ms)[column] <= record_count(log)
    assert not is_cut(log, last_ms + 181 * DAY_MS)


def test_more_dates_and_kinds_than_a_log_has_cells_for_are_said_to_be_missing() -> None:
    """The last resort of a subject that does everything, every day, for half a year."""
    names = [name for name in CODES if name != "void"]
    steps = [
        ([an_event(name, at_ms=at_ms, amount_minor=n % 9 + 1, event_id=n + 1)], at_ms)
        for n, name in enumerate(names * 60)
        for at_ms in [START_MS + n * DAY_MS // len(names) // 2]
    ]
    log = log_after(steps, cap=200)
    at_ms = steps[-1][1]
    assert is_cut(log, at_ms)
    assert len(log) <= 8 * (kernel.HEADER_WORDS + 400 + kernel.cell_limit(200))


def test_a_busy_subject_of_half_a_year_is_bounded() -> None:
    """30,000 events a month: the log stays below 96 KB, and its months are still complete."""
    chance = Random(7)
    steps = [
        ([_one(chance, chance.choice(FEW), at_ms, n)], at_ms)
        for n in range(40_000)
        for at_ms in [START_MS + n * 30 * DAY_MS // 10_000]
    ]
    (log,), _ = update_and_read_many([EMPTY], [(0, *step) for step in steps])
    at_ms = steps[-1][1]
    assert len(log) <= 96 * 1_024
    assert is_by_date(log, at_ms)
    assert not is_cut(log, at_ms)
