"""Every feature of the compiled log equals the slow definition, bit for bit."""

from random import Random

from hypothesis import given, settings

from features.business_time import DAY_MS
from features.kinds import CODES, KINDS
from features.log import Step, is_by_date, update_and_read
from features.log_event import ADD, CLAMP_MS, LogEvent
from features.plan import EMPTY, PLAN
from features.slow import SlowLog
from tests.features.histories import (
    START_MS,
    a_correction,
    a_reversal,
    an_event,
    bits,
    checked,
    histories,
)


@settings(max_examples=200)
@given(histories())
def test_every_feature_equals_its_definition(steps: list[Step]) -> None:
    """A window that is off by one event is off by one decision."""
    assert checked(steps) is None


@settings(max_examples=5)
@given(histories(longest=150))
def test_a_long_history_equals_its_definition(steps: list[Step]) -> None:
    """Compaction and renumbered keys must not show."""
    assert checked(steps) is None


def busy_history(seed: int, events: int, *, gap_ms: int) -> list[Step]:
    """A merchant's history, long enough to be sealed, compacted and capped."""
    chance = Random(seed)
    at_ms, steps, known = START_MS, list[Step](), list[LogEvent]()
    for number in range(events):
        at_ms += chance.randrange(gap_ms)
        late = chance.choice([0, 0, 0, 0, 0, 0, 0, chance.randrange(90 * DAY_MS)])
        kind = chance.randrange(1, len(KINDS))
        event = an_event(
            KINDS[kind],
            at_ms=at_ms - late,
            amount_minor=chance.randrange(1_000),
            event_id=number + 1,
            key=chance.randrange(1, 12) if kind in PLAN.keyed else 0,
        )
        if known and chance.random() < 0.05:
            steps.append(([a_reversal(chance.choice(known), at_ms=at_ms)], at_ms))
        known.append(event)
        steps.append(([event], at_ms))
    return steps


def test_sealed_blocks_do_not_show() -> None:
    """The summaries of a busy subject are a short cut, not another answer."""
    steps = busy_history(1, 1_800, gap_ms=60_000)
    log, slow = EMPTY, SlowLog()
    for i, (events, at_ms) in enumerate(steps):
        log, row = update_and_read(log, events, at_ms)
        slow.apply(events)
        if i % 97 == 0 or i > len(steps) - 5:
            assert bits(row.tolist()) == bits(slow.read(at_ms).values())


def test_compaction_of_sealed_blocks_does_not_show() -> None:
    """A busy subject forgets what no window sees, and nothing else."""
    steps = busy_history(2, 2_500, gap_ms=4 * 3_600_000)
    log, slow = EMPTY, SlowLog()
    for i, (events, at_ms) in enumerate(steps):
        log, row = update_and_read(log, events, at_ms)
        slow.apply(events)
        if i % 211 == 0 or i > len(steps) - 5:
            assert bits(row.tolist()) == bits(slow.read(at_ms).values())
    assert not is_by_date(log, steps[-1][1])


@given(histories())
def test_arrival_order_matters_only_to_ties_of_balances_and_clamped_clocks(
    steps: list[Step],
) -> None:
    """The same facts in another order are the same customer; a tie is broken by arrival."""
    last = steps[-1][1]
    every = [event for batch, _ in steps for event in batch]
    clamped = {event.id_hash for event in every if event.occurred_at_ms < event.stated_at_ms}
    events = [event for event in every if event.id_hash not in clamped]
    forward, _ = update_and_read(EMPTY, events, last)
    backward, _ = update_and_read(EMPTY, events[::-1], last)
    skip = {PLAN.names.index("balance_last_minor"), PLAN.names.index("cash_buffer_days")}
    rows = [
        [value for i, value in enumerate(bits(row.tolist())) if i not in skip]
        for row in (update_and_read(log, (), last)[1] for log in (forward, backward))
    ]
    assert rows[0] == rows[1]


def test_a_correction_replaces_what_it_corrects_whichever_comes_first() -> None:
    """A salary that was posted twice with two amounts is one salary."""
    wrong = an_event("salary", amount_minor=1, event_id=1)
    right = a_correction(wrong, an_event("salary", amount_minor=900, event_id=2))
    column = PLAN.names.index("inflow_sum_minor_7d")
    for events in ([wrong, right], [right, wrong], [right, wrong, right, wrong]):
        _, row = update_and_read(EMPTY, events, START_MS)
        assert row[column] == 900.0


def test_a_clamped_event_is_found_by_the_time_that_it_stated() -> None:
    """A reversal repeats the source's own time, which the log did not keep."""
    ahead = an_event(stated_ms=START_MS + CLAMP_MS)
    later = START_MS + CLAMP_MS
    log, row = update_and_read(EMPTY, [ahead], START_MS)
    log, again = update_and_read(log, [ahead._replace(occurred_at_ms=later)], later)
    _, gone = update_and_read(log, [a_reversal(ahead, at_ms=later)], later)
    column = PLAN.names.index("inflow_sum_minor_7d")
    assert (row[column], again[column], gone[column]) == (100.0, 100.0, 0.0)


def test_balances_add_up_over_accounts_and_the_later_arrival_wins_a_tie() -> None:
    """Two accounts of one customer must not take turns at being the balance."""
    events = [
        an_event("balance", amount_minor=500, key=1, event_id=1),
        an_event("balance", amount_minor=-20, key=2, event_id=2),
        an_event("balance", amount_minor=70, key=1, event_id=3),
    ]
    _, row = update_and_read(EMPTY, events, START_MS)
    assert row[PLAN.names.index("balance_last_minor")] == 50.0


def test_a_reversed_posting_takes_its_balance_with_it() -> None:
    """The account never held that money."""
    first = an_event("balance", amount_minor=500, key=1, event_id=1, at_ms=START_MS - 5)
    posting = an_event("other_out", amount_minor=400, event_id=2)
    after = an_event("balance", amount_minor=100, key=1, event_id=2)
    log, row = update_and_read(EMPTY, [first, posting, after], START_MS)
    _, undone = update_and_read(log, [a_reversal(posting)], START_MS)
    column = PLAN.names.index("balance_last_minor")
    assert (row[column], undone[column]) == (100.0, 500.0)


def test_one_millisecond_decides_at_the_edge_of_a_window() -> None:
    """(at - W, at]: an event leaves its window exactly W after it occurred."""
    log, _ = update_and_read(EMPTY, [an_event("touch_sms")], START_MS)
    column = PLAN.names.index("touch_cnt_1d")
    inside, outside = (
        update_and_read(log, (), START_MS + ms)[1][column] for ms in (DAY_MS - 1, DAY_MS)
    )
    assert (inside, outside) == (1.0, 0.0)


def test_lenders_are_counted_once_each() -> None:
    """Two payments to one lender are one lender: four refuse a loan."""
    events = [
        LogEvent(
            START_MS, CODES["loan_repayment_external"], key, 1, key * 10 + n, ADD, 0, 0, START_MS
        )
        for key in (1, 2, 3)
        for n in range(2)
    ]
    _, row = update_and_read(EMPTY, events, START_MS)
    assert row[PLAN.names.index("ext_lender_cnt_90d")] == 3.0
