"""Promises of the linear learner."""

import heapq
import importlib
import inspect
import math
import pkgutil
import sys
import types
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import base
from river.checks import yield_checks

import models
from models import CheckpointError, LinearLearner, RiverChallenger, RowError, auc_of
from models.canonical import sha256_of
from models.encoding import Encoding
from models.kernels import signed_log
from models.lines import FAST_KEPT
from tests.models.given import a_drifting_stream

NAMES = ("a", "b", "c")
ROWS = st.lists(
    st.tuples(
        st.lists(
            st.floats(-1e6, 1e6, width=32) | st.just(math.nan) | st.integers(0, 5).map(float),
            min_size=3,
            max_size=3,
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)
History = list[tuple[list[float], bool]]


def rows_of(history: History) -> list[tuple[np.ndarray, bool]]:
    return [(np.array(values, dtype=np.float32), y) for values, y in history]


def a_taught_learner(history: History, **parameters: float) -> LinearLearner:
    model = LinearLearner(NAMES, **{"prior": 0.3, "warmup": 5, **parameters})
    for row, y in rows_of(history):
        model.learn_row(row, y)
    return model


class SlowFtrl:
    """FTRL-Proximal by the book: a dictionary of coordinates, in Python's own floats."""

    def __init__(self, model: LinearLearner) -> None:
        self.model = model
        self.z: dict[tuple[int, int], float] = {}
        self.n: dict[tuple[int, int], float] = {}

    def weight(self, key: tuple[int, int]) -> float:
        z, n = self.z.get(key, 0.0), self.n.get(key, 0.0)
        if abs(z) <= self.model.l1:
            return 0.0
        pulled = z - math.copysign(self.model.l1, z)
        w = -pulled / ((self.model.beta + math.sqrt(n)) / self.model.alpha + self.model.l2)
        return min(max(w, -self.model.weight_cap), self.model.weight_cap)

    def learn(self, coordinates: dict[tuple[int, int], float], gradient: float) -> None:
        for key, x in coordinates.items():
            g, n, w = gradient * x, self.n.get(key, 0.0), self.weight(key)
            kept = n * self.model.kept_share
            forgotten = (math.sqrt(n) - math.sqrt(kept)) / self.model.alpha
            step = (math.sqrt(kept + g * g) - math.sqrt(kept)) / self.model.alpha
            self.z[key] = self.z.get(key, 0.0) + forgotten * w + g - step * w
            self.n[key] = kept + g * g


def coordinates_of(row: np.ndarray, encoding: Encoding) -> dict:
    """Return the coordinates of a row, by counting: (feature, column) -> value, bias last."""
    coordinates: dict[tuple[int, int], float] = {}
    edges, scaler = encoding.edges.astype(np.float64), encoding.scaler
    for f, value in enumerate(row.tolist()):
        if math.isnan(value):
            coordinates[f, 30] = 1.0
        else:
            coordinates[f, int((edges[f] <= value).sum())] = 1.0
            z = (signed_log(value) - scaler[f, 0]) / scaler[f, 1]
            coordinates[f, 31] = min(max(z, -4.0), 4.0)
    coordinates[len(row), 0] = 1.0
    return coordinates


@pytest.mark.parametrize(("l1", "kept_share"), [(0.0, 1.0), (0.2, 1.0), (0.0, 0.9)])
@given(history=ROWS)
def test_learning_is_ftrl_by_the_book(history: History, l1: float, kept_share: float) -> None:
    """The compiled steps agree, bit for bit, with the paper's algorithm over a dictionary."""
    model = LinearLearner(NAMES, prior=0.3, warmup=1, l1=l1, kept_share=kept_share)
    first, *rest = rows_of(history)
    model.learn_row(*first)
    weights, encoding = model._weights, model._encoding
    slow = SlowFtrl(model)
    slow.learn(coordinates_of(first[0], encoding), 0.3 - first[1])
    for row, y in rest:
        probability = model.learn_row(row, y)
        slow.learn(coordinates_of(row, encoding), probability - y)

    for (f, column), z in slow.z.items():
        assert weights._state[0, f, column] == z
        assert weights._state[1, f, column] == slow.n[f, column]
        assert weights._state[2, f, column] == slow.weight((f, column))


@given(ROWS, st.lists(st.floats(-1e5, 1e5, width=32), min_size=3, max_size=3), st.booleans())
def test_undo_right_after_a_step_gives_the_weights_back(
    history: History,
    values: list[float],
    y: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    """A fake negative that turns out positive at once must leave no trace."""
    model = a_taught_learner(history, l1=0.01)
    row = np.array(values, dtype=np.float32)
    was_ready, before = model.is_ready, model._weights._state[2].copy()
    seen, reference = model._weights._seen.copy(), model._weights.reference()

    model.undo_row(row, y, model.learn_row(row, y))

    if was_ready:
        np.testing.assert_allclose(model._weights._state[2], before, rtol=0, atol=1e-9)
        np.testing.assert_allclose(model._weights._seen, seen, rtol=0, atol=1e-9)
        np.testing.assert_allclose(model._weights.reference(), reference, rtol=0, atol=1e-9)


@given(history=ROWS, taken_back=st.data())
def test_a_late_undo_steps_back_at_todays_rate_and_forgets_the_square(
    history: History, taken_back: st.DataObject
) -> None:
    """The definition of undo: the weight moves by g / rate, then g squared leaves the sum."""
    model = LinearLearner(NAMES, prior=0.3, warmup=1)
    learnt = [(row, y, model.learn_row(row, y)) for row, y in rows_of(history)]
    weights = model._weights
    row, y, probability = taken_back.draw(st.sampled_from(learnt))
    before = weights._state.copy()

    model.undo_row(row, y, probability)

    for (f, column), x in coordinates_of(row, model._encoding).items():
        g, n = (probability - y) * x, before[1, f, column]
        rate = (model.beta + math.sqrt(n)) / model.alpha + model.l2
        expected = before[2, f, column] + g / rate
        assert math.isclose(weights._state[2, f, column], expected, abs_tol=1e-9)
        assert weights._state[1, f, column] == max(n - g * g, 0.0)


@pytest.mark.parametrize("seed", [1, 2])
def test_late_positives_that_undo_their_fake_negatives_keep_the_scores_true(seed: int) -> None:
    """Without undo each positive is also learnt as a negative, and every score is too low."""
    x, y = a_drifting_stream(8_000, seed=seed)
    delays = np.random.default_rng(seed).integers(1, 1_000, len(y))

    def mean_over_observed(*, with_undo: bool) -> float:
        model = LinearLearner(tuple(f"f{i}" for i in range(20)))
        late: list[tuple[int, int, float]] = []
        scores = np.empty(len(y))
        for i, row in enumerate(x):
            while late and late[0][0] <= i:
                _, j, probability = heapq.heappop(late)
                if with_undo:
                    model.undo_row(x[j], False, probability)
                model.learn_row(x[j], True)
            scores[i] = model.learn_row(row, False)
            if y[i]:
                heapq.heappush(late, (i + int(delays[i]), i, float(scores[i])))
        return float(scores[3_000:].mean() / y[3_000:].mean())

    corrected, uncorrected = mean_over_observed(with_undo=True), mean_over_observed(with_undo=False)

    assert uncorrected < 0.85
    assert 0.9 < corrected < 1.1


def test_undo_while_the_bins_are_not_fixed_forgets_the_row() -> None:
    """The first customers may draw before there are enough rows for bins."""
    model = LinearLearner(("a",), warmup=3)
    row = np.array([1.0], dtype=np.float32)
    untouched = sha256_of(model.to_data())

    model.undo_row(row, False, model.learn_row(row, False))

    assert sha256_of(model.to_data()) == untouched
    with pytest.raises(RowError, match="what learn_row returned"):
        model.undo_row(row, False, 0.5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_learns_and_follows_a_drift_better_than_rivers_regression(seed: int) -> None:
    """The reason to have our own: the same stream, scored before learnt, by both."""
    x, y = a_drifting_stream(6_000, seed=seed)
    names = tuple(f"f{i}" for i in range(20))
    ours, rivers = LinearLearner(names), RiverChallenger(names)
    pairs = [
        (ours.learn_row(row, bool(outcome)), rivers.learn_row(row, bool(outcome)))
        for row, outcome in zip(x, y, strict=True)
    ]
    scores = np.array(pairs)[1_000:]

    assert auc_of(scores[:, 0], y[1_000:]) > 0.75
    assert auc_of(scores[:, 0], y[1_000:]) > auc_of(scores[:, 1], y[1_000:]) - 0.005
    assert 0.9 < scores[:, 0].mean() / y[1_000:].mean() < 1.1


def test_shuffled_labels_teach_nothing() -> None:
    """A score that beats chance on labels without cause would be a leak."""
    x, y = a_drifting_stream(6_000, seed=4)
    y = np.random.default_rng(4).permutation(y)
    model = LinearLearner(tuple(f"f{i}" for i in range(20)))
    scores = np.array(
        [model.learn_row(row, bool(outcome)) for row, outcome in zip(x, y, strict=True)]
    )

    assert 0.47 < auc_of(scores[1_000:], y[1_000:]) < 0.53


def test_a_missing_value_has_a_weight_of_its_own() -> None:
    """That something is not known is often what tells: here it is all that tells."""
    model = LinearLearner(("a",), prior=0.5, warmup=20)
    for i in range(600):
        value = math.nan if i % 2 else 1.0
        model.learn_row(np.array([value], dtype=np.float32), bool(i % 2))

    assert model.score_row(np.array([math.nan], dtype=np.float32)) > 0.7
    assert model.score_row(np.array([1.0], dtype=np.float32)) < 0.3


def test_infinity_is_refused_and_changes_nothing() -> None:
    """One infinite value would make every weight of its feature NaN, for ever."""
    model = a_taught_learner([([1.0, 2.0, 3.0], True)] * 8)
    before = sha256_of(model.to_data())
    for verb in (model.score_row, lambda row: model.learn_row(row, True), model.contributions):
        with pytest.raises(RowError, match="1 infinite values"):
            verb(np.array([1.0, math.inf, 0.0], dtype=np.float32))

    assert sha256_of(model.to_data()) == before


@pytest.mark.parametrize("w", [math.nan, math.inf * 0.0])
def test_a_step_that_is_not_a_number_is_refused_and_counted(w: float) -> None:
    """The model goes on with its last good weights, and says how often it had to."""
    model = a_taught_learner([([1.0, 2.0, 3.0], True)] * 8)
    row = np.array([1.0, 2.0, 3.0], dtype=np.float32)
    before = model.score_row(row)

    model.learn_row(row, False, w)

    assert (model.refused, model.score_row(row)) == (1, before)


@given(ROWS, st.floats(-1e300, 1e300))
def test_no_finite_input_makes_a_weight_infinite_or_larger_than_the_cap(
    history: History, w: float
) -> None:
    """The largest floats and absurd weights of rows are clipped, not trusted."""
    model = a_taught_learner(history, weight_cap=2.0)
    largest = float(np.finfo(np.float32).max)
    for values in ([largest, -largest, 0.0], [0.0, largest, math.nan]):
        model.learn_row(np.array(values, dtype=np.float32), True, w)

    assert np.isfinite(model._weights._state).all()
    assert np.abs(model._weights._state[2]).max() <= 2.0


@given(ROWS, st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=3))
def test_contributions_and_baseline_add_up_to_the_log_odds(
    history: History, values: list[float]
) -> None:
    """A reason is a share of the score, not a story about it."""
    model = a_taught_learner(history)
    row = np.array(values, dtype=np.float32)

    total = model.baseline + sum(model.contributions(row).values())

    assert math.isclose(1 / (1 + math.exp(-total)), model.score_row(row), abs_tol=1e-9)


@settings(max_examples=50)
@given(ROWS, st.data())
def test_resumed_anywhere_it_goes_on_as_if_never_stopped(
    history: History, data: st.DataObject
) -> None:
    """A checkpoint holds everything, to the bit; before and after the bins are fixed."""
    kill_at = data.draw(st.integers(0, len(history)))
    model = a_taught_learner(history[:kill_at])
    model.learn_row(np.zeros(3, dtype=np.float32), True, math.nan)
    resumed = LinearLearner.from_data(model.to_data())
    for row, y in rows_of(history[kill_at:]):
        resumed.learn_row(row, y)

    undisturbed = a_taught_learner(history)
    undisturbed.learn_row(np.zeros(3, dtype=np.float32), True, math.nan)
    assert resumed.to_data() == undisturbed.to_data()
    assert resumed.refused == 1


@pytest.mark.parametrize(
    "parameters", [{"alpha": 0.0}, {"prior": 1.0}, {"warmup": 0}, {"l1": -1.0}]
)
def test_parameters_without_meaning_are_refused(parameters: dict[str, float]) -> None:
    """Found when the learner is built."""
    with pytest.raises(ValueError, match="LinearLearner needs"):
        LinearLearner(NAMES, **parameters)


def test_a_name_that_was_not_declared_is_refused_in_learning() -> None:
    """A typo would be a feature that is always missing."""
    with pytest.raises(RowError, match="got also \\['x'\\]"):
        LinearLearner(("a",)).learn_one({"a": 1.0, "x": 2.0}, True)


def rivers_checks() -> list[Callable[[LinearLearner], None]]:
    """Return River's own checks of a classifier.

    River imports scikit-learn for data sets that a binary classifier never reads; an empty module
    stands in for it, so that we need not install it.
    """
    stand_in = types.ModuleType("sklearn")
    stand_in.datasets = types.ModuleType("sklearn.datasets")  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        if "sklearn" not in sys.modules:
            patch.setitem(sys.modules, "sklearn", stand_in)
            patch.setitem(sys.modules, "sklearn.datasets", stand_in.datasets)
        return list(yield_checks(LinearLearner(warmup=20)))


def test_every_classifier_of_ours_is_the_one_that_is_checked() -> None:
    """A second classifier in River's manner would have to pass River's checks too."""
    classifiers = {
        value
        for module in pkgutil.iter_modules(models.__path__, "models.")
        for value in vars(importlib.import_module(module.name)).values()
        if inspect.isclass(value) and issubclass(value, base.Classifier)
    }

    assert classifiers == {LinearLearner}


def test_river_has_many_checks() -> None:
    """An empty list would pass everything."""
    assert len(rivers_checks()) > 30


@pytest.mark.parametrize("index", range(len(rivers_checks())))
def test_it_passes_rivers_own_checks(index: int) -> None:
    """So it can stand wherever a classifier of River can: in pipelines, ensembles, evaluations."""
    rivers_checks()[index](LinearLearner(warmup=20))


def test_the_order_of_keys_changes_nothing() -> None:
    """A dictionary is asked by name, wherever a name stands in it."""
    straight, turned = (LinearLearner(NAMES, warmup=5) for _ in range(2))
    for i in range(40):
        x = {"a": float(i % 7), "b": float(i), "c": 1.0}
        straight.learn_one(x, i % 3 == 0)
        turned.learn_one(dict(reversed(x.items())), i % 3 == 0)

    assert straight.to_data() == turned.to_data()


def test_a_clone_has_the_parameters_and_has_learnt_nothing() -> None:
    """River's evaluations begin with a clone: what it remembers would be a leak."""
    model = LinearLearner(NAMES, alpha=0.07, warmup=5, kept_share=0.99)
    untouched = model.to_data()
    for i in range(40):
        model.learn_one({"a": float(i)}, i % 3 == 0)

    assert model.clone().to_data() == untouched != model.to_data()


@given(ROWS, ROWS)
def test_encoded_once_it_learns_the_same_as_row_by_row(history: History, late: History) -> None:
    """Three ways to one model: rows, codes, and codes in one compiled loop."""
    encoding = Encoding.fit(NAMES, np.stack([row for row, _ in rows_of(history)]))
    by_row, by_code, at_once = (LinearLearner(NAMES[:2], encoding=encoding) for _ in range(3))
    rows = np.stack([row for row, _ in rows_of(late)])
    labels = np.array([y for _, y in late])
    bins, z = encoding.encode_many(rows)

    slow = [by_row.learn_row(row, bool(y)) for row, y in zip(rows, labels, strict=True)]
    fast = [by_code.learn_encoded(b, s, bool(y)) for b, s, y in zip(bins, z, labels, strict=True)]
    batch = at_once.learn_many_encoded(bins, z, labels)

    assert slow == fast == batch.tolist()
    assert by_row.to_data() == by_code.to_data() == at_once.to_data()


@given(ROWS, st.data())
def test_a_learner_that_shares_reads_only_its_own_features(
    history: History, data: st.DataObject
) -> None:
    """A credit head beside a marketing head sees the same row, and none of what it may not read."""
    encoding = Encoding.fit(NAMES, np.stack([row for row, _ in rows_of(history)]))
    model, blind = (LinearLearner(("a", "c"), encoding=encoding) for _ in range(2))
    for row, y in rows_of(history):
        other = row.copy()
        other[1] = data.draw(st.floats(-1e6, 1e6, width=32))
        model.learn_row(row, y)
        blind.learn_row(other, y)

    assert model.to_data() == blind.to_data()
    assert set(model.contributions(row)) == {"a", "c"}


@given(history=ROWS)
def test_a_checkpoint_without_its_encoding_needs_the_same_one(history: History) -> None:
    """Weights mean nothing with other edges: they are refused, not guessed at."""
    encoding = Encoding.fit(NAMES, np.stack([row for row, _ in rows_of(history)]))
    model = LinearLearner(NAMES, encoding=encoding)
    for row, y in rows_of(history):
        model.learn_row(row, y)
    data = model.to_data(with_encoding=False)

    assert LinearLearner.from_data(data, encoding=encoding).to_data() == model.to_data()
    for other in (None, encoding.grown(("d",))):
        with pytest.raises(CheckpointError, match="needs the encoding"):
            LinearLearner.from_data(data, encoding=other)


@pytest.mark.parametrize("seed", [1, 2])
def test_forgetting_follows_a_drift_sooner(seed: int) -> None:
    """The line beside the champion exists for this: the rows right after the world has changed."""
    x, y = a_drifting_stream(20_000, seed=seed)
    names = tuple(f"f{i}" for i in range(20))
    encoding = Encoding.fit(names, x[:200])
    codes = encoding.encode_many(x)
    after = slice(11_500, 14_000)

    slow, fast = (
        auc_of(
            LinearLearner(encoding=encoding, **given).learn_many_encoded(*codes, y)[after], y[after]
        )
        for given in ({}, {"kept_share": FAST_KEPT})
    )

    assert fast > slow
