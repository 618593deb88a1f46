"""Promises of shared rows: told once, in any order of arrival, and never lost."""

import random

import pytest

from contracts.examples import Example
from models import POLICIES, Learner, to_hex
from models.arrivals import EARLY_KEPT_MS
from tests.models.given import DAY_MS, START_MS, a_history, a_learner, a_row, an_example

HISTORY = a_history(150, seed=11, labels=tuple(POLICIES))
END_MS = START_MS + 400 * DAY_MS


def taught(examples: list[Example], learner: Learner | None = None) -> Learner:
    """Return a learner after these examples and long enough for all labels to be final."""
    learner = learner or a_learner()
    for example in examples:
        learner.apply(example)
    learner.advance(END_MS)
    return learner


def weights(learner: Learner) -> list[dict]:
    """Return everything that decides a score or a measure, head by head."""
    return [head.to_data() for head in learner.heads.all()]


STRAIGHT = weights(taught(HISTORY))


def test_every_delivery_three_times_changes_nothing() -> None:
    """At least once is all that the learner asks of whoever hands the examples over."""
    thrice = [example for example in HISTORY for _ in range(3)]

    assert weights(taught(thrice)) == STRAIGHT


def test_a_topic_that_is_read_again_from_the_middle_changes_nothing() -> None:
    """After a crash the last examples come again, behind those that followed them."""
    half, more = len(HISTORY) // 2, len(HISTORY) // 2 + 120
    again = HISTORY[:more] + HISTORY[half:]

    assert weights(taught(again)) == STRAIGHT


@pytest.mark.parametrize("statuses", [("positive",), ("positive", "revised"), ("closed",)])
@pytest.mark.parametrize("label_name", POLICIES)
def test_outcomes_that_overtake_their_row_are_told_when_it_opens(
    label_name: str, statuses: tuple[str, ...]
) -> None:
    """Partitions run at their own speeds; what became of a row must not be lost for that."""
    steps = [an_example(label_name=label_name)] + [
        an_example(label_name=label_name, status=status, at_ms=START_MS + i, seq=i)
        for i, status in enumerate(statuses, start=1)
    ]
    shuffled = random.Random(5).sample(steps[1:], len(steps) - 1)

    assert weights(taught([*shuffled, steps[0]])) == weights(taught(steps))


def test_a_revision_that_overtakes_its_positive_waits_for_it() -> None:
    """Applied first it would take nothing back, and the positive would stand for ever."""
    steps = [
        an_example(status=status, at_ms=START_MS + i, seq=i)
        for i, status in enumerate(("opened", "positive", "revised"))
    ]
    swapped = [steps[0], steps[2], steps[1]]

    assert weights(taught(swapped)) == weights(taught(steps))


def test_an_opening_that_was_overtaken_is_still_taken() -> None:
    """The newest place of a partition says what is old, unless what is old never came."""
    rows = [an_example(row_id=f"r-{seq}", seq=seq) for seq in range(20)]
    late = [*rows[:7], *rows[8:], rows[7]]

    assert taught(late).head("drawn_30d").learned == 20
    assert taught([*late, rows[7], rows[3]]).head("drawn_30d").learned == 20


def test_what_nobody_opened_is_given_up_after_an_hour_and_counted() -> None:
    """A row that was not kept goes on to have outcomes: they must not fill the memory."""
    learner = a_learner()
    learner.apply(an_example(status="closed"))
    learner.advance(START_MS + EARLY_KEPT_MS)
    assert learner.heads.life.counts["drawn_30d"]["without_row"] == 0

    learner.advance(START_MS + EARLY_KEPT_MS + 1)
    assert learner.heads.life.counts["drawn_30d"]["without_row"] == 1


def test_one_row_answers_each_of_its_labels() -> None:
    """The row is stored once and encoded once, whatever is asked of it."""
    labels = ("drawn_30d", "applied_14d", "retained_flow_30d")
    opened = an_example(label_names=labels)
    learner = a_learner()
    learner.apply(opened)
    assert len(learner.heads.life.rows) == 1
    for i, label in enumerate(labels, start=1):
        learner.apply(an_example(label_name=label, status="closed", seq=i))

    assert [learner.head(label).learned for label in labels] == [1, 1, 1]
    assert len(learner.heads.life.rows) == 0


def test_a_question_that_fell_away_teaches_and_measures_nothing() -> None:
    """A loan that never was 30 days late says nothing about those that were."""
    labels = ("dpd30_mob3", "dpd90_after_dpd30")
    learner = taught([
        an_example(label_names=labels),
        an_example(label_name=labels[0], status="closed", seq=1),
        an_example(label_name=labels[1], status="void", seq=2),
    ])  # fmt: skip

    assert learner.head(labels[0]).learned == 1
    assert learner.head(labels[1]).learned == 0
    assert learner.head(labels[1]).progress.rows == 0
    assert len(learner.heads.life.rows) == 0


def test_a_drawdown_after_a_contact_is_no_second_drawdown_of_the_week() -> None:
    """Both rows wait for it; the model of drawing learns from the week's alone."""
    learner = taught([
        an_example(row_id="r-week"),
        an_example(row_id="r-contact", kind="contact", label_names=("drawn_30d",), seq=1),
        an_example(row_id="r-week", status="positive", seq=2),
        an_example(row_id="r-contact", status="positive", seq=3),
    ])  # fmt: skip

    assert learner.head("drawn_30d").learned == 1


def test_what_is_known_before_the_first_rows_are_enough_is_not_lost() -> None:
    """The first weeks of a bank are too few rows for bins, and hold its first drawdowns."""
    rows = [
        an_example(
            row_id=f"r-{seq}", seq=seq, at_ms=START_MS + seq, row_hex=to_hex(a_row(seed=seq))
        )
        for seq in range(199)
    ]
    drawn = an_example(row_id="r-3", status="positive", seq=1_000, at_ms=START_MS + 1_000)
    last = an_example(row_id="r-last", seq=1_001, at_ms=START_MS + 1_001)
    learner = Learner()
    for example in [*rows, drawn]:
        learner.apply(example)
    assert not learner.is_ready
    resumed = Learner.from_checkpoint(learner.to_checkpoint(), sha256=learner.state_sha256())
    for one in (learner, resumed):
        one.apply(last)

    assert (learner.head("drawn_30d").learned, learner.head("drawn_30d").positives) == (200, 1)
    assert resumed.state_sha256() == learner.state_sha256()
