"""Who shares a device: families a tablet, and a few small rings that apply in each other's names.

A ring meets for an hour: its members log in on one phone, ask for limits, begin applications and
fail at the face check. Everybody finds the same hours from the seed alone.
"""

from random import Random

from contracts.app_events import ApplyProgressed, FaceVerifyFailed, PageSeen
from contracts.topics import Topic
from simulator.agenda import Agenda
from simulator.chance import happens, stream
from simulator.days import SECOND_MS, Day
from simulator.edges import Edge
from simulator.kin import household_of
from simulator.outbox import Outbox

_RING_EVERY = 75
_RING_MEMBERS = (11, 12, 13, 14)
_RING_MEETS = 0.07
_FAMILY_MEETS = 0.04
_COMES = 0.85
_SHARES_A_TABLET = 0.6


def ring_of(number: int) -> int | None:
    """Return the ring that a customer belongs to, or none.

    >>> [ring_of(number) for number in (10, 11, 14, 15, 86)]
    [None, 0, 0, None, 1]
    """
    return number // _RING_EVERY if number % _RING_EVERY in _RING_MEMBERS else None


def ring_edges(number: int) -> tuple[Edge, ...]:
    """Return what the relation graph knows of a ring: one device, and who invited whom."""
    ring = ring_of(number)
    if ring is None:
        return ()
    edges = [
        Edge(
            kind="shared_device",
            node=f"c-{number:06}",
            node_kind="customer",
            other=f"dev-r-{ring:04}",
            other_kind="device",
            source="device-graph",
            uses=("fraud",),
            confidence_bps=9_000,
        )
    ]
    for other, out in ((number + 1, True), (number - 1, False)):
        if ring_of(other) == ring:
            edges.append(
                Edge(
                    kind="referral",
                    node=f"c-{number:06}",
                    node_kind="customer",
                    other=f"c-{other:06}",
                    other_kind="customer",
                    source="campaigns",
                    uses=("marketing", "fraud"),
                    out=out,
                    tells_other=False,
                )
            )
    return tuple(edges)


class SharedDevice:
    """The device that a customer shares with others, if any.

    Args:
        number: Whose.
        seed: The seed of the bank.
        random: The customer's chance for sharing, used for nothing else.
        outbox: Where the events go.
    """

    def __init__(self, number: int, *, seed: int, random: Random, outbox: Outbox) -> None:
        ring, household = ring_of(number), household_of(seed=seed, number=number)
        self._random = random
        self._outbox = outbox
        self._is_ring = ring is not None
        self._meets = _RING_MEETS if self._is_ring else _FAMILY_MEETS
        self._sessions = 0
        self._number = number
        self._group: str | None = None
        if ring is not None:
            self._group = f"r-{ring:04}"
        elif household is not None and happens(stream(seed, household, "tablet"), _SHARES_A_TABLET):
            self._group = f"h-{household:06}"
        self._together = stream(seed, 0, f"sharing:{self._group}")

    def plan(self, day: Day, agenda: Agenda) -> None:
        """Put today's meeting on the agenda, if there is one and the customer comes."""
        meets, hour = happens(self._together, self._meets), self._together.randrange(9, 22)
        if meets and self._group is not None and happens(self._random, _COMES):
            agenda.add(day.between(self._random, hour, hour + 1), self._use)

    def _use(self, at_ms: int) -> None:
        self._sessions += 1
        session: dict[str, object] = {
            "session_id": f"sx-{self._number:06}-{self._sessions:x}",
            "device_id_hash": f"dev-{self._group}",
            "ip_prefix_hash": f"ip-{self._group}",
            "os": "android",
        }
        names = ("app_open", "limit_query") if self._is_ring else ("app_open", "page_view")
        for name in names:
            self._send(PageSeen, at_ms, event_type="page", event_name=name, **session)
            at_ms += self._random.randrange(5 * SECOND_MS, 60 * SECOND_MS)
        if self._is_ring and happens(self._random, 0.4):
            self._send(
                ApplyProgressed,
                at_ms,
                event_type="apply",
                event_name="apply_start",
                **session,
            )
            self._send(FaceVerifyFailed, at_ms + SECOND_MS, event_type="face_verify", **session)

    def _send(
        self,
        contract: type[PageSeen | ApplyProgressed | FaceVerifyFailed],
        at_ms: int,
        **fields: object,
    ) -> None:
        self._outbox.send(Topic.APP_EVENTS, contract, at_ms, **fields)
