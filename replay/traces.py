"""From a number in a decision back to the events that it rests on, by the obvious definition."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from contracts.decisions import Decision
from contracts.decode import SourceEvent, decode
from contracts.journal import Entry
from contracts.topics import DAY_MS, Topic
from features import SlowLog, log_events
from features.catalogue import BY_NAME

TIMER = "timer:"
_ID_DAYS = 7
_SAID = (
    "event_name",
    "direction",
    "purpose_class",
    "loan_stage",
    "stage_status",
    "feedback_type",
    "channel",
    "branch_event",
    "wecom_event",
    "call_event",
    "activity",
    "benefit_event",
    "status",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventUsed:
    """An event that a decision rests on: where it stands, and what it said in a few words.

    `seq` is its place in the partition's journal, `source` its coordinate in its topic.
    """

    seq: int
    source: str
    event_id: str
    event_type: str
    occurred_at_ms: int
    known_at_ms: int
    said: str
    amount_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureUsed:
    """A feature as the decision has it, and the events behind it, oldest first.

    `confirmed` says that the slow definition over these events gives the very same bits; where it
    does not, the log was capped, or the number is not what the journal says.
    """

    name: str
    unit: str
    value_hex: str
    events: tuple[EventUsed, ...]
    confirmed: bool

    @property
    def value(self) -> float:
        """The number itself; NaN where nothing is known."""
        return float.fromhex(self.value_hex)


def trace(decision: Decision, entries: Iterable[Entry]) -> tuple[FeatureUsed, ...]:
    """Return every feature of a decision with the events behind it.

    `entries` are the partition's journal up to the decision's own number. A decision by a timer
    was made before that entry was applied, as the clock passed the timer's due time.
    """
    by_timer = decision.cause.startswith(TIMER)
    log = SlowLog()
    events: dict[int, EventUsed] = {}
    known: dict[str, tuple[int, bytes]] = {}
    for entry in entries:
        last = entry.seq == decision.seq
        if entry.key != decision.subject_id or not _is_event(entry) or (last and by_timer):
            continue
        event: SourceEvent = decode(entry.topic, entry.value)
        body = hashlib.blake2b(entry.value, digest_size=8).digest()
        before = known.get(event.event_id)
        if before is not None and before[0] > entry.at_ms - _ID_DAYS * DAY_MS:
            continue
        known[event.event_id] = (entry.at_ms, body)
        events[entry.seq] = event_used(entry, event)
        log.apply(log_events(event, entry.at_ms), tag=entry.seq)
    again = log.read(decision.at_ms)
    return tuple(
        FeatureUsed(
            name=name,
            unit=BY_NAME[name].unit if name in BY_NAME else "",
            value_hex=value,
            events=tuple(events[int(str(seq))] for seq in _members(log, name, decision.at_ms)),
            confirmed=name in again and again[name].hex() == value,
        )
        for name, value in decision.features.items()
    )


def event_used(entry: Entry, event: SourceEvent) -> EventUsed:
    """Return what an entry said, in a few words: names of our own lists, and an amount."""
    said = [str(value) for name in _SAID if (value := getattr(event, name, None)) is not None]
    amount: Any = getattr(event, "amount_minor", None)
    return EventUsed(
        seq=entry.seq,
        source=entry.source,
        event_id=event.event_id,
        event_type=event.event_type,
        occurred_at_ms=event.occurred_at_ms,
        known_at_ms=entry.at_ms,
        said=" ".join(said),
        amount_minor=amount if isinstance(amount, int) else None,
    )


def _is_event(entry: Entry) -> bool:
    return entry.topic not in {Topic.CONTROL, Topic.CLOCK}


def _members(log: SlowLog, name: str, at_ms: int) -> list[object]:
    return log.members(name, at_ms) if name in BY_NAME else []
