"""The obvious definition of every feature: a list of events, read by its words. The oracle.

Nothing is forgotten, packed or summed in advance. The compiled log must give the same bits, and
`shouwen why` uses the same definition to trace a number to the events that it rests on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from features.catalogue import CATALOGUE
from features.definitions import Feature, Formula, Window
from features.log_event import ADD, REVERSAL, LogEvent
from features.slow_values import Known, decisive, needs_single_events, value


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
    horizon_ms: int = 0

    def apply(self, events: Sequence[LogEvent], *, tag: object = None) -> None:
        """Take events in; a struck one never counts, whichever of the two came first.

        Before the horizon there are no single events: another one is one more, and none goes.
        """
        for event in events:
            if event.op != ADD:
                if event.ref_at_ms < self.horizon_ms:
                    continue
                self.struck.add((event.ref_at_ms, event.ref_id_hash))
            if event.op == REVERSAL:
                continue
            dated = event.occurred_at_ms < self.horizon_ms
            if dated or not any(
                _same(event, known.event) for known in self.events if not known.by_date
            ):
                self.events.append(Known(event, tag, by_date=dated))

    def date_before(self, horizon_ms: int) -> None:
        """Know what occurred before `horizon_ms` by its business date only, as a full log does."""
        if horizon_ms <= self.horizon_ms:
            return
        self.horizon_ms = horizon_ms
        self.events = [
            replace(known, by_date=True) if known.event.occurred_at_ms < horizon_ms else known
            for known in self.events
            if self._is_live(known) or known.event.occurred_at_ms >= horizon_ms
        ]
        self.struck = {struck for struck in self.struck if struck[0] >= horizon_ms}

    def read(self, at_ms: int) -> dict[str, float]:
        """Return every served feature at `at_ms`."""
        values: dict[str, float] = {}
        for feature in self.catalogue:
            if isinstance(feature, Window):
                values[feature.name] = value(feature, self._seen(feature, at_ms), at_ms)
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
                rests_on += decisive(window, seen)
        unique = {id(known): known for known in rests_on}
        ordered = sorted(unique.values(), key=lambda known: known.event.occurred_at_ms)
        return list(dict.fromkeys(known.tag for known in ordered))

    def _seen(self, window: Window, at_ms: int) -> list[Known]:
        """Return the live events in a window, by occurrence and then arrival."""
        live = [
            known
            for known in self.events
            if self._is_live(known)
            and known.kind in window.kinds
            and at_ms - window.window_ms < known.since_ms <= at_ms
            and not (known.by_date and needs_single_events(window))
        ]
        return sorted(live, key=lambda known: known.event.occurred_at_ms)

    def _is_live(self, known: Known) -> bool:
        key = known.event.stated_at_ms, known.event.id_hash
        return known.by_date or key not in self.struck


def _same(a: LogEvent, b: LogEvent) -> bool:
    """Tell a duplicate: the source said the same of the same event, whenever it came."""
    return (a.stated_at_ms, a.id_hash, a.kind, a.amount_minor) == (
        b.stated_at_ms,
        b.id_hash,
        b.kind,
        b.amount_minor,
    )


def _work_out(formula: Formula, values: dict[str, float]) -> float:
    over = _one_by_one(values, formula.over, formula.less)
    under = _one_by_one(values, formula.under, formula.under_less)
    divisor = under * formula.per if formula.under else float(formula.per)
    if divisor == 0:
        return math.nan
    score = over * formula.times / divisor + formula.plus
    if formula.at_most is not None and score > formula.at_most:
        return float(formula.at_most)
    return score


def _one_by_one(values: dict[str, float], plus: Sequence[str], less: Sequence[str]) -> float:
    total = 0.0
    for name in plus:
        total += values[name]
    for name in less:
        total -= values[name]
    return total
