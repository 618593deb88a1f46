"""An uplift snapshot in the journal: decisions weigh by it, from its position on."""

from typing import Any

import numpy as np
import pytest

from contracts.control import SnapshotActivated
from contracts.decisions import Decision
from contracts.examples import Example
from contracts.journal import Entry
from contracts.snapshots import ModelSnapshot
from contracts.topics import DAY_MS, Topic
from engine.fold import fold
from engine.outputs import Output
from engine.partition import PartitionState
from engine.subjects import MemorySubjects
from models import ROW, Encoding, model_id_of
from models.canonical import sha256_of
from models.uplift import UpliftLearner
from strategies import bundled, load_file
from tests.engine.given import NOON_MS, a_calculation, a_known_customer, a_partition

ROWS = np.random.default_rng(3).lognormal(3.0, 2.0, (200, len(ROW.names))).astype(np.float32)


def a_snapshot(*, helps: bool, rows: int = 600) -> ModelSnapshot:
    """Return what a learner knows after a trial in which a contact always helped, or hurt."""
    learner = UpliftLearner(Encoding.fit(ROW.names, ROWS))
    for number in range(rows):
        bins, z = learner.encoding.encode(ROWS[number % len(ROWS)])
        treated = number % 2 == 0
        outcome = number % 4 < 2 and treated == helps
        learner.learn(bins, z, outcome=outcome, treated=treated, prob_micro=500_000)
    body = learner.scoring_data()
    sha256 = sha256_of(body)
    return ModelSnapshot(
        name="uplift_30d",
        model_id=model_id_of("uplift_30d", sha256),
        parent=None,
        sha256=sha256,
        schema_hash=ROW.schema_hash,
        learned=rows,
        positives=rows // 4,
        calibrated=False,
        metrics={},
        body=body,
    )


def a_file_that_asks_for_uplift() -> dict[str, Any]:
    """Return the bundled strategy for one arm, weighing by uplift."""
    data = load_file(bundled("no_loan_to_loan_v1"))
    data["experiment"]["holdout_pct"] = 0
    for name, arm in data["experiment"]["arms"].items():
        arm["pct"] = 100 if name == "champion" else 0
    data["arbitration"] |= {
        "chance": "uplift",
        "starting_evidence": 300,
        "explore_epsilon_micro": 0,
    }
    return data


def decided(*snapshots: ModelSnapshot) -> tuple[list[Decision], PartitionState]:
    """Return the decisions on one customer who calculates a loan, after snapshots came in."""
    journal = a_known_customer()
    journal.strategy(NOON_MS, a_file_that_asks_for_uplift())
    for snapshot in snapshots:
        control = SnapshotActivated(snapshot=snapshot, learned_until_ms=0)
        journal.add(Topic.CONTROL, control.model_dump_json().encode(), at_ms=NOON_MS, key="0")
    calculation = a_calculation("e-1", occurred_at_ms=NOON_MS)
    journal.event(Topic.APP_EVENTS, calculation, at_ms=NOON_MS)
    outputs, partition = run(journal.entries)
    found = [
        Decision.model_validate_json(output.value)
        for output in outputs
        if output.topic is Topic.DECISIONS
    ]
    return found, partition


def run(entries: list[Entry]) -> tuple[list[Output], PartitionState]:
    """Fold the entries from nothing."""
    partition = a_partition()
    return fold(partition, MemorySubjects(), entries), partition


def test_a_contact_that_helps_is_made_and_one_that_hurts_is_not() -> None:
    """From the snapshot in the journal to the action: the whole way of an uplift."""
    (helped,), _ = decided(a_snapshot(helps=True))
    (hurt,), _ = decided(a_snapshot(helps=False))

    assert float.fromhex(helped.scores["uplift_30d"]) > 0.0
    assert helped.action is not None
    assert helped.action.kind == "credit"
    assert float.fromhex(hurt.scores["uplift_30d"]) < 0.0
    assert hurt.action is None or hurt.action.kind != "credit"
    assert not {"uplift_missing", "uplift_fallback"} & set(helped.degradations)


@pytest.mark.parametrize("snapshots", [(), (a_snapshot(helps=False, rows=500),)])
def test_without_enough_evidence_the_decision_says_what_it_fell_back_on(
    snapshots: tuple[ModelSnapshot, ...],
) -> None:
    """A reader of one decision must see that a propensity stood in, and for what."""
    (decision,), _ = decided(*snapshots)

    assert "uplift_fallback" in decision.degradations
    assert ("uplift_missing" in decision.degradations) == (not snapshots)
    assert ("uplift_30d" in decision.scores) == bool(snapshots)


def test_the_model_is_there_again_after_a_restart() -> None:
    """A partition that moves to another worker must not fall back to propensity on the way."""
    _, partition = decided(a_snapshot(helps=True))
    back = PartitionState.decode(partition.encode(), build="test-build")

    assert back.uplift is not None
    assert partition.uplift is not None
    assert back.uplift.uplift_micro_many(ROWS) == partition.uplift.uplift_micro_many(ROWS)


def test_a_snapshot_that_cannot_score_is_a_dead_letter_and_the_last_one_stays() -> None:
    """A learner that was deployed first must not stop those who decide."""
    good = a_snapshot(helps=True)
    bad = good.model_copy(update={"body": good.body | {"format": "uplift-linear/2"}})
    (decision,), partition = decided(good, bad)

    assert partition.facts.counts["controls_refused"] == 1
    assert {used.model_id for used in decision.models if used.name == "uplift_30d"} == {
        good.model_id
    }


def test_the_first_contact_opens_a_row_with_its_probability() -> None:
    """What the learner divides by is what the shares say; a later contact has no probability."""
    data = a_file_that_asks_for_uplift()
    data["experiment"]["arms"]["champion"]["pct"] = 80
    data["experiment"]["holdout_pct"] = 20
    journal = a_known_customer()
    journal.strategy(NOON_MS, data)
    for number, at_ms in enumerate((NOON_MS, NOON_MS + 10 * DAY_MS)):
        calculation = a_calculation(f"e-{number}", occurred_at_ms=at_ms)
        journal.event(Topic.APP_EVENTS, calculation, at_ms=at_ms)
    outputs, _ = run(journal.entries)
    rows = [
        row
        for output in outputs
        if output.topic is Topic.EXAMPLES
        and (row := Example.model_validate_json(output.value)).row_kind == "contact"
        and row.status == "opened"
    ]

    assert [row.selection_prob_micro for row in rows] == [
        800_000 if rows[0].treated else 200_000,
        None,
    ]


@pytest.mark.parametrize("treated", [True, False])
def test_a_campaign_by_chance_opens_a_row_of_either_arm(treated: bool) -> None:  # noqa: FBT001
    """Those left alone are told too: without them nothing says what the contact changed."""
    journal = a_known_customer()
    drawn = {
        "event_type": "campaign",
        "event_id": "k-1",
        "occurred_at_ms": NOON_MS,
        "customer_id": "c-1",
        "campaign_id": "sms-1",
        "treated": treated,
        "selection_prob_micro": 300_000,
    }
    journal.event(Topic.INTERACTIONS, drawn, at_ms=NOON_MS)
    outputs, _ = run(journal.entries)
    (row,) = (
        row
        for output in outputs
        if output.topic is Topic.EXAMPLES
        and (row := Example.model_validate_json(output.value)).row_kind == "contact"
    )

    assert (row.treated, row.selection_prob_micro) == (treated, 300_000)
    assert row.labels == ("complaint_30d", "drawn_30d")
