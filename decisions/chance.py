"""Which chance a drawdown action competes on: what contact changes, or how likely a drawdown is."""

from dataclasses import dataclass

from decisions.situation import Scores
from decisions.strategy import Arbitration

FALLBACK = "uplift_fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """A chance in millionths (an uplift may be negative), and the least that is worth a message.

    `fallback` says that the strategy asks for uplift and too little is known of it.
    """

    micro: int
    least_micro: int
    fallback: bool = False


def chance_of(scores: Scores, arbitration: Arbitration) -> Chance:
    """Return the chance that the strategy asks for, as far as there is evidence for it.

    With `chance: uplift` it is the uplift as soon as `starting_evidence` randomised rows have
    matured in the smaller arm; until then the propensity, drawn towards
    `starting_propensity_micro` as if `starting_evidence` rows had said so, since a young
    propensity is itself little known. All in integers.

    Source: docs/domain.md, "Arbitration".

    >>> asks = Arbitration(
    ...     min_propensity_micro=500,
    ...     explore_epsilon_micro=0,
    ...     chance="uplift",
    ...     starting_evidence=100,
    ...     starting_propensity_micro=20_000,
    ... )
    >>> young = Scores(
    ...     pd=None,
    ...     pd_model_id="fallback",
    ...     pd_calibrated=False,
    ...     pd_contributions={},
    ...     propensity=0.05,
    ...     propensity_micro=50_000,
    ...     propensity_model_id="drawn_30d:1",
    ...     propensity_evidence=50,
    ...     uplift_micro=-4_000,
    ...     uplift_evidence=99,
    ... )
    >>> chance_of(young, asks)
    Chance(micro=30000, least_micro=500, fallback=True)

    One more matured row, and the same customer is left alone:

    >>> from dataclasses import replace
    >>> chance_of(replace(young, uplift_evidence=100), asks)
    Chance(micro=-4000, least_micro=0, fallback=False)
    """
    if arbitration.chance == "propensity":
        return Chance(micro=scores.propensity_micro, least_micro=arbitration.min_propensity_micro)
    if scores.uplift_micro is not None and scores.uplift_evidence >= arbitration.starting_evidence:
        return Chance(micro=scores.uplift_micro, least_micro=arbitration.min_uplift_micro)
    known, assumed = scores.propensity_evidence, arbitration.starting_evidence
    total = known * scores.propensity_micro + assumed * arbitration.starting_propensity_micro
    return Chance(
        micro=total // (known + assumed) if known + assumed else scores.propensity_micro,
        least_micro=arbitration.min_propensity_micro,
        fallback=True,
    )
