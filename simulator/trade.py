"""How a business goes: its trend, and the growth that later asks for money; latent.

The takings of a merchant grow first, and the need for stock comes of it: that is why a bank that
watches the card network may know before the merchant asks.
"""

from random import Random

from simulator.chance import happens
from simulator.days import Day
from simulator.people import Person

_GROWS_PER_DAY = 0.007
_LASTS_DAYS = (50, 80)
_RISES_IN_DAYS = 25
_PRESSES_AFTER_DAYS = 18
_PRESSURE = 3.0
_CALM = 0.75


class Trade:
    """The business of a merchant; for everybody else it stands still.

    Args:
        person: Whose business.
        random: The customer's chance for trade, used for nothing else.
    """

    def __init__(self, person: Person, random: Random) -> None:
        self._random = random
        self._is_merchant = person.kind == "merchant"
        self._trend = random.uniform(-0.0008, 0.0012)
        self._grows_from = self._grows_to = -1
        self._growth = 0.0

    def live(self, day: Day) -> None:
        """Let a day pass: a time of growth may begin."""
        begins = happens(self._random, _GROWS_PER_DAY)
        if self._is_merchant and begins and day.number > self._grows_to:
            self._grows_from = day.number
            self._grows_to = day.number + self._random.randint(*_LASTS_DAYS)
            self._growth = self._random.uniform(0.5, 1.1)

    def level(self, day: Day) -> float:
        """Return today's takings over those of the first day, without weekends and chance.

        >>> from simulator.people import person
        >>> from simulator.chance import stream
        >>> someone = person(seed=1, number=0, start_ms=0, days=1)
        >>> Trade(someone, stream(1, 0, "trade")).level(Day.of(first_ms=0, number=0))
        1.0
        """
        level = max(0.2, 1.0 + self._trend * day.number)
        if self._grows_from <= day.number <= self._grows_to:
            level *= 1.0 + self._growth * min(1.0, (day.number - self._grows_from) / _RISES_IN_DAYS)
        return level

    def pressure(self, day: Day) -> float:
        """Return how much oftener than usual a need is born today: growth must be paid for."""
        if not self._is_merchant:
            return 1.0
        grown_days = day.number - self._grows_from
        presses = grown_days >= _PRESSES_AFTER_DAYS and day.number <= self._grows_to
        return _PRESSURE if presses else _CALM
