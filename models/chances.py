"""The two chances that a contact lies between, and how much one row may say about them."""

import math
from dataclasses import dataclass

from models.features_of import FEATURES_OF

FORMAT = "uplift-linear/1"
FEATURES = FEATURES_OF["drawn_30d"]
"""Need and interest, for marketing; nothing that we did, or the arms would differ by it."""

MOST_WEIGHT = 10.0
"""The rarest arm counts at most ten times the usual one: one in twenty, and no rarer."""

_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Chances:
    """The probability of the outcome with a contact, and without one."""

    contacted: float
    left_alone: float

    @property
    def uplift_micro(self) -> int:
        """By how much a contact changes it, in millionths, rounded half up.

        >>> Chances(0.25, 0.5).uplift_micro
        -250000
        """
        return math.floor((self.contacted - self.left_alone) * _MICRO + 0.5)


def weight_of(prob_micro: int) -> float:
    """Return the weight of a row whose arm had this probability: 1 for a fair coin.

    It is half of 1 / probability, so that steps are as large as those of an unweighted row, and
    is cut off at `MOST_WEIGHT`: one row of a rare arm must not move the model alone.

    >>> weight_of(500_000), weight_of(125_000), weight_of(1_000)
    (1.0, 4.0, 10.0)
    """
    return min(_MICRO / (2.0 * prob_micro), MOST_WEIGHT)
