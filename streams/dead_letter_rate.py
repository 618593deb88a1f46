"""The dead-letter alarm: a bad deploy is not ten thousand poison messages; a person must look."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts.alerts import RiskAlert
from contracts.ids import stable_id
from contracts.topics import Topic
from streams.sequencer import Numbered

WINDOW_MS = 60_000
"""A window of the partition's clock, in milliseconds; each starts at a multiple of it."""


class DeadLetterRate:
    """Counts, per source topic, what came in and what of it is dead, in windows of the clock.

    One alert per window and topic at most, raised as soon as there are `minimum` dead letters and
    they are more than `ratio` of all. The counts are the process's own: after a restart a window
    starts anew, so an alert may come again; its id does not change, so it is the same alert.

    >>> DeadLetterRate(partition=0, ratio=0.05, minimum=20).observe_counts(
    ...     Topic.CONSENTS, at_ms=61_000, seq=4, entries=80, dead=20
    ... )[0].numbers
    {'dead_letters': 20.0, 'records': 100.0, 'ratio': 0.2}
    """

    def __init__(self, *, partition: int, ratio: float, minimum: int) -> None:
        self._partition = partition
        self._ratio = ratio
        self._minimum = minimum
        self._window = -1
        self._all: Counter[Topic] = Counter()
        self._dead: Counter[Topic] = Counter()
        self._raised: set[Topic] = set()

    def observe(self, batch: Numbered) -> list[RiskAlert]:
        """Count a batch, window by window of its own times; return the alerts that it raises.

        A batch of recorded time may hold days: each record counts in the minute it is known.
        """
        windows: dict[int, _Counted] = {}
        for entry in batch.entries:
            counted = windows.setdefault(entry.at_ms // WINDOW_MS, _Counted())
            counted.note(entry.topic, at_ms=entry.at_ms, seq=entry.seq, is_dead=False)
        for buried in batch.buried:
            at_ms = buried.letter.at_ms
            counted = windows.setdefault(at_ms // WINDOW_MS, _Counted())
            counted.note(buried.record.topic, at_ms=at_ms, seq=-1, is_dead=True)
        alerts: list[RiskAlert] = []
        seq = batch.place.seq - len(batch.entries)
        for _, counted in sorted(windows.items()):
            seq = max(seq, counted.seq)
            for topic in _in_order(counted.entries.keys() | counted.dead.keys()):
                alerts += self.observe_counts(
                    topic,
                    at_ms=counted.at_ms,
                    seq=seq,
                    entries=counted.entries[topic],
                    dead=counted.dead[topic],
                )
        return alerts

    def observe_counts(
        self, topic: Topic, *, at_ms: int, seq: int, entries: int, dead: int
    ) -> list[RiskAlert]:
        """Count records of one topic; return the alert that they raise, if any."""
        if at_ms // WINDOW_MS > self._window:
            self._window = at_ms // WINDOW_MS
            self._all.clear()
            self._dead.clear()
            self._raised.clear()
        self._all[topic] += entries + dead
        self._dead[topic] += dead
        ratio = self._dead[topic] / max(self._all[topic], 1)
        if topic in self._raised or self._dead[topic] < self._minimum or ratio <= self._ratio:
            return []
        self._raised.add(topic)
        return [self._alert(topic, at_ms=at_ms, seq=seq, ratio=ratio)]

    def _alert(self, topic: Topic, *, at_ms: int, seq: int, ratio: float) -> RiskAlert:
        dead, records = self._dead[topic], self._all[topic]
        return RiskAlert(
            alert_id=stable_id(
                "al", "dead_letter_rate", topic.value, self._partition, self._window
            ),
            kind="dead_letter_rate",
            subject_id=topic.value,
            partition=self._partition,
            seq=seq,
            at_ms=at_ms,
            text_zh=f"{topic.value} 一分钟内有 {dead} 条无法读取（共 {records} 条），"
            "请检查来源系统。",
            text_en=f"{topic.value}: {dead} of {records} records in a minute could not be read. "
            "Look at dead-letters.v1 and at what the source deployed last.",
            numbers={"dead_letters": float(dead), "records": float(records), "ratio": ratio},
        )


@dataclass(slots=True)
class _Counted:
    """What one batch brings to one window."""

    entries: Counter[Topic] = field(default_factory=Counter)
    dead: Counter[Topic] = field(default_factory=Counter)
    at_ms: int = 0
    seq: int = -1

    def note(self, topic: Topic, *, at_ms: int, seq: int, is_dead: bool) -> None:
        """Count one record."""
        (self.dead if is_dead else self.entries)[topic] += 1
        self.at_ms = max(self.at_ms, at_ms)
        self.seq = max(self.seq, seq)


def _in_order(topics: Iterable[Topic]) -> list[Topic]:
    return sorted(topics, key=lambda topic: topic.value)
