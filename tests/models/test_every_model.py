"""What holds for one model that learns holds for all: a model that is not listed fails here."""

import copy
import importlib
import inspect
import json
import math
import pkgutil
from collections.abc import Callable

import numpy as np
import pytest

import models
from models import Encoding, LinearLearner, OnlineModel, RiverChallenger, RiverTree, auc_of
from tests.models.given import a_drifting_stream

NAMES = tuple(f"f{i}" for i in range(20))
X, Y = a_drifting_stream(3_000, seed=11)
SHARED = Encoding.fit(NAMES, X[:200])
ALL_MODELS: dict[str, Callable[[], OnlineModel]] = {
    "LinearLearner": lambda: LinearLearner(NAMES, warmup=50),
    "LinearLearner that shares": lambda: LinearLearner(NAMES[1:], encoding=SHARED),
    "LinearLearner that forgets": lambda: LinearLearner(NAMES, warmup=50, kept_share=0.99),
    "RiverChallenger": lambda: RiverChallenger(NAMES),
    "RiverTree": lambda: RiverTree(NAMES),
}


def taught(model: OnlineModel, rows: int = 2_000) -> OnlineModel:
    for row, y in zip(X[:rows], Y[:rows], strict=True):
        model.learn_row(row, bool(y))
    return model


def check_scoring_never_teaches(model: OnlineModel) -> None:
    """A model that is asked a lot must be the model that was never asked."""
    taught(model)
    unasked = copy.deepcopy(model)
    for row in X:
        model.score_row(row)
    assert model.to_data() == unasked.to_data()


def check_learning_returns_the_score_from_before(model: OnlineModel) -> None:
    """Progressive validation rests on it: a score after the label would flatter."""
    taught(model)
    before = model.score_row(X[0])
    assert model.learn_row(X[0], True) == before
    assert model.score_row(X[0]) != before


def check_a_step_goes_towards_its_label(model: OnlineModel) -> None:
    """The sign of a gradient is the easiest thing to get wrong."""
    taught(model)
    before = model.learn_row(X[0], True)
    after_yes = model.score_row(X[0])
    model.learn_row(X[0], False)
    assert before < after_yes > model.score_row(X[0])


def check_undo_returns_most_of_the_step(model: OnlineModel) -> None:
    """River's undo is a step at today's weights, so "most" is what all of them promise."""
    taught(model)
    before = model.score_row(X[0])
    probability = model.learn_row(X[0], True)
    step = model.score_row(X[0]) - before
    model.undo_row(X[0], True, probability)
    assert abs(model.score_row(X[0]) - before) < 0.2 * abs(step)


def check_state_is_json_and_resumes_to_the_bit(model: OnlineModel) -> None:
    """No pickle: what is stored is data, and reading it back gives the same model."""
    taught(model)
    stored = json.loads(json.dumps(model.to_data(), allow_nan=False))
    resumed = type(model).from_data(stored)
    for row, y in zip(X[2_000:], Y[2_000:], strict=True):
        assert resumed.learn_row(row, bool(y)) == model.learn_row(row, bool(y))
    assert resumed.to_data() == model.to_data()


def check_a_weight_that_is_not_a_number_breaks_nothing(model: OnlineModel) -> None:
    """One NaN in a weight would make all later scores NaN."""
    taught(model)
    before = [model.score_row(row) for row in X[:20]]
    model.learn_row(X[0], True, math.nan)
    assert [model.score_row(row) for row in X[:20]] == before


def check_another_format_is_refused(model: OnlineModel) -> None:
    """A checkpoint of another version must not be read as one of this."""
    with pytest.raises(models.CheckpointError, match="needs data of format"):
        type(model).from_data({"format": "something/9"})


def check_a_row_of_missing_values_has_a_score(model: OnlineModel) -> None:
    """A new customer has no history, and must be decided on."""
    taught(model)
    assert 0.0 < model.score_row(np.full(len(NAMES), math.nan, dtype=np.float32)) < 1.0


def check_the_same_stream_gives_the_same_model(model: OnlineModel) -> None:
    """No clock, no chance, no order of a hash in it."""
    again = type(model).from_data(model.to_data())
    assert taught(model).to_data() == taught(again).to_data()


def check_no_row_breaks_it(model: OnlineModel) -> None:
    """The largest numbers there are, and nothing at all, are rows like any other."""
    taught(model)
    largest = float(np.finfo(np.float32).max)
    for value in (largest, -largest, math.nan, 0.0):
        model.learn_row(np.full(len(NAMES), value, dtype=np.float32), True)
    assert all(0.0 <= model.score_row(row) <= 1.0 for row in X)


def check_it_beats_chance(model: OnlineModel) -> None:
    """A model that learns nothing would pass all of the above."""
    taught(model)
    scores = np.array([model.score_row(row) for row in X[:2_000]])
    assert auc_of(scores, Y[:2_000]) > 0.6


CHECKS = [value for name, value in sorted(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", ALL_MODELS)
def test_every_model_passes_every_check(name: str, check: Callable[[OnlineModel], None]) -> None:
    """One list of promises, no excuses."""
    check(ALL_MODELS[name]())


def test_no_model_escapes_the_checks() -> None:
    """A class that learns rows and is not listed is a model that nobody checks."""
    verbs = ("learn_row", "undo_row", "score_row")
    learners = {
        value.__name__
        for module in pkgutil.iter_modules(models.__path__, "models.")
        for value in vars(importlib.import_module(module.name)).values()
        if inspect.isclass(value) and all(hasattr(value, verb) for verb in verbs)
    } - {"OnlineModel"}

    assert learners == {name.partition(" ")[0] for name in ALL_MODELS}
    assert len(CHECKS) == 11
