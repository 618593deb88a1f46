"""Promises of progressive validation."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models import Progress, auc_of

SCORED = st.lists(
    st.tuples(st.floats(0.0, 1.0).map(lambda p: round(p, 1)), st.booleans()),
    min_size=2,
    max_size=60,
).filter(lambda rows: len({y for _, y in rows}) == 2)
Rows = list[tuple[float, bool]]


@given(SCORED)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: Rows) -> None:
    """By definition, over all pairs, ties half: the sort must not lose one."""
    positives = [p for p, y in rows if y]
    negatives = [p for p, y in rows if not y]
    wins = sum((a > b) + 0.5 * (a == b) for a in positives for b in negatives)

    actual = auc_of(np.array([p for p, _ in rows]), [y for _, y in rows])

    assert actual == wins / (len(positives) * len(negatives))


@given(SCORED, st.integers(2, 20))
def test_measures_are_those_of_the_last_rows_only(rows: Rows, window: int) -> None:
    """A model that was good last year is not good."""
    progress, last = Progress(window_rows=window), Progress(window_rows=window)
    for p, y in rows:
        progress.add(p, outcome=y)
    for p, y in rows[-window:]:
        last.add(p, outcome=y)

    for name in ("auc", "log_loss"):
        assert progress.measures().get(name) == last.measures().get(name)


@given(SCORED, st.data())
def test_resumed_anywhere_it_measures_the_same(rows: Rows, data: st.DataObject) -> None:
    """Measures are published with each snapshot: a restart must not change them."""
    kill_at = data.draw(st.integers(0, len(rows)))
    progress = Progress(window_rows=10)
    undisturbed = Progress(window_rows=10)
    for i, (p, y) in enumerate(rows):
        if i == kill_at:
            progress = Progress.from_data(progress.to_data())
        progress.add(p, outcome=y)
        undisturbed.add(p, outcome=y)

    assert progress.to_data() == undisturbed.to_data()
    assert progress.measures() == undisturbed.measures()


def test_log_loss_is_the_textbooks() -> None:
    """-ln of what was given to what came true, on average."""
    progress = Progress()
    progress.add(0.8, outcome=True)
    progress.add(0.4, outcome=False)

    assert math.isclose(progress.measures()["log_loss"], -(math.log(0.8) + math.log(0.6)) / 2)


def test_a_certainty_that_was_wrong_costs_a_lot_and_not_everything() -> None:
    """River's regression can say exactly 0; an infinite mean would hide everything else."""
    progress = Progress()
    progress.add(0.0, outcome=True)
    progress.add(1.0, outcome=False)

    assert 34.0 < progress.measures()["log_loss"] < 35.0


def test_calibration_forgets_what_is_four_hundred_positives_ago() -> None:
    """A year of scores that were twice too high must not hide that they are right today."""
    progress = Progress()
    for i in range(8_000):
        progress.add(0.2, outcome=i % 10 == 0)
    assert math.isclose(progress.calibration_ratio() or 0.0, 2.0, rel_tol=0.01)
    for i in range(4_000):
        progress.add(0.1, outcome=i % 10 == 0)

    assert math.isclose(progress.calibration_ratio() or 0.0, 1.0, rel_tol=0.01)


def test_nothing_is_said_before_there_is_anything_to_say() -> None:
    """NaN is no measure; an absent name is honest."""
    progress = Progress()
    progress.add(0.5, outcome=False)

    assert set(progress.measures()) == {"rows", "positives", "log_loss"}
