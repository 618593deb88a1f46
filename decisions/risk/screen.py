"""The screen: findings and band to one outcome, and the reasons that are truly its cause."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from contracts.conversions import RiskBand
from contracts.decisions import DecisionContext, Reason, RiskOutcome
from decisions.policy import BANDS, RiskTable
from decisions.reasons import (
    AGE_UNKNOWN,
    POLICY,
    Cause,
    anomaly_cause,
    both,
    model_causes,
    reason_of,
    rule_cause,
)
from decisions.risk.bands import band_from, band_of, outcome_of
from decisions.risk.rules import Finding, age_years, read_rules
from decisions.situation import AnomalyGrade, Scores, Situation

PRINCIPAL = 4
_HARSHNESS: dict[RiskOutcome, int] = {"approve": 0, "refer": 1, "decline": 2}
_NOTICE_CONTEXTS = frozenset({"application", "existing_account"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What the screen says. `reasons` are empty after `approve`, principal ones first.

    `beyond` are reasons that are true and not told, since four are told at most.
    """

    outcome: RiskOutcome
    band: RiskBand
    soft_points: int
    findings: tuple[Finding, ...]
    reasons: tuple[Reason, ...]
    degradations: tuple[str, ...]
    beyond: tuple[Reason, ...] = ()
    anomaly: AnomalyGrade = "normal"


@dataclass(frozen=True, slots=True)
class _Case:
    table: RiskTable
    band: RiskBand
    findings: tuple[Finding, ...]
    age_known: bool
    anomaly: AnomalyGrade

    def outcome(
        self, *, without: frozenset[str] = frozenset(), band: RiskBand | None = None
    ) -> RiskOutcome:
        """Return the outcome, as if these causes were not there; without the band it is the best.

        Args:
            without: What rules read, by name; `band`, `age`, `anomaly`.
            band: The band instead of the customer's own.
        """
        hits = [f for f in self.findings if f.hit and f.feature not in without]
        if any(finding.hard for finding in hits):
            return "decline"
        if band is None:
            band = BANDS[0] if "band" in without else self.band
        points = sum(finding.points for finding in hits)
        anomaly = "normal" if "anomaly" in without else self.anomaly
        outcome = outcome_of(band, points, self.table, anomaly=anomaly)
        if outcome == "approve" and not self.age_known and "age" not in without:
            return "refer"
        return outcome


def screen(
    situation: Situation,
    scores: Scores,
    *,
    table: RiskTable,
    product: str,
    context: DecisionContext,
) -> Screen:
    """Return the risk answer for one customer and product; nothing about contact is read.

    Nobody is approved whose age is not known: the answer is `refer` at best. A decline whose
    principal reasons cannot all be named becomes `refer` where a notice would have to name them,
    so that no notice gives a lesser reason as if it were the true one.
    Who is unusual against the own past moves one column right (`watch`), or is not approved without
    a person (`alert`).
    """
    findings = read_rules(situation, table, product)
    band, unwell = band_from(scores, table)
    age_known = age_years(situation) is not None
    case = _Case(
        table=table, band=band, findings=findings, age_known=age_known, anomaly=scores.anomaly
    )
    outcome = case.outcome()
    reasons = _reasons(case, situation, scores)
    principal = reasons[:PRINCIPAL]
    if (
        outcome == "decline"
        and context in _NOTICE_CONTEXTS
        and not all(reason.disclosable for reason in principal)
    ):
        outcome = "refer"
    kept, beyond = _disclosed_first_four(reasons)
    return Screen(
        outcome=outcome,
        band=band,
        soft_points=sum(finding.points for finding in findings if finding.hit),
        findings=findings,
        reasons=kept,
        beyond=beyond,
        degradations=(*unwell, *(() if age_known else ("birth_year_missing",))),
        anomaly=scores.anomaly,
    )


def _reasons(case: _Case, situation: Situation, scores: Scores) -> list[Reason]:
    """Return the reasons, the weightiest first; none where nothing is held against the customer.

    Where a better band alone is not enough, the families told are those that are enough together
    with the other reasons: a step to the next band that changes nothing explains nothing.
    """
    if case.outcome() == "approve":
        return []
    by_name: dict[str, list[Cause]] = defaultdict(list)
    for finding in case.findings:
        if finding.hit:  # rules that read one number pass or fail together
            by_name[finding.feature].append(rule_cause(finding))
    by_name["band"] = model_causes(
        situation,
        scores,
        better=lambda pd: BANDS.index(band_of(pd, case.table)) < BANDS.index(case.band),
    )
    if not case.age_known:
        by_name["age"] = [AGE_UNKNOWN]
    if case.anomaly != "normal":
        by_name["anomaly"] = [anomaly_cause(scores)]
    names = _true_causes(case, by_name)
    now = _HARSHNESS[case.outcome()]
    if "band" in names and not _improves(case, frozenset({"band"}), now):
        others = frozenset(names) - {"band"}
        by_name["band"] = model_causes(
            situation,
            scores,
            better=lambda pd: (
                _HARSHNESS[case.outcome(without=others, band=band_of(pd, case.table))] < now
            ),
        )
    causes = [cause for name in names for cause in by_name[name]]
    merged: dict[tuple[str, str, str | None], Cause] = {}
    for cause in causes or [POLICY]:
        key = (cause.source, cause.code, cause.feature)
        merged[key] = both(merged[key], cause) if key in merged else cause
    ordered = sorted(merged.values(), key=lambda cause: (-cause.contribution, cause.code))
    return [reason_of(cause) for cause in ordered]


def _true_causes(case: _Case, by_name: dict[str, list[Cause]]) -> list[str]:
    """Return what really causes the outcome: the fewest things whose absence would improve it.

    Every single cause that would do, where one does. Where only several together would (two rules
    that each decline alone), the heaviest of the smallest sets. So a rule that was hit but changed
    nothing is no reason.
    """
    now = _HARSHNESS[case.outcome()]
    for size in range(1, len(by_name) + 1):
        found = [
            group for group in combinations(by_name, size) if _improves(case, frozenset(group), now)
        ]
        if found and size == 1:
            return [name for group in found for name in group]
        if found:
            return list(max(found, key=lambda names: (_weight(names, by_name), names)))
    return []


def _weight(names: Iterable[str], by_name: dict[str, list[Cause]]) -> int:
    return sum(cause.contribution for name in names for cause in by_name[name])


def _improves(case: _Case, absent: frozenset[str], now: int) -> bool:
    return _HARSHNESS[case.outcome(without=absent)] < now


def _disclosed_first_four(reasons: list[Reason]) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Return at most four reasons that may be told and all that may not; and the rest."""
    kept: list[Reason] = []
    beyond: list[Reason] = []
    told = 0
    for reason in reasons:
        told += reason.disclosable
        (kept if not reason.disclosable or told <= PRINCIPAL else beyond).append(reason)
    return tuple(kept), tuple(beyond)
