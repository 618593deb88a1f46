"""Hostile histories: late, duplicated, reversed, corrected first, clamped, at the edge of a window.

`checked` runs a history through the compiled log and through the slow definition and says where
the two differ; the tests and their negative controls use the same one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from features.business_time import DAY_MS, HOUR_MS
from features.kinds import CODES, KINDS
from features.log import LOG_CAP, Step, horizon_ms, is_cut, read, update
from features.log_event import ADD, CLAMP_MS, CORRECTION, REVERSAL, LogEvent
from features.plan import EMPTY, PLAN, Plan
from features.slow import SlowLog

START_MS = 1_790_000_000_000
EDGES_MS = [HOUR_MS, *(n * DAY_MS for n in (1, 7, 14, 30, 60, 90, 180))]


def an_event(
    kind: str = "other_in",
    *,
    at_ms: int = START_MS,
    amount_minor: int = 100,
    event_id: int = 1,
    key: int = 0,
    stated_ms: int | None = None,
) -> LogEvent:
    """An event that was known when it occurred, unless said otherwise."""
    stated_ms = at_ms if stated_ms is None else stated_ms
    return LogEvent(at_ms, CODES[kind], key, amount_minor, event_id, ADD, 0, 0, stated_ms)


def a_reversal(of: LogEvent, *, at_ms: int = START_MS, event_id: int = 9_001) -> LogEvent:
    """The word that `of` never was."""
    return LogEvent(at_ms, 0, 0, 0, event_id, REVERSAL, of.stated_at_ms, of.id_hash, at_ms)


def a_correction(of: LogEvent, by: LogEvent) -> LogEvent:
    """`by`, said to be what `of` should have been."""
    return by._replace(op=CORRECTION, ref_at_ms=of.stated_at_ms, ref_id_hash=of.id_hash)


def bits(values: Sequence[float]) -> list[str]:
    """Floats as hex: equal only where every bit is."""
    return [float(value).hex() for value in values]


@dataclass(frozen=True)
class Difference:
    """Where the compiled log and the slow definition disagree first."""

    step: int
    name: str
    fast: str
    slow: str


def checked(
    steps: Sequence[Step], *, plan: Plan = PLAN, log_cap: int = LOG_CAP, slow: SlowLog | None = None
) -> Difference | None:
    """Return the first difference over a history, or none where every bit is the same."""
    log, oracle = EMPTY, SlowLog() if slow is None else slow
    for i, (events, at_ms) in enumerate(steps):
        for event in events:
            log = update(log, [event], at_ms, plan=plan, log_cap=log_cap)
            oracle.apply([event])
            oracle.date_before(horizon_ms(log))
        if is_cut(log, at_ms):
            return None
        row = read(log, at_ms, plan=plan)
        expected = oracle.read(at_ms)
        for name, fast in zip(plan.names, row.tolist(), strict=True):
            if float(fast).hex() != expected[name].hex():
                return Difference(i, name, float(fast).hex(), expected[name].hex())
    return None


@st.composite
def histories(draw: st.DrawFn, *, longest: int = 40) -> list[Step]:
    """Draw the steps of one subject, the clock never going back.

    Money and codes are small so that ties happen; half of the steps are followed by a reading at
    the very ms, or the one before, at which some known event leaves some window.
    """
    at_ms = START_MS
    known: list[LogEvent] = []
    steps: list[Step] = []
    for number in range(draw(st.integers(1, longest))):
        at_ms += draw(st.sampled_from([0, 1, 1_000, HOUR_MS, DAY_MS, 13 * DAY_MS]))
        events = draw(_source_event(at_ms, number, known))
        known.extend(event for event in events if event.kind)
        steps.append((events, at_ms))
        if known and draw(st.booleans()):
            at_ms = draw(_reading_time(at_ms, known))
            steps.append(((), at_ms))
    return steps


@st.composite
def _reading_time(draw: st.DrawFn, at_ms: int, known: list[LogEvent]) -> int:
    leaving = draw(st.sampled_from(known)).occurred_at_ms
    edges = [leaving + edge - early for edge in EDGES_MS for early in (0, 1)]
    return draw(st.sampled_from([edge for edge in edges if edge >= at_ms] or [at_ms]))


@st.composite
def _source_event(
    draw: st.DrawFn, at_ms: int, number: int, known: list[LogEvent]
) -> list[LogEvent]:
    choice = draw(st.integers(0, 9))
    if choice == 0 and known:
        again = draw(st.sampled_from(known))
        occurred = min(again.stated_at_ms, at_ms)
        return [again._replace(occurred_at_ms=occurred, op=ADD, ref_at_ms=0, ref_id_hash=0)]
    parts = draw(_parts(at_ms, number))
    if choice in {1, 2} and known:
        target = draw(st.sampled_from(known))
        if choice == 1:
            return [a_reversal(target, at_ms=at_ms, event_id=10_000 + number)]
        return [a_correction(target, parts[0]), *parts[1:]]
    if choice == 3:  # the correction comes before what it corrects
        unseen = an_event(at_ms=at_ms - draw(st.integers(0, 3)), event_id=20_000 + number)
        known.append(unseen._replace(kind=draw(_KIND)))
        return [a_reversal(unseen, at_ms=at_ms, event_id=30_000 + number)]
    return parts


_KIND = st.one_of(
    st.sampled_from([CODES[kind] for kind in ("loan_page_view", "salary", "balance", "touch_sms")]),
    st.integers(1, len(KINDS) - 1),
)


@st.composite
def _parts(draw: st.DrawFn, at_ms: int, number: int) -> list[LogEvent]:
    ahead = draw(st.sampled_from([0, 0, 0, 0, 1, CLAMP_MS]))
    back = draw(st.sampled_from([0, 0, 0, 1, 2_000, *EDGES_MS])) - draw(st.integers(-1, 1))
    occurred = at_ms if ahead else at_ms - max(back, 0)
    kind = draw(_KIND)
    event = LogEvent(
        occurred,
        kind,
        draw(st.integers(1, 3)) if kind in PLAN.keyed else 0,
        draw(st.sampled_from([0, 1, 7, (1 << 34) - 1])),
        number + 1,
        ADD,
        0,
        0,
        occurred + ahead,
    )
    if not draw(st.booleans()) or kind == CODES["balance"]:
        return [event]
    balance = event._replace(
        kind=CODES["balance"],
        key_hash=draw(st.integers(1, 3)),
        amount_minor=draw(st.sampled_from([-(1 << 34) + 1, -5, 0, 900])),
    )
    return [event, balance]
