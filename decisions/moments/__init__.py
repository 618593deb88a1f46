"""The moments: why now. One file each, all of them here, looked for in this order."""

from collections.abc import Mapping

from contracts.channels import WhyNow
from contracts.decisions import Moment
from contracts.ids import stable_id
from contracts.topics import Topic
from decisions.facts import Facts, MomentFact
from decisions.moments.apply_abandoned import APPLY_ABANDONED
from decisions.moments.approved_not_drawn import APPROVED_NOT_DRAWN
from decisions.moments.funding_gap import FUNDING_GAP
from decisions.moments.loan_intent_browse import LOAN_INTENT_BROWSE
from decisions.moments.repayment_stress import PROTECTED_MS, REPAYMENT_STRESS
from decisions.moments.rule import Evidence, MomentRule, Thresholds
from decisions.situation import MomentHit, Situation, Trigger

__all__ = [
    "MOMENTS",
    "detect",
    "keep_protection",
    "open_moment",
    "threshold_problems",
    "why_now",
]

MOMENTS: Mapping[Moment, MomentRule] = {
    rule.name: rule
    for rule in (
        REPAYMENT_STRESS,
        APPLY_ABANDONED,
        APPROVED_NOT_DRAWN,
        LOAN_INTENT_BROWSE,
        FUNDING_GAP,
    )
}
"""All moments, the protective ones first: `detect` stops at one that protects."""

Overrides = Mapping[str, Thresholds]
NO_OVERRIDES: Overrides = {}


EventKey = tuple[Topic | None, str | None, str | None]


def _by_event() -> dict[EventKey, tuple[MomentRule, ...]]:
    """Return the moments to look for by topic, type and direction: a look-up for each event."""
    found: dict[EventKey, tuple[MomentRule, ...]] = {}
    for rule in MOMENTS.values():
        for kind in rule.on:
            for direction in (None, "in", "out") if kind.direction is None else (kind.direction,):
                key = (kind.topic, kind.event_type, direction)
                found[key] = (*found.get(key, ()), rule)
    return found


_BY_EVENT = _by_event()
_BY_TIMER = {rule.on_timer: rule for rule in MOMENTS.values() if rule.on_timer is not None}


def detect(
    situation: Situation, trigger: Trigger, *, overrides: Overrides = NO_OVERRIDES
) -> tuple[MomentHit, ...]:
    """Return the moments that become true by this trigger; reads, changes nothing.

    A customer who becomes protected now has no other moment. `overrides` are thresholds by
    moment, from configuration that `threshold_problems` has passed.
    """
    hits: list[MomentHit] = []
    for rule in _looked_for(trigger):
        if not _is_allowed(rule, situation):
            continue
        evidence = _evidence_of(rule, situation, trigger, overrides)
        if evidence is None:
            continue
        hits.append(_hit(rule, situation, trigger, evidence))
        if rule.protective:
            break
    return tuple(hits)


def open_moment(facts: Facts, hit: MomentHit, *, at_ms: int) -> None:
    """Remember that a moment opened; a protective one protects the customer from now on."""
    facts.moments[hit.moment] = MomentFact(
        moment_id=hit.moment_id,
        opened_ms=at_ms,
        expires_ms=hit.expires_ms,
        quiet_until_ms=hit.quiet_until_ms,
        wave=hit.wave,
    )
    if hit.protective:
        facts.protected_until_ms = max(facts.protected_until_ms, at_ms + PROTECTED_MS)


def keep_protection(
    situation: Situation, trigger: Trigger, *, overrides: Overrides = NO_OVERRIDES
) -> bool:
    """Prolong an open protection while its reason goes on; return whether it did.

    To be called before `detect` on every trigger: protection ends 30 days after the *last* sign
    of stress, and a sign seen while the moment is open opens no second one.
    """
    facts, at_ms = situation.facts, situation.at_ms
    fact = facts.moments.get(REPAYMENT_STRESS.name)
    if fact is None or at_ms >= fact.expires_ms or REPAYMENT_STRESS not in _looked_for(trigger):
        return False
    if _evidence_of(REPAYMENT_STRESS, situation, trigger, overrides) is None:
        return False
    fact.expires_ms = max(fact.expires_ms, at_ms + PROTECTED_MS)
    facts.protected_until_ms = max(facts.protected_until_ms, at_ms + PROTECTED_MS)
    return True


def why_now(hit: MomentHit) -> WhyNow:
    """Return why this moment is now, in words, from the numbers that made it true.

    >>> from decisions.facts import Facts
    >>> case = Situation(
    ...     subject_id="c-1", at_ms=0, facts=Facts(), features={"calculator_cnt_24h": 2.0}
    ... )
    >>> used = Trigger(
    ...     kind="event", cause="app-events.v1:0:7", topic=Topic.APP_EVENTS,
    ...     event_type="calculator",
    ... )  # fmt: skip
    >>> [why_now(hit).text_zh for hit in detect(case, used)]
    ['近24小时试算2次']
    """
    rule = MOMENTS[hit.moment]
    return WhyNow(
        code=hit.moment, text_zh=rule.why_zh(hit.numbers), text_en=rule.why_en(hit.numbers)
    )


def threshold_problems(overrides: Overrides) -> list[str]:
    """Return what is wrong with thresholds from configuration, one sentence each.

    >>> threshold_problems({"funding_gap": {"cash_bufer_days_below": 5}})
    ["the moment 'funding_gap' has no threshold 'cash_bufer_days_below'; it has \
cash_buffer_days_below, debt_service_ratio_below, outflow_ratio_at_least"]
    """
    problems: list[str] = []
    rules: Mapping[str, MomentRule] = {rule.name: rule for rule in MOMENTS.values()}
    for moment, thresholds in sorted(overrides.items()):
        rule = rules.get(moment)
        if rule is None:
            problems.append(f"there is no moment {moment!r}; there are {', '.join(sorted(rules))}")
            continue
        have = ", ".join(sorted(rule.thresholds)) or "none"
        problems += [
            f"the moment {moment!r} has no threshold {name!r}; it has {have}"
            for name in sorted(set(thresholds) - set(rule.thresholds))
        ]
    return problems


def _looked_for(trigger: Trigger) -> tuple[MomentRule, ...]:
    if trigger.timer is not None:
        rule = _BY_TIMER.get(trigger.timer.partition(":")[0] + ":")
        return () if rule is None else (rule,)
    return _BY_EVENT.get((trigger.topic, trigger.event_type, trigger.direction), ())


def _is_allowed(rule: MomentRule, situation: Situation) -> bool:
    """Apply the guards that all moments share."""
    facts, at_ms = situation.facts, situation.at_ms
    if facts.loan.state not in rule.states:
        return False
    if not rule.protective and at_ms < facts.protected_until_ms:
        return False
    fact = facts.moments.get(rule.name)
    if fact is None:
        return True
    is_open = at_ms < fact.expires_ms and not rule.each_timer_is_new
    return not is_open and at_ms >= fact.quiet_until_ms


def _evidence_of(
    rule: MomentRule, situation: Situation, trigger: Trigger, overrides: Overrides
) -> Evidence | None:
    changed = overrides.get(rule.name)
    thresholds = rule.thresholds if changed is None else {**rule.thresholds, **changed}
    return rule.evidence(situation, trigger, thresholds)


def _hit(rule: MomentRule, situation: Situation, trigger: Trigger, evidence: Evidence) -> MomentHit:
    at_ms = situation.at_ms
    return MomentHit(
        moment=rule.name,
        moment_id=stable_id("m", situation.subject_id, rule.name, trigger.cause),
        expires_ms=at_ms + rule.expiry_ms,
        quiet_until_ms=at_ms + rule.refractory_ms,
        context=rule.context,
        protective=rule.protective,
        wave=evidence.wave,
        # Days are whole numbers to a rule. In the state they are floats, as they are read back:
        # else the same state would have other bytes after a restart.
        numbers={name: float(number) for name, number in evidence.numbers.items()},
    )
