"""Which decisions are a trial: chance alone said whether this customer was contacted."""

from dataclasses import dataclass

from decisions.facts import Facts
from decisions.strategy import DEFAULT_ARM, HOLDOUT, Experiment

_MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Whether the customer was contacted, and how likely it was that just this happened.

    `prob_micro` is the true probability, in millionths, given everything but the assignment to
    the champion or the holdout; an uplift model divides by it.
    """

    treated: bool
    prob_micro: int


def trial_of(experiment: Experiment, facts: Facts, *, arm: str, fresh_arm: str) -> Trial | None:
    """Return the trial that a contact decided on now is, or none where chance did not decide.

    Champion and holdout follow one plan, and until the first contact that this plan decides on,
    nothing of what we did differs between them: there the holdout is an exact control. Later the
    caps of those who were contacted differ, so that no probability could be stated. An arm that
    was frozen under other shares than today's has none either.

    >>> from decisions.strategy import Arm
    >>> trial = Experiment("e", "customer", "s", 10, {"champion": Arm(70), "list_only": Arm(20)})
    >>> trial_of(trial, Facts(), arm="champion", fresh_arm="champion")
    Trial(treated=True, prob_micro=875000)
    >>> trial_of(trial, Facts(), arm="holdout", fresh_arm="holdout")
    Trial(treated=False, prob_micro=125000)
    >>> trial_of(trial, Facts(), arm="list_only", fresh_arm="list_only") is None
    True
    >>> trial_of(trial, Facts(tried={"e": 7}), arm="holdout", fresh_arm="holdout") is None
    True
    """
    if arm not in {DEFAULT_ARM, HOLDOUT} or arm != fresh_arm or experiment.id in facts.tried:
        return None
    champion_pct = experiment.arms[DEFAULT_ARM].pct
    both_pct = champion_pct + experiment.holdout_pct
    treated = arm == DEFAULT_ARM
    share_pct = champion_pct if treated else experiment.holdout_pct
    return Trial(treated=treated, prob_micro=share_pct * _MICRO // both_pct)
