"""What an open moment forbids, for how long, and how protection lasts."""

import msgspec
import pytest

from contracts.topics import DAY_MS, Topic
from decisions.facts import Facts, LoanFile
from decisions.moments import detect, keep_protection, open_moment
from decisions.situation import Situation, Trigger
from tests.decisions.moment_cases import (
    BROWSED,
    GAP,
    INTENT,
    MONITORED,
    NOW_MS,
    SPENT,
    STRESS,
    a_situation,
    event,
    found,
    the_hit,
    timer,
)

HOUR_MS = 3_600_000


def opened(situation: Situation, trigger: Trigger) -> Facts:
    """Open what is true now, and return the facts."""
    hit = the_hit(situation, trigger)
    open_moment(situation.facts, hit, at_ms=situation.at_ms)
    return situation.facts


@pytest.mark.parametrize(
    ("features", "trigger", "quiet_ms"),
    [(INTENT, BROWSED, 48 * HOUR_MS), (GAP, SPENT, 14 * DAY_MS)],
)
def test_a_moment_does_not_open_again_before_its_refractory_time_is_over(
    features: dict[str, float], trigger: Trigger, quiet_ms: int
) -> None:
    """A customer who browses all evening is asked once, not at every page."""
    facts = opened(a_situation(features), trigger)

    def again(after_ms: int) -> list[str]:
        return found(a_situation(features, facts=facts, at_ms=NOW_MS + after_ms), trigger)

    assert again(1) == again(quiet_ms - 1) == []
    assert len(again(quiet_ms)) == 1


def test_one_moment_open_is_no_obstacle_to_another() -> None:
    """Browsing and a gap are two reasons."""
    facts = opened(a_situation(INTENT), BROWSED)

    assert found(a_situation(GAP, facts=facts), SPENT) == ["funding_gap"]


def test_a_second_abandonment_opens_after_a_day_although_the_first_is_still_open() -> None:
    """The customer came back in between, so it is another one; but a day of peace is due."""
    facts = Facts(loan=LoanFile(state="applying", apply_session="s-1", apply_active_ms=NOW_MS))
    abandoned = timer("loan.abandoned:s-1")
    opened(a_situation(facts=facts), abandoned)

    a_day_ms = NOW_MS + 24 * HOUR_MS
    assert found(a_situation(facts=facts, at_ms=a_day_ms - 1), abandoned) == []
    assert found(a_situation(facts=facts, at_ms=a_day_ms), abandoned) == ["apply_abandoned"]


def test_a_protected_customer_has_no_moment_until_30_days_after_the_last_sign() -> None:
    """Whoever is under water is not sold a heavier coat."""
    facts = opened(a_situation(STRESS), SPENT)
    assert facts.protected_until_ms == NOW_MS + 30 * DAY_MS

    def browsing(at_ms: int) -> list[str]:
        return found(a_situation(INTENT, facts=facts, at_ms=at_ms), BROWSED)

    assert browsing(NOW_MS + 30 * DAY_MS - 1) == []
    assert browsing(NOW_MS + 30 * DAY_MS) == ["loan_intent_browse"]


def test_a_sign_seen_while_protected_prolongs_the_protection_and_opens_nothing() -> None:
    """Care once, quiet as long as it lasts."""
    facts = opened(a_situation(STRESS), SPENT)
    later = a_situation(STRESS, facts=facts, at_ms=NOW_MS + 20 * DAY_MS)

    assert keep_protection(later, SPENT)
    assert found(later, SPENT) == []
    assert facts.protected_until_ms == NOW_MS + 50 * DAY_MS
    much_later = a_situation(STRESS, facts=facts, at_ms=NOW_MS + 50 * DAY_MS)
    assert found(much_later, SPENT) == ["repayment_stress"]


@pytest.mark.parametrize(
    ("features", "trigger", "after_ms"),
    [({}, SPENT, DAY_MS), (STRESS, BROWSED, DAY_MS), (STRESS, SPENT, 30 * DAY_MS)],
)
def test_protection_is_not_prolonged_without_a_sign_on_its_trigger_while_it_is_open(
    features: dict[str, float], trigger: Trigger, after_ms: int
) -> None:
    """It ends; a customer who recovered is a customer again."""
    facts = opened(a_situation(STRESS), SPENT)
    later = a_situation(features, facts=facts, at_ms=NOW_MS + after_ms)

    assert not keep_protection(later, trigger)
    assert facts.protected_until_ms == NOW_MS + 30 * DAY_MS


def test_a_customer_never_seen_under_stress_has_no_protection_to_keep() -> None:
    """Only `detect` opens a moment, so that a decision is made on it."""
    situation = a_situation(STRESS)

    assert not keep_protection(situation, SPENT)
    assert situation.facts.protected_until_ms == 0


@pytest.mark.parametrize(
    ("features", "trigger"), [(INTENT, BROWSED), (GAP, SPENT), (STRESS, MONITORED)]
)
def test_looking_for_moments_changes_nothing_and_finds_the_same_again(
    features: dict[str, float], trigger: Trigger
) -> None:
    """A replay must find what life found, to the id."""
    situation = a_situation(features)
    before = msgspec.msgpack.encode(situation.facts)

    first, second = detect(situation, trigger), detect(situation, trigger)

    assert first == second
    assert msgspec.msgpack.encode(situation.facts) == before


def test_the_id_of_a_moment_follows_from_who_what_and_cause() -> None:
    """Two causes are two moments; the same cause is the same moment on every machine."""
    situation = a_situation(INTENT)
    other = event(Topic.APP_EVENTS, "page", cause="topic:0:2")

    assert the_hit(situation, BROWSED).moment_id == "m_54107f092ba3620ac11f"
    assert the_hit(situation, other).moment_id != the_hit(situation, BROWSED).moment_id
