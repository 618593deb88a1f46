"""Rows as they were known at chosen coordinates: what a model may learn from, and nothing later.

A coordinate is a place in a partition's journal and a time: what the bank knew when the journal
had come so far, read at that time. It is what was scored live, so a frame made of it has no leak:
an event that came later, however early it occurred, is in no row before it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from contracts.decode import SourceEvent
from features.log import Row
from features.state import FeatureState, look, note

L = TypeVar("L")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEvent:
    """An event that changed its subject, with its place in the journal.

    Attributes:
        seq: Its number in the partition's journal.
        subject_id: Whose event it is.
        at_ms: When the bank knew (epoch ms UTC).
        event: What happened.
    """

    seq: int
    subject_id: str
    at_ms: int
    event: SourceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[L]):
    """A row that is wanted, and what is to stand beside it.

    Attributes:
        subject_id: Whose features.
        seq: The journal number up to which everything is known.
        at_ms: When the features are read; never before what is known then (epoch ms UTC).
        labels: What became of it; carried along, never looked at.
        before: The entry `seq` itself is not known yet: a timer fired as it moved the clock.
    """

    subject_id: str
    seq: int
    at_ms: int
    labels: L
    before: bool = False

    @property
    def known_until(self) -> int:
        """The last journal number that counts."""
        return self.seq - 1 if self.before else self.seq


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRow(Generic[L]):
    """What was asked, and the features then, in the order of `NAMES`; what is missing is NaN."""

    asked: Asked[L]
    values: Row


def training_frame(
    journal: Iterable[KnownEvent], labels: Sequence[Asked[L]]
) -> Iterator[FrameRow[L]]:
    """Yield one row for each label, in the order of their coordinates.

    Args:
        journal: The events of one partition in order, each once, duplicates left out.
        labels: The coordinates whose rows are wanted, in any order.

    Raises:
        ClockError: a label asks for a time before what was known at its coordinate.

    Another event that is known later changes nothing, even where it occurred before:

    >>> from contracts.decode import decode
    >>> from contracts.topics import Topic
    >>> def page(number: int, *, occurred_ms: int, known_ms: int) -> KnownEvent:
    ...     said = (
    ...         f'{{"event_type": "page", "event_id": "e-{number}", "customer_id": "c-1",'
    ...         f' "session_id": "s-1", "device_id_hash": "d-1", "occurred_at_ms": {occurred_ms},'
    ...         f' "event_name": "loan_page_view"}}'
    ...     )
    ...     event = decode(Topic.APP_EVENTS, said.encode())
    ...     return KnownEvent(seq=number, subject_id="c-1", at_ms=known_ms, event=event)
    >>> journal = [page(0, occurred_ms=10, known_ms=10), page(1, occurred_ms=5, known_ms=30)]
    >>> wanted = [Asked(subject_id="c-1", seq=seq, at_ms=40, labels=None) for seq in (0, 1)]
    >>> from features.catalogue import NAMES
    >>> views = NAMES.index("loan_page_view_cnt_1h")
    >>> [float(row.values[views]) for row in training_frame(journal, wanted)]
    [1.0, 2.0]
    """
    waiting = sorted(labels, key=lambda asked: (asked.known_until, asked.at_ms), reverse=True)
    states = {asked.subject_id: FeatureState() for asked in waiting}
    for known in journal:
        while waiting and waiting[-1].known_until < known.seq:
            yield _answer(waiting.pop(), states)
        if not waiting:
            return
        state = states.get(known.subject_id)
        if state is not None:
            note(state, known.event, known.at_ms)
    while waiting:
        yield _answer(waiting.pop(), states)


def _answer(asked: Asked[L], states: dict[str, FeatureState]) -> FrameRow[L]:
    return FrameRow(asked=asked, values=look(states[asked.subject_id], asked.at_ms))
