"""Promises of the learner: labels that come late, snapshots, checkpoints."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.snapshots import SnapshotRecord
from models import POLICIES, ROW, CheckpointError, Learner, SnapshotRule, to_hex
from models.canonical import canonical_json, sha256_of
from models.first_rows import FirstRows
from models.lines import LINES
from models.open_rows import LIMITS, OpenRow
from tests.models.given import DAY_MS, ENCODING, START_MS, a_history, a_learner, a_row, an_example

HISTORY = a_history(260, seed=7)
TOPIC_BYTES = 8 << 20


def taught(examples: list, learner: Learner | None = None, **parameters: Any) -> Learner:
    learner = learner or a_learner(**parameters)
    for example in examples:
        learner.apply(example)
    return learner


def life(*statuses: str, label_name: str = "drawn_30d", days: float = 1.0) -> list:
    """Return one row's life: opened, then the statuses, a day apart."""
    steps = [an_example(label_name=label_name, row_id="r-1")]
    for i, status in enumerate(statuses, start=1):
        at_ms = START_MS + int(i * days * DAY_MS)
        steps.append(
            an_example(label_name=label_name, row_id="r-1", status=status, at_ms=at_ms, seq=i)
        )
    return steps


def row_of(row: np.ndarray) -> OpenRow:
    """Return a row as heads see it."""
    return OpenRow(row, START_MS, codes=ENCODING.encode(row))


def crowd(label_name: str, count: int) -> list:
    """Return opened rows of other customers, so that the bins are fixed."""
    return [
        an_example(
            row_id=f"other-{i}",
            label_name=label_name,
            at_ms=START_MS - DAY_MS,
            row_hex=to_hex(a_row(seed=i)),
            partition=7,
            seq=i,
        )
        for i in range(count)
    ]


# A label's life.


def test_a_fake_negative_teaches_at_once() -> None:
    """A drawdown takes weeks to come; waiting that long would make the model a month old."""
    head = taught(life()).head("drawn_30d")

    assert (head.learned, head.positives) == (1, 0)


def test_a_positive_replaces_its_fake_negative() -> None:
    """One row is one row: it must not count as a no and as a yes."""
    head = taught(life("positive")).head("drawn_30d")

    assert (head.learned, head.positives) == (1, 1)


def test_a_positive_that_comes_at_once_leaves_no_trace_of_the_negative() -> None:
    """The weights are those of a model that was told the truth in the first place."""
    learner = taught(crowd("drawn_30d", 250) + life("positive"))
    told = taught(crowd("drawn_30d", 250)).head("drawn_30d").lines["main"]
    told.teach(row_of(a_row()), y=True)
    line = learner.head("drawn_30d").lines["main"]

    for seed in range(20):
        row = a_row(seed=seed)
        assert abs(line.score(row_of(row)) - told.score(row_of(row))) < 1e-9


def test_a_revised_positive_is_a_negative_again() -> None:
    """A drawdown that was cancelled in its cooling-off days was none."""
    revised = taught(crowd("drawn_30d", 250) + life("positive", "revised"))
    never = taught(crowd("drawn_30d", 250) + life())
    row = a_row()

    assert revised.head("drawn_30d").positives == 0
    assert (
        abs(
            revised.head("drawn_30d").lines["main"].score(row_of(row))
            - never.head("drawn_30d").lines["main"].score(row_of(row))
        )
        < 1e-9
    )


def test_a_waiting_label_teaches_only_when_its_horizon_is_over() -> None:
    """Defaults are seen early and repayment late: learnt as they come, all loans look bad."""
    learner = taught(life("positive", label_name="dpd30_mob3"))
    head = learner.head("dpd30_mob3")
    learner.advance(START_MS + 120 * DAY_MS - 1)
    assert head.learned == 0

    learner.advance(START_MS + 120 * DAY_MS)

    assert (head.learned, head.positives) == (1, 1)


def test_a_waiting_label_that_closes_is_a_negative() -> None:
    """120 days without 30 days of delay."""
    head = taught(life("closed", label_name="dpd30_mob3", days=120)).head("dpd30_mob3")

    assert (head.learned, head.positives) == (1, 0)


def test_measures_wait_for_the_horizon_of_positives_too() -> None:
    """Positives are seen weeks before negatives; measured at once, they would look frequent."""
    learner = taught(life("positive"))
    head = learner.head("drawn_30d")
    assert head.progress.rows == 0

    learner.advance(START_MS + 30 * DAY_MS)

    assert (head.progress.rows, head.progress.positives) == (1, 1)


def test_a_revised_row_is_measured_as_a_negative() -> None:
    """What counts is what it was at the end of its horizon."""
    learner = taught(life("positive", "revised"))
    learner.advance(START_MS + 30 * DAY_MS)
    head = learner.head("drawn_30d")

    assert (head.progress.rows, head.progress.positives) == (1, 0)


def test_what_is_measured_is_the_score_from_before_the_label() -> None:
    """Progressive validation: the row's own lesson must not be in its score."""
    learner = taught(crowd("drawn_30d", 250))
    before = learner.head("drawn_30d").lines["main"].score(row_of(a_row()))
    taught(life("closed", days=30), learner)

    assert learner.head("drawn_30d").progress._window[-1] == (float(np.float32(before)), False)


# What must not matter.


@pytest.mark.parametrize("label_name", ["drawn_30d", "dpd30_mob3"])
@pytest.mark.parametrize("statuses", [(), ("positive",), ("positive", "revised"), ("closed",)])
def test_an_example_that_comes_twice_changes_nothing(
    label_name: str, statuses: tuple[str, ...]
) -> None:
    """At least once is enough for whoever hands the examples over."""
    once = taught(crowd(label_name, 3) + life(*statuses, label_name=label_name))
    twice = taught(crowd(label_name, 3) + life(*statuses, label_name=label_name))
    taught(life(*statuses, label_name=label_name), twice)
    twice.advance(START_MS + 300 * DAY_MS)
    once.advance(START_MS + 300 * DAY_MS)
    counts = twice.heads.life.counts[label_name]

    assert once.head(label_name).to_data() == twice.head(label_name).to_data()
    assert counts["duplicates"] + counts["without_row"] > 0


@pytest.mark.parametrize("status", ["positive", "closed", "revised"])
def test_an_outcome_of_a_row_that_is_not_there_is_counted(status: str) -> None:
    """After a reset of the learner, old rows go on to mature: that is no reason to stop."""
    learner = taught([an_example(status=status)])
    learner.advance(START_MS + DAY_MS)

    assert learner.head("drawn_30d").learned == 0
    assert learner.heads.life.counts["drawn_30d"]["without_row"] == 1


@pytest.mark.parametrize(
    "damage",
    [{"row_hex": None}, {"row_hex": "00"}, {"row_hex": "xyz"}, {"schema_hash": "0" * 16}],
)
def test_a_row_that_cannot_be_read_is_counted_and_teaches_nothing(damage: dict) -> None:
    """Rows of an older schema stay in the topic for ever."""
    learner = taught([an_example(**damage)])

    assert learner.head("drawn_30d").learned == 0
    assert learner.heads.life.counts["drawn_30d"]["unreadable"] == 1


def test_open_rows_are_bounded_and_what_is_dropped_is_counted() -> None:
    """Memory and checkpoint have a limit; what is not kept teaches nothing either."""
    learner = taught(crowd("drawn_30d", 50), limits=LIMITS | {"week": 8})
    measures = learner.metrics("drawn_30d")

    assert measures["open_rows"] <= 8.0
    assert measures["open_rows"] + measures["dropped_rows"] == 50.0
    assert learner.head("drawn_30d").learned == measures["open_rows"]


def test_more_rows_than_fit_do_not_make_success_look_rare() -> None:
    """A full store that dropped its oldest rows would keep their "no" and lose their "yes"."""
    history = a_history(3_000, seed=3, labels=("drawn_30d",))
    many = taught(history, limits=LIMITS | {"week": 300})
    all_of_them = taught(history)

    assert many.metrics("drawn_30d")["dropped_rows"] > 1_500
    heads = [learner.head("drawn_30d") for learner in (many, all_of_them)]
    share, truth = (head.positives / head.learned for head in heads)
    assert share == pytest.approx(truth, abs=0.05)


# Snapshots.


def test_nothing_new_is_no_snapshot() -> None:
    """The history of models is a history, not a heartbeat."""
    learner = taught(crowd("drawn_30d", 250))
    assert learner.snapshot(START_MS, examples_offset=250) is not None

    assert learner.snapshot(START_MS + DAY_MS, examples_offset=250) is None


def test_a_model_without_bins_has_no_snapshot_but_its_rows_are_in_the_checkpoint() -> None:
    """Better the declared fallback than a model that knows nothing."""
    record = taught(crowd("drawn_30d", 199)).snapshot(START_MS, examples_offset=199)

    assert record is not None
    assert record.snapshots == ()
    assert record.checkpoint["heads"]["heads"]["drawn_30d"]["learned"] == 199


def test_each_snapshot_names_the_one_it_grew_from() -> None:
    """Lineage: any score can be traced through the models before it."""
    learner = taught(crowd("drawn_30d", 250))
    first = learner.snapshot(START_MS, examples_offset=250)
    taught(life(), learner)
    second = learner.snapshot(START_MS + DAY_MS, examples_offset=251)
    assert first is not None
    assert second is not None

    assert first.snapshots[0].parent is None
    assert second.snapshots[0].parent == first.snapshots[0].model_id
    assert second.snapshots[0].sha256 == sha256_of(second.snapshots[0].body)
    assert second.snapshots[0].learned == 251


@pytest.mark.parametrize(
    ("steps", "later_ms", "due"),
    [(0, DAY_MS, False), (499, 59_999, False), (500, 0, True), (1, 60_000, True)],
)
def test_the_first_snapshot_is_due_after_500_labels_or_a_minute(
    steps: int, later_ms: int, *, due: bool
) -> None:
    """Docs/domain.md, "Ordered core"."""
    learner = taught(crowd("drawn_30d", steps))

    assert learner.snapshot_due(START_MS - DAY_MS + later_ms) is due


def test_the_next_snapshot_is_due_ten_minutes_later_at_the_earliest() -> None:
    """Each goes to every partition: not more often than that."""
    learner = taught(crowd("drawn_30d", 600))
    learner.snapshot(START_MS, examples_offset=600)
    taught(life(), learner)

    assert not learner.snapshot_due(START_MS + 599_999)
    assert learner.snapshot_due(START_MS + 600_000)


def test_asking_whether_a_snapshot_is_due_changes_nothing() -> None:
    """Reading is reading."""
    learner = taught(crowd("drawn_30d", 10))
    before = learner.state_sha256()
    learner.snapshot_due(START_MS + DAY_MS)

    assert learner.state_sha256() == before


def test_a_model_is_called_calibrated_only_on_evidence() -> None:
    """Scores are read as probabilities only where 200 matured positives say so."""
    learner = a_learner()
    head = learner.head("drawn_30d")
    for i in range(1_990):
        head.progress.add(0.1, outcome=i % 10 == 0)
    assert not head.is_calibrated

    for i in range(10):
        head.progress.add(0.1, outcome=i == 0)
    assert head.is_calibrated

    for _ in range(2_000):
        head.progress.add(0.3, outcome=False)
    assert not head.is_calibrated


def test_online_scores_become_calibrated_and_beat_chance() -> None:
    """The whole way: rows, late labels, undo, measures, on a history with a known cause."""
    learner = taught(a_history(2_500, seed=3, labels=("drawn_30d",)))
    learner.advance(START_MS + 90 * DAY_MS)
    measures = learner.metrics("drawn_30d")

    assert learner.head("drawn_30d").is_calibrated
    assert measures["auc"] > 0.7
    assert measures["auc"] > measures["challenger_auc"] - 0.01
    assert measures["open_rows"] == 0.0


# Checkpoints.


@settings(max_examples=15)
@given(st.data())
def test_killed_anywhere_and_resumed_it_is_the_same_learner(data: st.DataObject) -> None:
    """Weights, open rows, measures and what is due next: all of it, to the bit."""
    kill_at = data.draw(st.integers(0, len(HISTORY)))
    killed = taught(HISTORY[:kill_at])
    checkpoint = json.loads(json.dumps(killed.to_checkpoint()))
    resumed = Learner.from_checkpoint(checkpoint, sha256=killed.state_sha256())
    taught(HISTORY[kill_at:], resumed)

    assert resumed.state_sha256() == UNDISTURBED.state_sha256()


UNDISTURBED = taught(HISTORY)


@pytest.mark.parametrize("label_name", ["drawn_30d", "dpd30_mob3"])
@pytest.mark.parametrize("kill_at", [1, 4, 5, 6, 7])
def test_killed_between_any_two_steps_of_a_row_it_goes_on_as_if_never_stopped(
    label_name: str, kill_at: int
) -> None:
    """Each state of an open row is in the checkpoint, and that it was opened outlives it."""
    first, *rest = life("positive", "revised", "closed", label_name=label_name)
    between = [
        an_example(row_id=f"more-{i}", label_name=label_name, partition=8, seq=i) for i in range(3)
    ]
    steps = [first, *between, *rest, *life(label_name=label_name)]
    crowded = crowd(label_name, 250)
    undisturbed = taught(crowded + steps)
    killed = taught(crowded + steps[:kill_at])
    resumed = Learner.from_checkpoint(killed.to_checkpoint(), sha256=killed.state_sha256())

    assert taught(steps[kill_at:], resumed).state_sha256() == undisturbed.state_sha256()


def test_a_row_that_is_settled_is_not_opened_again_after_a_restart() -> None:
    """Its place in the journal is behind what the learner has seen of that partition."""
    learner = taught(life("closed"))
    resumed = Learner.from_checkpoint(learner.to_checkpoint(), sha256=learner.state_sha256())
    taught(life(), resumed)

    assert resumed.heads.life.counts["drawn_30d"]["opened"] == 1


def test_resumed_from_its_own_record_it_publishes_the_same_next_snapshot() -> None:
    """The record on the topic is enough to go on from, after JSON and back."""
    learner = taught(HISTORY[:700])
    record = learner.snapshot(START_MS, examples_offset=700)
    assert record is not None
    assert record.snapshots
    read = SnapshotRecord.model_validate_json(record.model_dump_json())
    resumed = Learner.from_checkpoint(read.checkpoint, sha256=read.checkpoint_sha256)
    for one in (learner, resumed):
        taught(HISTORY[read.examples_offset :], one)

    assert resumed.snapshot(START_MS + DAY_MS, examples_offset=len(HISTORY)) == learner.snapshot(
        START_MS + DAY_MS, examples_offset=len(HISTORY)
    )


def test_a_checkpoint_that_was_changed_is_refused() -> None:
    """A wrong state is worse than an old one."""
    learner = taught(HISTORY[:100])
    checkpoint, sha256 = learner.to_checkpoint(), learner.state_sha256()

    with pytest.raises(CheckpointError, match="changed after it was written"):
        Learner.from_checkpoint(checkpoint | {"clock_ms": 1}, sha256=sha256)


def test_a_checkpoint_of_another_format_or_of_other_features_is_refused() -> None:
    """A new version says so instead of reading weights into the wrong places."""
    other_format = a_learner().to_checkpoint() | {"format": "learner/9"}
    other_features = a_learner().to_checkpoint()
    other_features["schema_hash"] = "0" * 16

    for checkpoint, match in ((other_format, "learner/9"), (other_features, "needs rows of")):
        with pytest.raises(CheckpointError, match=match):
            Learner.from_checkpoint(checkpoint, sha256=sha256_of(checkpoint))


def test_a_checkpoint_with_all_open_rows_fits_into_a_record() -> None:
    """The topic takes 8 MB: a learner that cannot store its state cannot restart."""
    learner = a_learner()
    rng = np.random.default_rng(1)
    for label_name in POLICIES:
        taught(crowd(label_name, 300), learner)
        head = learner.head(label_name)
        for line in head.lines.values():
            for i in range(line.progress.window_rows):
                line.progress.add(1 / (i + 3), outcome=i % 10 == 0, opened_at_ms=i * DAY_MS)
        for i in range(head.served.window_rows):
            head.served.add(1 / (i + 3), outcome=i % 10 == 0)
    for kind, limit in LIMITS.items():
        labels = [name for name, policy in POLICIES.items() if policy.row_kind == kind]
        for i in range(limit):
            row = OpenRow(
                rng.lognormal(3.0, 2.0, len(ROW.names)).astype(np.float32),
                START_MS,
                kind=kind,
                codes=ENCODING.encode(a_row()),
                states=dict.fromkeys(labels, "open"),
                numbers={name: [1 / 3] * len(LINES) for name in labels},
                scores={name: [1 / 3] * (len(LINES) + 3) for name in labels},
            )
            learner.heads.life.rows.put(f"r_{kind}{i:016x}", row)
    for partition in range(12):
        for seq in range(200):
            learner.heads.life._arrivals.is_new(an_example(partition=partition, seq=seq))

    assert len(canonical_json(learner.to_checkpoint())) < 0.85 * TOPIC_BYTES


def test_a_rule_can_be_given() -> None:
    """Recorded runs and tests need not wait for 500 labels."""
    learner = a_learner(rule=SnapshotRule(labels=1))
    taught(life(), learner)

    assert learner.snapshot_due(START_MS)


def test_rows_that_are_all_alike_do_not_fix_the_bins() -> None:
    """A bank that begins empty opens its first rows on a day when no window holds anything.

    Bins made of them would put every later customer into one and the same, for ever.
    """
    first = FirstRows()
    for number in range(400):
        first.put(an_example(row_id=f"r-{number}", row_hex=to_hex(np.zeros_like(a_row()))))
    assert not first.is_enough

    for number in range(400, 800):
        row_hex = to_hex(a_row(seed=number))
        first.put(an_example(row_id=f"r-{number}", row_hex=row_hex))
        if first.is_enough:
            break
    assert first.is_enough
    assert len(first) < 500


def test_the_bins_do_not_wait_for_ever() -> None:
    """A bank whose features never move must have models all the same."""
    first = FirstRows()
    for number in range(2_000):
        first.put(an_example(row_id=f"r-{number}", row_hex=to_hex(np.zeros_like(a_row()))))

    assert first.is_enough
    assert len(first.rows()) == 400
