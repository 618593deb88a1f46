"""Everything that a subject's features rest on, and the one way to read them off.

The engine, a reading as of a past moment and a training frame all call this, so that they cannot
differ: `take` for an event, `look` for a moment without one.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

from contracts.decode import SourceEvent
from features.catalogue import NAMES
from features.from_events import log_events
from features.log import Row, read, update, update_and_read
from features.plan import EMPTY
from features.relation_rows import add_relations
from features.relations import Relations, note_relation

WIDTH: Final = len(NAMES)
"""Columns of a whole row: the features of the log, and those of relations behind them."""


class HoldsFeatures(Protocol):
    """What the features of one subject rest on, whoever keeps it."""

    log: bytes
    relations: Relations


@dataclass(slots=True)
class FeatureState:
    """The log and the relations of one subject, kept by themselves; `SubjectState` has them too."""

    log: bytes = EMPTY
    relations: Relations = field(default_factory=Relations)


def take(state: HoldsFeatures, event: SourceEvent, at_ms: int) -> Row:
    """Let an event that the bank knew at `at_ms` into the state; return the features then.

    The row has the order of `NAMES`; what is missing is NaN.

    Raises:
        FieldError: the event does not fit the log; the state is unchanged.
        ClockError: `at_ms` lies before the state's own clock.
    """
    log, row = update_and_read(state.log, log_events(event, at_ms), at_ms, width=WIDTH)
    state.log = log
    note_relation(state.relations, event, at_ms)
    add_relations(row, state.relations, at_ms)
    return row


def note(state: HoldsFeatures, event: SourceEvent, at_ms: int) -> None:
    """Let an event into the state without reading anything: what `take` does, a row less.

    Raises:
        FieldError: the event does not fit the log; the state is unchanged.
    """
    state.log = update(state.log, log_events(event, at_ms), at_ms)
    note_relation(state.relations, event, at_ms)


def look(state: HoldsFeatures, at_ms: int) -> Row:
    """Return the features at `at_ms`, in the order of `NAMES`; the state stays as it is.

    Raises:
        ClockError: `at_ms` lies before the state's own clock.

    >>> len(look(FeatureState(), 0)) == len(NAMES)
    True
    """
    row = read(state.log, at_ms, width=WIDTH)
    add_relations(row, state.relations, at_ms)
    return row
