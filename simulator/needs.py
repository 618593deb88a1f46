"""Why people come to need money, and how the need grows and passes: nobody at the bank sees this.

A need is born for a cause, ripens over days or weeks, and passes if nothing answers it. What the
bank sees are its traces in the app and in the account, and often there are none.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal

from simulator.chance import around, happens, pick
from simulator.days import Day
from simulator.people import Kind, Person

Cause = Literal["renovation", "vehicle", "education", "travel", "stocking", "cash_gap"]

_CAUSES: dict[Kind, tuple[tuple[Cause, float], ...]] = {
    "salaried": (("renovation", 4.0), ("vehicle", 3.0), ("education", 2.0), ("cash_gap", 1.0)),
    "sme_owner": (("stocking", 4.0), ("cash_gap", 4.0), ("vehicle", 1.0)),
    "merchant": (("stocking", 6.0), ("cash_gap", 3.0), ("renovation", 1.0)),
    "young": (("travel", 3.0), ("education", 3.0), ("vehicle", 2.0), ("cash_gap", 2.0)),
    "retired": (("renovation", 3.0), ("travel", 1.0)),
}
_BIRTHS_PER_DAY: dict[Kind, float] = {
    "salaried": 0.0075,
    "sme_owner": 0.0100,
    "merchant": 0.0105,
    "young": 0.0075,
    "retired": 0.0015,
}
_MONTHS_OF_INCOME: dict[Cause, float] = {
    "renovation": 4.0,
    "vehicle": 5.0,
    "education": 2.0,
    "travel": 1.2,
    "stocking": 2.5,
    "cash_gap": 1.5,
}
_RIPENS_IN_DAYS: dict[Cause, tuple[int, int]] = {
    "renovation": (10, 35),
    "vehicle": (7, 30),
    "education": (10, 30),
    "travel": (5, 20),
    "stocking": (5, 15),
    "cash_gap": (2, 8),
}
_BUSY_MONTHS = {1, 5, 8, 9, 11}  # before the spring festival and the autumn sales
_BUSY_FACTOR = 1.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A need for money, latent.

    Attributes:
        amount_minor: How much is needed, in fen.
        born_day: The simulated day on which it began.
        ripe_day: When it is strongest.
        ends_day: When it has passed by itself.
        ours_first: Whether this bank is asked before any other lender.
        shows_in_app: Whether it makes the customer look at loans in the app at all.
    """

    cause: Cause
    amount_minor: int
    born_day: int
    ripe_day: int
    ends_day: int
    ours_first: bool
    shows_in_app: bool

    def level(self, day: Day) -> float:
        """Return how strong the need is, 0 to 1: it rises to its ripe day and then fades.

        >>> need = Need(
        ...     cause="travel",
        ...     amount_minor=1,
        ...     born_day=0,
        ...     ripe_day=10,
        ...     ends_day=20,
        ...     ours_first=True,
        ...     shows_in_app=True,
        ... )
        >>> [need.level(Day.of(first_ms=0, number=n)) for n in (0, 5, 10, 15, 25)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
        """
        if day.number <= self.ripe_day:
            return (day.number - self.born_day) / (self.ripe_day - self.born_day)
        return max(0.0, (self.ends_day - day.number) / (self.ends_day - self.ripe_day))


class Needs:
    """The needs of one customer, one at a time.

    Args:
        person: Whose needs.
        random: The customer's chance for needs, used for nothing else.
    """

    def __init__(self, person: Person, random: Random) -> None:
        self._person = person
        self._random = random
        self.current: Need | None = None

    def live(self, day: Day, *, pressure: float = 1.0) -> None:
        """Let a day pass: an old need may end, a new one may be born, more often under pressure."""
        if self.current is not None and day.number > self.current.ends_day:
            self.current = None
        births = _BIRTHS_PER_DAY[self._person.kind] * pressure
        if self._person.kind in {"merchant", "sme_owner"} and day.month in _BUSY_MONTHS:
            births *= _BUSY_FACTOR
        if happens(self._random, births) and self.current is None:
            self.current = self._born(day)

    def level(self, day: Day) -> float:
        """Return how strong the need is today, 0 where there is none."""
        return 0.0 if self.current is None else self.current.level(day)

    def met(self) -> None:
        """The money came, from whomever."""
        self.current = None

    def _born(self, day: Day) -> Need:
        random, person = self._random, self._person
        cause = pick(random, _CAUSES[person.kind])
        ripe_day = day.number + random.randint(*_RIPENS_IN_DAYS[cause])
        return Need(
            cause=cause,
            amount_minor=around(random, person.income_minor * _MONTHS_OF_INCOME[cause], 0.6),
            born_day=day.number,
            ripe_day=ripe_day,
            ends_day=ripe_day + random.randint(5, 30),
            ours_first=happens(random, person.loyalty),
            shows_in_app=not happens(random, person.shyness),
        )
