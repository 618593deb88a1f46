"""Uplift: learnt from what chance decided, explained, kept to the bit, and never from the rest."""

import json
import math
from typing import Any

import numpy as np
import pytest

from contracts.snapshots import ModelSnapshot
from models import ROW, SnapshotError, UpliftScorer, load_uplift
from models.canary import Canary
from models.canonical import sha256_of
from models.chances import weight_of
from models.effect_regression import EffectRegression
from models.open_rows import OpenRow
from models.scorer import model_id_of
from models.uplift import UpliftLearner
from models.uplift_head import LEAST_ROWS, UpliftHead
from tests.models.given import (
    CAUSE,
    DAY_MS,
    ENCODING,
    START_MS,
    a_learner,
    a_row,
    an_example,
)

SIZE = 6_000


def a_world(*, seed: int, size: int = SIZE) -> list[tuple[np.ndarray, bool, int, bool, bool]]:
    """Return rows with arm, its probability, outcome, and whether a contact helps or harms.

    A contact helps where one feature is high and harms where it is low, by ten points. Whom it
    helps is contacted rarely, so that arms differ by more than the contact.
    """
    rng = np.random.default_rng(seed)
    world = []
    for index in range(size):
        row = a_row(seed=seed * size + index)
        helped = bool(rng.random() < 0.5)
        row[CAUSE] = 1_000.0 if helped else 2.0
        p_treated = 0.2 if helped else 0.6
        treated = bool(rng.random() < p_treated)
        prob_micro = round(1_000_000 * (p_treated if treated else 1 - p_treated))
        chance = 0.15 + (0.10 if helped else -0.10) * treated
        world.append((row, treated, prob_micro, bool(rng.random() < chance), helped))
    return world


def open_row(row: np.ndarray, *, number: int, **changes: Any) -> OpenRow:
    """Return an opened contact, with its codes."""
    return OpenRow(
        row=row,
        opened_at_ms=START_MS + number * 1_000,
        kind="contact",
        customer=number,
        codes=ENCODING.encode(row),
        **changes,
    )


def taught(head: UpliftHead, world: list[tuple[np.ndarray, bool, int, bool, bool]]) -> UpliftHead:
    """Open and settle the rows of a world, one after the other."""
    for number, (row, treated, prob_micro, outcome, _) in enumerate(world):
        opened = open_row(row, number=number, treated=treated, selection_prob_micro=prob_micro)
        head.opened(opened, an_example(kind="contact"))
        head.settled(opened, "drawn_30d", outcome=outcome)
    return head


def a_snapshot(head: UpliftHead, **changes: Any) -> ModelSnapshot:
    """Return what the head would publish."""
    body = head.snapshot_body(START_MS, Canary(len(ROW.names)))
    assert body is not None
    sha256 = sha256_of(body)
    fields: dict[str, Any] = {
        "name": "uplift_30d",
        "model_id": model_id_of("uplift_30d", sha256),
        "parent": None,
        "sha256": sha256,
        "schema_hash": ROW.schema_hash,
        "learned": head.steps,
        "positives": head.positives,
        "calibrated": False,
        "metrics": head.metrics(),
        "body": body,
    }
    return ModelSnapshot.model_validate(fields | changes)


@pytest.fixture(scope="module")
def world() -> list[tuple[np.ndarray, bool, int, bool, bool]]:
    """Return one world for all tests that only read."""
    return a_world(seed=1)


@pytest.fixture(scope="module")
def head(world: list[tuple[np.ndarray, bool, int, bool, bool]]) -> UpliftHead:
    """Return a head that has seen it."""
    return taught(UpliftHead(ENCODING), world)


def test_it_finds_whom_a_contact_helps_and_whom_it_harms(head: UpliftHead) -> None:
    """The sign decides whether somebody is bothered; both arms must have been unmixed for it."""
    fresh = a_world(seed=2, size=400)
    right = 0
    for row, _, _, _, helped in fresh:
        uplift_micro = head.learner.score(*ENCODING.encode(row)).uplift_micro
        right += (uplift_micro > 0) == helped

    assert right / len(fresh) > 0.9


def test_its_measures_come_from_before_the_label(head: UpliftHead) -> None:
    """Progressive Qini above 0, of the model and of the challenger beside it."""
    metrics = head.metrics()

    assert metrics["qini_low"] > 0.0
    assert metrics["challenger_qini"] > 0.0
    assert metrics["treated_rows"] + metrics["control_rows"] == SIZE


def test_reasons_add_up_to_the_uplift(
    head: UpliftHead, world: list[tuple[np.ndarray, bool, int, bool, bool]]
) -> None:
    """A manager is told why a call helps: the parts must be the whole."""
    scorer = load_uplift(a_snapshot(head))
    for row, *_ in world[:50]:
        chances = scorer.chances(row)
        total = scorer.baseline(row) + sum(scorer.contributions(row).values())
        assert math.isclose(total, chances.contacted - chances.left_alone, abs_tol=1e-9)


def test_a_snapshot_scores_as_the_learner_to_the_bit(
    head: UpliftHead, world: list[tuple[np.ndarray, bool, int, bool, bool]]
) -> None:
    """What is served must be what was measured."""
    scorer = load_uplift(a_snapshot(head))
    rows = np.stack([row for row, *_ in world[:100]])

    assert [scorer.chances(row) for row in rows] == [
        head.learner.score(*ENCODING.encode(row)) for row in rows
    ]
    assert scorer.uplift_micro_many(rows) == [scorer.uplift_micro(row) for row in rows]
    assert scorer.evidence == min(head.qini.rows)


def test_resumed_equals_uninterrupted(
    head: UpliftHead, world: list[tuple[np.ndarray, bool, int, bool, bool]]
) -> None:
    """A restart of the learner must not be visible in a weight or a measure."""
    half = taught(UpliftHead(ENCODING), world[:1_000])
    data = json.loads(json.dumps(half.to_data()))
    resumed = taught(UpliftHead.from_data(data, encoding=ENCODING), world[1_000:2_000])
    whole = taught(UpliftHead(ENCODING), world[:1_000])
    taught(whole, world[1_000:2_000])

    assert resumed.to_data() == whole.to_data()


def test_scoring_never_teaches(head: UpliftHead) -> None:
    """A customer who is looked at often must not become one who converts."""
    before = head.to_data()
    head.learner.score(*ENCODING.encode(a_row()))
    head.challenger.score_micro(ENCODING.encode(a_row())[1])

    assert head.to_data() == before


def test_contacts_that_we_chose_teach_nothing() -> None:
    """Without a probability, those contacted are those whom we thought likely: no effect in it."""
    head = UpliftHead(ENCODING)
    for changes in (
        {"treated": True, "selection_prob_micro": 0},
        {"treated": None, "selection_prob_micro": 500_000},
    ):
        row = open_row(a_row(), number=1, **changes)
        head.opened(row, an_example(kind="contact"))
        assert head.name not in row.numbers
    assert not head.listens("week", ("drawn_30d",))
    assert not head.listens("contact", ("complaint_30d",))
    assert head.listens("contact", ("complaint_30d", "drawn_30d"))


def test_another_label_of_the_row_teaches_nothing() -> None:
    """A complaint is not a drawdown."""
    head = UpliftHead(ENCODING)
    row = open_row(a_row(), number=1, treated=True, selection_prob_micro=500_000)
    head.opened(row, an_example(kind="contact"))
    head.settled(row, "complaint_30d", outcome=True)
    head.told(row, "drawn_30d", outcome=True)

    assert head.steps == 0


def test_nothing_serves_before_both_arms_have_rows() -> None:
    """Ten thousand contacts without a control say nothing about contact."""
    head, canary = UpliftHead(ENCODING), Canary(len(ROW.names))
    treated_only = [(row, True, 500_000, y, h) for row, _, _, y, h in a_world(seed=4, size=300)]

    assert taught(head, treated_only).snapshot_body(START_MS, canary) is None
    assert min(head.learner.learned) < LEAST_ROWS


def test_a_snapshot_that_jumps_is_refused_and_the_last_good_one_stays() -> None:
    """One poisoned batch must not turn whom we call upside down."""
    head, canary = taught(UpliftHead(ENCODING), a_world(seed=5, size=800)), Canary(len(ROW.names))
    for number in range(100):
        canary.offer(f"r-{number}", a_row(seed=number))
    good = head.snapshot_body(START_MS, canary)
    for number in range(4_000):
        row = a_row(seed=number)
        head.learner.learn(*ENCODING.encode(row), outcome=True, treated=True, prob_micro=50_000)

    assert head.snapshot_body(START_MS + DAY_MS, canary) == good
    assert head.refused_snapshots == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "0" * 64},
        {"schema_hash": "0" * 16},
        {"model_id": "uplift_30d:0123456789abcdef"},
    ],
)
def test_a_snapshot_that_is_not_what_it_says_is_refused(
    head: UpliftHead, changes: dict[str, Any]
) -> None:
    """A changed byte on the way must not reach a decision."""
    with pytest.raises(SnapshotError, match=r"Take|take|Learn"):
        load_uplift(a_snapshot(head, **changes))


def test_a_snapshot_with_a_number_that_is_none_is_refused(head: UpliftHead) -> None:
    """One NaN would make every uplift NaN, and no comparison with it is ever true."""
    body = json.loads(json.dumps(head.learner.scoring_data()))
    body["contacted"]["weights"][0] = "000000000000f87f" * 32

    assert not UpliftScorer("uplift_30d:1", body, evidence=1).is_finite()


def test_a_rare_arm_is_bounded() -> None:
    """One row with a probability of one in a million must not move the model alone."""
    assert weight_of(1) == weight_of(50_000) == 10.0
    learner = UpliftLearner(ENCODING)
    bins, z = ENCODING.encode(a_row())
    before = learner.score(bins, z).contacted
    learner.learn(bins, z, outcome=True, treated=True, prob_micro=1)

    assert before < learner.score(bins, z).contacted < 0.9


def test_the_effect_regression_finds_the_mean_effect_without_any_model() -> None:
    """Doubly robust: with wrong models, the probabilities alone put it right."""
    rng = np.random.default_rng(7)
    regression = EffectRegression(len(ROW.names))
    wrong = UpliftLearner(ENCODING).score(*ENCODING.encode(a_row()))
    for number in range(6_000):
        z = ENCODING.encode(a_row(seed=number))[1]
        treated = bool(rng.random() < 0.3)
        outcome = bool(rng.random() < (0.35 if treated else 0.20))
        prob_micro = 300_000 if treated else 700_000
        regression.learn(z, wrong, treated=treated, outcome=outcome, prob_micro=prob_micro)
    zero = np.zeros(len(ROW.names))

    assert abs(regression.score_micro(zero) - 150_000) < 40_000


def test_the_learner_publishes_what_trials_taught_it() -> None:
    """From examples on the topic to a snapshot that loads: nothing in between may lose a trial."""
    learner = a_learner()
    for number in range(2 * LEAST_ROWS + 2):
        at_ms = START_MS + number * 60_000
        learner.apply(
            an_example(
                row_id=f"r-{number}",
                seq=number,
                at_ms=at_ms,
                kind="contact",
                label_names=("complaint_30d", "drawn_30d"),
                treated=number % 2 == 0,
                selection_prob_micro=500_000,
            )
        )
    for number in range(2 * LEAST_ROWS + 2):
        learner.apply(
            an_example(
                row_id=f"r-{number}",
                status="closed",
                seq=10_000 + number,
                at_ms=START_MS + 31 * DAY_MS,
                label_name="drawn_30d",
            )
        )
    record = learner.snapshot(learner.clock_ms, examples_offset=1)
    assert record is not None
    (snapshot,) = (one for one in record.snapshots if one.name == "uplift_30d")

    assert load_uplift(snapshot).evidence == LEAST_ROWS + 1
    assert snapshot.metrics["treated_rows"] == LEAST_ROWS + 1
