"""The Qini: against its slow definition, in any order, added up, and honest about what it knows."""

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.qini import Qini, bucket_of, qini_of_effects


class Seen(NamedTuple):
    """One matured row of a trial."""

    score_micro: int
    treated: bool
    prob_micro: int
    outcome: bool
    customer: int


ROWS = st.lists(
    st.builds(
        Seen,
        st.integers(-300_000, 300_000),
        st.booleans(),
        st.sampled_from([100_000, 500_000, 900_000]),
        st.booleans(),
        st.integers(0, 500),
    ),
    max_size=60,
)


def filled(rows: list[Seen]) -> Qini:
    """Return the Qini of rows."""
    qini = Qini()
    for row in rows:
        qini.add(
            row.score_micro,
            treated=row.treated,
            prob_micro=row.prob_micro,
            outcome=row.outcome,
            customer=row.customer,
        )
    return qini


def by_definition(rows: list[Seen]) -> float:
    """Return the area between curve and line, from whole prefixes of rows, in fractions."""
    weights = [Fraction(1_000_000_000 // row.prob_micro) for row in rows]
    points, total = [(Fraction(0), Fraction(0))], sum(weights)
    for bucket in sorted({bucket_of(row.score_micro) for row in rows}, reverse=True):
        arms = [[Fraction(0), Fraction(0)], [Fraction(0), Fraction(0)]]
        for row, weight in zip(rows, weights, strict=True):
            if bucket_of(row.score_micro) >= bucket:
                arms[row.treated][0] += weight
                arms[row.treated][1] += weight * row.outcome
        share = (arms[0][0] + arms[1][0]) / total
        both = arms[0][0] and arms[1][0]
        gain = share * (arms[1][1] / arms[1][0] - arms[0][1] / arms[0][0]) if both else Fraction(0)
        points.append((share, gain))
    area = sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(points))
    return float(area - points[-1][1] / 2)


def a_trial(*, rows: int, knows: bool, seed: int) -> Qini:
    """Return the Qini of a trial in which a contact helps half of the customers, by 10 points."""
    rng = np.random.default_rng(seed)
    qini = Qini()
    for customer in range(rows):
        helped, treated = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        chance = 0.05 + (0.10 if helped and treated else 0.0)
        score_micro = (60_000 if helped else 0) if knows else int(rng.integers(0, 60_000))
        qini.add(
            score_micro,
            treated=treated,
            prob_micro=500_000,
            outcome=bool(rng.random() < chance),
            customer=customer,
        )
    return qini


@given(ROWS)
def test_the_area_is_that_of_the_slow_definition(rows: list[Seen]) -> None:
    """Buckets and cumulative sums are only a faster way to the same number."""
    estimate = filled(rows).qini()
    if {row.treated for row in rows} != {True, False}:
        assert estimate is None
    else:
        assert estimate is not None
        assert abs(estimate.value - by_definition(rows)) < 1e-9


@given(ROWS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), st.integers(0))
def test_neither_order_nor_place_matters(orders: tuple[list[Seen], list[Seen]], cut: int) -> None:
    """Whole numbers add up: two halves measured apart, in any order, are the whole."""
    rows, shuffled = orders
    cut %= len(rows) + 1
    first, second = filled(shuffled[:cut]), filled(shuffled[cut:])
    first.merge(second)

    assert first.to_data() == filled(rows).to_data()


@given(ROWS)
def test_what_is_stored_is_what_comes_back(rows: list[Seen]) -> None:
    """A restart must not change a measure."""
    qini = filled(rows)

    assert Qini.from_data(qini.to_data()).measures() == qini.measures()


@given(st.integers(-1_000_000, 999_999))
def test_buckets_are_in_the_order_of_scores(score_micro: int) -> None:
    """A bucket that is out of order would rank a customer before a better one."""
    assert bucket_of(score_micro) <= bucket_of(score_micro + 1)


def test_a_score_that_knows_is_told_from_one_that_guesses() -> None:
    """Its interval lies above 0; that of a score by chance includes it."""
    knows = a_trial(rows=8_000, knows=True, seed=3).qini()
    guesses = a_trial(rows=8_000, knows=False, seed=3).qini()

    assert knows is not None
    assert guesses is not None
    assert knows.low > 0.0
    assert guesses.low < 0.0 < guesses.high


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Of 60 trials about 57 should; fewer than 50 is one chance in a thousand."""
    truth = qini_of_effects([60_000, 0], [0.10, 0.0])
    covered = 0
    for seed in range(60):
        estimate = a_trial(rows=1_500, knows=True, seed=seed).qini()
        assert estimate is not None
        covered += estimate.low <= truth <= estimate.high

    assert covered >= 50


def test_one_customer_is_one_witness() -> None:
    """A customer seen forty times says no more than once: the interval must not shrink."""
    once, often = Qini(), Qini()
    rng = np.random.default_rng(5)
    for customer in range(400):
        treated, outcome = customer % 2 == 0, bool(rng.random() < 0.2)
        for qini, times in ((once, 1), (often, 40)):
            for _ in range(times):
                qini.add(0, treated=treated, prob_micro=500_000, outcome=outcome, customer=customer)

    assert once.effect() == often.effect()
