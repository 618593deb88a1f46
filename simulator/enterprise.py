"""What others know of a customer's enterprise: the register, the tax office, the map."""

from random import Random

from contracts.signals import EnterpriseChanged, PoiObserved
from contracts.topics import Topic
from simulator.chance import around, happens
from simulator.days import DAY_MS, HOUR_MS, Day
from simulator.hardship import Hardship
from simulator.outbox import Outbox
from simulator.people import Person

_TAX_DAY = 15
_MAP_EVERY_DAYS = 60
_MAP_DAY = 3
_SUED_PER_DAY = 0.004
_STANDS_DAYS = (45, 120)
_INDUSTRIES = ("F5211", "H6210", "C1351", "F5172", "O8011")
_CLASSES = ("restaurant", "grocery", "clothing", "hardware")


class Enterprise:
    """The customer's enterprise in the registers; nothing for customers without one.

    In hard times a creditor may go to court, and the mark stands until it is cleared.

    Args:
        person: Whose enterprise.
        random: The customer's chance for the enterprise, used for nothing else.
        outbox: Where the events go.
    """

    def __init__(self, person: Person, random: Random, outbox: Outbox) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        self._industry = random.choice(_INDUSTRIES)
        self._poi_class = random.choice(_CLASSES)
        self._monthly_minor = around(random, person.income_minor * 2.0, 0.4)
        self._marked_until = -1

    def register(self, at_ms: int) -> None:
        """Tell what the register says, when the customer comes into sight: it is old news."""
        if self._person.enterprise_id is None:
            return
        founded_ms = max(0, at_ms - self._random.randint(1, 12) * 365 * DAY_MS)
        self._send(
            EnterpriseChanged,
            at_ms,
            event_type="enterprise",
            occurred_at_ms=founded_ms,
            source_system="registry",
            enterprise_event="registered",
            industry_code=self._industry,
        )

    def live(self, day: Day, hardship: Hardship) -> None:
        """Let a day pass."""
        random = self._random
        sued = happens(random, _SUED_PER_DAY) and hardship.is_on
        if self._person.enterprise_id is None:
            return
        if day.number == self._marked_until:
            self._registry(day, "cleared")
        elif sued and day.number > self._marked_until:
            self._marked_until = day.number + random.randint(*_STANDS_DAYS)
            self._registry(day, "court_enforced")
        if day.day_of_month == _TAX_DAY and self._person.kind == "sme_owner":
            turnover = int(around(random, self._monthly_minor, 0.25) * hardship.income_factor) + 1
            self._registry(day, "tax_invoice_month", amount_minor=turnover)
        if self._person.kind == "merchant" and day.number % _MAP_EVERY_DAYS == _MAP_DAY:
            self._send(
                PoiObserved,
                day.start_ms + 6 * HOUR_MS,
                event_type="poi",
                source_system="maps",
                poi_id=f"poi-{self._person.number:06}",
                poi_class=self._poi_class,
                status="open",
                visit_index=random.randint(5, 400),
                geohash6="wtm" + "bcdefg"[self._person.number % 6] + "kp",
                match_confidence_bps=random.randint(7_000, 9_900),
            )

    def _registry(self, day: Day, what: str, **fields: object) -> None:
        self._send(
            EnterpriseChanged,
            day.between(self._random, 9, 18),
            event_type="enterprise",
            source_system="registry",
            enterprise_event=what,
            industry_code=self._industry,
            **fields,
        )

    def _send(
        self, contract: type[EnterpriseChanged | PoiObserved], at_ms: int, **fields: object
    ) -> None:
        self._outbox.send_unowned(
            Topic.SIGNALS, contract, at_ms, enterprise_id=self._person.enterprise_id, **fields
        )
