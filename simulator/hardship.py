"""Money trouble: the latent cause of missed instalments. Nobody at the bank sees it directly."""

from random import Random

from simulator.chance import happens
from simulator.days import Day
from simulator.people import Person

_ONSET_PER_DAY = 0.015
_LASTS_DAYS = (60, 160)
_GAMBLERS = 0.35


class Hardship:
    """A job lost, customers gone, an illness: income falls for months and debts pile up.

    Args:
        person: Whose hardship; the frail are hit more often.
        random: The customer's chance for hardship, used for nothing else.
    """

    def __init__(self, person: Person, random: Random) -> None:
        self._person = person
        self._random = random
        self._ends_day = -1
        self.income_factor = 1.0
        self.gambles = False

    @property
    def is_on(self) -> bool:
        """Whether the customer is in trouble today."""
        return self.income_factor < 1.0

    def live(self, day: Day) -> None:
        """Let a day pass: trouble may come or end."""
        comes = happens(self._random, _ONSET_PER_DAY * self._person.frailty)
        if self.is_on and day.number > self._ends_day:
            self.income_factor, self.gambles = 1.0, False
        elif comes and not self.is_on:
            self._ends_day = day.number + self._random.randint(*_LASTS_DAYS)
            self.income_factor = self._random.uniform(0.0, 0.3)
            self.gambles = happens(self._random, _GAMBLERS)
