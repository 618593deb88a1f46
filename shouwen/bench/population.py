"""A million customers of very different activity, and a sample that stands for all of them.

The activity of the customer of rank r falls as 1/r (Zipf's law with exponent 1). It is scaled by
one number that a banker can check: what the customer at the border of the busiest hundredth does.
"""

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

P99_PER_DAY: Final = 3.0
"""Source events a day of the customer whom one in a hundred exceeds."""

STRATA_PER_DECADE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """One customer of the sample.

    Attributes:
        rank: By activity, the busiest is 1.
        weight: For how many customers of about this rank it stands.
    """

    rank: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Customers by activity.

    Attributes:
        customers: How many there are.
        p99_per_day: Source events a day of the one whom a hundredth of them exceeds.

    >>> bank = Population(customers=1_000_000)
    >>> bank.per_day(1), bank.per_day(10_000), round(bank.per_day(500_000), 2)
    (30000.0, 3.0, 0.06)
    >>> round(bank.mean_per_day, 2)
    0.43
    """

    customers: int
    p99_per_day: float = P99_PER_DAY

    def per_day(self, rank: int) -> float:
        """Return the source events a day of the customer of a rank."""
        return self.p99_per_day * self.customers / 100 / rank

    def share(self, rank: int) -> float:
        """Return the part of all events that are of the customer of a rank.

        >>> bank = Population(customers=1_000)
        >>> round(sum(bank.share(rank) for rank in range(1, 1_001)), 9)
        1.0
        """
        return 1 / (rank * _harmonic(self.customers))

    @property
    def mean_per_day(self) -> float:
        """Source events a day, mean over all customers."""
        return self.p99_per_day / 100 * _harmonic(self.customers)

    def sample(self, chance: Random, *, per_stratum: int) -> list[Sampled]:
        """Return customers drawn at random within strata of rank, five to each power of ten.

        A stratum with no more customers than `per_stratum` is there as a whole.

        >>> bank = Population(customers=10_000)
        >>> sample = bank.sample(Random(1), per_stratum=3)
        >>> sample[0].rank, round(sum(one.weight for one in sample))
        (1, 10000)
        """
        found: list[Sampled] = []
        first, step = 1, 0
        while first <= self.customers:
            step += 1
            end = max(first + 1, round(10 ** (step / STRATA_PER_DECADE)))
            ranks = range(first, min(end, self.customers + 1))
            drawn = sorted(chance.sample(ranks, min(per_stratum, len(ranks))))
            found += [Sampled(rank=rank, weight=len(ranks) / len(drawn)) for rank in drawn]
            first = end
        return found


@cache
def _harmonic(customers: int) -> float:
    return sum(1 / rank for rank in range(1, customers + 1))
