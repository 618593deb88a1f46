"""Moments to decisions: what the rules say, signed, numbered and chained."""

from collections.abc import Mapping
from typing import Literal

from contracts.alerts import RiskAlert
from contracts.decisions import Decision
from contracts.ids import chain, sha256_hex, stable_id
from contracts.topics import Topic
from decisions.decide import decide, recheck
from decisions.moments import detect, keep_protection, open_moment
from decisions.situation import Trigger
from decisions.strategy import Strategy, load
from decisions.verdict import Verdict, apply
from engine.case import Case
from engine.labels import open_contact_row
from engine.outputs import Output, output
from engine.scoring import scores_of
from features import NAMES, SCHEMA_HASH

_SIGNATURE = {"digest", "prev_hash", "hash"}


def decide_moments(case: Case, trigger: Trigger) -> list[Output]:
    """Detect what is true now and let each active strategy that cares decide on it.

    While decisions are off no moment opens: one that was true then is gone, and does not come back.
    A sign of stress still prolongs the protection that a customer has.
    """
    situation = case.situation()
    outputs: list[Output] = []
    keep_protection(situation, trigger)
    if case.partition.facts.decisions_off:
        return outputs
    for hit in detect(situation, trigger):
        case.partition.count(f"moment_{hit.moment}")
        open_moment(case.subject.facts, hit, at_ms=case.at_ms)
        branch_path = case.subject.facts.profile.branch_path
        strategies = [
            (strategy, sha256)
            for strategy, sha256 in active_strategies(case)
            if strategy.applies(hit.moment, branch_path=branch_path, at_ms=case.at_ms)
        ]
        if not strategies:
            case.partition.count("moments_without_strategy")
            continue
        scores = scores_of(case)
        for strategy, sha256 in strategies:
            verdict = decide(
                situation, hit, trigger, strategy=strategy, sha256=sha256, scores=scores
            )
            outputs += _publish(case, verdict)
    return outputs


def decide_deferred(case: Case, trigger: Trigger, decision_id: str) -> list[Output]:
    """Check a deferred action again, now that its time has come, or drop it if nobody decides."""
    deferred = case.subject.facts.deferred.pop(decision_id, None)
    if deferred is None:
        return []
    if case.partition.facts.decisions_off:
        case.partition.count("deferred_while_off")
        return []
    for strategy, sha256 in active_strategies(case):
        if strategy.strategy_id == deferred.strategy_id:
            verdict = recheck(
                case.situation(),
                deferred,
                trigger,
                strategy=strategy,
                sha256=sha256,
                scores=scores_of(case),
            )
            return _publish(case, verdict)
    case.partition.count("deferred_without_strategy")
    return []


def active_strategies(case: Case) -> list[tuple[Strategy, str]]:
    """Return the strategies that decide now, in order of id, each with its hash."""
    found = []
    for _, activated in sorted(case.partition.strategies.items()):
        strategy = case.partition.parsed.get(activated.sha256)
        if strategy is None:
            strategy = case.partition.parsed[activated.sha256] = load(activated.strategy)
        found.append((strategy, activated.sha256))
    return found


def _publish(case: Case, verdict: Verdict) -> list[Output]:
    facts = case.subject.facts
    case.subject.timers.update(apply(facts, verdict, at_ms=case.at_ms))
    decision = _sign(case, verdict)
    case.partition.facts.chain = decision.hash
    case.partition.count("decisions")
    outputs = [output(Topic.DECISIONS, key=case.subject_id, message=decision, seq=case.seq)]
    outputs += [
        output(topic, key=key, message=message, seq=case.seq)
        for topic, key, message in verdict.messages
    ]
    outputs += [_alert(case, verdict, number) for number in range(len(verdict.alerts))]
    outputs += open_contact_row(case, decision, verdict)
    return outputs


def _sign(case: Case, verdict: Verdict) -> Decision:
    """Return the decision with its digest over every bit of it, and its place in the chain."""
    partition = case.partition
    body = Decision(
        **verdict.record,
        partition=partition.facts.partition,
        seq=case.seq,
        at_ms=case.at_ms,
        subject_id=case.subject_id,
        feature_schema=SCHEMA_HASH,
        features=_hex(case.features),
        payload_sha256=_payload_hash(verdict),
        build=partition.build,
        digest="0" * 64,
        prev_hash=partition.facts.chain,
        hash="0" * 64,
    )
    digest = digest_of(body)
    link = chain(partition.facts.chain, digest.encode())
    return body.model_copy(update={"digest": digest, "hash": link})


def digest_of(decision: Decision) -> str:
    """Return the SHA-256 over everything a decision says, floats by their exact bits.

    The build is left out: another machine that decides the same must have the same digest.
    """
    raw = decision.model_dump_json(exclude=_SIGNATURE | {"build"}).encode()
    return sha256_hex([raw])


def _payload_hash(verdict: Verdict) -> str | None:
    if not verdict.messages:
        return None
    return sha256_hex([message.model_dump_json().encode() for _, _, message in verdict.messages])


def _hex(features: Mapping[str, float]) -> dict[str, str]:
    return {name: features[name].hex() for name in NAMES}


def _alert(case: Case, verdict: Verdict, number: int) -> Output:
    draft = verdict.alerts[number]
    kind: Literal["repayment_stress", "hard_rule", "dead_letter_rate"] = draft.kind
    alert = RiskAlert(
        alert_id=stable_id("a", verdict.decision_id, number),
        kind=kind,
        subject_id=case.subject_id,
        partition=case.partition.facts.partition,
        seq=case.seq,
        at_ms=case.at_ms,
        text_zh=draft.text_zh,
        text_en=draft.text_en,
        numbers=dict(draft.numbers),
        decision_id=verdict.decision_id,
    )
    return output(Topic.RISK_ALERTS, key=case.subject_id, message=alert, seq=case.seq)
