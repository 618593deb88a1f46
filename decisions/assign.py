"""Who is in which arm: a hash of the experiment and the customer, frozen at first exposure."""

from contracts.ids import unit_interval
from decisions.facts import Facts
from decisions.strategy import HOLDOUT, Experiment

_BASIS = 10_000
"""Hundredths of a percent: a share is compared in integers."""


def arm_of(experiment: Experiment, facts: Facts, *, unit_id: str) -> str:
    """Return the customer's arm: the frozen one while the experiment has it, else the hash's.

    >>> from decisions.strategy import Arm
    >>> trial = Experiment("e", "customer", "s", 50, {"champion": Arm(50)})
    >>> arm_of(trial, Facts(exposures={"e": "champion"}), unit_id="c-1")
    'champion'
    """
    frozen = facts.exposures.get(experiment.id)
    if frozen == HOLDOUT or frozen in experiment.arms:
        return frozen
    return fresh_arm(experiment, unit_id=unit_id)


def fresh_arm(experiment: Experiment, *, unit_id: str) -> str:
    """Return the arm that the hash gives: holdout first, then the arms in order of name.

    Source: docs/domain.md, "Arbitration": u = sha256(salt|experiment|unit)[0:8] / 2^64.
    """
    at = int(unit_interval(experiment.salt, experiment.id, unit_id) * _BASIS)
    edge = experiment.holdout_pct * 100
    if at < edge:
        return HOLDOUT
    arms = sorted(experiment.arms.items())
    for name, arm in arms:
        edge += arm.pct * 100
        if at < edge:
            return name
    return arms[-1][0]
