"""Who is in which arm, and which action wins: the same for everybody who computes it."""

from collections import Counter
from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from decisions.actions import Action, Via
from decisions.arbitration import MICRO, choose, score_minor
from decisions.assign import fresh_arm
from decisions.chance import Chance
from decisions.strategy import Arbitration
from tests.decisions.given import a_situation, a_verdict, the_strategy

CUSTOMERS = 20_000
LIKELY = Chance(micro=1, least_micro=0)
PLAIN = Arbitration(min_propensity_micro=0, explore_epsilon_micro=0)


def an_action(name: str) -> Action:
    """Return an action that differs by its name alone."""
    return Action(id=name, kind="credit", moments=(), value_minor=1, via=(a_push(),))


def a_push() -> Via:
    """Return a free push."""
    return Via(channel="app", cost_minor=0, valid_hours=24)


def test_arms_have_their_shares() -> None:
    """A skewed assignment makes every comparison worthless; five sigma is one in two million."""
    experiment = the_strategy().spec.experiment
    counts = Counter(fresh_arm(experiment, unit_id=f"c-{i}") for i in range(CUSTOMERS))
    shares = {name: arm.pct for name, arm in experiment.arms.items()} | {"holdout": 10}

    for name, pct in shares.items():
        p = pct / 100
        assert abs(counts[name] - CUSTOMERS * p) < 5 * sqrt(CUSTOMERS * p * (1 - p))


def test_another_experiment_assigns_anew() -> None:
    """The same tenth of customers must not be the holdout of everything."""
    experiment = the_strategy().spec.experiment
    other = type(experiment)("exp_other", "customer", "s7f3", 10, experiment.arms)
    names = [f"c-{i}" for i in range(2_000)]
    same = sum(
        fresh_arm(experiment, unit_id=n) == fresh_arm(other, unit_id=n) == "holdout" for n in names
    )

    assert same < 60  # a hundredth of 2,000 is 20


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-50, 50), min_size=1),
    st.randoms(use_true_random=False),
    st.integers(0, MICRO),
    st.integers(0, 50),
)
def test_the_order_of_the_actions_does_not_matter(
    scores: dict[str, int], chance: object, epsilon_micro: int, decision: int
) -> None:
    """A file that is sorted otherwise decides the same."""
    table = Arbitration(min_propensity_micro=0, explore_epsilon_micro=epsilon_micro)
    given_order = [(an_action(name), score) for name, score in scores.items()]
    shuffled = sorted(given_order, key=lambda _: chance.random())  # type: ignore[attr-defined]

    one = choose(given_order, table, chance=LIKELY, decision_id=f"d-{decision}")
    other = choose(shuffled, table, chance=LIKELY, decision_id=f"d-{decision}")

    assert one.selection_prob_micro == other.selection_prob_micro
    if one.index is None or other.index is None:
        assert one.index is other.index is None
        assert max(scores.values()) <= 0
    else:
        assert given_order[one.index][0].id == shuffled[other.index][0].id


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-50, 50), min_size=1))
def test_the_best_wins_and_ties_go_to_the_smaller_id(scores: dict[str, int]) -> None:
    """A tie that is broken by chance is broken otherwise in a replay."""
    options = [(an_action(name), score) for name, score in scores.items()]
    chosen = choose(options, PLAIN, chance=LIKELY, decision_id="d-1")
    worthy = sorted((-score, name) for name, score in scores.items() if score > 0)

    assert (None if chosen.index is None else options[chosen.index][0].id) == (
        worthy[0][1] if worthy else None
    )


def test_exploration_happens_as_often_as_it_says_and_logs_its_probability() -> None:
    """Off-policy measures divide by this number: it must be the true one."""
    table = Arbitration(min_propensity_micro=0, explore_epsilon_micro=200_000)
    options = [(an_action("a"), 10), (an_action("b"), 5)]
    won = Counter(
        choose(options, table, chance=LIKELY, decision_id=f"d-{i}") for i in range(CUSTOMERS)
    )

    assert len(won) == 2
    for chosen, count in won.items():
        p = chosen.selection_prob_micro / MICRO
        assert p in {0.9, 0.1}
        assert abs(count - CUSTOMERS * p) < 5 * sqrt(CUSTOMERS * p * (1 - p))


def test_scores_are_exact_beyond_what_a_float_can_hold() -> None:
    """One unit decides a tie; a float of this product would lose it."""
    rich = Action(id="a", kind="credit", moments=(), value_minor=(1 << 53) + 1, via=(a_push(),))

    assert (
        score_minor(
            rich,
            a_push(),
            PLAIN,
            chance_micro=MICRO,
            context="application",
            branch_path="hq",
            touches_30d=0,
        )
        == (1 << 53) + 1
    )


def test_the_nearest_branch_has_the_lever() -> None:
    """A branch leans on its own customers, not on its neighbour's."""
    table = Arbitration(
        min_propensity_micro=0,
        explore_epsilon_micro=0,
        lever_pct={"hq": 50, "hq/hz": 200},
    )
    action = Action(id="a", kind="credit", moments=(), value_minor=1_000, via=(a_push(),))
    scores = [
        score_minor(
            action,
            a_push(),
            table,
            chance_micro=MICRO,
            context="application",
            branch_path=path,
            touches_30d=0,
        )
        for path in ("hq/hz/west", "hq/nb", "hq/hzx")
    ]

    assert scores == [2_000, 500, 500]


def test_holdout_and_champion_differ_by_the_message_alone() -> None:
    """What is computed for both must be the same, or the comparison compares two things."""
    verdicts = [
        a_verdict(a_situation(subject_id=f"c-{i}"), strategy=the_strategy()) for i in range(200)
    ]
    risks = {(v.arm, v.risk_outcome, v.contact_outcome) for v in verdicts if v.arm != "list_only"}
    held = [v for v in verdicts if v.arm == "holdout"]

    assert {arm for arm, _, _ in risks} == {"champion", "challenger", "holdout"}
    assert {(risk, contact) for _, risk, contact in risks} == {("approve", "allow")}
    assert held
    assert all(v.messages == () and v.action is None for v in held)
