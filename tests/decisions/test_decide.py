"""The whole way from a moment to a message, and what each answer may and may not do."""

from typing import Any

import pytest

from contracts.channels import AppMessage, RmTask
from contracts.decisions import Decision
from contracts.topics import Topic
from decisions.contact import RELEASE_GRACE_MS
from decisions.decide import recheck
from decisions.facts import ConsentFact, Facts, LoanFile, Profile
from decisions.strategy import load
from decisions.verdict import apply
from tests.decisions.given import (
    DAY_MS,
    HOUR_MS,
    MORNING_MS,
    SHA,
    a_hit,
    a_loan,
    a_situation,
    a_strategy_file,
    a_trigger,
    a_verdict,
    everyone_in,
    some_facts,
    some_scores,
)

EVENING_MS = MORNING_MS + 12 * HOUR_MS  # 22:00 in Shanghai
MULTI = {"ext_lender_cnt_90d": 4.0}


def test_the_record_is_a_whole_decision() -> None:
    """The engine adds its own part and nothing else: every field must be there and valid."""
    engine_part: dict[str, Any] = {
        "partition": 0,
        "seq": 7,
        "at_ms": MORNING_MS,
        "subject_id": "c-1",
        "feature_schema": "f-1",
        "features": {},
        "payload_sha256": None,
        "build": "b-1",
        "digest": SHA,
        "prev_hash": "",
        "hash": SHA,
    }
    decision = Decision(**a_verdict().record, **engine_part)

    assert Decision.model_validate_json(decision.model_dump_json()) == decision


def test_the_same_situation_gives_the_same_verdict() -> None:
    """Replay rests on it."""
    assert a_verdict() == a_verdict()


def test_an_approved_customer_sees_terms_with_their_source() -> None:
    """A number without its source and its cost may not be shown."""
    (_, key, message) = a_verdict().messages[0]

    assert key == "c-1"
    assert isinstance(message, AppMessage)
    assert message.content_id == "intent_with_terms"
    assert message.cost_disclosure is not None
    assert message.cost_disclosure.offer_terms_source == "strategy:no_loan_to_loan_v1:1"
    assert message.params == {"limit_yuan": "150,000", "apr_percent": "6.20", "term_months": "12"}


def test_a_referred_customer_is_contacted_without_any_amount() -> None:
    """Refer means that a person must look first: no promise before that."""
    verdict = a_verdict(scores=some_scores(pd=0.03))
    (_, _, message) = verdict.messages[0]

    assert verdict.risk_outcome == "refer"
    assert isinstance(message, AppMessage)
    assert message.cost_disclosure is None
    assert message.params == {}


@pytest.mark.parametrize("pd", [0.005, 0.03])
def test_a_task_quotes_the_limit_only_after_approve(pd: float) -> None:
    """A manager who knows a limit will tell it."""
    loan = LoanFile(
        state="approved_undrawn",
        application_id="ap-1",
        approved_limit_minor=5_000_000,
        apr_all_in_bps=720,
        term_months=12,
    )
    verdict = a_verdict(
        a_situation(facts=some_facts(loan=loan)),
        a_hit("approved_not_drawn", context="existing_account", wave=3),
        scores=some_scores(pd=pd),
    )
    (topic, key, task) = verdict.messages[0]

    assert (topic, key) == (Topic.CHANNEL_RM_TASK, "rm-1")
    assert isinstance(task, RmTask)
    assert task.may_quote_limit is (verdict.risk_outcome == "approve")
    assert (task.offer is not None) is task.may_quote_limit
    assert ("50,000" in task.model_dump_json() or "5万" in task.model_dump_json()) is (
        task.may_quote_limit
    )
    assert ("approved_limit_minor" in task.allowed_facts) is task.may_quote_limit


def test_a_customer_without_a_manager_goes_to_the_unassigned_list() -> None:
    """A task that nobody owns must still be seen by somebody."""
    facts = some_facts(
        profile=Profile(known=True, birth_year=1990, has_account=True),
        consents={"marketing_call": ConsentFact("granted", 0)},
    )
    ((topic, key, _),) = a_verdict(a_situation(facts=facts)).messages

    assert (topic, key) == (Topic.CHANNEL_RM_TASK, "unassigned")


def test_a_declined_customer_is_offered_something_else_that_helps() -> None:
    """The gate takes credit away, not the customer."""
    verdict = a_verdict(a_situation(**MULTI))

    assert verdict.risk_outcome == verdict.outcome == "decline"
    assert verdict.action is not None
    assert verdict.action.kind == "non_financial"
    assert {c.action_id: c.stage for c in verdict.candidates} == {
        "budget_tools": "won",
        "intent_offer": "risk",
    }


def test_a_missing_consent_suppresses_and_the_risk_answer_stands_beside_it() -> None:
    """Not calling someone is not declining them."""
    verdict = a_verdict(a_situation(facts=some_facts(consents={})))

    assert (verdict.risk_outcome, verdict.contact_outcome) == ("approve", "suppress")
    assert (verdict.outcome, verdict.disposition) == ("suppress", "suppressed")
    assert verdict.contact_rule == "consent_missing"
    assert not verdict.adverse_action_required
    assert verdict.messages == ()
    assert next(rule for rule in verdict.rules if rule.rule == "H01").hit


@pytest.mark.parametrize(
    ("context", "required"),
    [("marketing_unsolicited", False), ("application", True), ("existing_account", True)],
)
def test_a_decline_is_adverse_action_only_where_somebody_asked(
    context: Any, required: object
) -> None:
    """The law wants a notice for a declined application, not for an offer never made."""
    verdict = a_verdict(a_situation(**MULTI), a_hit(context=context))

    assert verdict.risk_outcome == "decline"
    assert verdict.adverse_action_required is required


@pytest.mark.parametrize(
    "moment",
    ["loan_intent_browse", "apply_abandoned", "approved_not_drawn", "funding_gap"],
)
@pytest.mark.parametrize("features", [{}, MULTI])
def test_the_holdout_gets_no_message_and_everything_else_is_decided(
    moment: Any, features: dict[str, float]
) -> None:
    """One message to the holdout and there is nothing left to measure against."""
    verdict = a_verdict(
        a_situation(**features), a_hit(moment, wave=1), strategy=everyone_in("holdout")
    )

    assert (verdict.arm, verdict.disposition) == ("holdout", "held_out")
    assert verdict.messages == ()
    assert verdict.action is None
    assert verdict.deferred is None
    assert verdict.candidates != ()
    facts = some_facts()
    assert apply(facts, verdict, at_ms=MORNING_MS) == {}
    assert facts.contact.touches == []


def test_stress_means_care_no_credit_and_a_person_who_sees_it() -> None:
    """Selling credit to someone who cannot pay is what this system must never do."""
    facts = some_facts(loan=LoanFile(state="overdue", loans={"l-1": a_loan(dpd_days=3)}))
    verdict = a_verdict(a_situation(facts=facts), a_hit("repayment_stress"))

    assert verdict.action is not None
    assert verdict.action.action_id == "care_message"
    assert [alert.kind for alert in verdict.alerts] == ["repayment_stress"]


def test_under_stress_credit_is_gated_whatever_the_strategy_says() -> None:
    """The check refuses such a strategy; the decision must not depend on the check."""
    file = a_strategy_file()
    offer = next(action for action in file["actions"] if action["id"] == "intent_offer")
    offer.update(moments=["repayment_stress"], service=True)
    facts = some_facts(exposures={file["experiment"]["id"]: "champion"})
    verdict = a_verdict(a_situation(facts=facts), a_hit("repayment_stress"), strategy=load(file))
    credit = next(c for c in verdict.candidates if c.action_id == "intent_offer")

    assert (credit.stage, credit.why) == ("risk", "protective_moment")


def test_a_hard_rule_is_seen_by_a_person() -> None:
    """A decline by a hard rule is a fact about the customer that somebody owns."""
    (alert,) = a_verdict(a_situation(**MULTI)).alerts

    assert alert.kind == "hard_rule"
    assert alert.numbers == {"ext_lender_cnt_90d": 4.0}


def test_a_message_in_the_evening_waits_and_is_checked_again() -> None:
    """What was right at ten in the evening may be wrong at nine in the morning."""
    facts = some_facts()
    late = a_verdict(a_situation(facts=facts, at_ms=EVENING_MS))
    timers = apply(facts, late, at_ms=EVENING_MS)
    due_ms = EVENING_MS + 11 * HOUR_MS

    assert (late.outcome, late.disposition, late.not_before_ms) == ("defer", "deferred", due_ms)
    assert late.messages == ()
    assert timers == {f"contact.recheck:{late.decision_id}": due_ms}

    deferred = facts.deferred.pop(late.decision_id)
    morning = a_situation(facts=facts, at_ms=due_ms)
    trigger = a_trigger(f"timer:contact.recheck:{late.decision_id}:{due_ms}")
    again = recheck(
        morning,
        deferred,
        trigger,
        strategy=everyone_in("champion"),
        sha256=SHA,
        scores=some_scores(),
    )

    assert (again.disposition, again.moment_id) == ("acted", late.moment_id)
    assert again.decision_id != late.decision_id
    assert again.trigger_event_id == late.trigger_event_id


def test_a_push_that_was_not_sent_by_nine_in_the_evening_is_not_sent_at_night() -> None:
    """A channel that is slow must not wake a customer whose message was right in the afternoon."""
    afternoon_ms = EVENING_MS - 6 * HOUR_MS
    verdict = a_verdict(a_situation(at_ms=afternoon_ms))
    assert verdict.action is not None

    assert verdict.action.channel == "app"
    assert verdict.action.not_after_ms == EVENING_MS - HOUR_MS


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: setattr(facts.loan, "state", "applying"),
        lambda facts: facts.consents.clear(),
        lambda facts: facts.contact.complaints.append(EVENING_MS + HOUR_MS),
        lambda facts: setattr(facts, "protected_until_ms", EVENING_MS + 30 * DAY_MS),
    ],
    ids=["the customer applied", "consent is gone", "the customer complained", "under stress"],
)
def test_a_deferred_message_does_not_go_out_when_things_have_changed(change: Any) -> None:
    """Nobody wants yesterday's offer after today's complaint."""
    facts = some_facts()
    late = a_verdict(a_situation(facts=facts, at_ms=EVENING_MS))
    apply(facts, late, at_ms=EVENING_MS)
    change(facts)
    due_ms = EVENING_MS + 11 * HOUR_MS
    again = recheck(
        a_situation(facts=facts, at_ms=due_ms),
        facts.deferred.pop(late.decision_id),
        a_trigger("timer:x:1"),
        strategy=everyone_in("champion"),
        sha256=SHA,
        scores=some_scores(),
    )

    assert again.contact_outcome == "suppress"
    assert again.messages == ()


def test_the_list_waits_for_the_morning_and_says_no_why() -> None:
    """The arm that proves or refutes the claim must be exactly a list and a call."""
    facts = some_facts()
    strategy = everyone_in("list_only")
    first = a_verdict(a_situation(facts=facts), strategy=strategy)
    apply(facts, first, at_ms=MORNING_MS)
    deferred = facts.deferred.pop(first.decision_id)

    assert (first.disposition, first.contact_rule) == ("deferred", "list_time")
    assert deferred.due_ms == MORNING_MS + 23 * HOUR_MS + HOUR_MS // 2  # 09:30 the next day

    again = recheck(
        a_situation(facts=facts, at_ms=deferred.due_ms),
        deferred,
        a_trigger("timer:x:1"),
        strategy=strategy,
        sha256=SHA,
        scores=some_scores(),
    )
    ((_, _, task),) = again.messages

    assert isinstance(task, RmTask)
    assert task.list_class == "cold_segment"
    assert task.why_now == ()


def test_a_decision_takes_its_place_under_the_caps_and_sets_its_release() -> None:
    """A cap that counts only what was sent is passed by every delay."""
    facts = some_facts()
    verdict = a_verdict(a_situation(facts=facts))
    timers = apply(facts, verdict, at_ms=MORNING_MS)
    (touch,) = facts.contact.touches

    assert verdict.action is not None
    assert (touch.message_id, touch.sent) == (verdict.action.message_id, False)
    assert timers == {
        f"contact.release:{touch.message_id}": verdict.action.not_after_ms + RELEASE_GRACE_MS
    }
    assert facts.exposures == {verdict.experiment_id: "champion"}
    second = a_verdict(a_situation(facts=facts), cause="app-events.v1:0:8")
    assert second.contact_rule == "cap_customer_1_in_1d"


def test_the_arm_of_the_first_decision_stays() -> None:
    """A customer who changes arms spoils both."""
    facts = some_facts(exposures={"exp_no_loan_to_loan_1": "list_only"})

    assert a_verdict(a_situation(facts=facts), strategy=everyone_in("champion")).arm == "list_only"


def test_the_challenger_may_have_other_thresholds() -> None:
    """An arm that differs in nothing tests nothing."""
    three = a_situation(ext_lender_cnt_90d=3.0)

    assert a_verdict(three).risk_outcome == "approve"
    assert a_verdict(three, strategy=everyone_in("challenger")).risk_outcome == "decline"


def test_the_first_decision_without_a_loan_is_the_flag_for_ninety_days() -> None:
    """It is what a later drawdown is measured against."""
    facts = some_facts()
    first = a_verdict(a_situation(facts=facts))
    apply(facts, first, at_ms=MORNING_MS)
    soon, late = MORNING_MS + 89 * DAY_MS, MORNING_MS + 90 * DAY_MS
    second = a_verdict(a_situation(facts=facts, at_ms=soon), cause="app-events.v1:0:8")
    apply(facts, second, at_ms=soon)

    assert facts.flag is not None
    assert facts.flag.decision_id == first.decision_id

    third = a_verdict(a_situation(facts=facts, at_ms=late), cause="app-events.v1:0:9")
    apply(facts, third, at_ms=late)

    assert facts.flag.decision_id == third.decision_id
    assert [made.decision_id for made in facts.decisions] == [
        second.decision_id,
        third.decision_id,
    ]


def test_our_own_decline_of_an_application_rests_the_product() -> None:
    """Refused today and courted tomorrow: customers tell their friends."""
    facts = some_facts()
    declined = a_verdict(a_situation(facts=facts, **MULTI), a_hit(context="application"))
    apply(facts, declined, at_ms=MORNING_MS)
    for days, hit in ((29, True), (30, False)):
        later = a_verdict(a_situation(facts=facts, at_ms=MORNING_MS + days * DAY_MS))
        credit = next(c for c in later.candidates if c.action_id == "intent_offer")
        assert next(rule for rule in later.rules if rule.rule == "H13").hit is hit
        assert (credit.why == "recent_decline_cooloff") is hit


def test_unwell_parts_are_named() -> None:
    """A decision on half the evidence must say so."""
    facts = some_facts(
        profile=Profile(known=True, birth_year=None, has_account=True, timezone="Mars/Olympus")
    )
    verdict = a_verdict(
        a_situation(facts=facts), scores=some_scores(pd=None, pd_model_id="fallback")
    )

    assert verdict.degradations == (
        "anomaly_model_missing",
        "birth_year_missing",
        "risk_model_missing",
        "timezone_invalid",
        "uplift_missing",
    )
    assert verdict.risk_band == "C"
    assert verdict.models[0].role == "fallback"
    uncalibrated = a_verdict(scores=some_scores(pd_calibrated=False))
    assert "pd_uncalibrated" in uncalibrated.degradations


def test_deciding_changes_nothing() -> None:
    """Reading must never write, or a question would alter the answer to the next."""
    facts = some_facts()
    a_verdict(a_situation(facts=facts))

    assert facts == some_facts()
    assert isinstance(facts, Facts)
