"""What `shouwen quality` measures is what it says."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from models.labels import Teaches
from models.measures import auc_of
from shouwen.cli import main
from shouwen.quality.intervals import auc_intervals
from shouwen.quality.judged import Measures, judged
from shouwen.quality.plain_logistic import plain_logistic
from shouwen.quality.progressive import our_scores, refitted_scores
from shouwen.quality.stream import DAY_MS
from tests.quality.given import a_stream


@pytest.mark.parametrize("kind", ["fake_negative", "wait"])
def test_no_ten_days_are_far_too_high_or_too_low(kind: Teaches) -> None:
    """Learning positives as they come and negatives weeks later overestimates tenfold at a start.

    From day 10 on, predicted over observed lies between a half and one and a half.
    """
    stream = a_stream(9_000, policy=kind, positive_share=0.05, days=90, horizon_days=30)
    scores, day = our_scores(stream), stream.opened_ms // DAY_MS

    ratios = []
    for first in range(10, 90, 10):
        block = (day >= first) & (day < first + 10)
        ratios.append(scores[block].sum() / stream.outcomes[block].sum())

    assert len(ratios) == 8
    assert all(0.5 < ratio < 1.5 for ratio in ratios), ratios


def test_a_batch_model_is_fitted_on_what_has_matured_and_on_nothing_else() -> None:
    """A peer that learns from labels nobody has yet would look better than it can be."""
    stream = a_stream(600)
    fitted: list[int] = []

    def noting(rows: np.ndarray, outcomes: np.ndarray) -> object:
        fitted.append(len(rows))
        return plain_logistic(rows, outcomes)

    scores = refitted_scores(stream, noting)
    starts = range(0, int(stream.opened_ms[-1]) + 1, stream.refit_ms)
    matured = [int((stream.closed_ms <= at).sum()) for at in starts]

    assert fitted == [count for count in matured if count > 40]
    assert set(scores[stream.opened_ms < 20 * DAY_MS]) == {stream.prior}
    assert auc_of(scores[300:], stream.outcomes[300:]) > 0.75


def test_the_interval_of_a_model_against_itself_is_nothing() -> None:
    """Differences are paired: the same customers are drawn for both."""
    stream = a_stream(900)
    score = stream.rows[:, 0].astype(float)
    found = auc_intervals(
        {"ours": score, "same": score.copy()}, stream.outcomes, stream.units, draws=50
    )
    low, high = found["ours"]

    assert found["ours minus same"] == (0.0, 0.0)
    assert low < auc_of(score, stream.outcomes) < high


def test_drawing_every_row_once_measures_what_is_measured_directly() -> None:
    """The weighted area of the bootstrap and the exact one are the same number, ties and all."""
    stream = a_stream(400)
    score = np.round(stream.rows[:, 0].astype(float), 1)
    one_unit = np.zeros(400, dtype=np.int64)
    low, high = auc_intervals({"ours": score}, stream.outcomes, one_unit, draws=20)["ours"]

    assert low == high == pytest.approx(auc_of(score, stream.outcomes), abs=1e-12)


def test_the_area_in_blocks_knows_nothing_of_better_times() -> None:
    """A score that only says when it was, in a world that gets better, ranks nobody in a block."""
    outcomes = np.arange(2_000) % np.where(np.arange(2_000) < 1_000, 10, 2) == 0
    score = np.where(np.arange(2_000) < 1_000, 0.1, 0.5)
    found = Measures.of(score, outcomes)

    assert (found.block_auc, found.ece) == (0.5, 0.0)
    assert found.auc > 0.65


def test_only_the_second_half_is_reported() -> None:
    """The first half is what anything may have been tuned on."""
    stream = a_stream(800)
    scores = {"ours": np.where(np.arange(800) < 400, 1.0 - stream.outcomes, stream.outcomes * 1.0)}
    found = judged(stream, scores, draws=20)

    assert found.second_half["ours"].auc == 1.0
    assert found.rows == 400
    assert found.as_json()["ours"]["ece"] == 0.0


def test_a_set_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    """A misspelt name must not look like a set without findings."""
    told = CliRunner().invoke(main, ["quality", str(tmp_path), "--only", "bnak"])

    assert told.exit_code == 1
    assert "got bnak" in told.output
    assert "superlender" in told.output


@pytest.mark.real_data
def test_the_command_prints_every_model_and_interval_as_json(real_data: Path) -> None:
    """Programs read `sets[]{data, ours{auc, ap, ece}, lightgbm, river, intervals}`."""
    pytest.importorskip("lightgbm")
    arguments = ["quality", str(real_data), "--only", "berka-loans", "--bootstrap", "50", "--json"]
    told = CliRunner().invoke(main, arguments)
    (found,) = json.loads(told.stdout)["sets"]

    assert (found["data"], found["rows"], found["positives"]) == ("berka-loans", 91, 6)
    for model in ("ours", "lightgbm", "plain_logistic", "river", "river_tree"):
        assert {"auc", "ap", "ece"} <= found[model].keys()
    low, high = found["intervals"]["auc_ours"]
    assert 0.5 < low < found["ours"]["auc"] < high <= 1.0


@pytest.mark.real_data
def test_responses_and_defaults_are_ranked_as_well_as_promised(real_data: Path) -> None:
    """A change that makes the learner worse on public records is red here."""
    from shouwen.quality.bank import bank
    from shouwen.quality.card import card

    responses, defaults = (
        judged(stream, {"ours": our_scores(stream)}, draws=20).second_half["ours"]
        for stream in (bank(real_data), card(real_data))
    )

    assert responses.block_auc is not None
    assert responses.block_auc >= 0.595
    assert responses.ap >= 0.38
    assert defaults.auc >= 0.774
    assert defaults.ap >= 0.545
