"""One moment of one customer to one verdict: need first, then risk, then contact, then the action.

The order is moment, eligible actions, risk gate, contact policy, arbitration. The gate takes credit
actions away, not the customer; a channel that may not be used takes its action away before actions
compete, so that `selection_prob_micro` is over what could really have been done.
"""

from contracts.decisions import (
    ActionTaken,
    ContactOutcome,
    Disposition,
    Outcome,
    StrategyUsed,
)
from contracts.ids import stable_id
from decisions.assign import arm_of, fresh_arm
from decisions.chance import chance_of
from decisions.contact_answer import Asking, ContactAnswer
from decisions.facts import Deferred
from decisions.options import Option, candidates, eligible, pick, weigh
from decisions.payloads import Message, Order, message_of
from decisions.question import Question
from decisions.reasons import contact_reason_of
from decisions.record import alerts, degradations, hex_scores, models, rule_results
from decisions.risk.flips import FlipTest, is_tried, tried
from decisions.risk.screen import Screen, screen
from decisions.situation import MomentHit, Scores, Situation, Trigger
from decisions.strategy import DEFAULT_ARM, HOLDOUT, Strategy
from decisions.trial import Trial, trial_of
from decisions.verdict import Verdict


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
        Question(
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
        Question(
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


def _verdict(question: Question) -> Verdict:
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
    actions = eligible(question, plan, DEFAULT_ARM if arm == HOLDOUT else arm)
    product = next((a.product for a in actions if a.kind == "credit"), file.product_id)
    risk = screen(situation, question.scores, table=plan.risk, product=product, context=hit.context)
    if is_tried(decision_id):
        test = FlipTest(
            situation=situation, scores=question.scores, table=plan.risk, product=product
        )
        risk = tried(risk, test)
    asking = Asking(
        situation=situation,
        policy=spec.contact,
        protective=hit.protective,
        expires_ms=hit.expires_ms,
        waited=question.tries > 0,
        cool_off_days=plan.risk.h13_cool_off_days,
    )
    chance = chance_of(question.scores, plan.arbitration)
    options = [weigh(question, plan, asking, risk, chance, action) for action in actions]
    chosen, winner = pick(question, plan, options, chance=chance, decision_id=decision_id)
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
        models=models(question.scores),
        experiment_id=spec.experiment.id,
        unit_id=situation.subject_id,
        arm=arm,
        selection_prob_micro=chosen.selection_prob_micro,
        scores=hex_scores(question.scores),
        propensity_micro=question.scores.propensity_micro,
        risk_outcome=risk.outcome,
        risk_band=risk.band,
        soft_points=risk.soft_points,
        anomaly=risk.anomaly,
        anomaly_z={name: z.hex() for name, z in question.scores.anomaly_z.items()},
        contact_outcome=contact_outcome,
        contact_rule=rule,
        not_before_ms=answer.not_before_ms if answer and contact_outcome == "defer" else None,
        outcome=_published(risk, contact_outcome),
        disposition=disposition,
        rules=rule_results(asking, risk, options, product),
        reasons=reasons,
        candidates=candidates(question, options, winner),
        action=None if order is None else _taken(order),
        adverse_action_required=risk.outcome == "decline"
        and hit.context in {"application", "prescreen_offer", "existing_account"},
        degradations=degradations(question, risk, chance),
        messages=messages,
        alerts=alerts(question, risk),
        product=product,
        action_product="" if winner is None else winner.action.product,
        service=winner is not None and winner.action.service,
        protective=hit.protective,
        deferred=_deferral(question, answer, decision_id) if disposition == "deferred" else None,
        contacts=winner is not None and contact_outcome != "suppress",
        trial=_trial(question, arm, winner, contact_outcome),
    )


def _contact(
    question: Question, options: list[Option], winner: Option | None
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


def _trial(
    question: Question, arm: str, winner: Option | None, contact_outcome: ContactOutcome
) -> Trial | None:
    """Return the trial of contact that this decision is, if it is one about a drawdown.

    A contact that waits for its hour counts as made when it is decided on: the holdout has no
    second look.
    """
    if winner is None or contact_outcome == "suppress" or question.tries > 0:
        return None
    if winner.action.success_micro is not None or winner.action.service:
        return None
    experiment, unit_id = question.strategy.spec.experiment, question.situation.subject_id
    fresh = fresh_arm(experiment, unit_id=unit_id)
    return trial_of(experiment, question.situation.facts, arm=arm, fresh_arm=fresh)


def _disposition(arm: str, winner: Option | None, contact_outcome: ContactOutcome) -> Disposition:
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
    question: Question, answer: ContactAnswer | None, decision_id: str
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


def _taken(order: Order) -> ActionTaken:
    return ActionTaken(
        action_id=order.action.id,
        kind=order.action.kind,
        channel=order.answer.via.channel,
        message_id=order.message_id,
        not_before_ms=order.answer.not_before_ms,
        not_after_ms=order.answer.not_after_ms,
    )
