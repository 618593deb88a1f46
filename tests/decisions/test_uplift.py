"""Contact where it helps, leave alone where it harms, and log how likely each was."""

from collections import Counter
from dataclasses import replace
from math import sqrt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from decisions.actions import Action, Via
from decisions.arbitration import MICRO, choose
from decisions.chance import Chance, chance_of
from decisions.strategy import Arbitration, Strategy, load
from decisions.strategy_check import problems
from decisions.verdict import Verdict, apply
from features import permitted_use
from tests.decisions.given import (
    MORNING_MS,
    a_situation,
    a_strategy_file,
    a_verdict,
    everyone_in,
    some_facts,
    some_scores,
    the_strategy,
)

CUSTOMERS = 8_000


def a_file_that_asks_for_uplift(**arbitration: Any) -> dict[str, Any]:
    """Return the bundled strategy, all champion, weighing a drawdown by uplift."""
    data = a_strategy_file()
    data["experiment"]["holdout_pct"] = 0
    for name, arm in data["experiment"]["arms"].items():
        arm["pct"] = 100 if name == "champion" else 0
    data["arbitration"] |= {
        "chance": "uplift", "starting_evidence": 500, "explore_epsilon_micro": 0, **arbitration,
    }  # fmt: skip
    return data


def asks_for_uplift(**arbitration: Any) -> Strategy:
    """Return that strategy, ready to decide."""
    return load(a_file_that_asks_for_uplift(**arbitration))


def an_action(name: str) -> Action:
    """Return an action that differs by its name alone."""
    via = Via(channel="app", cost_minor=0, valid_hours=24)
    return Action(id=name, kind="credit", moments=(), value_minor=1, via=(via,))


def test_whom_contact_helps_is_contacted_and_whom_it_keeps_away_is_not() -> None:
    """Two customers as likely to draw: a message gains the one and loses the other."""
    helped = some_scores(uplift_micro=30_000, uplift_evidence=500, uplift_model_id="uplift_30d:1")
    harmed = replace(helped, uplift_micro=-30_000)

    contacted = a_verdict(strategy=asks_for_uplift(), scores=helped)
    left_alone = a_verdict(strategy=asks_for_uplift(), scores=harmed)

    assert contacted.action is not None
    assert contacted.action.action_id == "intent_offer"
    assert left_alone.action is None or left_alone.action.kind != "credit"
    assert left_alone.scores["uplift_30d"] == (-0.03).hex()
    assert "uplift_30d" in {used.name for used in left_alone.models}
    assert not {"uplift_missing", "uplift_fallback"} & set(contacted.degradations)


def test_without_evidence_the_propensity_decides_and_the_decision_says_so() -> None:
    """An uplift from a handful of rows is noise; a reader must see what was used instead."""
    young = some_scores(uplift_micro=-30_000, uplift_evidence=499, uplift_model_id="uplift_30d:1")

    verdict = a_verdict(strategy=asks_for_uplift(), scores=young)

    assert verdict.action is not None
    assert "uplift_fallback" in verdict.degradations
    assert verdict.scores["uplift_30d"] == (-0.03).hex(), "shown, though it decided nothing"


def test_a_strategy_that_weighs_by_propensity_does_not_hear_of_uplift() -> None:
    """What is approved today decides as it did, whatever a new model says."""
    scores = some_scores()
    told = replace(scores, uplift_micro=-900_000, uplift_evidence=10_000)
    without, beside = a_verdict(scores=scores), a_verdict(scores=told)

    assert (without.action, without.candidates) == (beside.action, beside.candidates)
    assert "uplift_fallback" not in beside.degradations
    assert "uplift_missing" in without.degradations


@given(st.integers(0, MICRO), st.integers(0, 10_000), st.integers(1, 10_000), st.integers(0, MICRO))
def test_the_smoothed_propensity_lies_between_what_is_assumed_and_what_was_learnt(
    learnt: int, evidence: int, starting: int, assumed: int
) -> None:
    """Evidence moves it from the one to the other and never past them."""
    table = Arbitration(
        min_propensity_micro=0, explore_epsilon_micro=0, chance="uplift",
        starting_evidence=starting, starting_propensity_micro=assumed,
    )  # fmt: skip
    scores = some_scores(propensity_micro=learnt, propensity_evidence=evidence)

    chance = chance_of(scores, table)

    assert chance.fallback
    assert min(learnt, assumed) <= chance.micro <= max(learnt, assumed)


def test_exploration_reaches_what_the_model_would_never_do_and_logs_how_rarely() -> None:
    """Where an uplift model wrongly says harm, only this can ever show it its mistake."""
    table = Arbitration(min_propensity_micro=0, explore_epsilon_micro=100_000, chance="uplift")
    options = [(an_action("a"), -10), (an_action("b"), -5)]
    harm = Chance(micro=-1_000, least_micro=0)
    seen = Counter(
        choose(options, table, chance=harm, decision_id=f"d-{i}") for i in range(CUSTOMERS)
    )

    assert {chosen.index for chosen in seen} == {None, 0, 1}
    for chosen, count in seen.items():
        p = chosen.selection_prob_micro / MICRO
        assert p == (0.9 if chosen.index is None else 0.05)
        assert abs(count - CUSTOMERS * p) < 5 * sqrt(CUSTOMERS * p * (1 - p))


def test_logged_probabilities_of_contact_match_how_often_it_happened() -> None:
    """An uplift model divides by them: five sigma is one in two million."""
    verdicts = [
        a_verdict(a_situation(subject_id=f"c-{i}"), strategy=the_strategy())
        for i in range(CUSTOMERS)
    ]
    counts = Counter(
        (verdict.trial.treated, verdict.trial.prob_micro)
        for verdict in verdicts
        if verdict.trial is not None
    )

    assert set(counts) == {(True, 875_000), (False, 125_000)}
    for (_, prob_micro), count in counts.items():
        p, n = prob_micro / MICRO, counts.total()
        assert abs(count - n * p) < 5 * sqrt(n * p * (1 - p))


def held_out_and_contacted() -> tuple[Verdict, Verdict]:
    """Return the first decision on a customer in the holdout, and on one in the champion arm."""
    verdicts = [
        a_verdict(a_situation(subject_id=f"c-{i}"), strategy=the_strategy()) for i in range(100)
    ]
    held = next(v for v in verdicts if v.trial and not v.trial.treated)
    return held, next(v for v in verdicts if v.trial and v.trial.treated)


def test_only_the_first_contact_is_a_trial() -> None:
    """Afterwards caps hold back who was contacted: the arms differ by more than chance."""
    for verdict in held_out_and_contacted():
        facts = some_facts()
        apply(facts, verdict, at_ms=MORNING_MS)
        again = a_verdict(
            a_situation(facts=facts, subject_id=verdict.unit_id),
            strategy=the_strategy(),
            cause="app-events.v1:0:8",
        )

        assert again.trial is None


def test_what_decides_nothing_about_a_contact_leaves_the_trial_for_later() -> None:
    """A customer who may not be contacted has not been tried."""
    silent = some_facts(consents={})
    verdict = a_verdict(
        a_situation(facts=silent, subject_id="c-1"), strategy=everyone_in("champion")
    )
    apply(silent, verdict, at_ms=MORNING_MS)

    assert verdict.trial is None
    assert silent.tried == {}


def test_an_arm_frozen_under_other_shares_is_no_trial() -> None:
    """Its probability is that of a file that no longer decides: none can be stated."""
    held, _ = held_out_and_contacted()
    facts = some_facts(exposures={held.experiment_id: "champion"})

    verdict = a_verdict(a_situation(facts=facts, subject_id=held.unit_id), strategy=the_strategy())

    assert verdict.arm == "champion"
    assert verdict.trial is None


def test_uplift_without_evidence_cannot_be_approved() -> None:
    """Zero rows of evidence would let noise move money from the first day on."""
    data = a_file_that_asks_for_uplift(starting_evidence=0, min_uplift_micro=2_000_000)
    found = " ".join(problems(data, permitted_use=permitted_use))

    assert "starting_evidence" in found
    assert "min_uplift_micro" in found
