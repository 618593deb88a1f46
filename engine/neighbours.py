"""Neighbours: an event of one subject as what it means for others. Facts alone, never decisions.

Decided by the source event and by what the subject knows from sources, so that a signal in the
journal stays valid under another strategy: a backtest reads it there and sends none.
"""

from contracts.app_events import (
    ApplyProgressed,
    CalculatorUsed,
    FaceVerifyFailed,
    PageSeen,
)
from contracts.decode import SourceEvent
from contracts.journal import Entry
from contracts.neighbours import NeighbourSignal
from contracts.relations import RelationEnded, RelationStated
from contracts.signals import EnterpriseChanged, MerchantFlowDay
from engine.neighbour_chains import Node, drawdown, merchant_day, passed_on, standing
from engine.neighbour_devices import PLACES, counts, sightings
from engine.neighbour_outputs import Occasion, Telling, records
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subject import SubjectState

_PASSED_ON = frozenset({"owner_drew", "partner_drew"})
_TO_PLACES = frozenset(PLACES)


def is_for_a_place(event: SourceEvent) -> bool:
    """Return whether an event is for a device or an address: it has no features, no decisions."""
    return isinstance(event, NeighbourSignal) and event.fact in _TO_PLACES


def cause_of(entry: Entry, event: SourceEvent) -> str:
    """Return the coordinate that a decision names as its cause.

    A signal has that of the entry that caused it: many partitions write to its topic, and where in
    it a signal stands is chance.
    """
    if isinstance(event, NeighbourSignal):
        place = f"{event.cause_partition}:{event.cause_seq}:{event.cause_ordinal}"
        return f"{entry.topic.value}:{place}"
    return entry.source


def tell_neighbours(
    partition: PartitionState,
    subject: SubjectState,
    entry: Entry,
    event: SourceEvent,
    *,
    drew_first: bool,
) -> list[Output]:
    """Return the signals that an event causes, after its subject has taken it in.

    `drew_first` says that the event made the customer one who has drawn a loan.
    """
    tellings = _tellings(subject, entry, event, drew_first=drew_first)
    if not tellings:
        return []
    partition.count("signals_sent", len(tellings))
    occasion = Occasion(
        entry=entry,
        slice_no=partition.facts.slice_no + 1,
        event_id=event.event_id,
        occurred_at_ms=min(event.occurred_at_ms, entry.at_ms),
        hops=event.hops if isinstance(event, NeighbourSignal) else 0,
        corrects_event_id=event.corrects_event_id,
        corrects_occurred_at_ms=event.corrects_occurred_at_ms,
        is_reversal=event.is_reversal,
    )
    return records(occasion, entry.key, tellings)


def _tellings(
    subject: SubjectState, entry: Entry, event: SourceEvent, *, drew_first: bool
) -> list[Telling]:
    state = subject.neighbours
    node = Node(subject_id=entry.key, relations=subject.relations, at_ms=entry.at_ms)
    match event:
        case PageSeen() | CalculatorUsed() | ApplyProgressed() | FaceVerifyFailed():
            return sightings(state, event, at_ms=entry.at_ms)
        case NeighbourSignal() if is_for_a_place(event):
            return counts(state, event, at_ms=entry.at_ms)
        case NeighbourSignal() if event.fact in _PASSED_ON:
            return passed_on(node, event)
        case (
            EnterpriseChanged()
            | RelationStated()
            | RelationEnded()
            | NeighbourSignal(fact="core_hops")
        ):
            return standing(node, state, event)
        case MerchantFlowDay():
            return merchant_day(node, event)
        case _:
            return drawdown(node) if drew_first else []
