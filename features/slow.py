"""The obvious definition of every feature: a list of events, read by its words. The oracle.

Nothing is forgotten, packed or summed in advance. The compiled log must give the same bits, and
`shouwen why` uses the same definition to trace a number to the events that it rests on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from features.business_time import DAY_MS, MINUTE_MS, business_day, business_month
from features.catalogue import CATALOGUE
from features.definitions import Feature, Formula, Window
from features.kinds import KINDS
from features.log_event import ADD, REVERSAL, LogEvent

_MS = {"days": DAY_MS, "minutes": MINUTE_MS}


@dataclass(frozen=True, slots=True)
class Known:
    """An event that the log holds, and the caller's mark on it."""

    event: LogEvent
    tag: object

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


@dataclass(slots=True)
class SlowLog:
    """All that was ever known of a subject, in order of arrival.

    >>> from features.kinds import CODES
    >>> log = SlowLog()
    >>> log.apply([LogEvent(0, CODES["complaint"], 0, 0, 1, 0, 0, 0, 0)], tag="e-1")
    >>> log.read(0)["complaint_cnt_90d"], log.members("complaint_cnt_90d", 0)
    (1.0, ['e-1'])
    """

    catalogue: Sequence[Feature] = CATALOGUE
    events: list[Known] = field(default_factory=list)
    struck: set[tuple[int, int]] = field(default_factory=set)

    def apply(self, events: Sequence[LogEvent], *, tag: object = None) -> None:
        """Take events in; a struck one never counts, whichever of the two came first."""
        for event in events:
            if event.op != ADD:
                self.struck.add((event.ref_at_ms, event.ref_id_hash))
            if event.op != REVERSAL and not any(_same(event, known.event) for known in self.events):
                self.events.append(Known(event, tag))

    def read(self, at_ms: int) -> dict[str, float]:
        """Return every served feature at `at_ms`."""
        values: dict[str, float] = {}
        for feature in self.catalogue:
            if isinstance(feature, Window):
                values[feature.name] = _value(feature, self._seen(feature, at_ms), at_ms)
        for feature in self.catalogue:
            if isinstance(feature, Formula):
                values[feature.name] = _work_out(feature, values)
        return {
            feature.name: values[feature.name]
            for feature in self.catalogue
            if isinstance(feature, Formula) or feature.served
        }

    def members(self, name: str, at_ms: int) -> list[object]:
        """Return the tags of the events that a feature rests on at `at_ms`, oldest first.

        Raises:
            KeyError: no feature has that name.
        """
        by_name = {feature.name: feature for feature in self.catalogue}
        feature = by_name[name]
        terms = feature.terms if isinstance(feature, Formula) else (name,)
        windows = [window for window in self.catalogue if window.name in terms]
        rests_on: list[Known] = []
        for window in windows:
            if isinstance(window, Window):
                seen = self._seen(window, at_ms)
                rests_on += _decisive(window, seen)
        unique = {id(known): known for known in rests_on}
        ordered = sorted(unique.values(), key=lambda known: known.event.occurred_at_ms)
        return list(dict.fromkeys(known.tag for known in ordered))

    def _seen(self, window: Window, at_ms: int) -> list[Known]:
        """Return the live events in a window, by occurrence and then arrival."""
        live = [
            known
            for known in self.events
            if (known.event.stated_at_ms, known.event.id_hash) not in self.struck
            and known.kind in window.where
            and at_ms - window.window_ms < known.event.occurred_at_ms <= at_ms
        ]
        return sorted(live, key=lambda known: known.event.occurred_at_ms)


def _same(a: LogEvent, b: LogEvent) -> bool:
    """Tell a duplicate: the source said the same of the same event, whenever it came."""
    return (a.stated_at_ms, a.id_hash, a.kind, a.amount_minor) == (
        b.stated_at_ms,
        b.id_hash,
        b.kind,
        b.amount_minor,
    )


def _value(window: Window, seen: list[Known], at_ms: int) -> float:
    if not seen and window.null_policy == "missing":
        return math.nan
    if window.aggregation == "since_last":
        return (at_ms - seen[-1].event.occurred_at_ms) / _MS[window.unit]
    return float(_whole_number(window, seen))


def _whole_number(window: Window, seen: list[Known]) -> int:
    amounts = [known.event.amount_minor for known in seen]
    match window.aggregation:
        case "sum":
            return sum(amounts)
        case "min":
            return min(amounts)
        case "max":
            return max(amounts)
        case "distinct":
            return len({known.key(window.of) for known in seen})
        case "last":
            return sum({k.key(window.of): k.event.amount_minor for k in seen}.values())
        case "count" | "since_last":
            return len(seen)


def _work_out(formula: Formula, values: dict[str, float]) -> float:
    over = sum(values[name] for name in formula.over) - sum(values[name] for name in formula.less)
    under = sum(values[name] for name in formula.under) - sum(
        values[name] for name in formula.under_less
    )
    divisor = under * formula.per if formula.under else float(formula.per)
    if divisor == 0:
        return math.nan
    return over * formula.times / divisor + formula.plus


def _decisive(window: Window, seen: list[Known]) -> list[Known]:
    """Return the events without which the value could be another one."""
    match window.aggregation:
        case "count" | "sum":
            return seen
        case "min":
            return sorted(seen, key=lambda known: known.event.amount_minor)[:1]
        case "max":
            return sorted(seen, key=lambda known: -known.event.amount_minor)[:1]
        case "since_last":
            return seen[-1:]
        case "distinct" | "last":
            return list({known.key(window.of): known for known in seen}.values())
