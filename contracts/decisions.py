"""`decisions.v1`: every decision, also the ones to do nothing, whole enough to argue with."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.control import Sha256
from contracts.conversions import LoanStateName, RiskBand
from contracts.envelope import Code, EpochMs, Ours, Token
from contracts.interactions import Channel

Moment = Literal[
    "loan_intent_browse",
    "apply_abandoned",
    "approved_not_drawn",
    "funding_gap",
    "repayment_stress",
]
DecisionContext = Literal[
    "marketing_unsolicited", "prescreen_offer", "application", "existing_account"
]
RiskOutcome = Literal["approve", "refer", "decline"]
ContactOutcome = Literal["allow", "defer", "suppress"]
Outcome = Literal["approve", "refer", "decline", "suppress", "defer"]
Disposition = Literal["acted", "deferred", "suppressed", "held_out", "no_action"]
FloatHex = Annotated[str, Field(pattern=r"^-?(0x[01]\.[0-9a-f]{1,13}p[+-]\d+|inf|nan)$")]
Micro = Annotated[int, Field(ge=0, le=1_000_000)]


def _is_none(value: object) -> bool:
    """Leave out what an older decision does not have: its digest is over what it says."""
    return value is None


def _is_empty(value: object) -> bool:
    return not value


class StrategyUsed(Ours):
    """The strategy that decided, to the byte."""

    strategy_id: Code
    version: Annotated[int, Field(ge=1)]
    sha256: Sha256


class ModelUsed(Ours):
    """The snapshot that scored; `champion` is the only role that may move a decision."""

    name: Code
    model_id: Code
    role: Literal["champion", "fallback"]


class RuleResult(Ours):
    """One rule as it was evaluated: all of them are, also after a hit.

    `value` and `threshold` are float hex, none where the rule reads no number; `points` only for
    soft rules.
    """

    rule: Code
    hit: bool
    value: FloatHex | None
    threshold: FloatHex | None
    points: int = 0


class Reason(Ours):
    """Why the outcome is what it is, in words that a customer or an officer may read.

    `faithful` says whether outcome or band improved when its input was set to the passing side and
    all was asked again; absent where that was not tried (decisions are sampled), or where there is
    no input to set (contact, policy).
    """

    code: Code
    text_zh: str
    text_en: str
    source: Literal["rule", "model", "anomaly", "policy"]
    feature: Code | None
    value: FloatHex | None
    threshold: FloatHex | None
    direction: Literal["above", "below", "equals", "missing"] | None
    contribution: int
    disclosable: bool
    faithful: bool | None = Field(default=None, exclude_if=_is_none)


class Candidate(Ours):
    """An action that was considered, and the stage that it reached.

    `stage` is the first eliminator (`risk`, `channel`, `arbitration`) or `won`.
    """

    action_id: Code
    stage: Literal["risk", "channel", "arbitration", "won"]
    score_minor: int | None
    why: Code


class ActionTaken(Ours):
    """What a channel is asked to do, and until when it makes sense."""

    action_id: Code
    kind: Literal["credit", "deposit", "payment", "wealth", "non_financial"]
    channel: Channel
    message_id: Token
    not_before_ms: EpochMs
    not_after_ms: EpochMs


class Decision(Ours):
    """One decision on one moment of one customer.

    Floats are hex, so that a digest covers their exact bits. `outcome` is the published answer:
    `suppress` or `defer` where contact says so, else the risk outcome; risk and contact are also
    given apart. `anomaly_z` are the features behind the anomaly score, in standard deviations from
    what is usual for the customer; the score is the mean of their sizes. `digest` is over
    everything above it; `hash` chains the partition's decisions.
    """

    event_type: Literal["decision"] = "decision"
    decision_id: Token
    partition: Annotated[int, Field(ge=0)]
    seq: Annotated[int, Field(ge=0)]
    at_ms: EpochMs
    subject_id: Token
    cause: str
    trigger_event_id: Token | None
    moment: Moment
    moment_id: Token
    decision_context: DecisionContext
    loan_state: LoanStateName
    strategy: StrategyUsed
    models: tuple[ModelUsed, ...]
    experiment_id: Code
    unit_id: Token
    arm: Code
    selection_prob_micro: Micro
    feature_schema: Code
    features: dict[str, FloatHex]
    scores: dict[str, FloatHex]
    propensity_micro: Micro
    risk_outcome: RiskOutcome
    risk_band: RiskBand
    soft_points: int
    anomaly: Literal["normal", "watch", "alert"]
    anomaly_z: dict[Code, FloatHex] = Field(default={}, exclude_if=_is_empty)
    contact_outcome: ContactOutcome
    contact_rule: Code | None
    not_before_ms: EpochMs | None
    outcome: Outcome
    disposition: Disposition
    rules: tuple[RuleResult, ...]
    reasons: tuple[Reason, ...]
    candidates: tuple[Candidate, ...]
    action: ActionTaken | None
    adverse_action_required: bool
    degradations: tuple[Code, ...]
    payload_sha256: Sha256 | None
    build: Code
    digest: Sha256
    prev_hash: str
    hash: Sha256
