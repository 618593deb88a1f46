"""A decision before the engine signs it, and what it leaves behind in the customer's facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from contracts.conversions import LoanStateName, RiskBand
from contracts.decisions import (
    ActionTaken,
    Candidate,
    ContactOutcome,
    DecisionContext,
    Disposition,
    ModelUsed,
    Moment,
    Outcome,
    Reason,
    RiskOutcome,
    RuleResult,
    StrategyUsed,
)
from contracts.topics import DAY_MS
from decisions.contact import RELEASE_GRACE_MS, reserve
from decisions.facts import DecisionMade, Deferred, Facts, Flag, Touch
from decisions.payloads import Message
from decisions.trial import Trial

DECISIONS_KEPT = 16
DECISIONS_KEPT_MS = 90 * DAY_MS
FLAG_MS = 90 * DAY_MS
RELEASE_TIMER = "contact.release:"
RECHECK_TIMER = "contact.recheck:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDraft:
    """What a person must see, before the engine gives it an id and a place."""

    kind: Literal["repayment_stress", "hard_rule"]
    text_zh: str
    text_en: str
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Everything that a decision says, but for the engine's part (place, features, signature).

    From `messages` on, the fields are for the world and for the customer's facts, not for the
    record. `product` is what was screened, `action_product` what the action is about, and
    `service` whether that is no marketing. `contacts` says that a contact was decided on, whether
    it is made, waits, or is held out; `trial` that chance alone decided which.
    """

    decision_id: str
    cause: str
    trigger_event_id: str | None
    moment: Moment
    moment_id: str
    decision_context: DecisionContext
    loan_state: LoanStateName
    strategy: StrategyUsed
    models: tuple[ModelUsed, ...]
    experiment_id: str
    unit_id: str
    arm: str
    selection_prob_micro: int
    scores: Mapping[str, str]
    propensity_micro: int
    risk_outcome: RiskOutcome
    risk_band: RiskBand
    soft_points: int
    anomaly: Literal["normal", "watch", "alert"]
    anomaly_z: Mapping[str, str]
    contact_outcome: ContactOutcome
    contact_rule: str | None
    not_before_ms: int | None
    outcome: Outcome
    disposition: Disposition
    rules: tuple[RuleResult, ...]
    reasons: tuple[Reason, ...]
    candidates: tuple[Candidate, ...]
    action: ActionTaken | None
    adverse_action_required: bool
    degradations: tuple[str, ...]
    messages: tuple[Message, ...]
    alerts: tuple[AlertDraft, ...]
    product: str
    action_product: str
    service: bool
    protective: bool
    deferred: Deferred | None
    contacts: bool = False
    trial: Trial | None = None

    @property
    def record(self) -> dict[str, Any]:  # the engine's `Decision` checks every type
        """Return the fields of `contracts.decisions.Decision` that are decided here."""
        return {name: getattr(self, name) for name in _RECORD} | {
            "scores": dict(self.scores),
            "anomaly_z": dict(self.anomaly_z),
        }


_NOT_RECORDED = {
    "messages", "alerts", "product", "action_product", "service", "protective", "deferred",
    "contacts", "trial",
}  # fmt: skip
_RECORD = tuple(name for name in Verdict.__annotations__ if name not in _NOT_RECORDED)


def apply(facts: Facts, verdict: Verdict, *, at_ms: int) -> dict[str, int]:
    """Remember the decision in the customer's facts; return the timers to set, name to due time.

    A message takes its place under the caps now and gives it back a day after it stopped making
    sense, unless its channel has said by then that it went out.
    """
    facts.exposures.setdefault(verdict.experiment_id, verdict.arm)
    if verdict.contacts:
        facts.tried.setdefault(verdict.experiment_id, at_ms)
    _remember(facts, verdict, at_ms=at_ms)
    if verdict.risk_outcome == "decline" and verdict.decision_context == "application":
        facts.declined_by_us_ms[verdict.product] = at_ms
    timers: dict[str, int] = {}
    action = verdict.action
    if action is not None:
        expires_ms = action.not_after_ms + RELEASE_GRACE_MS
        reserve(
            facts.contact,
            Touch(
                decision_id=verdict.decision_id,
                message_id=action.message_id,
                channel=action.channel,
                product_id=verdict.action_product,
                at_ms=action.not_before_ms,
                expires_ms=expires_ms,
                service=verdict.service,
            ),
        )
        timers[f"{RELEASE_TIMER}{action.message_id}"] = expires_ms
    if verdict.deferred is not None:
        facts.deferred[verdict.decision_id] = verdict.deferred
        timers[f"{RECHECK_TIMER}{verdict.decision_id}"] = verdict.deferred.due_ms
    return timers


def _remember(facts: Facts, verdict: Verdict, *, at_ms: int) -> None:
    """Keep the decision for attribution, and the first that saw a need for a loan as the flag.

    A protective moment sees no need for a loan, so it flags nobody.
    """
    made = DecisionMade(
        decision_id=verdict.decision_id,
        at_ms=at_ms,
        moment=verdict.moment,
        risk_band=verdict.risk_band,
        acted=verdict.disposition == "acted",
    )
    known = [old for old in facts.decisions if old.at_ms > at_ms - DECISIONS_KEPT_MS]
    facts.decisions = [*known, made][-DECISIONS_KEPT:]
    fresh = facts.flag is not None and facts.flag.at_ms > at_ms - FLAG_MS
    sees_need = verdict.loan_state == "account_no_loan" and not verdict.protective
    if sees_need and not fresh:
        facts.flag = Flag(decision_id=verdict.decision_id, at_ms=at_ms)
