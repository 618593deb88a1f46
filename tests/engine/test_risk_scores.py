"""Promises of the probability of default: two buckets, named gaps, and who let the model serve."""

from functools import cache

import pytest

from contracts.snapshots import ModelSnapshot
from decisions.situation import Scores
from engine.case import Case
from engine.scoring import scores_of
from engine.subject import SubjectState
from features import look
from models import Learner
from tests.engine.given import NOON_MS, a_partition
from tests.models.given import a_history

LABELS = ("dpd30_mob3", "dpd90_after_dpd30")


@cache
def snapshots() -> dict[str, ModelSnapshot]:
    """Return what a learner serves that waits for nobody."""
    learner = Learner(risk_serving="live")
    for example in a_history(400, seed=1, labels=LABELS):
        learner.apply(example)
    learner.advance(learner.clock_ms + 400 * 86_400_000)
    record = learner.snapshot(learner.clock_ms, examples_offset=0)
    assert record is not None
    return {snapshot.name: snapshot for snapshot in record.snapshots}


def scores(active: dict[str, ModelSnapshot]) -> Scores:
    """Return the scores of a customer of whom nothing is known, with these models."""
    partition = a_partition()
    for snapshot in active.values():
        partition.score_with(snapshot)
    subject = SubjectState()
    return scores_of(
        Case(
            partition=partition,
            subject=subject,
            subject_id="c-1",
            at_ms=NOON_MS,
            seq=0,
            values=look(subject, NOON_MS),
        )
    )


def test_the_probability_of_default_is_that_of_both_buckets() -> None:
    """Most loans that are 30 days late recover; a bank that forgets this declines its customers."""
    found = scores(snapshots())

    assert found.dpd30 is not None
    assert found.dpd90 is not None
    assert found.pd == found.dpd30 * found.dpd90
    assert "pd_90_assumed" not in found.degradations


def test_a_second_bucket_that_is_only_assumed_is_named() -> None:
    """Nine months of loans must mature before it can be learnt; until then a number stands in."""
    found = scores({"dpd30_mob3": snapshots()["dpd30_mob3"]})

    assert found.dpd90 == 0.4
    assert not found.pd_calibrated
    assert "pd_90_assumed" in found.degradations


def test_without_a_model_of_the_first_bucket_there_is_no_probability() -> None:
    """A prior for everybody would be a judgement that nobody made."""
    found = scores({"dpd90_after_dpd30": snapshots()["dpd90_after_dpd30"]})

    assert (found.pd, found.pd_model_id) == (None, "fallback")


@pytest.mark.parametrize(
    ("people", "named"), [((), True), (("li",), True), (("li", "li"), True), (("li", "wu"), False)]
)
def test_a_risk_model_that_two_people_did_not_approve_says_so(
    people: tuple[str, ...], *, named: bool
) -> None:
    """In a demonstration it serves as it learns; no one may take that for a bank's model."""
    active = {
        name: snapshot.model_copy(update={"approved_by": people})
        for name, snapshot in snapshots().items()
    }

    assert ("risk_model_unapproved" in scores(active).degradations) is named
