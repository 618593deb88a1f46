"""What happened to a model: the newest events in words, and how many there were of each kind."""

from collections import Counter
from typing import Any, Self

from contracts.model_reports import EventKind, ModelEvent

KEPT = 50
_LONGEST = 500


class Diary:
    """Events of one model, oldest first; the newest 50 in words, all of them as totals.

    >>> diary = Diary()
    >>> diary.note(0, "drift", "log loss rose to 0.31")
    >>> diary.totals, diary.events[0].about
    ({'drift': 1}, 'log loss rose to 0.31')
    """

    def __init__(self) -> None:
        self.events: tuple[ModelEvent, ...] = ()
        self._totals: Counter[str] = Counter()

    @property
    def totals(self) -> dict[str, int]:
        """How many events there were of each kind, since the first row."""
        return dict(sorted(self._totals.items()))

    def note(self, at_ms: int, kind: EventKind, about: str) -> None:
        """Write an event down; of one that repeats the newest, only the count grows."""
        self._totals[kind] += 1
        event = ModelEvent(at_ms=at_ms, kind=kind, about=about[:_LONGEST])
        if self.events and (self.events[-1].kind, self.events[-1].about) == (kind, event.about):
            return
        self.events = (*self.events, event)[-KEPT:]

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "events": [[event.at_ms, event.kind, event.about] for event in self.events],
            "totals": self.totals,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described."""
        diary = cls()
        diary.events = tuple(
            ModelEvent(at_ms=at_ms, kind=kind, about=about) for at_ms, kind, about in data["events"]
        )
        diary._totals = Counter(data["totals"])
        return diary
