"""One customer at one position of the journal, as every rule sees it; and what set it off."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from contracts.decisions import DecisionContext, Moment
from contracts.topics import Topic
from decisions.facts import Facts

AnomalyGrade = Literal["normal", "watch", "alert"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known at `at_ms`: facts, and features in catalogue names (a missing one is NaN).

    >>> from decisions.facts import Facts
    >>> case = Situation(subject_id="c-1", at_ms=0, facts=Facts(), features={"x": float("nan")})
    >>> case.number("x") is None, case.number("y") is None
    (True, True)
    """

    subject_id: str
    at_ms: int
    facts: Facts
    features: Mapping[str, float]
    degradations: tuple[str, ...] = ()

    def number(self, feature: str) -> float | None:
        """Return a feature, or none where nothing is known."""
        value = self.features.get(feature, math.nan)
        return None if math.isnan(value) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What set a decision off: a source event at a coordinate, or a timer of the state.

    `cause` goes into the decision id: `topic:partition:offset`, or `timer:<name>:<due_ms>`.
    """

    kind: Literal["event", "timer"]
    cause: str
    topic: Topic | None = None
    event_type: str | None = None
    event_id: str | None = None
    direction: Literal["in", "out"] | None = None
    timer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentHit:
    """A moment that is true now: why, until when, and when it may be true again.

    `numbers` are the feature values that made it true, for the why-now text.
    """

    moment: Moment
    moment_id: str
    expires_ms: int
    quiet_until_ms: int
    context: DecisionContext
    protective: bool
    wave: int
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What the models say, handed in by the engine; `decisions` never sees a model.

    `pd` is the probability of default within 12 months in [0, 1]: `dpd30`, that an early instalment
    is 30 days late, times `dpd90`, that such a loan then goes to 90 days. `propensity_micro` is the
    chance of a drawdown in 30 days in millionths. `uplift_micro` is by how much a contact changes
    that chance, negative where it keeps the customer away, none without a model.
    `propensity_evidence` is how many rows the propensity was learnt from, `uplift_evidence` how
    many randomised rows have matured in the smaller arm. `pd_contributions` are per feature, in
    log-odds, positive is riskier.
    `anomaly` grades `anomaly_score`, how unusual the customer is against the own past; `anomaly_z`
    are the features behind it, in standard deviations. No score while too little is known of the
    customer, no grade but `normal` without a model.
    A fallback (no snapshot yet) has `pd_model_id` `fallback` and says so in `degradations`.
    """

    pd: float | None
    pd_model_id: str
    pd_calibrated: bool
    pd_contributions: Mapping[str, float]
    propensity: float
    propensity_micro: int
    propensity_model_id: str
    degradations: tuple[str, ...] = ()
    propensity_evidence: int = 0
    uplift_micro: int | None = None
    uplift_model_id: str | None = None
    uplift_evidence: int = 0
    dpd30: float | None = None
    dpd90: float | None = None
    dpd90_model_id: str | None = None
    anomaly: AnomalyGrade = "normal"
    anomaly_score: float | None = None
    anomaly_z: Mapping[str, float] = field(default_factory=dict)
    anomaly_model_id: str | None = None
