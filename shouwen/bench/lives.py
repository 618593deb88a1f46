"""The states of customers as busy as one wishes, made by the real engine from simulated events.

A quiet customer is a simulated one of whose postings, pages, contacts and signals only a part
happened; a busy one is one whose postings and pages happened several times, at other times under
other ids. Profile, consents, relations and loans are always whole.

What only the log of features remembers of long ago is taken into the log directly: of the copies,
all but the newest are. Nothing else of a state would remember them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from contracts.clock import Tick
from contracts.decode import decode
from contracts.journal import Entry
from contracts.recorded import RecordedEvent
from contracts.topics import Topic
from engine.codec import encode_subject
from engine.fold import fold
from engine.partition import PartitionState
from engine.subject import SubjectState
from engine.subjects import MemorySubjects
from features import LogEvent, log_events, update
from features.log_event import hash63
from shouwen.strategy_files import DEFAULT_STRATEGY, activation
from simulator import simulate

DAY_MS: Final = 86_400_000
DAYS: Final = 180
START_MS: Final = 1_767_225_600_000
MOST_PER_DAY: Final = 1_000
"""A busier customer is made as if this busy: its log is the same beyond its newest records."""

_COPIED: Final = frozenset({Topic.TRANSACTIONS, Topic.APP_EVENTS})
_THINNED: Final = _COPIED | {Topic.INTERACTIONS, Topic.SIGNALS}
_STEPPED_DAYS: Final = 35
_STEPPED: Final = 1_500
_JITTER_MS: Final = DAY_MS // 2
_FEWEST: Final = 300
"""Events of a simulated customer who was there from the beginning."""


class Happening(NamedTuple):
    """Something of one customer: when the bank knew, and the event or only its lines of the log."""

    at_ms: int
    topic: Topic
    value: dict[str, Any] | None
    lines: tuple[LogEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """What really happened to one simulated customer."""

    customer_id: str
    events: list[RecordedEvent]

    @property
    def per_day(self) -> float:
        """How many of its events a day can be more or fewer."""
        return sum(event.topic in _THINNED for event in self.events) / DAYS


def simulated_lives(customers: int, *, seed: int = 1) -> list[Life]:
    """Return those of a simulated bank's customers who were active all the time."""
    by_customer: dict[str, list[RecordedEvent]] = {}
    for event in simulate(seed=seed, customers=customers, days=DAYS, start_ms=START_MS):
        if event.key is not None and isinstance(event.value, dict):
            by_customer.setdefault(event.key, []).append(event)
    return [
        Life(customer_id, events)
        for customer_id, events in sorted(by_customer.items())
        if len(events) >= _FEWEST and any(e.topic is Topic.CUSTOMERS for e in events)
    ]


def state_of(life: Life, *, per_day: float, chance: Random) -> SubjectState:
    """Return what is known of a customer like `life` with so many events a day."""
    ratio = min(per_day, MOST_PER_DAY) / life.per_day
    happenings = sorted(_happenings(life, ratio, chance), key=lambda happening: happening.at_ms)
    return _folded(life.customer_id, happenings)


def encoded(state: SubjectState) -> bytes:
    """Return the state as the changelog carries it."""
    return encode_subject(state)


def _happenings(life: Life, ratio: float, chance: Random) -> Iterator[Happening]:
    newest = max(event.known_at_ms for event in life.events)
    copied = sum(event.topic in _COPIED for event in life.events) * ratio
    stepped_ms = min(_STEPPED_DAYS * DAY_MS, int(_STEPPED / max(copied, 1) * DAYS * DAY_MS))
    for event in life.events:
        if event.topic in _THINNED and chance.random() >= ratio:
            continue
        yield Happening(event.known_at_ms, event.topic, event.value)
        refers = event.value.get("corrects_event_id") is not None
        if event.topic not in _COPIED or ratio <= 1 or refers:
            continue
        raw = msgspec.json.encode(event.value)
        lines = log_events(decode(event.topic, raw), event.known_at_ms)
        more = ratio - 1
        for number in range(int(more) + (chance.random() < more % 1)):
            shift = chance.randrange(-_JITTER_MS, _JITTER_MS)
            at_ms = event.known_at_ms + shift
            if not START_MS <= at_ms <= newest:
                continue
            name = f"{event.value['event_id']}-{number}"
            if at_ms > newest - stepped_ms:
                occurred_ms = event.value["occurred_at_ms"] + shift
                again = event.value | {"event_id": name, "occurred_at_ms": occurred_ms}
                yield Happening(at_ms, event.topic, again)
            else:
                moved = tuple(_moved(line, hash63(name), shift) for line in lines)
                yield Happening(at_ms, event.topic, None, moved)


def _moved(line: LogEvent, id_hash: int, shift_ms: int) -> LogEvent:
    return line._replace(
        occurred_at_ms=line.occurred_at_ms + shift_ms,
        stated_at_ms=line.stated_at_ms + shift_ms,
        id_hash=id_hash,
    )


def _folded(customer_id: str, happenings: Sequence[Happening]) -> SubjectState:
    """Fold what happened as the worker of its partition does; only the subject is kept."""
    worker = _Worker(customer_id)
    lines: list[LogEvent] = []
    for at_ms, topic, value, own in happenings:
        if value is None:
            lines += own
            continue
        worker.take_lines(lines, at_ms)
        lines.clear()
        worker.fold(topic, msgspec.json.encode(value), at_ms, key=customer_id)
    worker.take_lines(lines, happenings[-1].at_ms)
    return worker.subjects.get(customer_id)


class _Worker:
    """A partition of its own for one customer, with the bundled strategy."""

    def __init__(self, customer_id: str) -> None:
        self.customer_id = customer_id
        self.partition = PartitionState(partition=0, build="bench")
        self.subjects = MemorySubjects()
        strategy = activation(DEFAULT_STRATEGY).model_dump_json().encode()
        self.fold(Topic.CONTROL, strategy, START_MS)

    def fold(self, topic: Topic, value: bytes, at_ms: int, *, key: str = "") -> None:
        seq = self.partition.facts.seq + 1
        entry = Entry(
            partition=0,
            seq=seq,
            at_ms=at_ms,
            topic=topic,
            source_partition=0,
            source_offset=seq,
            key=key,
            value=value,
        )
        fold(self.partition, self.subjects, [entry])

    def take_lines(self, lines: Sequence[LogEvent], at_ms: int) -> None:
        """Take lines into the log alone, after what was due before them has fired."""
        if not lines:
            return
        self.fold(Topic.CLOCK, Tick().model_dump_json().encode(), at_ms)
        subject = self.subjects.get(self.customer_id)
        subject.log = update(subject.log, lines, at_ms)
        self.subjects.settle(self.customer_id)
