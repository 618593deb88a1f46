"""Were the customers who came to draw a loan flagged before, and how good is a flag?

Source: docs/domain.md, "Measures". A flag is a customer's first decision on a moment while in
`account_no_loan`; it stands for 90 days or until the customer draws.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from contracts.topics import DAY_MS

STANDS_DAYS = 90
_STANDS_MS = STANDS_DAYS * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """The measure of the flag, beside a flagger that picks at random.

    Args:
        converted: Conversions, first and again.
        before_conversion: Those whose customer carried a flag.
        median_days_before: From flag to conversion; none where no flag came before.
        flags: Flags raised.
        precision: Share of flags whose customer drew while the flag stood; none without flags.
        random_precision: The same, expected, for a flagger who at each of those times picks any
            customer who is in `account_no_loan`.
    """

    converted: int
    before_conversion: int
    median_days_before: float | None
    flags: int
    precision: float | None
    random_precision: float | None


def measure(decisions: Iterable[Decision], changes: Iterable[LoanStateChanged]) -> Flagged:
    """Return the measure over one run's decisions and changes of loan state.

    A flag raised in the last 90 days of a run may still come true after it: precision is a floor.

    >>> measure([], []).precision is None
    True
    """
    drawn: dict[str, list[int]] = defaultdict(list)
    changed: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for change in sorted(changes, key=lambda c: (c.at_ms, c.seq)):
        changed[change.subject_id].append((change.at_ms, change.to_state == "account_no_loan"))
        if change.conversion is not None:
            drawn[change.subject_id].append(change.at_ms)
    flags = _flags(decisions, drawn)
    waits = [
        before[0]
        for subject_id, times in drawn.items()
        for at_ms in times
        if (before := _flag_before(flags.get(subject_id, ()), at_ms))
    ]
    raised = [(at_ms, subject_id) for subject_id, times in flags.items() for at_ms in times]
    hits = sum(_draws_within(drawn.get(subject_id, ()), at_ms) for at_ms, subject_id in raised)
    return Flagged(
        converted=sum(map(len, drawn.values())),
        before_conversion=len(waits),
        median_days_before=median(waits) if waits else None,
        flags=len(raised),
        precision=hits / len(raised) if raised else None,
        random_precision=_random_precision([at_ms for at_ms, _ in raised], drawn, changed),
    )


def _flags(
    decisions: Iterable[Decision], drawn: Mapping[str, Sequence[int]]
) -> dict[str, list[int]]:
    flags: dict[str, list[int]] = defaultdict(list)
    for decision in sorted(decisions, key=lambda d: (d.at_ms, d.partition, d.seq)):
        if decision.loan_state != "account_no_loan":
            continue
        times = flags[decision.subject_id]
        if times and decision.at_ms < times[-1] + _STANDS_MS:
            came_true = any(
                times[-1] < at_ms <= decision.at_ms for at_ms in drawn.get(decision.subject_id, ())
            )
            if not came_true:
                continue
        times.append(decision.at_ms)
    return {subject_id: times for subject_id, times in flags.items() if times}


def _flag_before(times: Sequence[int], at_ms: int) -> tuple[float] | None:
    """Return the days from the last flag that stood when the customer drew."""
    place = bisect_right(times, at_ms - 1)
    if place == 0 or times[place - 1] < at_ms - _STANDS_MS:
        return None
    return ((at_ms - times[place - 1]) / DAY_MS,)


def _draws_within(times: Sequence[int], at_ms: int) -> bool:
    return any(at_ms < drawn_ms <= at_ms + _STANDS_MS for drawn_ms in times)


def _random_precision(
    flag_times: Sequence[int],
    drawn: Mapping[str, Sequence[int]],
    changed: Mapping[str, Sequence[tuple[int, bool]]],
) -> float | None:
    """Return the chance that a customer picked at random at these times draws within 90 days."""
    chances = []
    for at_ms in flag_times:
        there = [
            subject_id for subject_id, states in changed.items() if _is_eligible(states, at_ms)
        ]
        if there:
            hits = sum(_draws_within(drawn.get(subject_id, ()), at_ms) for subject_id in there)
            chances.append(hits / len(there))
    return sum(chances) / len(chances) if chances else None


def _is_eligible(states: Sequence[tuple[int, bool]], at_ms: int) -> bool:
    eligible = False
    for changed_ms, is_no_loan in states:
        if changed_ms > at_ms:
            break
        eligible = is_no_loan
    return eligible
