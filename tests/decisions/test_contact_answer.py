"""Each rule of peace at its edge: one millisecond inside, one outside."""

from typing import Any

import pytest

from decisions.facts import ConsentFact, Facts, Profile, Touch
from decisions.strategy import load
from decisions.verdict import Verdict
from tests.decisions.given import (
    DAY_MS,
    HOUR_MS,
    MORNING_MS,
    a_hit,
    a_situation,
    a_strategy_file,
    a_verdict,
    some_facts,
)

APP_ONLY = {"marketing_push": ConsentFact("granted", 0)}


def stage_of(verdict: Verdict, action_id: str) -> tuple[str, str]:
    """Return how far an action came, and why no further."""
    candidate = next(c for c in verdict.candidates if c.action_id == action_id)
    return candidate.stage, candidate.why


def with_facts(change: Any, *, at_ms: int = MORNING_MS) -> Verdict:
    """Return the verdict on a customer whose facts were changed."""
    facts = some_facts(consents=dict(APP_ONLY))
    change(facts)
    return a_verdict(a_situation(facts=facts, at_ms=at_ms))


@pytest.mark.parametrize(
    ("days_ago", "rests"), [(29, True), (30, False)], ids=["29 days", "30 days"]
)
def test_a_reject_rests_the_same_product_and_no_other(days_ago: int, rests: object) -> None:
    """No to a loan is not no to a budget tool."""

    def reject(facts: Facts) -> None:
        facts.contact.rejects.append((MORNING_MS - days_ago * DAY_MS, "consumer_loan"))

    verdict = with_facts(reject)

    assert (stage_of(verdict, "intent_offer") == ("channel", "reject_cool_off")) is rests
    assert verdict.action is not None


@pytest.mark.parametrize(
    ("ago", "rests"),
    [((0, 40, 89), True), ((0, 40, 90), False), ((89, 120, 150), True), ((90, 120, 150), False)],
)
def test_three_rejects_in_ninety_days_rest_all_credit_for_ninety(
    ago: tuple[int, ...], rests: object
) -> None:
    """Three times no is an answer."""

    def reject(facts: Facts) -> None:
        facts.contact.rejects = [(MORNING_MS - days * DAY_MS, "car_loan") for days in ago]

    verdict = with_facts(reject)

    assert (stage_of(verdict, "intent_offer")[1] == "reject_cool_off_all_credit") is rests


@pytest.mark.parametrize(
    ("days_ago", "rule"),
    [(89, "protected_customer"), (90, "complaint_cool_off"), (179, "complaint_cool_off")],
)
def test_after_a_complaint_nothing_is_sold(days_ago: int, rule: str) -> None:
    """A complaint that is followed by an offer becomes two."""

    def complain(facts: Facts) -> None:
        facts.contact.complaints.append(MORNING_MS - days_ago * DAY_MS)

    verdict = with_facts(complain)

    assert (verdict.contact_outcome, verdict.contact_rule) == ("suppress", rule)
    assert next(r for r in verdict.rules if r.rule == "H02").hit is (days_ago < 90)


def test_half_a_year_after_a_complaint_contact_is_allowed_again() -> None:
    """A rest has an end."""

    def complain(facts: Facts) -> None:
        facts.contact.complaints.append(MORNING_MS - 180 * DAY_MS)

    assert with_facts(complain).contact_outcome == "allow"


def test_an_opt_out_closes_its_channel_for_ever_and_another_may_stay_open() -> None:
    """Opting out of push is not opting out of the bank."""
    facts = some_facts()
    facts.contact.opted_out["app"] = 0
    verdict = a_verdict(a_situation(facts=facts))

    assert verdict.action is not None
    assert verdict.action.channel == "rm_task"
    assert stage_of(verdict, "budget_tools") == ("channel", "opt_out")


@pytest.mark.parametrize(
    ("status", "rule"),
    [("denied", "marketing_objection"), ("withdrawn", "marketing_objection")],
)
def test_an_objection_is_told_from_silence(status: str, rule: str) -> None:
    """Who said no must not be asked again; who said nothing may be."""

    def object_to(facts: Facts) -> None:
        facts.consents["marketing_push"] = ConsentFact(status, 0)

    assert with_facts(object_to).contact_rule == rule


def test_a_required_purpose_holds_for_every_channel() -> None:
    """Where the policy asks for consent to personalisation, push consent alone is not enough."""
    file = a_strategy_file()
    file["contact"]["required_purposes"] = ["personalised_recommendation"]

    assert a_verdict(strategy=load(file)).contact_rule == "consent_missing"


def test_stress_care_passes_caps_and_rests_but_not_consent_or_night() -> None:
    """Care is a service: no cap holds it back, but nobody is woken for it."""
    contact = [
        Touch(f"d-{n}", f"msg-{n}", "app", "", MORNING_MS - n * HOUR_MS, MORNING_MS, sent=True)
        for n in range(8)
    ]
    facts = some_facts(consents=dict(APP_ONLY))
    facts.contact.touches = contact
    facts.contact.complaints.append(MORNING_MS)
    day = a_verdict(a_situation(facts=facts), a_hit("repayment_stress"))
    night_ms = MORNING_MS + 12 * HOUR_MS
    night = a_verdict(
        a_situation(facts=facts, at_ms=night_ms), a_hit("repayment_stress", at_ms=night_ms)
    )
    facts.consents.clear()
    silent = a_verdict(a_situation(facts=facts), a_hit("repayment_stress"))

    assert (day.disposition, night.disposition) == ("acted", "deferred")
    assert (silent.disposition, len(silent.alerts)) == ("suppressed", 1)


def test_a_moment_that_ends_before_the_morning_is_let_go() -> None:
    """An offer that comes after its reason is spam."""
    evening_ms = MORNING_MS + 12 * HOUR_MS
    facts = some_facts(consents=dict(APP_ONLY))
    hit = a_hit(at_ms=evening_ms - 20 * HOUR_MS)
    verdict = a_verdict(a_situation(facts=facts, at_ms=evening_ms), hit)

    assert verdict.contact_outcome == "suppress"
    assert verdict.contact_rule == "expires_before_contact_hours"


def test_the_clock_is_the_customers() -> None:
    """Ten in Shanghai is four in the morning in Berlin."""

    def move(facts: Facts) -> None:
        facts.profile = Profile(
            known=True, birth_year=1990, has_account=True, timezone="Europe/Berlin"
        )

    assert with_facts(move).contact_rule == "quiet_hours"
