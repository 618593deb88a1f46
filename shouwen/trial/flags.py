"""Were the customers who came to draw a loan flagged before, and how good is a flag?

Source: docs/domain.md, "Measures". A flag is a customer's first decision, while in
`account_no_loan`, on a moment that sees a need for a loan; it stands for 90 days or until the
customer draws, as the engine itself has it (`flagged_decision_id` of a conversion).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from contracts.conversions import LoanStateChanged
from contracts.decisions import Decision
from contracts.topics import DAY_MS
from decisions.moments import MOMENTS
from shouwen.trial.random_flagger import Spans, chances, eligible_spans, hit_spans

STANDS_DAYS = 90
_STANDS_MS = STANDS_DAYS * DAY_MS
_PROTECTIVE = frozenset(name for name, rule in MOMENTS.items() if rule.protective)
"""Moments that forbid credit marketing: a decision on one sees no need, so it is no flag."""


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

    A flag raised at T comes true by a drawdown in (T, T + 90 days): not by one in the same
    millisecond, which it did not foresee, nor by one when the 90 days are over. A flag raised in
    the last 90 days of a run may still come true after it, so both precisions are floors, and
    fair to each other.

    >>> measure([], []).precision is None
    True
    """
    drawn: dict[str, list[int]] = defaultdict(list)
    states: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for change in sorted(changes, key=lambda c: (c.at_ms, c.seq)):
        states[change.subject_id].append((change.at_ms, change.to_state == "account_no_loan"))
        if change.conversion is not None:
            drawn[change.subject_id].append(change.at_ms)
    flags = _flags(decisions, drawn)
    days_before = [
        (at_ms - flagged_ms) / DAY_MS
        for subject_id, times in drawn.items()
        for last_ms, at_ms in pairwise((-_STANDS_MS, *times))
        if (flagged_ms := _flag_before(flags.get(subject_id, ()), last_ms, at_ms)) is not None
    ]
    raised = [(at_ms, subject_id) for subject_id, times in flags.items() for at_ms in times]
    hits = sum(_comes_true(drawn.get(subject_id, ()), at_ms) for at_ms, subject_id in raised)
    return Flagged(
        converted=sum(map(len, drawn.values())),
        before_conversion=len(days_before),
        median_days_before=median(days_before) if days_before else None,
        flags=len(raised),
        precision=hits / len(raised) if raised else None,
        random_precision=_random_precision([at_ms for at_ms, _ in raised], states, drawn),
    )


def _flags(
    decisions: Iterable[Decision], drawn: Mapping[str, Sequence[int]]
) -> dict[str, list[int]]:
    """Return the times at which each customer was flagged, in order."""
    flags: dict[str, list[int]] = defaultdict(list)
    for decision in sorted(decisions, key=lambda d: (d.at_ms, d.partition, d.seq)):
        if decision.loan_state != "account_no_loan" or decision.moment in _PROTECTIVE:
            continue
        times = flags[decision.subject_id]
        stands = bool(times) and decision.at_ms < times[-1] + _STANDS_MS
        if stands and not any(
            times[-1] < at_ms <= decision.at_ms for at_ms in drawn.get(decision.subject_id, ())
        ):
            continue
        times.append(decision.at_ms)
    return flags


def _flag_before(times: Sequence[int], last_ms: int, at_ms: int) -> int | None:
    """Return when the flag was raised that stood at `at_ms`, the last drawdown at `last_ms`."""
    place = bisect_left(times, at_ms)
    if place == 0 or times[place - 1] < last_ms or times[place - 1] <= at_ms - _STANDS_MS:
        return None
    return times[place - 1]


def _comes_true(times: Sequence[int], flagged_ms: int) -> bool:
    return any(flagged_ms < at_ms < flagged_ms + _STANDS_MS for at_ms in times)


def _random_precision(
    flag_times_ms: Sequence[int],
    states: Mapping[str, Sequence[tuple[int, bool]]],
    drawn: Mapping[str, Sequence[int]],
) -> float | None:
    """Return the mean chance of a hit at the times of the flags; none where nobody could be hit."""
    spans: dict[str, tuple[Spans, Spans]] = {
        subject_id: (
            eligible_spans(changed),
            hit_spans(drawn.get(subject_id, ()), stands_ms=_STANDS_MS),
        )
        for subject_id, changed in states.items()
    }
    found = chances(flag_times_ms, spans.values())
    return fmean(found) if found else None
