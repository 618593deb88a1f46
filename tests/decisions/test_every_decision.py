"""What must hold of every decision, whoever the customer is and whenever it is made."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.channels import RmTask
from contracts.decisions import Decision
from decisions.facts import ConsentFact, Facts, LoanFile, Profile, Touch
from decisions.situation import MomentHit, Scores, Situation
from decisions.verdict import Verdict, apply
from tests.decisions.given import (
    DAY_MS,
    HOUR_MS,
    MORNING_MS,
    PURPOSES,
    SHA,
    a_hit,
    a_loan,
    a_situation,
    a_verdict,
    everyone_in,
    some_scores,
)

TOLD = ("limit_yuan", "apr_percent", "term_months")


@st.composite
def facts(draw: st.DrawFn, at_ms: int) -> Facts:
    """Return a customer with any history."""
    dpd = draw(st.sampled_from([0, 0, 0, 5]))
    loan = LoanFile(
        state="overdue" if dpd else draw(st.sampled_from(["account_no_loan", "approved_undrawn"])),
        application_id="ap-1",
        approved_limit_minor=draw(st.sampled_from([0, 5_000_000])),
        apr_all_in_bps=draw(st.sampled_from([None, 720, 2_500])),
        term_months=draw(st.sampled_from([None, 12, 360])),
        loans={"l-1": a_loan(dpd_days=dpd)} if dpd else {},
    )
    found = Facts(
        profile=Profile(
            known=True,
            birth_year=draw(st.sampled_from([None, 1940, 1990, 2015])),
            rm_id=draw(st.sampled_from([None, "rm-1"])),
            timezone=draw(st.sampled_from(["Asia/Shanghai", "America/New_York", "Mars/Olympus"])),
            branch_path=draw(st.sampled_from(["hq", "hq/hz"])),
        ),
        consents={
            purpose: ConsentFact(draw(st.sampled_from(["granted", "granted", "denied"])), 0)
            for purpose in PURPOSES
        },
        loan=loan,
    )
    for days in draw(st.lists(st.integers(0, 40), max_size=4)):
        sent_ms = at_ms - days * DAY_MS
        found.contact.touches.append(
            Touch(f"d-{days}", f"m-{days}", "app", "x", sent_ms, sent_ms, sent=True)
        )
    found.contact.complaints = draw(st.sampled_from([[], [], [at_ms - 100 * DAY_MS]]))
    return found


@st.composite
def questions(draw: st.DrawFn) -> tuple[Situation, MomentHit, Scores, str]:
    """Return any moment of any customer at any hour, in any arm."""
    at_ms = MORNING_MS + draw(st.integers(0, 24 * 14)) * HOUR_MS
    situation = a_situation(
        facts=draw(facts(at_ms)),
        at_ms=at_ms,
        ext_lender_cnt_90d=draw(st.sampled_from([0.0, 3.0, 4.0])),
        cash_buffer_days=draw(st.sampled_from([1.0, 30.0])),
    )
    moment: Any = draw(
        st.sampled_from(
            [
                "loan_intent_browse",
                "apply_abandoned",
                "approved_not_drawn",
                "funding_gap",
                "repayment_stress",
            ]
        )
    )
    context: Any = draw(
        st.sampled_from(["marketing_unsolicited", "application", "existing_account"])
    )
    hit = a_hit(moment, at_ms=at_ms, context=context, wave=draw(st.integers(0, 4)))
    pd = draw(st.sampled_from([None, 0.005, 0.03, 0.2]))
    scores = some_scores(pd=pd, propensity_micro=draw(st.sampled_from([0, 5_000, 80_000])))
    arm = draw(st.sampled_from(["champion", "challenger", "list_only", "holdout"]))
    return situation, hit, scores, arm


def answered(question: tuple[Situation, MomentHit, Scores, str]) -> Verdict:
    """Return the verdict."""
    situation, hit, scores, arm = question
    return a_verdict(
        situation, hit, strategy=everyone_in(arm, epsilon_micro=300_000), scores=scores
    )


@given(questions())
def test_it_is_a_valid_record(question: tuple[Situation, MomentHit, Scores, str]) -> None:
    """A decision that its own contract refuses would stop a partition."""
    engine_part: dict[str, Any] = {
        "partition": 0,
        "seq": 0,
        "at_ms": question[0].at_ms,
        "subject_id": "c-1",
        "feature_schema": "f",
        "features": {},
        "payload_sha256": None,
        "build": "b",
        "digest": SHA,
        "prev_hash": "",
        "hash": SHA,
    }
    verdict = answered(question)

    assert Decision(**verdict.record, **engine_part).decision_id == verdict.decision_id
    assert answered(question) == verdict
    assert sum(result.points for result in verdict.rules) == verdict.soft_points


@given(questions())
def test_a_message_goes_out_exactly_when_it_says_acted(
    question: tuple[Situation, MomentHit, Scores, str],
) -> None:
    """The record and what the customer sees must be one story."""
    verdict = answered(question)
    acted = verdict.disposition == "acted"

    assert acted == (len(verdict.messages) == 1) == (verdict.action is not None)
    assert (verdict.disposition == "deferred") == (verdict.deferred is not None)
    assert (verdict.disposition == "held_out") == (question[3] == "holdout")
    assert not (acted and verdict.contact_outcome != "allow")
    if verdict.contact_outcome == "allow":
        assert verdict.outcome == verdict.risk_outcome
    else:
        assert verdict.outcome == verdict.contact_outcome


@given(questions())
def test_credit_is_never_offered_after_a_decline_or_under_stress(
    question: tuple[Situation, MomentHit, Scores, str],
) -> None:
    """The one mistake that harms a customer."""
    verdict = answered(question)
    if verdict.risk_outcome == "decline" or verdict.moment == "repayment_stress":
        assert verdict.action is None or verdict.action.kind != "credit"


@given(questions())
def test_no_amount_leaves_the_bank_before_approve(
    question: tuple[Situation, MomentHit, Scores, str],
) -> None:
    """A number is a promise; each has its source and stays under the cap."""
    verdict = answered(question)
    for _, _, message in verdict.messages:
        if isinstance(message, RmTask):
            terms = message.offer
            assert message.may_quote_limit is (terms is not None)
            assert not set(message.allowed_facts) & set(message.forbidden_facts)
        else:
            terms = message.cost_disclosure
            assert (terms is not None) or not set(message.params) & set(TOLD)
        if terms is not None:
            assert verdict.risk_outcome == "approve"
            assert terms.apr_all_in_bps <= 2_400
            assert terms.offer_terms_source


@given(questions())
def test_what_waits_is_checked_and_what_is_sent_is_released(
    question: tuple[Situation, MomentHit, Scores, str],
) -> None:
    """A place under a cap that nobody gives back silences a customer for ever."""
    verdict = answered(question)
    found = Facts()
    timers = apply(found, verdict, at_ms=question[0].at_ms)

    assert len(timers) == len(found.contact.touches) + len(found.deferred)
    assert all(due_ms > question[0].at_ms for due_ms in timers.values())
    assert len(found.decisions) == 1
