"""How unusual is too unusual: limits that rest on rows, travel as data, refuse what is damaged."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.snapshots import ModelSnapshot
from models import ROW, SnapshotError, load_anomaly, segment_of, to_hex
from models.anomaly import LEAST_ROWS, Quantiles
from models.anomaly_head import AnomalyHead
from models.canary import Canary
from models.canonical import canonical_json, sha256_of
from models.errors import CheckpointError
from models.half_space import HalfSpaceTrees
from models.open_rows import OpenRow
from models.profile import PROFILE_FEATURES
from tests.models.given import a_row, an_example

WIDTH = len(PROFILE_FEATURES)
CANARY = Canary(len(ROW.names))


def told(head: AnomalyHead, scores: list[float], *, months: float = 0.0, seed: int = 0) -> None:
    """Let a head see rows with these scores."""
    rng = np.random.default_rng(seed)
    values = ROW.row({"salary_month_cnt_180d": months})
    for score in scores:
        z = rng.normal(0.0, 1.0, WIDTH).astype(np.float32)
        example = an_example(anomaly_hex=score.hex(), anomaly_z_hex=to_hex(z))
        row = OpenRow(row=values, opened_at_ms=0, kind="week", anomaly=score)
        head.opened(row, example)


def a_snapshot(**changes: Any) -> ModelSnapshot:
    """Return a snapshot of limits 2 and 3, with what a test changes in its body."""
    pair = [(2.0).hex(), (3.0).hex()]
    body = {
        "format": "anomaly-quantiles/1",
        "features": list(PROFILE_FEATURES),
        "overall": pair,
        "segments": {"payroll": [(1.0).hex(), (1.5).hex()]},
    } | changes
    sha256 = sha256_of(body)
    return ModelSnapshot(
        name="anomaly",
        model_id=f"anomaly:{sha256[:16]}",
        parent=None,
        sha256=sha256,
        schema_hash=ROW.schema_hash,
        learned=0,
        positives=0,
        calibrated=False,
        metrics={},
        body=body,
    )


@given(st.lists(st.integers(0, 799), min_size=1, max_size=300), st.sampled_from([0.5, 0.97, 0.995]))
def test_a_limit_is_what_so_many_rows_are_below(places: list[int], share: float) -> None:
    """A limit that is one step too low doubles the work of those who look at alarms."""
    scores = [place / 100 for place in places]
    quantiles = Quantiles()
    for score in scores:
        quantiles.add(score)
    limit = quantiles.limit(share)

    below = [sum(score < step / 100 - 1e-9 for score in scores) for step in range(802)]
    least = next(step for step in range(1, 802) if below[step] >= share * len(scores))
    assert limit == least / 100


def test_the_past_counts_half_once_there_is_enough_of_it() -> None:
    """Limits of the first year must not rule the third."""
    quantiles = Quantiles()
    for _ in range(20_000):
        quantiles.add(1.0)
    for _ in range(20_000):
        quantiles.add(3.0)

    assert quantiles.rows <= 20_001
    assert quantiles.limit(0.5) == 3.01
    assert Quantiles(quantiles.to_data()).limit(0.97) == quantiles.limit(0.97)


def test_nothing_is_graded_before_400_rows_and_a_segment_not_before_1000() -> None:
    """Half a percent of a hundred rows is nobody."""
    head = AnomalyHead()
    told(head, [1.0] * (LEAST_ROWS - 1))
    assert head.snapshot_body(0, CANARY) is None
    told(head, [1.0])
    body = head.snapshot_body(0, CANARY)
    assert body is not None
    assert body["segments"] == {}
    told(head, [0.5] * 1_000, months=6.0)
    body = head.snapshot_body(0, CANARY)
    assert body is not None
    assert body["segments"] == {"payroll": [(0.51).hex(), (0.51).hex()]}
    assert head.metrics()["rows_payroll"] == 1_000


def test_three_percent_are_watched_and_half_a_percent_alarm() -> None:
    """That is what the limits promise to those who look at alarms."""
    scores = np.random.default_rng(1).gamma(4.0, 0.25, 5_000).tolist()
    head = AnomalyHead()
    told(head, scores)
    body = head.snapshot_body(0, CANARY)
    assert body is not None
    scorer = load_anomaly(a_snapshot(**body))
    grades = [scorer.grade(score, "other") for score in scores]

    assert 1 - grades.count("normal") / 5_000 == pytest.approx(0.03, abs=0.002)
    assert grades.count("alert") / 5_000 == pytest.approx(0.005, abs=0.002)


def test_a_row_without_a_score_says_nothing() -> None:
    """A customer of three days is not the usual one."""
    head = AnomalyHead()
    head.opened(OpenRow(row=a_row(), opened_at_ms=0, kind="week"), an_example())

    assert head.metrics()["rows"] == 0
    assert head.listens("week", ("drawn_30d",))
    assert not head.listens("contact", ("drawn_30d",))


@pytest.mark.parametrize("cut", [0, 100, 600])
def test_a_resumed_head_is_the_same_one_to_the_bit(cut: int) -> None:
    """A checkpoint that forgets makes alarms depend on restarts."""
    scores = np.random.default_rng(2).gamma(4.0, 0.25, 900).tolist()
    whole, first = AnomalyHead(), AnomalyHead()
    told(whole, scores[:cut], seed=1)
    told(first, scores[:cut], seed=1)
    resumed = AnomalyHead.from_data(first.to_data())
    told(whole, scores[cut:], seed=2)
    told(resumed, scores[cut:], seed=2)

    assert canonical_json(resumed.to_data()) == canonical_json(whole.to_data())
    assert resumed.metrics() == whole.metrics()


def test_trees_are_the_same_in_each_process_and_refuse_another_format() -> None:
    """They are drawn from a seed: a checkpoint holds counts alone."""
    rows = np.random.default_rng(3).normal(0.0, 1.0, (600, WIDTH)).tolist()
    one, other = HalfSpaceTrees(), HalfSpaceTrees()
    for row in rows:
        one.learn(row)
        other.learn(row)
    assert [one.score(row) for row in rows] == [other.score(row) for row in rows]
    assert one.score([6.0] * WIDTH) > max(one.score(row) for row in rows)
    with pytest.raises(CheckpointError, match="half-space-trees"):
        HalfSpaceTrees.from_data({**one.to_data(), "features": ["another"]})


def test_scoring_teaches_the_trees_nothing() -> None:
    """Reading changes nothing, here too."""
    trees = HalfSpaceTrees()
    for _ in range(300):
        trees.learn([0.0] * WIDTH)
    before = trees.to_data()
    trees.score([1.0] * WIDTH)

    assert trees.to_data() == before


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": "anomaly-quantiles/0"}, "needs format"),
        ({"features": ["balance_last_minor"]}, "this version's profile"),
        ({"overall": [(3.0).hex(), (2.0).hex()]}, "not below the watch's"),
        ({"overall": ["nan", "nan"]}, "needs limits above 0"),
        ({"segments": {"other": [(0.0).hex(), (1.0).hex()]}}, "needs limits above 0"),
    ],
)
def test_limits_that_mean_nothing_are_refused(changes: dict[str, Any], why: str) -> None:
    """A limit of nothing would make everybody an alert, at once, in every partition."""
    with pytest.raises(SnapshotError, match=why):
        load_anomaly(a_snapshot(**changes))


def test_a_snapshot_that_was_changed_on_its_way_is_refused() -> None:
    """The hash is over the limits; the id is the hash."""
    good = a_snapshot()
    for broken in (
        good.model_copy(update={"body": {**good.body, "segments": {}}}),
        good.model_copy(update={"model_id": "anomaly:0000000000000000"}),
    ):
        with pytest.raises(SnapshotError):
            load_anomaly(broken)


def test_everybody_has_exactly_one_segment() -> None:
    """Missing numbers too: who is nothing that we know is one of the others."""
    numbers = (float("nan"), 0.0, 5.0)
    found = {
        segment_of(
            ROW.row(
                {
                    "customer_receipt_sum_minor_30d": receipts,
                    "settle_sum_minor_30d": settled,
                    "salary_month_cnt_180d": months,
                }
            )
        )
        for receipts, settled, months in itertools.product(numbers, numbers, numbers)
    }

    assert found == {"merchant", "payroll", "other"}
