"""The flip test: it must pass true reasons, catch false ones, and be the same in a replay."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.decisions import Reason
from decisions.reasons import Cause, reason_of
from decisions.risk import screen as risk_screen
from decisions.risk.flips import ONE_IN, FlipTest, is_tried, tried
from decisions.situation import AnomalyGrade, Scores, Situation
from tests.decisions.given import a_hit, a_situation, a_verdict, some_scores, the_risk_table
from tests.decisions.test_risk_screen import cases, flips, is_better, screened

Case = tuple[Situation, Scores]


def the_test(case: Case) -> FlipTest:
    """Return the flip test of a case by the bundled table."""
    return FlipTest(
        situation=case[0], scores=case[1], table=the_risk_table(), product="consumer_loan"
    )


@st.composite
def unusual_cases(draw: st.DrawFn) -> Case:
    """Return a random customer who may be unlike his own past, with a risk of one or two parts."""
    situation, scores = draw(cases())
    grades: list[AnomalyGrade] = ["normal", "normal", "watch", "alert"]
    anomaly = draw(st.sampled_from(grades))
    z = {} if anomaly == "normal" else {"balance_last_minor": -6.0, "cash_buffer_days": -3.0}
    if scores.pd is not None and draw(st.booleans()):
        first, then = draw(st.floats(0.0, 1.0)), draw(st.floats(0.1, 1.0))
        scores = replace(scores, pd=first * then, dpd30=first, dpd90=then)
    return situation, replace(scores, anomaly=anomaly, anomaly_z=z)


@given(unusual_cases())
def test_every_reason_is_found_true(case: Case) -> None:
    """What the record calls faithful is what the rate and its alarm are made of."""
    answer = tried(screened(*case), the_test(case))

    assert [reason.code for reason in answer.reasons if reason.faithful is False] == []
    assert all(reason.faithful for reason in answer.reasons if reason.code != "policy_review")


@given(unusual_cases())
def test_nothing_that_would_help_alone_is_left_untold(case: Case) -> None:
    """A customer who asks what to change must not find out later that it was something else."""
    assert the_test(case).untold(screened(*case)) == []


@given(cases())
def test_two_flips_written_apart_agree(case: Case) -> None:
    """The one in the tests sets other numbers on the passing side; the answer must be the same."""
    answer, test = screened(*case), the_test(case)
    for reason in answer.reasons:
        if reason.code != "policy_review":
            by_hand = is_better(screened(*flips(*case, [reason])), answer)
            assert any(test.improves([reason])) == by_hand


@given(cases())
def test_trying_changes_nothing_but_the_mark(case: Case) -> None:
    """A decision that is tried must be the decision that would have been made."""
    answer = screened(*case)
    unmarked = [reason.model_copy(update={"faithful": None}) for reason in answer.reasons]

    again = tried(answer, the_test(case))
    assert [r.model_copy(update={"faithful": None}) for r in again.reasons] == unmarked
    assert replace(again, reasons=answer.reasons) == answer


def test_a_false_reason_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that never fails would make the rate a decoration: here whatever was hit is told."""
    case = a_situation(cash_buffer_days=1.0), some_scores(pd=None)
    monkeypatch.setattr(risk_screen, "_true_causes", lambda _case, by_name: list(by_name))
    answer = tried(screened(*case), the_test(case))

    found = {reason.code: reason.faithful for reason in answer.reasons}
    assert found == {"risk_model_missing": True, "cash_buffer_low": False}


def test_a_reason_that_is_kept_quiet_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other half: what alone would have changed the outcome must be among the reasons."""
    case = a_situation(ext_lender_cnt_90d=4.0), some_scores(pd=0.005)
    monkeypatch.setattr(risk_screen, "_true_causes", lambda _case, _by_name: [])

    assert the_test(case).untold(screened(*case)) == ["too_many_lenders", "too_many_lenders"]


def test_a_reason_without_an_input_is_not_tried() -> None:
    """That policy asks for a person is nothing that could be set otherwise."""
    policy = reason_of(Cause(code="policy_review", source="policy", contribution=0))

    assert the_test((a_situation(), some_scores())).is_true(policy, [policy]) is None


def test_one_decision_in_twenty_is_tried_and_a_replay_tries_the_same() -> None:
    """Chance is a hash of the id: a digest over the mark must come out again."""
    tried_ids = [name for name in map(str, range(10_000)) if is_tried(name)]

    assert len(tried_ids) == pytest.approx(10_000 / ONE_IN, rel=0.15)
    assert tried_ids == [name for name in map(str, range(10_000)) if is_tried(name)]


def test_the_record_says_of_each_reason_of_a_tried_decision_whether_it_is_true() -> None:
    """The rate is counted from records, where anybody can count it again."""
    marks: dict[bool, set[bool | None]] = {True: set(), False: set()}
    for number in range(200):
        verdict = a_verdict(a_situation(ext_lender_cnt_90d=4.0, subject_id=f"c-{number}"), a_hit())
        risk = [reason for reason in verdict.reasons if reason.source != "policy"]
        marks[is_tried(verdict.decision_id)] |= {reason.faithful for reason in risk}

    assert marks == {True: {True}, False: {None}}


def test_an_untried_reason_is_written_as_it_always_was() -> None:
    """The digest of an older decision is over a record that knows no such field."""
    plain = {
        "code": "age_unknown", "text_zh": "一", "text_en": "one", "source": "policy",
        "feature": None, "value": None, "threshold": None, "direction": None,
        "contribution": 1, "disclosable": True,
    }  # fmt: skip

    assert Reason.model_validate(plain).model_dump() == plain
    assert Reason.model_validate({**plain, "faithful": True}).model_dump()["faithful"] is True
