"""What a window says of the events in it, by the words of its definition: part of the oracle."""

import itertools
import math
from dataclasses import dataclass

from features.business_time import (
    BUSINESS_OFFSET_MS,
    DAY_MS,
    MINUTE_MS,
    business_day,
    business_month,
)
from features.definitions import Window
from features.kinds import KINDS
from features.log_event import LogEvent

_MS = {"days": DAY_MS, "minutes": MINUTE_MS}


@dataclass(frozen=True, slots=True)
class Known:
    """An event that the log holds, the caller's mark on it, and whether only its date is known."""

    event: LogEvent
    tag: object
    by_date: bool = False

    @property
    def since_ms(self) -> int:
        """When it is taken to have happened: where only its date is known, at its beginning."""
        if not self.by_date:
            return self.event.occurred_at_ms
        return business_day(self.event.occurred_at_ms) * DAY_MS - BUSINESS_OFFSET_MS

    @property
    def kind(self) -> str:
        """The kind by name."""
        return KINDS[self.event.kind]

    def key(self, of: str | None) -> int:
        """Return what a keyed aggregation counts."""
        if of == "business_day":
            return business_day(self.event.occurred_at_ms)
        if of == "business_month":
            return business_month(self.event.occurred_at_ms)
        return self.event.key_hash


def needs_single_events(window: Window) -> bool:
    """Return whether a window cannot be told from the sums of dates."""
    return window.floor_minor is not None or window.aggregation in {
        "percentile",
        "gap_percentile",
        "round_trip",
        "lowest_total",
    }


def value(window: Window, seen: list[Known], at_ms: int) -> float:
    """Return what a window is at `at_ms` of the events `seen` in it, oldest first."""
    if not seen and window.null_policy == "missing":
        return math.nan
    match window.aggregation:
        case "since_last":
            return (at_ms - seen[-1].event.occurred_at_ms) / _MS[window.unit]
        case "std" | "slope" | "gap_percentile" | "month_median":
            return _fraction(window, seen)
        case _:
            number = _whole_number(window, seen)
            return math.nan if window.at_least and number < window.at_least else float(number)


def decisive(  # noqa: C901, PLR0911 - one case per aggregation
    window: Window, seen: list[Known]
) -> list[Known]:
    """Return the events without which the value could be another one."""
    match window.aggregation:
        case "count" | "std" | "slope":
            return seen
        case "sum":
            floor = window.floor_minor
            return [k for k in seen if floor is None or k.event.amount_minor >= floor]
        case "min":
            return sorted(seen, key=lambda known: known.event.amount_minor)[:1]
        case "max":
            return sorted(seen, key=lambda known: -known.event.amount_minor)[:1]
        case "since_last" | "latest":
            return seen[-1:]
        case "distinct" | "last":
            return list({known.key(window.of): known for known in seen}.values())
        case "percentile":
            by_amount = sorted(seen, key=lambda known: known.event.amount_minor)
            rank = nearest_rank(window.q_pct or 0, len(seen))
            return by_amount[rank - 1 : rank]
        case "gap_percentile":
            gaps = sorted(itertools.pairwise(seen), key=_gap_ms)
            rank = nearest_rank(window.q_pct or 0, len(gaps))
            return [known for pair in gaps[rank - 1 : rank] for known in pair]
        case "month_median":
            return [known for month in _middle_months(window, seen) for known in month]
        case "round_trip":
            return [known for *pair, _ in _round_trips(window, seen) for known in pair]
        case "lowest_total":
            return min(_totals(window, seen), key=lambda total: total[0], default=(0, []))[1]


def _whole_number(window: Window, seen: list[Known]) -> int:  # noqa: PLR0911 - one case each
    amounts = [known.event.amount_minor for known in seen]
    match window.aggregation:
        case "sum":
            return sum(x for x in amounts if window.floor_minor is None or x >= window.floor_minor)
        case "min":
            return min(amounts)
        case "max":
            return max(amounts)
        case "distinct":
            return len({known.key(window.of) for known in seen})
        case "last":
            return sum({k.key(window.of): k.event.amount_minor for k in seen}.values())
        case "latest":
            return amounts[-1]
        case "percentile":
            return sorted(amounts)[nearest_rank(window.q_pct or 0, len(amounts)) - 1]
        case "round_trip":
            return sum(taken for *_, taken in _round_trips(window, seen))
        case "lowest_total":
            return min(total for total, _ in _totals(window, seen))
        case _:
            return len(seen)


def _fraction(window: Window, seen: list[Known]) -> float:
    times = [known.since_ms for known in seen]
    match window.aggregation:
        case "std":
            amounts = [known.event.amount_minor for known in seen]
            squares = _spread(amounts, amounts)
            count = len(seen)
            return math.sqrt(float(squares) / (count * (count - 1))) if count > 1 else math.nan
        case "slope":
            rise = _spread(times, [known.event.amount_minor for known in seen])
            run = _spread(times, times)
            return float(rise) / float(run) * 86_400_000.0 if run else math.nan
        case "gap_percentile":
            gaps = sorted(later - earlier for earlier, later in itertools.pairwise(times))
            if not gaps:
                return math.nan
            return gaps[nearest_rank(window.q_pct or 0, len(gaps)) - 1] / _MS[window.unit]
        case _:
            middle = _middle_months(window, seen)
            return sum(sum(k.event.amount_minor for k in month) for month in middle) / len(middle)


def nearest_rank(q_pct: int, count: int) -> int:
    """Return the rank, from 1, of a percentile of `count` numbers in order.

    >>> [nearest_rank(90, count) for count in (1, 9, 10, 11)]
    [1, 9, 9, 10]
    """
    return max(1, -(-q_pct * count // 100))


def _spread(xs: list[int], ys: list[int]) -> int:
    """Return n² times the covariance, a whole number that no choice of zero can change."""
    return len(xs) * sum(x * y for x, y in zip(xs, ys, strict=True)) - sum(xs) * sum(ys)


def _middle_months(window: Window, seen: list[Known]) -> list[list[Known]]:
    """Return the one or two months with the median total; of equal totals the earlier month's."""
    months: dict[int, list[Known]] = {}
    for known in seen:
        months.setdefault(business_month(known.event.occurred_at_ms), []).append(known)
    last = [months[month] for month in sorted(months)][-(window.months or 0) :]
    last.sort(key=lambda month: sum(known.event.amount_minor for known in month))
    return last[(len(last) - 1) // 2 : len(last) // 2 + 1]


def _round_trips(window: Window, seen: list[Known]) -> list[tuple[Known, Known, int]]:
    """Return (inflow, outflow, how much of it): each outflow takes the newest inflow left.

    At one ms the money comes in before it goes out. Every open inflow is as good as another for
    every later outflow, so the total does not depend on which is taken.
    """
    ordered = sorted(seen, key=lambda k: (k.event.occurred_at_ms, k.kind not in window.where))
    open_inflows: list[tuple[Known, int]] = []
    trips: list[tuple[Known, Known, int]] = []
    for known in ordered:
        amount = known.event.amount_minor
        if known.kind in window.where:
            if amount >= (window.floor_minor or 0):
                open_inflows.append((known, amount))
            continue
        while amount > 0 and open_inflows:
            inflow, left = open_inflows.pop()
            taken = min(amount, left)
            trips.append((inflow, known, taken))
            amount -= taken
            if left > taken:
                open_inflows.append((inflow, left - taken))
    return trips


def _totals(window: Window, seen: list[Known]) -> list[tuple[int, list[Known]]]:
    """Return each total that stood after a ms with an event, and what it was the total of."""
    keys = {known.key(window.of) for known in seen}
    stated: dict[int, Known] = {}
    totals: list[tuple[int, list[Known]]] = []
    for i, known in enumerate(seen):
        stated[known.key(window.of)] = known
        at_ms = known.event.occurred_at_ms
        last_of_its_ms = i + 1 == len(seen) or seen[i + 1].event.occurred_at_ms != at_ms
        if last_of_its_ms and len(stated) == len(keys):
            held = list(stated.values())
            totals.append((sum(each.event.amount_minor for each in held), held))
    return totals


def _gap_ms(pair: tuple[Known, Known]) -> int:
    return pair[1].event.occurred_at_ms - pair[0].event.occurred_at_ms
