"""Drift, range and missing shares of sampled rows: right, quiet in peace, loud in trouble."""

import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.quality import (
    REFERENCE_ROWS,
    ROWS_ONE_IN,
    WINDOW_ROWS,
    Bins,
    Health,
    Row,
    RowSketch,
    is_sampled,
    psi,
)

NAMES = ("sum", "count", "ratio")
VALUES = st.lists(
    st.just(math.nan) | st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1.0]), min_size=1, max_size=60
)


def slow_psi(before: Sequence[float], after: Sequence[float], edges: Sequence[float]) -> float:
    """The index by its definition, value by value."""

    def shares(values: Sequence[float]) -> list[float]:
        counts = [0.5] * (len(edges) + 2)
        for value in values:
            place = 0 if math.isnan(value) else 1 + sum(edge <= value for edge in edges)
            counts[place] += 1
        return [count / sum(counts) for count in counts]

    pairs = zip(shares(before), shares(after), strict=True)
    return sum((p - q) * math.log(p / q) for p, q in pairs)


@given(before=VALUES, after=VALUES)
def test_drift_is_what_its_definition_says(before: list[float], after: list[float]) -> None:
    """A fast count that puts one value into the wrong bin would cry wolf, or sleep."""
    bins = Bins.of(np.array(before))

    assert sum(bins.counts) == len(before)
    assert bins.drift(np.array(after)) == pytest.approx(slow_psi(before, after, bins.edges))


@given(counts=st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), min_size=1))
def test_the_index_is_symmetric_and_never_negative(counts: list[tuple[int, int]]) -> None:
    """It is a divergence: two distributions are as far apart from either side."""
    before, after = zip(*counts, strict=True)

    assert psi(before, after) == pytest.approx(psi(after, before))
    assert psi(before, after) >= 0.0


def rows(chance: Random, count: int, *, times: float = 1.0, missing: float = 0.1) -> list[Row]:
    """Rows as a bank has them: skewed money, mostly zero counts, ratios that may be missing."""
    return [
        np.array(
            [
                times * chance.lognormvariate(10, 1),
                float(chance.random() < 0.2) * chance.randrange(1, 5),
                math.nan if chance.random() < missing else chance.random(),
            ]
        )
        for _ in range(count)
    ]


def windows(sketch: RowSketch, given_rows: Sequence[Row]) -> list[dict[str, Health]]:
    found = [sketch.add([row]) for row in given_rows]
    return [health for health in found if health]


def test_nothing_happens_in_peace() -> None:
    """Twenty windows of the same bank: an alarm that comes by chance is muted within a week."""
    chance = Random(7)
    found = windows(RowSketch(NAMES), rows(chance, REFERENCE_ROWS + 20 * WINDOW_ROWS))

    assert len(found) == 20
    assert max(health.drift_psi for window in found for health in window.values()) < 0.25


@pytest.mark.parametrize(
    ("change", "feature"), [({"times": 3.0}, "sum"), ({"missing": 0.6}, "ratio")]
)
def test_a_feature_that_moves_is_named_and_no_other(change: dict[str, float], feature: str) -> None:
    """Otherwise a person looks at a hundred features and finds the wrong one."""
    chance = Random(7)
    sketch = RowSketch(NAMES)
    windows(sketch, rows(chance, REFERENCE_ROWS))

    (window,) = windows(sketch, rows(chance, WINDOW_ROWS, **change))

    assert {name for name, health in window.items() if health.drift_psi > 0.25} == {feature}


def test_a_window_says_what_is_missing_and_how_far_values_reach() -> None:
    """The two numbers that people look at first."""
    chance = Random(7)
    sketch = RowSketch(NAMES)
    windows(sketch, rows(chance, REFERENCE_ROWS))
    taken = rows(chance, WINDOW_ROWS)
    taken[3][0] = 1e12

    (window,) = windows(sketch, taken)

    present = [float(row[2]) for row in taken if not math.isnan(row[2])]
    assert window["sum"].high == 1e12
    assert window["ratio"].missing_ratio == 1 - len(present) / WINDOW_ROWS
    assert (window["ratio"].low, window["ratio"].high) == (min(present), max(present))


@settings(max_examples=20)
@given(cut=st.integers(1, 700))
def test_batches_change_nothing(cut: int) -> None:
    """The same rows in other batches: fetches differ from run to run."""
    taken = rows(Random(7), REFERENCE_ROWS + 2 * WINDOW_ROWS)
    whole, cut_up = RowSketch(NAMES), RowSketch(NAMES)
    last = whole.add(taken)
    found = [cut_up.add(taken[start : start + cut]) for start in range(0, len(taken), cut)]

    assert cut_up.reference == whole.reference
    assert [health for health in found if health][-1] == last


def test_a_stored_reference_is_compared_with_from_the_first_window_on() -> None:
    """A restart must not make what it finds the new normal."""
    chance = Random(7)
    first = RowSketch(NAMES)
    first.add(rows(chance, REFERENCE_ROWS))

    second = RowSketch((*NAMES, "new"), reference=first.reference)
    moved = [np.append(row, 1.0) for row in rows(chance, WINDOW_ROWS, times=3.0)]
    window = second.add(moved)

    assert window["sum"].drift_psi > 0.25
    assert set(window) == set(NAMES)


def test_the_sample_is_a_fair_share_of_any_run_of_entries() -> None:
    """Entries come in patterns (a tick each second): the sample must not follow one."""
    for stride in (1, 2, 7, 32, 1_000):
        drawn = sum(is_sampled(stride * n, one_in=ROWS_ONE_IN) for n in range(32_000))
        assert 700 < drawn < 1_300


@settings(max_examples=20)
@given(before=VALUES, seed=st.integers(0, 999))
def test_a_window_says_of_each_feature_what_its_bins_say(before: list[float], seed: int) -> None:
    """All features are compared at once: one that took its neighbour's bins would lie."""
    chance = Random(seed)
    other = rows(chance, 40)
    reference = {
        "a": Bins.of(np.array(before)),
        "b": Bins.of(np.array([row[0] for row in other])),
        "c": Bins.of(np.array([row[2] for row in other])),
    }
    taken = [np.array([chance.choice(before), *row[1:]]) for row in rows(chance, WINDOW_ROWS)]

    (window,) = windows(RowSketch(("a", "b", "c"), reference=reference), taken)

    for column, name in enumerate("abc"):
        values = np.array([row[column] for row in taken])
        assert window[name].drift_psi == pytest.approx(reference[name].drift(values))
