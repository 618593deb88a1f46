"""The screen: findings and band to one outcome, and the reasons that are truly its cause."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from contracts.conversions import RiskBand
from contracts.decisions import DecisionContext, Reason, RiskOutcome
from decisions.policy import BANDS, RiskTable
from decisions.reasons import (
    AGE_UNKNOWN,
    POLICY,
    Cause,
    both,
    model_causes,
    reason_of,
    rule_cause,
)
from decisions.risk.bands import band_from, outcome_of
from decisions.risk.rules import Finding, age_years, read_rules
from decisions.situation import Scores, Situation

PRINCIPAL = 4
_HARSHNESS: dict[RiskOutcome, int] = {"approve": 0, "refer": 1, "decline": 2}
_NOTICE_CONTEXTS = frozenset({"application", "existing_account"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What the screen says. `reasons` are empty after `approve`, principal ones first."""

    outcome: RiskOutcome
    band: RiskBand
    soft_points: int
    findings: tuple[Finding, ...]
    reasons: tuple[Reason, ...]
    degradations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    table: RiskTable
    band: RiskBand
    findings: tuple[Finding, ...]
    age_known: bool

    def outcome(self, *, without: frozenset[str] = frozenset()) -> RiskOutcome:
        """Return the outcome, as if these causes were not there."""
        hits = [f for f in self.findings if f.hit and f.rule not in without]
        if any(finding.hard for finding in hits):
            return "decline"
        band = BANDS[0] if "band" in without else self.band
        outcome = outcome_of(band, sum(finding.points for finding in hits), self.table)
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
    """
    findings = read_rules(situation, table, product)
    band, unwell = band_from(scores, table)
    age_known = age_years(situation) is not None
    case = _Case(table=table, band=band, findings=findings, age_known=age_known)
    outcome = case.outcome()
    reasons = _reasons(case, situation, scores)
    principal = reasons[:PRINCIPAL]
    if (
        outcome == "decline"
        and context in _NOTICE_CONTEXTS
        and not all(reason.disclosable for reason in principal)
    ):
        outcome = "refer"
    return Screen(
        outcome=outcome,
        band=band,
        soft_points=sum(finding.points for finding in findings if finding.hit),
        findings=findings,
        reasons=_disclosed_first_four(reasons),
        degradations=(*unwell, *(() if age_known else ("birth_year_missing",))),
    )


def _reasons(case: _Case, situation: Situation, scores: Scores) -> list[Reason]:
    """Return the reasons, the weightiest first; none where nothing is held against the customer."""
    if case.outcome() == "approve":
        return []
    by_name: dict[str, list[Cause]] = {
        finding.rule: [rule_cause(finding)] for finding in case.findings if finding.hit
    }
    by_name["band"] = model_causes(situation, scores, band=case.band, table=case.table)
    if not case.age_known:
        by_name["age"] = [AGE_UNKNOWN]
    causes = [cause for name in _true_causes(case, by_name) for cause in by_name[name]]
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


def _disclosed_first_four(reasons: list[Reason]) -> tuple[Reason, ...]:
    """Keep at most four reasons that may be told, and all that may not."""

    def keep() -> Iterator[Reason]:
        told = 0
        for reason in reasons:
            told += reason.disclosable
            if not reason.disclosable or told <= PRINCIPAL:
                yield reason

    return tuple(keep())
