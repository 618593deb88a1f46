"""From a number in a decision back to the events that it rests on, by the obvious definition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.decisions import Decision
from contracts.decode import SourceEvent, decode
from contracts.journal import Entry
from contracts.topics import Topic
from engine.event_ids import EventIds, note_arrival
from features import SlowState
from features.catalogue import BY_NAME

TIMER = "timer:"
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
    "edge_kind",
    "enterprise_event",
    "fact",
    "step",
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
    does not, the log had to be cut, or the number is not what the journal says.
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
    known = [entry for entry in entries if not (by_timer and entry.seq == decision.seq)]
    return explain(decision.features, known, subject_id=decision.subject_id, at_ms=decision.at_ms)


def explain(
    features: Mapping[str, str], entries: Iterable[Entry], *, subject_id: str, at_ms: int
) -> tuple[FeatureUsed, ...]:
    """Return features (name to float hex) of a subject with the events behind each.

    `entries` are all that the partition's journal held when the features were read at `at_ms`.
    """
    state = SlowState()
    events: dict[int, EventUsed] = {}
    known = EventIds()
    for entry in entries:
        if entry.key != subject_id or not is_event(entry):
            continue
        event: SourceEvent = decode(entry.topic, entry.value)
        if note_arrival(known, event.event_id, entry.value, at_ms=entry.at_ms) != "new":
            continue
        events[entry.seq] = event_used(entry, event)
        state.apply(event, entry.at_ms, tag=entry.seq)
    again = state.read(at_ms)
    return tuple(
        FeatureUsed(
            name=name,
            unit=BY_NAME[name].unit if name in BY_NAME else "",
            value_hex=value,
            events=tuple(events[int(str(seq))] for seq in _members(state, name, at_ms)),
            confirmed=name in again and again[name].hex() == value,
        )
        for name, value in features.items()
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


def is_event(entry: Entry) -> bool:
    """Tell whether an entry is an event of its subject, not a word to the whole partition."""
    return entry.topic not in {Topic.CONTROL, Topic.CLOCK}


def _members(state: SlowState, name: str, at_ms: int) -> list[object]:
    return state.members(name, at_ms) if name in BY_NAME else []
