"""Promises of what watches a model: measures, drift, evidence, leaks, the canary."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import drift as rivers

from models.canary import LARGEST_LIMIT, ROWS, Canary
from models.contest import Contest
from models.diary import KEPT, Diary
from models.drift import Adwin
from models.kernels import MISSING
from models.leak_alarm import LeakAlarm
from models.measures import (
    auc_of,
    average_precision_of,
    calibration_error_of,
    log_loss_of,
    reliability_of,
)
from models.progress import Progress
from models.promotion import judge
from models.psi import FeatureDrift

SCORED = st.lists(
    st.tuples(st.floats(0.0, 1.0).map(lambda p: round(p, 1)), st.booleans()),
    min_size=2,
    max_size=60,
).filter(lambda rows: len({y for _, y in rows}) == 2)
Rows = list[tuple[float, bool]]


def arrays(rows: Rows) -> tuple[np.ndarray, list[bool]]:
    return np.array([p for p, _ in rows]), [y for _, y in rows]


@given(SCORED)
def test_average_precision_is_the_sum_of_precision_over_recall_gained(rows: Rows) -> None:
    """By definition, one threshold per score: ties must not be ranked by accident."""
    positives, total, recall_before = sum(y for _, y in rows), 0.0, 0.0
    for threshold in sorted({p for p, _ in rows}, reverse=True):
        above = [y for p, y in rows if p >= threshold]
        recall = sum(above) / positives
        total += (recall - recall_before) * sum(above) / len(above)
        recall_before = recall

    assert math.isclose(average_precision_of(*arrays(rows)), total, abs_tol=1e-12)


@given(SCORED, st.randoms(use_true_random=False))
def test_no_measure_depends_on_the_order_of_rows(rows: Rows, random: object) -> None:
    """Partitions hand rows over in any order; a measure that moves with it means nothing."""
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types it as object here

    for measure in (auc_of, average_precision_of, calibration_error_of):
        assert measure(*arrays(rows)) == measure(*arrays(shuffled))


@given(SCORED, st.integers(1, 12))
def test_every_row_is_in_one_bin_and_equal_scores_in_the_same(rows: Rows, bins: int) -> None:
    """A bin that splits a score would say that 0.2 is right and wrong."""
    groups = reliability_of(*arrays(rows), bins=bins)

    assert sum(group.rows for group in groups) == len(rows)
    assert sum(group.positives for group in groups) == sum(y for _, y in rows)
    assert len(groups) <= min(bins, len({p for p, _ in rows}))
    means = [group.mean_score for group in groups]
    assert means == sorted(means)


def test_calibration_error_sees_that_twice_is_too_much() -> None:
    """Ranking is perfect, and every price made from the score is wrong."""
    scores = np.repeat([0.2, 0.4], 100)
    outcomes = ([True] * 10 + [False] * 90) + ([True] * 20 + [False] * 80)

    assert math.isclose(calibration_error_of(scores, outcomes), 0.15)


def test_calibration_is_told_for_each_ten_days_of_opening() -> None:
    """A cold start that is twenty times too high is gone from a mean after a month."""
    day_ms, progress = 86_400_000, Progress()
    for day, probability in ((3, 0.5), (12, 0.1)):
        for i in range(100):
            progress.add(probability, outcome=i % 10 == 0, opened_at_ms=day * day_ms)

    first, second = progress.blocks()
    assert (first.rows, first.calibration_ratio) == (100, 5.0)
    assert second.calibration_ratio == pytest.approx(1.0)
    assert second.log_loss == pytest.approx(log_loss_of(np.full(10, 0.1), [True] + [False] * 9))
    assert Progress.from_data(progress.to_data()).blocks() == progress.blocks()


def test_measures_kept_before_there_were_ten_day_blocks_are_read() -> None:
    """A checkpoint outlives the version that wrote it."""
    progress = Progress()
    progress.add(0.3, outcome=True)
    data = progress.to_data()
    del data["days"]

    assert Progress.from_data(data).measures() == progress.measures()


@pytest.mark.parametrize("seed", range(10))
def test_the_first_change_is_found_where_rivers_adwin_finds_it(seed: int) -> None:
    """The same algorithm to the same value; ours can be written down and resumed."""
    rng = np.random.default_rng(seed)
    before, after = rng.uniform(0.02, 0.3), rng.uniform(0.02, 0.6)
    shares = np.repeat([before, after], 2_500)
    values = (rng.random(5_000) * (rng.random(5_000) < shares) * 3.0).tolist()
    theirs, ours = rivers.ADWIN(), Adwin()
    found: list[int | None] = [None, None]
    for i, value in enumerate(values):
        theirs.update(value)
        changed = ours.add(value)
        if found[0] is None and theirs.drift_detected:
            found[0] = i
        if found[1] is None and changed:
            found[1] = i

    assert found[0] == found[1]


@settings(max_examples=30)
@given(st.lists(st.floats(0.0, 5.0), max_size=300), st.data())
def test_drift_resumed_anywhere_is_the_same(values: list[float], data: st.DataObject) -> None:
    """A learner is restarted on any day; a window that forgets would alarm on another one."""
    kill_at = data.draw(st.integers(0, len(values)))
    adwin, undisturbed = Adwin(), Adwin()
    for i, value in enumerate(values):
        if i == kill_at:
            adwin = Adwin.from_data(json.loads(json.dumps(adwin.to_data())))
        assert adwin.add(value) == undisturbed.add(value)

    assert adwin.to_data() == undisturbed.to_data()


def test_what_adwin_keeps_is_the_mean_of_its_window() -> None:
    """Compressed a thousandfold, the sums must still be those of the values."""
    rng = np.random.default_rng(0)
    values = rng.random(10_000).tolist()
    adwin = Adwin()
    for value in values:
        adwin.add(value)

    assert adwin.width == 10_000
    assert math.isclose(adwin.mean, sum(values) / 10_000)
    assert len(json.dumps(adwin.to_data())) < 6_000


@pytest.mark.parametrize("seed", range(5))
def test_a_challenger_that_is_only_different_does_not_win(seed: int) -> None:
    """Watched for 20,000 rows, after each of them: luck must not add up."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.005, 0.1, 20_000)
    champion = np.clip(truth * np.exp(rng.normal(0, 0.2, 20_000)), 0.001, 0.9)
    challenger = np.clip(truth * np.exp(rng.normal(0, 0.2, 20_000)), 0.001, 0.9)
    outcomes = rng.random(20_000) < truth
    contest = Contest()
    for a, b, y in zip(champion.tolist(), challenger.tolist(), outcomes.tolist(), strict=True):
        contest.add(champion=a, challenger=b, outcome=y)

    assert not contest.is_won


def test_bets_on_what_is_no_better_stay_within_their_level() -> None:
    """The promise of the level itself: of 400 contests at 20 %, at most a fifth may be won."""
    won = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        contest = Contest(level=0.2, margin=0.0)
        for y in (rng.random(150) < 0.3).tolist():
            contest.add(champion=0.3, challenger=float(rng.choice([0.2, 0.4])), outcome=y)
        won += contest.is_won

    assert won <= 80


def test_a_challenger_without_a_number_loses() -> None:
    """NaN compares false with everything; it must not slip through as "not worse"."""
    contest = Contest()
    for i in range(500):
        contest.add(champion=0.2, challenger=math.nan, outcome=i % 5 == 0)

    assert contest.log_evidence <= 0.0
    assert not contest.is_won


@given(SCORED, st.data())
def test_evidence_resumed_anywhere_is_the_same(rows: Rows, data: st.DataObject) -> None:
    """Evidence counts once: not twice after a restart, nor anew."""
    kill_at = data.draw(st.integers(0, len(rows)))
    contest, undisturbed = Contest(), Contest()
    for i, (p, y) in enumerate(rows):
        if i == kill_at:
            contest = Contest.from_data(json.loads(json.dumps(contest.to_data())))
        contest.add(champion=0.5, challenger=p, outcome=y)
        undisturbed.add(champion=0.5, challenger=p, outcome=y)

    assert contest.to_data() == undisturbed.to_data()


def a_line(*, positives: int, ratio: float) -> Progress:
    progress = Progress()
    for i in range(positives * 10):
        progress.add(0.1 * ratio, outcome=i % 10 == 0)
    return progress


def a_won_contest() -> Contest:
    contest = Contest()
    for i in range(2_000):
        contest.add(champion=0.4, challenger=0.1, outcome=i % 10 == 0)
    return contest


@pytest.mark.parametrize(
    ("changes", "unmet"),
    [
        ({}, ()),
        ({"contest": Contest()}, ("evidence",)),
        ({"progress": a_line(positives=300, ratio=1.4)}, ("calibration",)),
        ({"progress": a_line(positives=199, ratio=1.0)}, ("positives",)),
        ({"same_bits": False}, ("same_bits",)),
        ({"is_frozen": True}, ("automatic",)),
        ({"is_risk": True}, ("people",)),
    ],
)
def test_each_condition_alone_holds_a_promotion_back(
    changes: dict[str, object], unmet: tuple[str, ...]
) -> None:
    """A rule of six conditions is one of five as soon as one of them is forgotten."""
    given_all: dict[str, object] = {
        "contest": a_won_contest(),
        "progress": a_line(positives=300, ratio=1.0),
        "same_bits": True,
        "is_risk": False,
        "is_frozen": False,
    }

    verdict = judge(**(given_all | changes))  # type: ignore[arg-type]  # one of them is another one

    assert verdict.unmet == unmet
    assert verdict.promote is (unmet == ())
    assert all(condition.got and condition.needs for condition in verdict.conditions)


def test_rows_like_the_reference_have_not_drifted_and_moved_ones_have() -> None:
    """An index that alarms on its own reference is switched off within a week."""
    rng = np.random.default_rng(0)
    reference = rng.integers(0, 16, (200, 2)).astype(np.int16)
    drift = FeatureDrift(("still", "moved"), reference)
    for still, moved in zip(rng.integers(0, 16, 2_000), rng.integers(8, 24, 2_000), strict=True):
        drift.add(np.array([still, moved], dtype=np.int16))

    psi = drift.psi()
    assert psi["still"] < 0.1
    assert psi["moved"] > 0.25
    assert FeatureDrift.from_data(json.loads(json.dumps(drift.to_data()))).psi() == psi


def test_a_feature_that_is_suddenly_missing_has_drifted() -> None:
    """A feed that went silent is the drift that happens most."""
    drift = FeatureDrift(("f",), np.arange(200, dtype=np.int16).reshape(200, 1) % 16)
    for i in range(600):
        drift.add(np.array([MISSING if i % 2 else i % 16], dtype=np.int16))

    assert drift.psi()["f"] > 0.25


def test_nothing_is_said_of_a_handful_of_rows() -> None:
    """Ten rows differ from any two hundred."""
    drift = FeatureDrift(("f",), np.zeros((200, 1), dtype=np.int16))
    drift.add(np.array([5], dtype=np.int16))

    assert drift.psi() == {}


def test_today_is_the_newest_two_thousand_rows() -> None:
    """What moved and moved back must not alarm for ever."""
    drift = FeatureDrift(("f",), np.arange(200, dtype=np.int16).reshape(200, 1) % 16)
    for _ in range(2_000):
        drift.add(np.array([29], dtype=np.int16))
    for i in range(2_000):
        drift.add(np.array([i % 16], dtype=np.int16))

    assert drift.psi()["f"] < 0.02


@given(st.lists(st.tuples(st.integers(0, MISSING), st.booleans()), min_size=100, max_size=300))
def test_the_area_of_a_feature_is_that_of_its_bins(rows: list[tuple[int, bool]]) -> None:
    """By definition over all rows, the better of both directions and both places of missing."""
    alarm = LeakAlarm(("f",))
    for bin_, y in rows:
        alarm.add(np.array([bin_], dtype=np.int16), outcome=y)
    outcomes = [y for _, y in rows]
    if min(sum(outcomes), len(rows) - sum(outcomes)) < 50 or sum(outcomes) >= 200:
        return
    high = auc_of(np.array([float(b) for b, _ in rows]), outcomes)
    low = auc_of(np.array([-1.0 if b == MISSING else float(b) for b, _ in rows]), outcomes)

    assert alarm.areas()["f"] == pytest.approx(max(high, low, 1 - high, 1 - low))


def test_a_field_that_is_empty_until_the_outcome_is_known_is_suspected() -> None:
    """Nobody looks at values that are not there; the model does."""
    alarm = LeakAlarm(("closed_reason", "age_years"))
    for i in range(500):
        sold = i % 5 == 0
        alarm.add(np.array([3 if sold else MISSING, i % 16], dtype=np.int16), outcome=sold)

    assert set(alarm.suspects()) == {"closed_reason"}
    assert LeakAlarm.from_data(json.loads(json.dumps(alarm.to_data()))).areas() == alarm.areas()


def test_few_outcomes_accuse_no_feature() -> None:
    """Of three sales, some feature had all three."""
    alarm = LeakAlarm(("f",))
    for i in range(100):
        alarm.add(np.array([i], dtype=np.int16) % 30, outcome=i >= 97)

    assert alarm.suspects() == {}


class Says:
    def __init__(self, *probabilities: float) -> None:
        self.probabilities = probabilities

    def score_many(self, rows: np.ndarray) -> np.ndarray:
        return np.resize(np.array(self.probabilities), len(rows))


def a_canary(rows: int) -> Canary:
    canary = Canary(1)
    for i in range(rows):
        canary.offer(f"r-{i}", np.array([i], dtype=np.float32))
    return canary


def test_the_sample_depends_on_the_rows_and_not_on_their_order() -> None:
    """Two deliveries of the same rows must refuse the same snapshots."""
    there, back = Canary(1), Canary(1)
    for i in [*range(500), *range(100)]:
        there.offer(f"r-{i}", np.array([i], dtype=np.float32))
    for i in reversed(range(500)):
        back.offer(f"r-{i}", np.array([i], dtype=np.float32))

    assert len(there) == ROWS
    assert there.to_data() == back.to_data()
    assert Canary.from_data(json.loads(json.dumps(there.to_data()))).to_data() == there.to_data()


def test_a_snapshot_that_moves_one_row_far_is_refused() -> None:
    """A single weight that exploded shows in the rows that have it."""
    result = a_canary(100).check(Says(0.02), Says(*[0.02] * 99, 0.9))

    assert result.median == 0.0
    assert result.largest > LARGEST_LIMIT
    assert result.refused is not None


def test_a_first_snapshot_has_nothing_to_jump_from() -> None:
    """From the prior to the first model is a jump that must be allowed."""
    assert a_canary(10).check(None, Says(0.9)).refused is None


def test_without_rows_there_is_no_opinion() -> None:
    """An empty canary that refused would keep the first model away for ever."""
    assert a_canary(0).check(Says(0.1), Says(0.9)).refused is None


def test_the_diary_counts_what_it_no_longer_tells() -> None:
    """A fault that repeats each minute must not push out what mattered."""
    diary = Diary()
    diary.note(0, "promoted", "fast")
    for i in range(1_000):
        diary.note(i, "snapshot_refused", "a canary row moved")

    assert [event.kind for event in diary.events] == ["promoted", "snapshot_refused"]
    assert diary.totals == {"promoted": 1, "snapshot_refused": 1_000}
    for i in range(KEPT + 5):
        diary.note(i, "drift", f"{i}")
    assert len(diary.events) == KEPT
    assert Diary.from_data(json.loads(json.dumps(diary.to_data()))).to_data() == diary.to_data()


def test_a_challenger_that_was_better_last_year_and_is_not_now_is_not_promoted() -> None:
    """Evidence once won does not fade; a change of models must be right on the day it is made."""
    contest, progress = Contest(), Progress()
    for row in range(1_000):
        contest.add(champion=0.3, challenger=0.1, outcome=row % 10 == 0)
    for row in range(4_000):
        progress.add(0.1, outcome=row % 10 == 0)
    asked = {"progress": progress, "same_bits": True, "is_risk": False, "is_frozen": False}
    assert judge(contest=contest, **asked).promote

    for row in range(4_000):
        contest.add(champion=0.1, challenger=0.3, outcome=row % 10 == 0)

    assert contest.is_won
    assert judge(contest=contest, **asked).unmet == ("evidence",)
