"""The controls of what is decided: contact, risk, reasons, and what was unwell."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contracts.topics import Topic
from decisions import decide as decisions_decide
from decisions.facts import Profile
from decisions.quiet_hours import next_allowed_ms
from decisions.risk import screen as risk_screen
from tests.decisions.given import a_situation, some_facts, some_scores
from tests.decisions.test_risk_screen import flips, is_better, screened
from tests.invariants import checks
from tests.invariants.folded import bank_run, fold_again, in_peace, lines, pipeline

Patch = pytest.MonkeyPatch

BREAKS: dict[str, tuple[str, Callable[..., Any], str]] = {
    "every consent stands": ("missing_consent", lambda *_a, **_k: None, "no consent"),
    "no cap is ever reached": ("cap_reached", lambda *_a, **_k: None, "twice within a day"),
    "nights are days": (
        "next_allowed_ms",
        lambda from_ms, *a, **k: from_ms if next_allowed_ms(from_ms, *a, **k) else None,
        "o'clock",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_7_contact_rules_hold(name: str, monkeypatch: Patch) -> None:
    """Broken: one rule of contact after the other says yes to everything."""
    assert checks.unwanted_contacts(in_peace()) == []
    attribute, broken, problem = BREAKS[name]
    monkeypatch.setattr(f"decisions.contact_answer.{attribute}", broken)

    told = checks.unwanted_contacts(fold_again(bank_run().journals))
    assert any(problem in item for item in told)


def test_8_risk_and_contact_are_two_answers(monkeypatch: Patch) -> None:
    """Broken: the risk screen declines whoever has given no consent."""
    silent = pipeline(tuple(line for line in lines() if line.topic is not Topic.CONSENTS))
    folded = fold_again(silent.journals)
    assert checks.risk_that_asks_for_consent(in_peace(), folded) == []
    assert {decision.contact_outcome for decision in folded.decisions()} == {"suppress"}
    honest = risk_screen.screen

    def declines_the_silent(situation: Any, *args: Any, **kwargs: Any) -> Any:
        answer = honest(situation, *args, **kwargs)
        return answer if situation.facts.consents else replace(answer, outcome="decline")

    monkeypatch.setattr(decisions_decide, "screen", declines_the_silent)

    broken = fold_again(silent.journals)
    assert checks.risk_that_asks_for_consent(in_peace(), broken) != []


def test_9_every_reason_is_true(monkeypatch: Patch) -> None:
    """Broken: whatever was hit is told as a reason, also what changed nothing."""
    profile = Profile(known=True, birth_year=1990)
    situation = a_situation(
        facts=some_facts(profile=profile),
        ext_lender_cnt_90d=0.0,
        debt_service_ratio=0.1,
        income_month_cnt=6.0,
        cash_buffer_days=1.0,
    )
    scores = some_scores(pd=None)

    def false_reasons() -> list[str]:
        answer = screened(situation, scores)
        assert answer.outcome != "approve"
        return [
            reason.code
            for reason in answer.reasons
            if not is_better(screened(*flips(situation, scores, [reason])), answer)
        ]

    assert false_reasons() == []
    monkeypatch.setattr(risk_screen, "_true_causes", lambda _case, by_name: list(by_name))

    assert false_reasons() == ["cash_buffer_low"]


def test_10_what_is_unwell_is_named(monkeypatch: Patch) -> None:
    """Broken: nobody writes down that a model was missing."""
    assert checks.unnamed_degradations(in_peace()) == []
    monkeypatch.setattr(decisions_decide, "degradations", lambda *_: ())

    assert checks.unnamed_degradations(fold_again(bank_run().journals)) != []
