"""Benefits: coupons that are granted, claimed, used, or left until they expire."""

from random import Random

from contracts.interactions import BenefitHappened
from contracts.topics import Topic
from simulator.agenda import Agenda
from simulator.chance import happens
from simulator.days import DAY_MS, HOUR_MS, Day
from simulator.outbox import Outbox
from simulator.people import Person

_GRANTED_PER_DAY = 0.006
_CLAIMED = 0.5
_USED = 0.45
_FACE_VALUES_MINOR = (1_000, 2_000, 5_000, 8_800)
_LASTS_DAYS = (14, 45)


class Benefits:
    """The customer's coupons, one life each.

    Args:
        person: Whose coupons.
        random: The customer's chance for benefits, used for nothing else.
        outbox: Where the events go.
    """

    def __init__(self, person: Person, random: Random, outbox: Outbox) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        self._number = 0

    def plan(self, day: Day, agenda: Agenda) -> None:
        """Perhaps a coupon is granted today; what will become of it is put on the agenda."""
        random = self._random
        if not happens(random, _GRANTED_PER_DAY):
            return
        self._number += 1
        granted_ms = day.between(random, 9, 20)
        expires_ms = granted_ms + random.randint(*_LASTS_DAYS) * DAY_MS
        happened = [("granted", granted_ms)]
        if happens(random, _CLAIMED):
            claimed_ms = granted_ms + random.randrange(HOUR_MS, 6 * DAY_MS)
            happened.append(("claimed", claimed_ms))
            if happens(random, _USED):
                happened.append(("used", random.randrange(claimed_ms + HOUR_MS, expires_ms)))
        if happened[-1][0] != "used":
            happened.append(("expired", expires_ms))
        coupon: dict[str, object] = {
            "event_type": "benefit",
            "source_system": "benefit-desk",
            "benefit_id": f"bn-{self._person.number:06}-{self._number}",
            "face_value_minor": random.choice(_FACE_VALUES_MINOR),
            "expires_at_ms": expires_ms,
        }
        for what, at_ms in happened:
            self._put(agenda, at_ms, coupon | {"benefit_event": what})

    def _put(self, agenda: Agenda, at_ms: int, fields: dict[str, object]) -> None:
        agenda.add(
            at_ms,
            lambda now_ms: self._outbox.send(Topic.INTERACTIONS, BenefitHappened, now_ms, **fields),
        )
