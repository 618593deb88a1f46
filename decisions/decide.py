"""One moment of one customer to one verdict: need first, then risk, then contact, then the action.

The order is moment, eligible actions, risk gate, contact policy, arbitration. The gate takes credit
actions away, not the customer; a channel that may not be used takes its action away before actions
compete, so that `selection_prob_micro` is over what could really have been done.
"""

from dataclasses import dataclass

from contracts.decisions import (
    ActionTaken,
    Candidate,
    ContactOutcome,
    Disposition,
    ModelUsed,
    Outcome,
    RuleResult,
    StrategyUsed,
)
from contracts.ids import stable_id
from contracts.topics import DAY_MS
from decisions.actions import Action
from decisions.arbitration import Chosen, choose, score_minor
from decisions.assign import arm_of
from decisions.contact_answer import (
    Asking,
    ContactAnswer,
    ask,
    days_since_decline,
    is_protected,
    missing_consent,
)
from decisions.facts import Deferred
from decisions.payloads import Message, Order, message_of
from decisions.quiet_hours import zone
from decisions.reasons import contact_reason_of
from decisions.risk.bands import is_fallback
from decisions.risk.screen import Screen, screen
from decisions.situation import MomentHit, Scores, Situation, Trigger
from decisions.strategy import DEFAULT_ARM, HOLDOUT, Plan, Strategy
from decisions.verdict import AlertDraft, Verdict

_FATIGUE_DAYS = 30
_UNBUILT = ("anomaly_model_missing", "uplift_missing")
"""Scores that no model gives yet: every anomaly is `normal`, propensity stands in for uplift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    situation: Situation
    hit: MomentHit
    trigger: Trigger
    trigger_event_id: str | None
    strategy: Strategy
    sha256: str
    scores: Scores
    tries: int = 0
    over: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """An eligible action with both answers about it; `gate` is why risk took it away."""

    action: Action
    gate: str | None
    answer: ContactAnswer
    score_minor: int

    @property
    def possible(self) -> bool:
        return self.gate is None and self.answer.outcome != "suppress"


def decide(
    situation: Situation,
    hit: MomentHit,
    trigger: Trigger,
    *,
    strategy: Strategy,
    sha256: str,
    scores: Scores,
) -> Verdict:
    """Return the verdict on a moment that is true now; nothing is changed.

    `sha256` is that of the strategy's canonical JSON, and goes into the record.
    """
    return _verdict(
        _Question(
            situation=situation,
            hit=hit,
            trigger=trigger,
            trigger_event_id=trigger.event_id,
            strategy=strategy,
            sha256=sha256,
            scores=scores,
        )
    )


def recheck(
    situation: Situation,
    deferred: Deferred,
    trigger: Trigger,
    *,
    strategy: Strategy,
    sha256: str,
    scores: Scores,
) -> Verdict:
    """Return a new verdict on an action that has waited for its time: all is checked again.

    Where the customer moved on (the loan state changed, the application went on), the time is over
    or the strategy no longer decides on it, the moment has passed and nobody is contacted.
    """
    applies = strategy.applies(
        deferred.moment,
        branch_path=situation.facts.profile.branch_path,
        at_ms=situation.at_ms,
    )
    hit = MomentHit(
        moment=deferred.moment,
        moment_id=deferred.moment_id,
        expires_ms=deferred.expires_ms,
        quiet_until_ms=deferred.expires_ms,
        context=deferred.decision_context,
        protective=deferred.protective,
        wave=deferred.wave,
        numbers=dict(deferred.numbers),
    )
    return _verdict(
        _Question(
            situation=situation,
            hit=hit,
            trigger=trigger,
            trigger_event_id=deferred.trigger_event_id,
            strategy=strategy,
            sha256=sha256,
            scores=scores,
            tries=deferred.tries + 1,
            over="moment_passed" if not applies or _has_passed(situation, deferred) else None,
        )
    )


def _has_passed(situation: Situation, deferred: Deferred) -> bool:
    file = situation.facts.loan
    if situation.at_ms > deferred.expires_ms or file.state != deferred.loan_state:
        return True
    went_on = file.apply_submitted or file.apply_active_ms > deferred.decided_ms
    return deferred.moment == "apply_abandoned" and went_on


def _verdict(question: _Question) -> Verdict:
    situation, hit, strategy = question.situation, question.hit, question.strategy
    spec, file = strategy.spec, situation.facts.loan
    decision_id = stable_id(
        "d",
        situation.subject_id,
        question.trigger.cause,
        hit.moment,
        spec.strategy_id,
        spec.version,
    )
    arm = arm_of(spec.experiment, situation.facts, unit_id=situation.subject_id)
    plan = strategy.plan(arm)
    actions = _eligible(question, plan, DEFAULT_ARM if arm == HOLDOUT else arm)
    product = next((a.product for a in actions if a.kind == "credit"), file.product_id)
    risk = screen(situation, question.scores, table=plan.risk, product=product, context=hit.context)
    asking = Asking(
        situation=situation,
        policy=spec.contact,
        protective=hit.protective,
        expires_ms=hit.expires_ms,
        waited=question.tries > 0,
        cool_off_days=plan.risk.h13_cool_off_days,
    )
    options = [_option(question, plan, asking, risk, action) for action in actions]
    chosen, winner = _winner(question, plan, options, decision_id)
    contact_outcome, rule, answer = _contact(question, options, winner)
    disposition = _disposition(arm, winner, contact_outcome)
    order = None
    if winner is not None and disposition == "acted":
        order = Order(
            decision_id=decision_id,
            situation=situation,
            hit=hit,
            spec=spec,
            apr_cap_bps=plan.risk.apr_cap_bps,
            action=winner.action,
            answer=winner.answer,
            risk_outcome=risk.outcome,
            risk_band=risk.band,
        )
    messages: tuple[Message, ...] = () if order is None else (message_of(order),)
    reasons = risk.reasons if rule is None else (*risk.reasons, contact_reason_of(rule))
    return Verdict(
        decision_id=decision_id,
        cause=question.trigger.cause,
        trigger_event_id=question.trigger_event_id,
        moment=hit.moment,
        moment_id=hit.moment_id,
        decision_context=hit.context,
        loan_state=file.state,
        strategy=StrategyUsed(
            strategy_id=spec.strategy_id, version=spec.version, sha256=question.sha256
        ),
        models=_models(question.scores),
        experiment_id=spec.experiment.id,
        unit_id=situation.subject_id,
        arm=arm,
        selection_prob_micro=chosen.selection_prob_micro,
        scores=_hex_scores(question.scores),
        propensity_micro=question.scores.propensity_micro,
        risk_outcome=risk.outcome,
        risk_band=risk.band,
        soft_points=risk.soft_points,
        anomaly="normal",
        contact_outcome=contact_outcome,
        contact_rule=rule,
        not_before_ms=answer.not_before_ms if answer and contact_outcome == "defer" else None,
        outcome=_published(risk, contact_outcome),
        disposition=disposition,
        rules=_rule_results(asking, risk, options, product),
        reasons=reasons,
        candidates=_candidates(options, winner),
        action=None if order is None else _taken(order),
        adverse_action_required=risk.outcome == "decline"
        and hit.context in {"application", "prescreen_offer", "existing_account"},
        degradations=_degradations(question, risk),
        messages=messages,
        alerts=_alerts(question, risk),
        product=product if winner is None else winner.action.product,
        service=winner is not None and winner.action.service,
        deferred=_deferral(question, answer, decision_id) if disposition == "deferred" else None,
    )


def _eligible(question: _Question, plan: Plan, arm: str) -> list[Action]:
    hit = question.hit
    return [
        action
        for action in plan.actions
        if hit.moment in action.moments
        and action.in_arm(arm)
        and (not action.waves or hit.wave in action.waves)
        and all(when.holds(question.situation.number(when.feature)) for when in action.when)
    ]


def _option(
    question: _Question, plan: Plan, asking: Asking, risk: Screen, action: Action
) -> _Option:
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
        propensity_micro=question.scores.propensity_micro,
        context=question.hit.context,
        branch_path=situation.facts.profile.branch_path,
        touches_30d=sum(touch.at_ms > horizon_ms for touch in situation.facts.contact.touches),
    )
    return _Option(action=action, gate=gate, answer=answer, score_minor=score)


def _winner(
    question: _Question, plan: Plan, options: list[_Option], decision_id: str
) -> tuple[Chosen, _Option | None]:
    possible = [option for option in options if option.possible and question.over is None]
    chosen = choose(
        [(option.action, option.score_minor) for option in possible],
        plan.arbitration,
        propensity_micro=question.scores.propensity_micro,
        decision_id=decision_id,
    )
    return chosen, None if chosen.index is None else possible[chosen.index]


def _contact(
    question: _Question, options: list[_Option], winner: _Option | None
) -> tuple[ContactOutcome, str | None, ContactAnswer | None]:
    """Return the contact answer: the winner's; else that of the best action that is left.

    Where nothing is worth doing there is nothing to wait for: the answer is then allow or
    suppress, never defer.
    """
    if question.over is not None:
        return "suppress", question.over, None
    if winner is not None:
        return winner.answer.outcome, winner.answer.rule, winner.answer
    open_options = [option for option in options if option.gate is None] or options
    pool = [option for option in open_options if option.possible] or open_options
    if not pool:
        return "allow", None, None
    best = min(pool, key=lambda option: (-option.score_minor, option.action.id)).answer
    if best.outcome == "suppress":
        return "suppress", best.rule, best
    return "allow", None, best


def _disposition(arm: str, winner: _Option | None, contact_outcome: ContactOutcome) -> Disposition:
    if arm == HOLDOUT:
        return "held_out"
    if contact_outcome == "suppress":
        return "suppressed"
    if winner is None:
        return "no_action"
    return "deferred" if contact_outcome == "defer" else "acted"


def _published(risk: Screen, contact_outcome: ContactOutcome) -> Outcome:
    return risk.outcome if contact_outcome == "allow" else contact_outcome


def _deferral(
    question: _Question, answer: ContactAnswer | None, decision_id: str
) -> Deferred | None:
    if answer is None:
        return None
    situation, hit = question.situation, question.hit
    return Deferred(
        decision_id=decision_id,
        moment=hit.moment,
        moment_id=hit.moment_id,
        decision_context=hit.context,
        trigger_event_id=question.trigger_event_id,
        due_ms=answer.not_before_ms,
        expires_ms=answer.not_after_ms,
        tries=question.tries,
        strategy_id=question.strategy.strategy_id,
        decided_ms=situation.at_ms,
        loan_state=situation.facts.loan.state,
        protective=hit.protective,
        wave=hit.wave,
        numbers=dict(hit.numbers),
    )


def _candidates(options: list[_Option], winner: _Option | None) -> tuple[Candidate, ...]:
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
            stage, why = "arbitration", "not_worth_its_cost"
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


def _taken(order: Order) -> ActionTaken:
    return ActionTaken(
        action_id=order.action.id,
        kind=order.action.kind,
        channel=order.answer.via.channel,
        message_id=order.message_id,
        not_before_ms=order.answer.not_before_ms,
        not_after_ms=order.answer.not_after_ms,
    )


def _rule_results(
    asking: Asking, risk: Screen, options: list[_Option], product: str
) -> tuple[RuleResult, ...]:
    """Return every rule, hit or not, in order: contact's H01, H02, H13 among those of credit."""
    ways = [via for option in options for via in option.action.via]
    no_consent = all(missing_consent(asking, via) is not None for via in ways)
    days = days_since_decline(asking.situation, product)
    limit_days = asking.cool_off_days
    results = [
        RuleResult(rule="H01", hit=bool(ways) and no_consent, value=None, threshold=None),
        RuleResult(rule="H02", hit=is_protected(asking), value=None, threshold=None),
        RuleResult(
            rule="H13",
            hit=days is not None and days < limit_days,
            value=None if days is None else days.hex(),
            threshold=float(limit_days).hex(),
        ),
    ]
    results += [
        RuleResult(
            rule=finding.rule,
            hit=finding.hit,
            value=None if finding.value is None else float(finding.value).hex(),
            threshold=float(finding.limit).hex(),
            points=finding.points,
        )
        for finding in risk.findings
    ]
    return tuple(sorted(results, key=lambda result: result.rule))


def _alerts(question: _Question, risk: Screen) -> tuple[AlertDraft, ...]:
    """Return what a person must see; a second look at a deferred action says nothing twice."""
    if question.tries > 0:
        return ()
    if question.hit.protective:
        return (
            AlertDraft(
                kind="repayment_stress",
                text_zh="客户出现还款压力信号：已停止信贷营销，请人工关注",
                text_en="Signs of repayment stress: credit marketing has stopped, please look",
                numbers=dict(question.hit.numbers),
            ),
        )
    hard = [finding for finding in risk.findings if finding.hit and finding.hard]
    if not hard:
        return ()
    rules = ", ".join(finding.rule for finding in hard)
    return (
        AlertDraft(
            kind="hard_rule",
            text_zh=f"命中风险硬规则：{rules}",
            text_en=f"Hard risk rules were hit: {rules}",
            numbers={f.feature: float(f.value) for f in hard if f.value is not None},
        ),
    )


def _degradations(question: _Question, risk: Screen) -> tuple[str, ...]:
    """Return the unwell parts, each once, in order of name."""
    timezone = question.situation.facts.profile.timezone
    unwell = {
        *question.situation.degradations,
        *question.scores.degradations,
        *risk.degradations,
        *_UNBUILT,
    }
    if zone(timezone) is None:
        unwell.add("timezone_invalid")
    return tuple(sorted(unwell))


def _models(scores: Scores) -> tuple[ModelUsed, ...]:
    used = (("dpd30", scores.pd_model_id), ("drawn_30d", scores.propensity_model_id))
    return tuple(
        ModelUsed(
            name=name,
            model_id=model_id,
            role="fallback" if is_fallback(model_id) else "champion",
        )
        for name, model_id in used
    )


def _hex_scores(scores: Scores) -> dict[str, str]:
    known = {"dpd30": scores.pd, "drawn_30d": scores.propensity}
    return {name: value.hex() for name, value in known.items() if value is not None}
