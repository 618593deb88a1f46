"""Causes to reasons: what is told, in which order, and what it rests on."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from contracts.decisions import Reason
from decisions.risk.bands import is_fallback, pd_without
from decisions.risk.rules import Direction, Finding
from decisions.situation import Scores, Situation
from decisions.texts import REASONS, contact_reason, family_of

MODEL_MISSING = "risk_model_missing"
HARD_RULE = 1_000_000
POINT = 250
"""Contributions are thousandths of log-odds. Three points move a customer by one column, a band by
a factor of two in odds (0.7 log-odds): a point weighs as much as a quarter of log-odds. A rule
that declines alone outweighs everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Something without which the outcome or the band would be better."""

    code: str
    source: Literal["rule", "model", "anomaly", "policy"]
    contribution: int
    feature: str | None = None
    value: float | None = None
    limit: float | None = None
    direction: Direction | None = None


def anomaly_cause(scores: Scores) -> Cause:
    """Return what is unusual of a customer as a cause: a column weighs as much as three points.

    It names the feature furthest from what is usual, in standard deviations.
    """
    feature, z = max(
        scores.anomaly_z.items(), key=lambda item: (abs(item[1]), item[0]), default=(None, None)
    )
    return Cause(
        code="unusual_for_customer",
        source="anomaly",
        contribution=3 * POINT,
        feature=feature,
        value=z,
        direction=None if z is None else "above" if z > 0 else "below",
    )


AGE_UNKNOWN = Cause(
    code="age_unknown",
    source="policy",
    contribution=HARD_RULE,
    feature="birth_year",
    direction="missing",
)
POLICY = Cause(code="policy_review", source="policy", contribution=0)


def rule_cause(finding: Finding) -> Cause:
    """Return a rule that was hit as a cause."""
    return Cause(
        code=finding.code,
        source="rule",
        contribution=HARD_RULE if finding.hard else POINT * finding.points,
        feature=finding.feature,
        value=None if finding.value is None else float(finding.value),
        limit=float(finding.limit),
        direction=finding.direction,
    )


def model_causes(
    situation: Situation, scores: Scores, *, better: Callable[[float], bool]
) -> list[Cause]:
    """Return the families of features without which things would be better.

    Each that would do alone; else the fewest of the heaviest that do together; and where not even
    all of them do, the assessment as a whole. `better` says whether another probability of default
    would be enough.
    """
    pd = scores.pd
    if pd is None or is_fallback(scores.pd_model_id):
        return [Cause(code=MODEL_MISSING, source="policy", contribution=POINT)]
    found = families(situation, scores)
    alone = [cause for weight, cause in found if better(pd_without(scores, weight))]
    if alone:
        return alone
    total = 0.0
    for count, (weight, _) in enumerate(found, start=1):
        total += weight
        if better(pd_without(scores, total)):
            return [cause for _, cause in found[:count]]
    whole = Cause(
        code="risk_score_high",
        source="model",
        contribution=2 * POINT,
        feature="pd",
        value=pd,
        direction="above",
    )
    return [whole]


def both(one: Cause, other: Cause) -> Cause:
    """Return one cause for two rules that read the same number: it must pass the stricter limit.

    >>> lenders = {"code": "too_many_lenders", "source": "rule", "direction": "above"}
    >>> hard = Cause(contribution=HARD_RULE, limit=4.0, **lenders)
    >>> both(hard, Cause(contribution=3 * POINT, limit=3.0, **lenders)).limit
    3.0
    """
    heavier = max((one, other), key=lambda cause: cause.contribution)
    limits = [cause.limit for cause in (one, other) if cause.limit is not None]
    if not limits:
        return heavier
    strictest = max(limits) if heavier.direction == "below" else min(limits)
    return replace(heavier, limit=strictest)


def reason_of(cause: Cause) -> Reason:
    """Return the reason as it is recorded, floats by their exact bits."""
    text = REASONS[cause.code]
    return Reason(
        code=cause.code,
        text_zh=text.zh,
        text_en=text.en,
        source=cause.source,
        feature=cause.feature,
        value=None if cause.value is None else cause.value.hex(),
        threshold=None if cause.limit is None else cause.limit.hex(),
        direction=cause.direction,
        contribution=cause.contribution,
        disclosable=text.disclosable,
    )


def contact_reason_of(rule: str) -> Reason:
    """Return why nobody is contacted now, as a reason of policy."""
    return reason_of(Cause(code=contact_reason(rule), source="policy", contribution=0))


def families(situation: Situation, scores: Scores) -> list[tuple[float, Cause]]:
    """Return the families that make the customer riskier, with their log-odds, heaviest first.

    The log-odds are against the mean of the customers whose loans the model was learnt from: those
    who were approved and drew.

    A family shows the feature that weighs most in it, with its value.
    """
    members: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for feature, weight in sorted(scores.pd_contributions.items()):
        if weight > 0.0:
            members[family_of(feature)].append((weight, feature))
    found = []
    for code, weighted in members.items():
        total = sum(weight for weight, _ in weighted)
        _, feature = max(weighted)
        value = situation.number(feature)
        cause = Cause(
            code=code,
            source="model",
            contribution=int(total * 1000.0),
            feature=feature,
            value=value,
            direction="missing" if value is None else None,
        )
        found.append((total, cause))
    return sorted(found, key=lambda pair: (-pair[0], pair[1].code))
