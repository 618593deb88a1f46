"""What was handed over already: examples come at least once, and now and then out of order."""

import json
from typing import Any, Self

from contracts.examples import Example

PLACES_KEPT = 128
EARLY_KEPT_MS = 3_600_000
EARLY_MOST = 1_000

_Place = tuple[int, int]


class Arrivals:
    """Says which openings are new, and keeps outcomes that came before their row.

    Within a partition a journal number and an ordinal name an opening. The newest place of each
    partition is remembered, and the last 128 before it: an opening behind the newest that is not
    among them, and not older than all of them, was overtaken, and is new.

    An outcome whose row is not there is kept for an hour of the examples' clock, at most a
    thousand of them: if its row opens meanwhile, nothing was lost.

    >>> arrivals = Arrivals()
    >>> step = dict(label_name="drawn_30d", status="opened", subject_id="c-1", partition=0)
    >>> first, second = (
    ...     Example(row_id=f"r-{n}", at_ms=n, seq=n, ordinal=0, **step) for n in (1, 2)
    ... )
    >>> arrivals.is_new(second), arrivals.is_new(first), arrivals.is_new(first)
    (True, True, False)
    """

    def __init__(self) -> None:
        self._places: dict[int, list[_Place]] = {}
        self._early: dict[str, list[Example]] = {}

    def is_new(self, opened: Example) -> bool:
        """Say whether this opening was not seen before; from now on it was."""
        place = (opened.seq, opened.ordinal)
        known = self._places.setdefault(opened.partition, [])
        too_old = len(known) >= PLACES_KEPT and place < known[0]
        if too_old or place in known:
            return False
        known.append(place)
        known.sort()
        del known[:-PLACES_KEPT]
        return True

    def keep_early(self, outcome: Example) -> bool:
        """Keep an outcome whose row is not there; return False if it is there already."""
        waiting = self._early.setdefault(outcome.row_id, [])
        if any(_same_step(outcome, other) for other in waiting):
            return False
        waiting.append(outcome)
        return True

    def take_early(self, row_id: str) -> list[Example]:
        """Return, in order, the outcomes that came before this row, and keep them no longer."""
        waiting = self._early.pop(row_id, [])
        return sorted(waiting, key=lambda example: (example.at_ms, example.seq, example.ordinal))

    def give_up(self, at_ms: int) -> list[Example]:
        """Return the outcomes whose row will not come any more, and keep them no longer."""
        if not self._early:
            return []
        before_ms = at_ms - EARLY_KEPT_MS
        excess = sum(map(len, self._early.values())) - EARLY_MOST
        given_up: list[Example] = []
        for row_id, waiting in list(self._early.items()):
            if waiting[0].at_ms < before_ms or len(given_up) < excess:
                given_up += self._early.pop(row_id)
        return given_up

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "places": {
                str(partition): [list(place) for place in places]
                for partition, places in sorted(self._places.items())
            },
            "early": [
                example.model_dump(mode="json", exclude_defaults=True)
                for waiting in self._early.values()
                for example in waiting
            ],
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described."""
        arrivals = cls()
        arrivals._places = {
            int(partition): [(place[0], place[1]) for place in places]
            for partition, places in data["places"].items()
        }
        for raw in data["early"]:
            arrivals.keep_early(Example.model_validate_json(json.dumps(raw)))
        return arrivals


def _same_step(one: Example, other: Example) -> bool:
    return (one.label, one.status) == (other.label, other.status)
