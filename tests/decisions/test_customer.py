"""Consents by effective time, and answers that make the bank keep quiet."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.consents import Consent, ConsentDenied, ConsentGranted, ConsentWithdrawn
from contracts.interactions import CallHappened, Feedback, RmStep, WecomHappened
from decisions.customer import (
    ANSWERS_KEPT,
    ANSWERS_MS,
    consent_stands,
    note_consent,
    note_interaction,
)
from decisions.facts import Facts, Touch

COMMON: dict[str, Any] = {"event_id": "e-1", "customer_id": "c-1"}


def a_word(kind: str, *, effective: int, expires: int | None = None) -> Consent:
    """A word on texts."""
    said: dict[str, Any] = {
        **COMMON,
        "occurred_at_ms": 0,
        "purpose": "marketing_sms",
        "evidence_id": "v-1",
        "effective_at_ms": effective,
    }
    if kind == "granted":
        return ConsentGranted(event_type="consent_granted", expires_at_ms=expires, **said)
    if kind == "denied":
        return ConsentDenied(event_type="consent_denied", **said)
    return ConsentWithdrawn(event_type="consent_withdrawn", **said)


def a_feedback(kind: str, *, at_ms: int = 5, **more: Any) -> Feedback:
    """What a channel reported back."""
    return Feedback.model_validate(
        {
            **COMMON,
            "event_type": "feedback",
            "occurred_at_ms": at_ms,
            "feedback_type": kind,
            "channel": "sms",
            **more,
        }
    )


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["granted", "denied", "withdrawn"]),
        st.integers(0, 40),
        st.none() | st.integers(0, 60),
        st.integers(0, 8),
    ),
    max_size=8,
)


@given(WORDS, st.integers(0, 20))
def test_the_last_effective_word_stands_of_equals_the_last_to_come(
    words: list[tuple[str, int, int | None, int]], later: int
) -> None:
    """A message sent on a consent that was withdrawn is an offence, whatever came late."""
    facts = Facts()
    now = 0
    said: list[tuple[int, int, str, int | None]] = []
    for kind, effective, expires, gap in words:
        now += gap
        note_consent(facts, a_word(kind, effective=effective, expires=expires), at_ms=now)
        said.append((effective, len(said), kind, expires))
    now += later

    effective_words = sorted(word for word in said if word[0] <= now)
    allowed = False
    if effective_words:
        _, _, kind, expires = effective_words[-1]
        ends = kind == "granted" and expires is not None and expires <= now
        allowed = kind == "granted" and not ends
    assert consent_stands(facts, "marketing_sms", now) == allowed


def test_silence_is_no_consent() -> None:
    """Nobody agreed to what they were not asked."""
    assert not consent_stands(Facts(), "marketing_push", 10)


def test_a_yes_of_tomorrow_leaves_the_no_of_today_standing() -> None:
    """What is not effective yet changes nothing, and is not forgotten."""
    facts = Facts()
    note_consent(facts, a_word("denied", effective=0), at_ms=5)
    note_consent(facts, a_word("granted", effective=100), at_ms=6)

    assert [consent_stands(facts, "marketing_sms", at) for at in (99, 100)] == [False, True]


def test_a_no_of_tomorrow_survives_any_number_of_words_for_later() -> None:
    """A word that is forgotten for want of room may be a yes, never a no."""
    facts = Facts()
    note_consent(facts, a_word("granted", effective=0), at_ms=5)
    note_consent(facts, a_word("withdrawn", effective=100), at_ms=6)
    for number in range(40):
        note_consent(facts, a_word("granted", effective=200 + number), at_ms=7)

    assert [consent_stands(facts, "marketing_sms", at) for at in (99, 100, 150)] == [
        True,
        False,
        False,
    ]
    assert len(facts.consents_ahead["marketing_sms"]) <= 8


def test_a_reject_is_of_the_product_that_was_offered() -> None:
    """A customer who said no to one product said nothing about another."""
    facts = Facts()
    facts.contact.touches = [Touch("d-1", "m-1", "sms", "car_loan", 0, 10)]
    note_interaction(facts, a_feedback("rejected", decision_id="d-1"), at_ms=7)
    note_interaction(facts, a_feedback("rejected", decision_id="d-9"), at_ms=7)

    assert facts.contact.rejects == [(5, "car_loan"), (5, "consumer_loan")]


@pytest.mark.parametrize("kind", ["delivered", "opened", "no_answer", "nps"])
def test_other_feedback_is_neither_reject_nor_complaint(kind: str) -> None:
    """Not answering is not a no."""
    facts = Facts()
    note_interaction(facts, a_feedback(kind), at_ms=7)

    assert (facts.contact.rejects, facts.contact.complaints) == ([], [])


def test_a_complaint_counts_from_when_it_was_made_not_from_when_we_heard() -> None:
    """The quiet time after a complaint begins with the complaint; never in the future."""
    facts = Facts()
    note_interaction(facts, a_feedback("complaint", at_ms=500), at_ms=900)
    note_interaction(facts, a_feedback("complaint", at_ms=999), at_ms=950)

    assert facts.contact.complaints == [500, 950]


def test_an_opt_out_by_message_closes_that_channel() -> None:
    """STOP means stop."""
    facts = Facts()
    note_interaction(facts, a_feedback("opt_out"), at_ms=7)

    assert "sms" in facts.contact.opted_out


def test_who_tells_one_caller_to_stop_is_not_called_by_another() -> None:
    """The customer does not know our organisation."""
    facts = Facts()
    call = CallHappened(
        event_type="call",
        occurred_at_ms=5,
        call_event="ended",
        outcome_code="opt_out",
        **COMMON,
    )
    note_interaction(facts, call, at_ms=7)

    assert set(facts.contact.opted_out) == {"call_centre", "rm_task"}


def test_a_manager_reports_a_reject_in_the_words_of_feedback() -> None:
    """What was said at the counter counts like what was tapped in the app."""
    facts = Facts()
    step = RmStep(
        event_type="rm",
        occurred_at_ms=5,
        task_id="t-1",
        activity="closed",
        rm_id="rm-1",
        outcome_code="rejected",
        **COMMON,
    )
    note_interaction(facts, step, at_ms=7)

    assert facts.contact.rejects == [(5, "consumer_loan")]


def test_removing_the_manager_in_wecom_withdraws_that_consent() -> None:
    """The customer closed the door themselves; only a new yes opens it."""
    facts = Facts()
    removed = WecomHappened(
        event_type="wecom",
        occurred_at_ms=5,
        wecom_event="friend_removed",
        rm_id="rm-1",
        **COMMON,
    )
    yes = ConsentGranted(
        event_type="consent_granted",
        occurred_at_ms=0,
        purpose="marketing_wecom",
        evidence_id="v-1",
        effective_at_ms=1,
        **COMMON,
    )
    note_consent(facts, yes, at_ms=1)
    assert consent_stands(facts, "marketing_wecom", 4)
    note_interaction(facts, removed, at_ms=7)
    assert not consent_stands(facts, "marketing_wecom", 7)


def test_answers_are_kept_for_a_year_and_not_without_end() -> None:
    """A customer who complains every day must not grow a state without bound."""
    facts = Facts()
    for ms in range(3 * ANSWERS_KEPT):
        note_interaction(facts, a_feedback("complaint", at_ms=ms), at_ms=ms)
        note_interaction(facts, a_feedback("rejected", at_ms=ms), at_ms=ms)
    assert len(facts.contact.complaints) == len(facts.contact.rejects) == ANSWERS_KEPT

    late_ms = ANSWERS_MS + 10 * ANSWERS_KEPT
    note_interaction(facts, a_feedback("complaint", at_ms=late_ms), at_ms=late_ms)
    assert facts.contact.complaints == [late_ms]
