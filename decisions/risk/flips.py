"""Whether reasons are true: set a reason's input to the passing side, ask again, and compare."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from msgspec.structs import replace as with_fields

from contracts.conversions import RiskBand
from contracts.decisions import Reason, RiskOutcome
from contracts.ids import unit_interval
from decisions.facts import Facts
from decisions.policy import BANDS, RiskTable
from decisions.reasons import MODEL_MISSING, families, reason_of, rule_cause
from decisions.risk.bands import pd_without, without
from decisions.risk.rules import age_years
from decisions.risk.screen import Screen, screen
from decisions.situation import Scores, Situation

ONE_IN = 20
"""Of how many decisions one is tried; drawn by its id, so that a replay tries the same ones."""

_RANK: dict[RiskOutcome, int] = {"approve": 0, "refer": 1, "decline": 2}


class _Level(NamedTuple):
    outcome: int
    band: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipTest:
    """A screen that can be asked again about the same customer as if something were otherwise.

    The answer is compared without regard to the context: that a decline becomes a person's to
    look at, because its reason may not be told, is no improvement of the customer.
    """

    situation: Situation
    scores: Scores
    table: RiskTable
    product: str

    def improves(self, reasons: Iterable[Reason]) -> tuple[bool, bool]:
        """Return whether (outcome, band) improve when all these reasons' inputs pass."""
        after, before = self._asked(reasons), self._asked(())
        return after.outcome < before.outcome, after.band < before.band

    def is_true(self, reason: Reason, among: Sequence[Reason]) -> bool | None:
        """Return whether a reason is one; none where it names no input that could be set.

        It is one if flipping it alone improves outcome or band. Where several things each stand in
        the way by themselves, none of them alone can: then each is a reason without which flipping
        all the others is not enough.
        """
        if not _can_be_flipped(reason):
            return None
        if any(self.improves([reason])):
            return True
        together = self.improves(among)
        others = self.improves([other for other in among if other is not reason])
        return any(
            all_do and not rest_does for all_do, rest_does in zip(together, others, strict=True)
        )

    def untold(self, answer: Screen) -> list[str]:
        """Return what is no reason and yet would alone improve the outcome: there must be none."""
        told = {
            (reason.source, reason.code, reason.feature)
            for reason in chain(answer.reasons, answer.beyond)
        }
        causes = [rule_cause(finding) for finding in answer.findings if finding.hit]
        if self.scores.pd is not None:
            causes += [cause for _, cause in families(self.situation, self.scores)]
        return [
            reason.code
            for reason in map(reason_of, causes)
            if (reason.source, reason.code, reason.feature) not in told
            and self.improves([reason])[0]
        ]

    def _asked(self, reasons: Iterable[Reason]) -> _Level:
        situation, scores = self.situation, self.scores
        for reason in reasons:
            situation, scores = _flipped(situation, scores, reason, table=self.table)
        answer = screen(
            situation,
            scores,
            table=self.table,
            product=self.product,
            context="marketing_unsolicited",
        )
        return _Level(outcome=_RANK[answer.outcome], band=_place(answer.band))


def is_tried(decision_id: str) -> bool:
    """Return whether the reasons of a decision are tried: one decision in twenty, by its id."""
    return int(unit_interval("flip", decision_id) * ONE_IN) == 0


def tried(answer: Screen, test: FlipTest) -> Screen:
    """Return the answer with `faithful` on each reason whose input can be set."""
    among = (*answer.reasons, *answer.beyond)
    reasons = tuple(
        reason.model_copy(update={"faithful": test.is_true(reason, among)})
        for reason in answer.reasons
    )
    return replace(answer, reasons=reasons)


def _place(band: RiskBand) -> int:
    return BANDS.index(band)


def _can_be_flipped(reason: Reason) -> bool:
    return (
        reason.feature is not None
        or reason.source == "anomaly"
        or (reason.code == "risk_model_missing")
    )


def _flipped(
    situation: Situation, scores: Scores, reason: Reason, *, table: RiskTable
) -> tuple[Situation, Scores]:
    """Return the same customer with the input of one reason just on its passing side."""
    match reason.source:
        case "anomaly":
            return situation, replace(scores, anomaly="normal")
        case "model":
            if reason.feature == "pd":
                return situation, replace(scores, pd=0.0, dpd30=0.0)
            return situation, _without_family(situation, scores, reason.code)
        case "policy" if reason.code == MODEL_MISSING:
            return situation, replace(scores, pd=0.0, pd_model_id="flipped")
        case "policy" | "rule":
            return _with_input(situation, reason, table), scores


def _with_input(situation: Situation, reason: Reason, table: RiskTable) -> Situation:
    match reason.feature:
        case "age_years" | "age_at_maturity_years" | "birth_year":
            return replace(situation, facts=_of_age(situation, table))
        case "dpd_days" | "max_dpd_24m_days":
            return replace(situation, facts=_paid_up(situation.facts, reason, table))
        case feature:
            features = {**situation.features, str(feature): _passing(reason)}
            return replace(situation, features=features)


def _without_family(situation: Situation, scores: Scores, code: str) -> Scores:
    """Return the scores as if a family stood as it does among the approved.

    That is exact: contributions add up to the difference in log-odds.
    """
    log_odds = sum(weight for weight, cause in families(situation, scores) if cause.code == code)
    first = None if scores.dpd30 is None else without(scores.dpd30, log_odds)
    return replace(scores, pd=pd_without(scores, log_odds), dpd30=first)


def _of_age(situation: Situation, table: RiskTable) -> Facts:
    """Return the facts of somebody who is just old enough."""

    def born(year: int) -> Facts:
        profile = with_fields(situation.facts.profile, birth_year=year)
        return with_fields(situation.facts, profile=profile)

    this_year = age_years(replace(situation, facts=born(0))) or 0
    return born(this_year - table.h03_min_age_years)


def _paid_up(facts: Facts, reason: Reason, table: RiskTable) -> Facts:
    file = facts.loan
    current = reason.feature == "dpd_days"
    most = (table.h06_current_dpd_days if current else table.h06_worst_dpd_24m_days) - 1
    loans = {
        name: with_fields(loan, dpd_days=min(loan.dpd_days, most))
        for name, loan in file.loans.items()
    }
    history = (
        file.dpd_history if current else [(ms, min(dpd, most)) for ms, dpd in file.dpd_history]
    )
    return with_fields(facts, loan=with_fields(file, loans=loans, dpd_history=history))


def _passing(reason: Reason) -> float:
    """Return the number closest to a rule's limit that passes it."""
    if reason.threshold is None:
        raise ValueError(
            f"a flip of {reason.code!r} needs the limit that its rule names; got none. "
            "Give the rule one, or say in `_can_be_flipped` that it has no input."
        )
    limit = float.fromhex(reason.threshold)
    return math.nextafter(limit, -math.inf) if reason.direction == "above" else limit
