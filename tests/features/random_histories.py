"""Two hundred customers as they should not be: late, doubled, reversed, corrected, ahead of time.

Each history dwells on a few kinds, so that windows hold several events of a filter and there are
ties, months and pairs to get wrong; and it is read at the ms at which an event leaves a window, and
the one before.
"""

from random import Random

from features.business_time import DAY_MS, HOUR_MS
from features.catalogue import CATALOGUE
from features.definitions import Formula
from features.kinds import CODES, KINDS
from features.log import Step
from features.log_event import ADD, CLAMP_MS, LogEvent
from features.plan import PLAN
from tests.features.histories import START_MS, a_correction, a_reversal

SPANS_MS = sorted({f.window_ms for f in CATALOGUE if not isinstance(f, Formula)})
_GAPS_MS = (0, 0, 1, 7, 60_000, HOUR_MS, 5 * HOUR_MS, DAY_MS, 3 * DAY_MS, 11 * DAY_MS)
_AMOUNTS = (0, 1, 7, 7, 100, 101, 5_000_000, 5_000_001, (1 << 34) - 1)
_ACCOUNTS = 3


def random_histories(count: int, *, seed: int, source_events: int = 24) -> list[list[Step]]:
    """Return the steps of `count` subjects; each arrival is a step, and some edges are too."""
    chance = Random(seed)
    return [_Subject(Random(chance.random()), source_events).steps for _ in range(count)]


class _Subject:
    def __init__(self, chance: Random, source_events: int) -> None:
        self.chance = chance
        self.theme = chance.sample(range(1, len(KINDS)), 4)
        self.known: list[LogEvent] = []
        self.steps: list[Step] = []
        self.at_ms = START_MS
        for number in range(1, source_events + 1):
            self.at_ms += chance.choice(_GAPS_MS)
            events = self._source_event(number)
            self.known += [event for event in events if event.kind]
            self.steps.append((events, self.at_ms))
            if chance.random() < 0.4:
                self._read_at_edges(until_ms=self.at_ms + 40 * DAY_MS, most=1)
        self._read_at_edges(until_ms=self.at_ms + 2 * SPANS_MS[-1], most=12)

    def _source_event(self, number: int) -> list[LogEvent]:
        draw = self.chance.random()
        lines = self._lines(number)
        if not self.known or draw > 0.35:
            return lines
        old = self.chance.choice(self.known)
        if draw < 0.10:  # said twice
            occurred = min(old.stated_at_ms, self.at_ms)
            return [old._replace(occurred_at_ms=occurred, op=ADD, ref_at_ms=0, ref_id_hash=0)]
        if draw < 0.19:
            return [a_reversal(old, at_ms=self.at_ms, event_id=10_000 + number)]
        if draw < 0.28:
            return [a_correction(old, lines[0]), *lines[1:]]
        unseen = lines[0]  # struck before it comes; it comes later as something said again
        self.known.append(unseen)
        return [a_reversal(unseen, at_ms=self.at_ms, event_id=20_000 + number)]

    def _lines(self, number: int) -> list[LogEvent]:
        chance = self.chance
        dwelling = chance.random() < 0.8
        kind = chance.choice(self.theme) if dwelling else chance.randrange(1, len(KINDS))
        ahead = chance.choice((0, 0, 0, 0, 1, CLAMP_MS))
        late = chance.choice((0, 0, 0, 1, HOUR_MS, chance.choice(SPANS_MS), 40 * DAY_MS))
        occurred = self.at_ms if ahead else self.at_ms - late
        amount = chance.choice(_AMOUNTS)
        lines = [self._line(kind, occurred, amount, number, occurred + ahead)]
        if chance.random() < 0.5 and kind != CODES["balance"]:
            held = chance.choice((-(1 << 34) + 1, -5, 0, 900, 1 << 33))
            lines.append(self._line(CODES["balance"], occurred, held, number, occurred + ahead))
        return lines

    def _line(self, kind: int, occurred: int, amount: int, number: int, stated: int) -> LogEvent:
        key = self.chance.randrange(1, _ACCOUNTS + 1) if kind in PLAN.keyed else 0
        return LogEvent(occurred, kind, key, amount, number, ADD, 0, 0, stated)

    def _read_at_edges(self, *, until_ms: int, most: int) -> None:
        """Read at the ms at which some events leave some windows, or at the one before."""
        edges = {
            known.occurred_at_ms + span - early
            for known in self.known
            for span in SPANS_MS
            for early in (0, 1)
        }
        ahead = sorted(edge for edge in edges if self.at_ms <= edge <= until_ms)
        for edge in sorted(self.chance.sample(ahead, min(most, len(ahead)))):
            self.at_ms = edge
            self.steps.append(((), edge))
