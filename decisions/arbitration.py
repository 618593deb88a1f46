"""Which action is worth most to both: integers throughout, so that no machine rounds otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.decisions import DecisionContext
from contracts.ids import unit_interval
from decisions.actions import Action, Via
from decisions.chance import Chance
from decisions.strategy import Arbitration

MICRO = 1_000_000
_PERCENT = 100
_SCALE = MICRO * _PERCENT * _PERCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The winner's place among the scored actions; `selection_prob_micro` is how likely it was.

    No winner (`index` none) is a decision too: nothing is worth doing.
    """

    index: int | None
    selection_prob_micro: int


def score_minor(
    action: Action,
    via: Via,
    arbitration: Arbitration,
    *,
    chance_micro: int,
    context: DecisionContext,
    branch_path: str,
    touches_30d: int,
) -> int:
    """Return what the action is worth, in minor units: one integer product, one floor division.

    Source: docs/domain.md, "Arbitration". `chance_micro` is what the strategy weighs a drawdown
    by, propensity or uplift; an action that is not about a drawdown names its own chance.

    >>> plain = Arbitration(min_propensity_micro=0, explore_epsilon_micro=0)
    >>> push = Via(channel="app", cost_minor=20, valid_hours=24)
    >>> offer = Action(id="o", kind="credit", moments=(), value_minor=180_000, via=(push,))
    >>> score_minor(
    ...     offer,
    ...     push,
    ...     plain,
    ...     chance_micro=31_200,
    ...     context="application",
    ...     branch_path="hq",
    ...     touches_30d=0,
    ... )
    5596
    """
    chance = chance_micro if action.success_micro is None else action.success_micro
    weight_pct = arbitration.context_weight_pct.get(context, _PERCENT)
    lever_pct = _lever_pct(arbitration, branch_path)
    worth = (chance * action.value_minor * weight_pct * lever_pct) // _SCALE
    fatigue_minor = arbitration.fatigue_cost_minor_per_touch * touches_30d
    cost_minor = action.cost_minor + via.cost_minor
    return worth - cost_minor - fatigue_minor - via.capacity_price_minor


def choose(
    actions: Sequence[tuple[Action, int]],
    arbitration: Arbitration,
    *,
    chance: Chance,
    decision_id: str,
) -> Chosen:
    """Return the winner among (action, score): the best, or rarely one that is drawn at random.

    By propensity, chance draws among the actions that are worth their cost. By uplift it draws
    among all of them: where the model says that contact does harm nobody would be contacted any
    more, and it could never learn that it was wrong. Ties go to the smaller action id, so the
    order of the arguments does not matter.
    """
    in_order = sorted(range(len(actions)), key=lambda index: actions[index][0].id)
    worthy = [index for index in in_order if _worthy(*actions[index], chance)]
    best = min(worthy, key=lambda index: (-actions[index][1], actions[index][0].id), default=None)
    drawn_from = in_order if arbitration.chance == "uplift" else worthy
    if not drawn_from:
        return Chosen(index=None, selection_prob_micro=MICRO)
    winner = best
    epsilon_micro = arbitration.explore_epsilon_micro
    if int(unit_interval("explore", decision_id) * MICRO) < epsilon_micro:
        winner = drawn_from[int(unit_interval("explore-which", decision_id) * len(drawn_from))]
    greedy_micro = MICRO - epsilon_micro if winner == best else 0
    explored_micro = 0 if winner is None else epsilon_micro // len(drawn_from)
    return Chosen(index=winner, selection_prob_micro=greedy_micro + explored_micro)


def _worthy(action: Action, score: int, chance: Chance) -> bool:
    micro = chance.micro if action.success_micro is None else action.success_micro
    return score > 0 and micro >= chance.least_micro


def _lever_pct(arbitration: Arbitration, branch_path: str) -> int:
    """Return the lever of the nearest branch above the customer that has one."""
    path = branch_path
    while path:
        if path in arbitration.lever_pct:
            return arbitration.lever_pct[path]
        path = path.rpartition("/")[0]
    return _PERCENT
