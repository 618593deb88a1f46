"""The actions of a moment: what risk and contact say of each, and which one wins."""

from dataclasses import dataclass

from contracts.decisions import Candidate
from contracts.topics import DAY_MS
from decisions.actions import Action
from decisions.arbitration import Chosen, choose, score_minor
from decisions.chance import Chance
from decisions.contact_answer import Asking, ContactAnswer, ask
from decisions.question import Question
from decisions.risk.screen import Screen
from decisions.strategy import Plan

_FATIGUE_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An eligible action with both answers about it; `gate` is why risk took it away."""

    action: Action
    gate: str | None
    answer: ContactAnswer
    score_minor: int

    @property
    def possible(self) -> bool:
        """Return whether it may be done, now or at its time."""
        return self.gate is None and self.answer.outcome != "suppress"


def eligible(question: Question, plan: Plan, arm: str) -> list[Action]:
    """Return the actions of the moment that this arm may use, in order of id."""
    hit = question.hit
    return [
        action
        for action in plan.actions
        if hit.moment in action.moments
        and action.in_arm(arm)
        and (not action.waves or hit.wave in action.waves)
        and all(when.holds(question.situation.number(when.feature)) for when in action.when)
    ]


def weigh(  # noqa: PLR0917 - what is asked, by whom, and the answers so far
    question: Question, plan: Plan, asking: Asking, risk: Screen, chance: Chance, action: Action
) -> Option:
    """Return an action with what risk and contact say of it, and what it is worth."""
    situation = question.situation
    answer = ask(asking, action)
    gate = None
    if action.kind == "credit":
        if question.hit.protective:
            gate = "protective_moment"
        elif risk.outcome == "decline" or (risk.outcome == "refer" and action.needs == "approve"):
            gate = f"risk_{risk.outcome}"
    horizon_ms = situation.at_ms - _FATIGUE_DAYS * DAY_MS
    score = score_minor(
        action,
        answer.via,
        plan.arbitration,
        chance_micro=chance.micro,
        context=question.hit.context,
        branch_path=situation.facts.profile.branch_path,
        touches_30d=sum(touch.at_ms > horizon_ms for touch in situation.facts.contact.touches),
    )
    return Option(action=action, gate=gate, answer=answer, score_minor=score)


def pick(
    question: Question, plan: Plan, options: list[Option], *, chance: Chance, decision_id: str
) -> tuple[Chosen, Option | None]:
    """Return the option that wins among those that are possible."""
    possible = [option for option in options if option.possible and question.over is None]
    chosen = choose(
        [(option.action, option.score_minor) for option in possible],
        plan.arbitration,
        chance=chance,
        decision_id=decision_id,
    )
    return chosen, None if chosen.index is None else possible[chosen.index]


def candidates(
    question: Question, options: list[Option], winner: Option | None
) -> tuple[Candidate, ...]:
    """Return every action with the first thing that took it out, in order of id."""
    found = []
    for option in options:
        if option is winner:
            stage, why = "won", "won"
        elif option.gate is not None:
            stage, why = "risk", option.gate
        elif not option.possible:
            stage, why = "channel", option.answer.rule or "suppressed"
        elif winner is None:
            stage, why = "arbitration", question.over or "not_worth_its_cost"
        else:
            stage, why = "arbitration", "outscored"
        found.append(
            Candidate.model_validate(
                {
                    "action_id": option.action.id,
                    "stage": stage,
                    "score_minor": option.score_minor,
                    "why": why,
                }
            )
        )
    return tuple(found)
