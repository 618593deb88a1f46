"""The unit alarm for money: a source that sends yuan for fen changes every kind of amount at once.

No single event can tell: 90 fen is a price, and so is 90 yuan. But each source system is compared
with itself, kind by kind (field, direction, purpose), so that a payroll day or a season moves
nothing: salaries are compared with salaries. Nothing is ever converted; a person has to look.
"""

from bisect import bisect_right
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from contracts.alerts import RiskAlert
from contracts.ids import stable_id
from contracts.topics import DAY_MS, Topic
from contracts.units import amount_fields
from streams.sequencer import Numbered

WINDOW: Final = 400
"""Amounts of one source that are judged together."""

MOST_SOURCES: Final = 64
"""Source systems that are told apart per partition; what comes after them is one more together."""

OTHERS: Final = "others"

_EDGES: Final = tuple(
    step * 10**decade // 10 for decade in range(1, 12) for step in (10, 18, 32, 56)
)
"""Four bins a decade: 1, 1.8, 3.2, 5.6 minor units and so on."""

_BINS: Final = len(_EDGES) + 1
_TWO_DECADES: Final = range(6, 11)
"""A shift of two decades in bins, give or take half a decade."""

_SAID: Final = {
    -2: ("百分之一", "a hundredth of", "yuan for fen"),
    2: ("一百倍", "a hundred times", "fen made of fen"),
}
_LEAST_BEFORE: Final = 50
_LEAST_NOW: Final = 8
_LEAST_JUDGED: Final = WINDOW // 4
_MOST_SHIFTED: Final = 0.8
_MOST_KEPT: Final = 20_000
"""Beyond it a reference is halved, so that it follows the years."""


@dataclass(slots=True)
class _Kind:
    """The amounts of one kind: how many per bin, before and in this window."""

    before: list[int] = field(default_factory=lambda: [0] * _BINS)
    now: list[int] = field(default_factory=lambda: [0] * _BINS)

    def shift(self) -> int | None:
        """Return by how many bins the median moved, or none where there is too little to say."""
        if sum(self.before) < _LEAST_BEFORE or sum(self.now) < _LEAST_NOW:
            return None
        return _median(self.now) - _median(self.before)

    def accept(self) -> None:
        """Let this window be part of what is usual."""
        self.before = [a + b for a, b in zip(self.before, self.now, strict=True)]
        if sum(self.before) > _MOST_KEPT:
            self.before = [count // 2 for count in self.before]


@dataclass(slots=True)
class _Source:
    """One topic of one source system."""

    kinds: dict[Hashable, _Kind] = field(default_factory=dict)
    seen: int = 0
    whole: int = 0
    raised_day: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A window whose amounts moved by about two decades: how many were judged, how many moved."""

    decades: int
    judged: int
    shifted: int
    whole_ratio: float


class AmountWatch:
    """Compares the amounts of each source system and topic with what they were before.

    A window of `WINDOW` amounts is suspect when four fifths of those that can be judged belong to
    kinds whose median moved by about two decades the same way. A suspect window does not become
    part of what is usual. What is usual is the process's own memory: it begins anew with it, so a
    mistake that was there from the start is not seen. Memory is bounded by the contracts' closed
    sets and by `MOST_SOURCES`.

    Args:
        partition: Whose records these are.
    """

    def __init__(self, *, partition: int) -> None:
        self._partition = partition
        self._sources: dict[tuple[str, Topic], _Source] = {}

    def observe(self, batch: Numbered) -> list[tuple[Topic, RiskAlert | None]]:
        """Count a batch; return the topic of each suspect window, and an alert once a day."""
        found: list[tuple[Topic, RiskAlert | None]] = []
        for entry, event in zip(batch.entries, batch.events, strict=True):
            contract: type[BaseModel] = type(event)
            names = amount_fields(contract)
            if not names:
                continue
            system = self._name(event.source_system, entry.topic)
            source = self._sources.setdefault((system, entry.topic), _Source())
            _count(source, event, names)
            if source.seen < WINDOW:
                continue
            suspicion = _judge(source)
            if suspicion is None:
                continue
            day, alert = entry.at_ms // DAY_MS, None
            if day > source.raised_day:
                source.raised_day = day
                alert = self._alert(
                    suspicion, entry.topic, system, at_ms=entry.at_ms, seq=entry.seq
                )
            found.append((entry.topic, alert))
        return found

    def _name(self, system: str, topic: Topic) -> str:
        known = (system, topic) in self._sources or len(self._sources) < MOST_SOURCES
        return system if known else OTHERS

    def _alert(
        self, suspicion: Suspicion, topic: Topic, system: str, *, at_ms: int, seq: int
    ) -> RiskAlert:
        size_zh, size_en, fault = _SAID[suspicion.decades]
        return RiskAlert(
            alert_id=stable_id(
                "al", "unit_suspect", topic.value, system, self._partition, at_ms // DAY_MS
            ),
            kind="unit_suspect",
            subject_id=f"{topic.value}/{system}"[:64],
            partition=self._partition,
            seq=seq,
            at_ms=at_ms,
            text_zh=f"{system} 的 {topic.value} 各类金额突然约为以前的{size_zh}，"
            "请检查单位（应为分）。",
            text_en=f"{system} sends amounts on {topic.value} that are {size_en} what they were, "
            f"of every kind at once: {fault}? Nothing was changed. Ask what it deployed last.",
            numbers={
                "decades": float(suspicion.decades),
                "judged": float(suspicion.judged),
                "shifted": float(suspicion.shifted),
                "whole_ratio": suspicion.whole_ratio,
            },
        )


def _count(source: _Source, event: Any, names: tuple[str, ...]) -> None:
    group: tuple[Hashable, ...] = (event.event_type,)
    if event.event_type == "transaction_posted":
        group = (event.direction, event.purpose_class)
    for name in names:
        amount = getattr(event, name)
        if amount is None or amount <= 0:
            continue
        kind = source.kinds.get((name, group))
        if kind is None:
            kind = source.kinds[name, group] = _Kind()
        kind.now[bisect_right(_EDGES, amount)] += 1
        source.seen += 1
        source.whole += amount % 100 == 0


def _judge(source: _Source) -> Suspicion | None:
    """Judge a full window and begin a new one."""
    judged = down = up = 0
    for kind in source.kinds.values():
        shift, amounts = kind.shift(), sum(kind.now)
        if shift is not None:
            judged += amounts
            down += amounts * (-shift in _TWO_DECADES)
            up += amounts * (shift in _TWO_DECADES)
    shifted = max(down, up)
    suspect = judged >= _LEAST_JUDGED and shifted >= _MOST_SHIFTED * judged
    whole_ratio = source.whole / source.seen
    for kind in source.kinds.values():
        if not suspect:
            kind.accept()
        kind.now = [0] * _BINS
    source.seen = source.whole = 0
    if not suspect:
        return None
    return Suspicion(
        decades=-2 if down > up else 2, judged=judged, shifted=shifted, whole_ratio=whole_ratio
    )


def _median(counts: list[int]) -> int:
    """Return the bin in which the middle amount lies."""
    half, reached = sum(counts) / 2, 0
    for index, count in enumerate(counts):
        reached += count
        if reached >= half:
            return index
    return 0
