"""The last good snapshot: what a head goes back to, and how it is known to be still good."""

import math
from typing import Any, Self

from models.contest import Contest

Body = dict[str, Any]


class LastGood:
    """A snapshot that served well, beside the champion of today, in two bets.

    Every row is scored by both. If the snapshot is shown to be better than the champion, something
    has spoilt the champion, and it serves again. If the champion is shown to be better, what serves
    then becomes the last good one, and both bets begin anew; so a head that followed the world
    does not fall back to what the world was.

    Args:
        body: The snapshot's body.
        since_ms: Only rows opened from then on count: earlier ones had another champion.
    """

    def __init__(self, body: Body, *, since_ms: int) -> None:
        self.body = body
        self.since_ms = since_ms
        self._champion_is_better = Contest()
        self._champion_is_worse = Contest()

    @property
    def should_serve(self) -> bool:
        """Whether it was shown to be better than the champion."""
        return self._champion_is_worse.is_won

    @property
    def is_outgrown(self) -> bool:
        """Whether the champion was shown to be better."""
        return self._champion_is_better.is_won

    def add(self, *, champion: float, mine: float, outcome: bool, opened_at_ms: int) -> None:
        """Take the two scores of one row at its opening, and its outcome; NaN: it had none."""
        if opened_at_ms < self.since_ms or math.isnan(mine):
            return
        self._champion_is_better.add(champion=mine, challenger=champion, outcome=outcome)
        self._champion_is_worse.add(champion=champion, challenger=mine, outcome=outcome)

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data."""
        return {
            "body": self.body,
            "since_ms": self.since_ms,
            "better": self._champion_is_better.to_data(),
            "worse": self._champion_is_worse.to_data(),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return what `to_data` described, to the bit."""
        last_good = cls(data["body"], since_ms=data["since_ms"])
        last_good._champion_is_better = Contest.from_data(data["better"])
        last_good._champion_is_worse = Contest.from_data(data["worse"])
        return last_good
