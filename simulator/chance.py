"""Chance that is the same on every machine: only `+ - * /` and whole numbers, no libm."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, number: int, purpose: str) -> Random:
    """Return the source of chance of one customer for one purpose.

    Each has its own, so that one more customer, or one more draw in another part of a customer's
    life, changes nothing else.

    >>> stream(1, 7, "app").random() == stream(1, 7, "app").random()
    True
    >>> stream(1, 7, "app").random() == stream(1, 8, "app").random()
    False
    """
    return Random(f"{seed}:{number}:{purpose}")  # a string seed goes through SHA-512


def happens(random: Random, probability: float) -> bool:
    """Return true with this probability.

    >>> [happens(Random(1), 0.0), happens(Random(1), 1.0)]
    [False, True]
    """
    return random.random() < probability


def how_many(random: Random, mean: float) -> int:
    """Return a count around `mean`: binomial, of at least four trials for each expected success.

    >>> random = Random(1)
    >>> sum(how_many(random, 2.5) for _ in range(1_000))
    2547
    """
    trials = 4 * (int(mean) + 1)
    return sum(random.random() * trials < mean for _ in range(trials))


def around(random: Random, middle_minor: float, spread_ratio: float = 0.5) -> int:
    """Return an amount within `spread_ratio` of the middle, at least 1 minor unit.

    >>> 50 <= around(Random(1), 100.0) <= 150
    True
    """
    return max(1, int(middle_minor * (1.0 - spread_ratio + 2.0 * spread_ratio * random.random())))


def pick(random: Random, weighted: Sequence[tuple[T, float]]) -> T:
    """Return one of the things, in proportion to the weights.

    >>> pick(Random(1), [("never", 0.0), ("always", 1.0)])
    'always'
    """
    things, weights = zip(*weighted, strict=True)
    chosen: T = random.choices(things, weights)[0]
    return chosen
