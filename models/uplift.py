"""What a contact changes: two models over one encoding, of those contacted and those left alone."""

from typing import Any, Self

from models.chances import FEATURES, FORMAT, MOST_WEIGHT, Chances, weight_of
from models.encoding import Encoding
from models.kernels import F64, I16
from models.linear import LinearLearner

_FORMAT = "uplift/1"
_ALPHA = 0.02
"""Smaller steps than a propensity takes: a difference of two models has the noise of both, and is
weighed by its size. Chosen on the first half of a simulated bank, where 0.01 to 0.05 rank alike."""


class UpliftLearner:
    """A T-learner: the same linear model twice, each taught by the rows of one arm.

    Of a customer only one of the two outcomes is ever seen; where chance decided which, the
    difference of the models is the effect of the contact. Rows are weighed by 1 / probability of
    their arm, so that each model is of all customers, not of those whom one arm got more often.

    Args:
        encoding: Of the shared row.
        names: Features that it reads.
        prior: Probability of the outcome before anything is learnt, in both arms: no effect.

    Source:
        Künzel, Sekhon, Bickel, Yu (2019), "Metalearners for estimating heterogeneous treatment
        effects using machine learning", PNAS 116(10), for the T-learner; Horvitz, Thompson (1952)
        for the weights.
    """

    def __init__(
        self, encoding: Encoding, *, names: tuple[str, ...] = FEATURES, prior: float = 0.02
    ) -> None:
        self.encoding = encoding
        self.arms = tuple(
            LinearLearner(
                names, alpha=_ALPHA, prior=prior, clip_gradient=MOST_WEIGHT, encoding=encoding
            )
            for _ in range(2)
        )
        self.learned = [0, 0]

    @property
    def refused(self) -> int:
        """Steps that were not taken, because their gradient was not a number."""
        return sum(arm.refused for arm in self.arms)

    def score(self, bins: I16, z: F64) -> Chances:
        """Return both chances of an encoded row; nothing is learnt."""
        left_alone, contacted = (arm.score_encoded(bins, z) for arm in self.arms)
        return Chances(contacted, left_alone)

    def learn(
        self,
        bins: I16,
        z: F64,
        *,
        outcome: bool,
        treated: bool,
        prob_micro: int,
    ) -> Chances:
        """Teach the row's arm its outcome; return both chances as they were just before."""
        before = self.score(bins, z)
        self.arms[treated].learn_encoded(bins, z, outcome, weight_of(prob_micro))
        self.learned[treated] += 1
        return before

    def scoring_data(self) -> dict[str, Any]:
        """Return the body of a snapshot: what scoring and explaining need, as plain data."""
        left_alone, contacted = self.arms
        return {
            "format": FORMAT,
            "features": list(contacted.features),
            "contacted": contacted.scoring_data(),
            "left_alone": left_alone.scoring_data(),
            "learned": {"contacted": self.learned[1], "left_alone": self.learned[0]},
        }

    def to_data(self) -> dict[str, Any]:
        """Return the whole state as JSON data; the encoding is written by whoever shares it."""
        return {
            "format": _FORMAT,
            "arms": [arm.to_data(with_encoding=False) for arm in self.arms],
            "learned": self.learned,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any], *, encoding: Encoding) -> Self:
        """Return what `to_data` described, to the bit.

        Raises:
            CheckpointError: another format, or another encoding than it was learnt with.
        """
        learner = cls(encoding)
        learner.arms = tuple(LinearLearner.from_data(a, encoding=encoding) for a in data["arms"])
        learner.learned = list(data["learned"])
        return learner
