"""Devices and addresses: a customer is seen there, and hears how many others are.

A customer tells a device that it was used, at most once a day, and an address at most once in ten
minutes. The device counts the customers of seven days, the address those of one hour, and tells the
count to those whom it counts. What reaches a customer is a number, never a name.
"""

from dataclasses import dataclass
from typing import Final

from contracts.app_events import AppEvent
from contracts.neighbours import NeighbourFact, NeighbourSignal
from contracts.topics import DAY_MS
from engine.neighbour_outputs import Telling
from engine.neighbour_state import NeighbourState, Visitor

MINUTE_MS: Final = 60_000
MOST_VISITORS: Final = 64
"""More are not kept: a count of 64 means 64 or more."""

MOST_SIGHTED: Final = 16
EXACT_UNTIL: Final = 8
"""Larger counts are told as 8, 16, 32 or 64 and above, so that a busy place does not chatter."""

WORTH_TELLING: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is seen, what is counted, and how long each counts, in milliseconds."""

    sighting: NeighbourFact
    count: NeighbourFact
    tell_every_ms: int
    window_ms: int


DEVICE: Final = Place(
    sighting="device_sighting",
    count="device_customers",
    tell_every_ms=DAY_MS,
    window_ms=7 * DAY_MS,
)
ADDRESS: Final = Place(
    sighting="ip_sighting",
    count="ip_customers",
    tell_every_ms=10 * MINUTE_MS,
    window_ms=60 * MINUTE_MS,
)
PLACES: Final[dict[NeighbourFact, Place]] = {place.sighting: place for place in (DEVICE, ADDRESS)}


def sightings(state: NeighbourState, event: AppEvent, *, at_ms: int) -> list[Telling]:
    """Return what the places of an app event are told: that this customer was there.

    Nobody is told of an event without a customer, nor twice of the same event corrected.
    """
    customer = event.customer_id
    if customer is None or event.corrects_event_id is not None:
        return []
    occurred_ms = min(event.occurred_at_ms, at_ms)
    tellings = []
    for place, where in ((DEVICE, event.device_id_hash), (ADDRESS, event.ip_prefix_hash)):
        if where is not None and _is_due(state, place, where, occurred_ms):
            tellings.append(
                Telling(
                    to=where,
                    fact=place.sighting,
                    value_int=1,
                    permitted_use=("fraud",),
                    named=customer,
                )
            )
    return tellings


def counts(state: NeighbourState, signal: NeighbourSignal, *, at_ms: int) -> list[Telling]:
    """Let a place take a sighting in; return the count for those who do not know it yet.

    Who was just seen hears it in any case, so that the count stays in sight while it holds.

    >>> state = NeighbourState()
    >>> def seen(customer: str, occurred_at_ms: int) -> list[tuple[str, int]]:
    ...     signal = NeighbourSignal(
    ...         event_id=f"{customer}-{occurred_at_ms}",
    ...         occurred_at_ms=occurred_at_ms,
    ...         customer_id=customer,
    ...         subject_id="d-1",
    ...         fact="device_sighting",
    ...         from_ref="n-1",
    ...         value_int=1,
    ...         permitted_use=("fraud",),
    ...         cause_partition=0,
    ...         cause_seq=0,
    ...     )
    ...     told = counts(state, signal, at_ms=occurred_at_ms)
    ...     return [(telling.to, telling.value_int) for telling in told]
    >>> seen("c-1", 0), seen("c-2", 1)
    ([], [('c-1', 2), ('c-2', 2)])
    >>> seen("c-2", 2 * DAY_MS)
    [('c-2', 2)]
    >>> seen("c-2", 8 * DAY_MS)
    []
    """
    place = PLACES[signal.fact]
    customer = signal.customer_id
    if customer is None:
        return []
    visitors = state.visitors
    occurred_ms = min(signal.occurred_at_ms, at_ms)
    visitor = visitors.setdefault(customer, Visitor(occurred_ms))
    visitor.seen_ms = max(visitor.seen_ms, occurred_ms)
    _forget(visitors, place)
    count = as_told(len(visitors))
    if count < WORTH_TELLING:
        return []
    tellings = []
    for name in sorted(visitors):
        if name == customer or visitors[name].told != count:
            visitors[name].told = count
            tellings.append(
                Telling(to=name, fact=place.count, value_int=count, permitted_use=("fraud",))
            )
    return tellings


def as_told(count: int) -> int:
    """Return a count as it is told: exact up to 8, then the next lower power of two, 64 at most.

    >>> [as_told(count) for count in (2, 7, 8, 15, 16, 63, 500)]
    [2, 7, 8, 8, 16, 32, 64]
    """
    if count < EXACT_UNTIL:
        return count
    return min(MOST_VISITORS, 1 << (count.bit_length() - 1))


def _is_due(state: NeighbourState, place: Place, where: str, occurred_ms: int) -> bool:
    """Return whether the place needs to be told, and remember that it was."""
    key = f"{place.sighting}:{where}"
    last_ms = state.sighted.pop(key, None)
    if last_ms is not None and occurred_ms < last_ms + place.tell_every_ms:
        state.sighted[key] = last_ms
        return False
    state.sighted[key] = occurred_ms
    while len(state.sighted) > MOST_SIGHTED:
        del state.sighted[next(iter(state.sighted))]
    return True


def _forget(visitors: dict[str, Visitor], place: Place) -> None:
    """Drop who was not seen within the window, and who was seen first where there are too many."""
    newest_ms = max(visitor.seen_ms for visitor in visitors.values())
    for name in [n for n, v in visitors.items() if v.seen_ms <= newest_ms - place.window_ms]:
        del visitors[name]
    while len(visitors) > MOST_VISITORS:
        del visitors[min(visitors, key=lambda name: (visitors[name].seen_ms, name))]
