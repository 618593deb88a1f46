"""The parts of a record that say how it came about: rules, alerts, models, what was unwell."""

from contracts.decisions import ModelUsed, RuleResult
from decisions.chance import FALLBACK, Chance
from decisions.contact_answer import Asking, days_since_decline, is_protected, missing_consent
from decisions.options import Option
from decisions.question import Question
from decisions.quiet_hours import zone
from decisions.risk.bands import is_fallback
from decisions.risk.screen import Screen
from decisions.situation import Scores
from decisions.verdict import AlertDraft

_MICRO = 1_000_000


def rule_results(
    asking: Asking, risk: Screen, options: list[Option], product: str
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
            points=finding.points if finding.hit else 0,
        )
        for finding in risk.findings
    ]
    return tuple(sorted(results, key=lambda result: result.rule))


def alerts(question: Question, risk: Screen) -> tuple[AlertDraft, ...]:
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


def degradations(question: Question, risk: Screen, chance: Chance) -> tuple[str, ...]:
    """Return the unwell parts, each once, in order of name."""
    timezone = question.situation.facts.profile.timezone
    unwell = {
        *question.situation.degradations,
        *question.scores.degradations,
        *risk.degradations,
    }
    if question.scores.anomaly_model_id is None:
        unwell.add("anomaly_model_missing")
    elif question.scores.anomaly_score is None:
        unwell.add("anomaly_profile_short")
    if question.scores.uplift_micro is None:
        unwell.add("uplift_missing")
    if chance.fallback:
        unwell.add(FALLBACK)
    if zone(timezone) is None:
        unwell.add("timezone_invalid")
    return tuple(sorted(unwell))


def models(scores: Scores) -> tuple[ModelUsed, ...]:
    """Return the snapshots that scored, and which of them is only a declared fallback."""
    used: tuple[tuple[str, str], ...] = (
        ("dpd30_mob3", scores.pd_model_id),
        ("drawn_30d", scores.propensity_model_id),
    )
    if scores.anomaly_model_id is not None:
        used = (("anomaly", scores.anomaly_model_id), *used)
    if scores.dpd90_model_id is not None:
        used = (*used, ("dpd90_after_dpd30", scores.dpd90_model_id))
    if scores.uplift_model_id is not None:
        used = (*used, ("uplift_30d", scores.uplift_model_id))
    return tuple(
        ModelUsed(
            name=name,
            model_id=model_id,
            role="fallback" if is_fallback(model_id) else "champion",
        )
        for name, model_id in used
    )


def hex_scores(scores: Scores) -> dict[str, str]:
    """Return the scores that are known, by label, to the bit."""
    known = {
        "anomaly": scores.anomaly_score,
        "pd_12m": scores.pd,
        "dpd30_mob3": scores.dpd30,
        "dpd90_after_dpd30": scores.dpd90,
        "drawn_30d": scores.propensity,
    }
    if scores.uplift_micro is not None:
        known["uplift_30d"] = scores.uplift_micro / _MICRO
    return {name: value.hex() for name, value in known.items() if value is not None}
