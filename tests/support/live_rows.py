"""What the engine really had in hand: each case's row of features, as it was decided on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import engine.step
import engine.timers
from engine.case import Case
from features import Asked


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A row and its coordinate; `bits` are its float64 values as they lie in memory.

    `before`: a timer's, which fired as entry `seq` moved the clock and before it was applied.
    """

    partition: int
    seq: int
    subject_id: str
    at_ms: int
    before: bool
    bits: bytes

    @property
    def asked(self) -> Asked[None]:
        """The question whose answer this row must be."""
        return Asked(
            subject_id=self.subject_id,
            seq=self.seq,
            at_ms=self.at_ms,
            before=self.before,
            labels=None,
        )


@contextmanager
def live_rows(take: Callable[[LiveRow], None]) -> Iterator[None]:
    """Hand every case that the engine makes, by an event or a timer, to `take`."""

    def case_of(*, before: bool) -> type[Case]:
        class RecordedCase(Case):
            def __init__(self, **fields: Any) -> None:
                super().__init__(**fields)
                row = LiveRow(
                    self.partition.facts.partition,
                    self.seq,
                    self.subject_id,
                    self.at_ms,
                    before,
                    self.values.tobytes(),
                )
                take(row)

        return RecordedCase

    with (
        mock.patch.object(engine.step, "Case", case_of(before=False)),
        mock.patch.object(engine.timers, "Case", case_of(before=True)),
    ):
        yield
