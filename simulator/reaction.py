"""How a customer takes it when the bank calls: some come because of it, some stay away for it."""

from random import Random

from simulator.chance import happens, stream
from simulator.days import Day
from simulator.people import Kind, Person

MOVES_WITHIN_DAYS = 10
"""A customer who comes because of a contact asks within so many days of it."""

HOLDS_DAYS = 30
"""A customer who is put off by a contact asks more rarely for so many days after it."""

_PULL: dict[Kind, float] = {
    "salaried": 0.15,
    "sme_owner": 0.40,
    "merchant": 0.45,
    "young": -0.10,
    "retired": -0.60,
}
_PULL_OF_THRIFT = -2.5
_USUAL_THRIFT = 0.18
_OWN_WAY = 0.15


def pull_of(person: Person, *, seed: int) -> float:
    """Return what a contact does to this customer, from -1 to 1; no event says so.

    Above 0 it is the chance that a contact makes somebody ask for a loan who would not have; below
    0 the share of their asking that a contact keeps away ("sleeping dogs"). Traders are drawn in,
    the retired and the thrifty are put off, and everyone has a way of their own.

    >>> from simulator.people import person
    >>> people = [person(seed=1, number=n, start_ms=0, days=1) for n in range(200)]
    >>> pulls = [pull_of(someone, seed=1) for someone in people]
    >>> min(pulls) < -0.3, max(pulls) > 0.3
    (True, True)
    """
    own = stream(seed, person.number, "pull").uniform(-_OWN_WAY, _OWN_WAY)
    thrift = _PULL_OF_THRIFT * (person.thrift - _USUAL_THRIFT)
    return min(1.0, max(-1.0, _PULL[person.kind] + thrift + own))


class Reaction:
    """One customer's reaction to contacts, from chance that is used for nothing else.

    Who is never contacted draws nothing here and does what they would have done anyway.

    Args:
        pull: What a contact does (see `pull_of`).
        random: The customer's chance for reactions.
    """

    def __init__(self, pull: float, random: Random) -> None:
        self.pull = pull
        self._random = random
        self._moves_on: int | None = None
        self._put_off = range(0)

    def contacted(self, day: Day) -> None:
        """Take a contact of today."""
        moves = happens(self._random, self.pull)
        wait = self._random.randrange(MOVES_WITHIN_DAYS)
        if moves:
            self._moves_on = day.number + 1 + wait
        self._put_off = range(day.number + 1, day.number + 1 + HOLDS_DAYS)

    def asks_today(self, day: Day) -> bool:
        """Return whether today a contact brings the customer to ask."""
        return self._moves_on == day.number

    def share_of_asking(self, day: Day) -> float:
        """Return how much of the usual asking is left today: 1 unless a contact put it off."""
        return 1.0 + min(self.pull, 0.0) if day.number in self._put_off else 1.0
