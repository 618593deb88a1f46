"""Promises of who serves: by evidence, not for long without it, and for risk by two people."""

import json

import numpy as np
import pytest

from contracts.model_orders import ModelOrder
from contracts.snapshots import ModelSnapshot
from models.promotion import POSITIVES_NEEDED
from models.watch import Settled, Standing, Watch
from tests.models.champions import DAY_MS, FEATURES, Frozen, Head, World, days_of

LINES = ("main",)
FREEZE, DRIFT = 60, 100


def an_order(**changes: object) -> ModelOrder:
    fields = {
        "order_id": "o-1",
        "order": "promote",
        "model": "drawn_30d",
        "line": "main",
        "asked_by": "li",
        "approved_by": "wang",
        "reason": "the year has turned",
        "at_ms": 200 * DAY_MS,
    } | changes
    return ModelOrder.model_validate(fields)


def lived(*, seed: int, days: int, is_risk: bool = False, **life: int | None) -> Head:
    """Return a head that lived through a world, with its champion frozen unless told otherwise."""
    drift_day, lies = life.get("drift_day"), life.get("lies_from_day")
    head = Head(Watch(FEATURES, lines=LINES, is_risk=is_risk))
    world = World.of(seed=seed, days=days, drift_day=drift_day)
    head.live(world, freeze_day=life.get("freeze_day", FREEZE), lies_from_day=lies)
    return head


def test_after_a_drift_the_line_that_learnt_it_is_promoted() -> None:
    """A frozen champion in a world that moved loses money every day until somebody looks."""
    watch = lived(seed=2, days=220, drift_day=DRIFT).watch

    promoted = days_of(watch, "promoted")
    print(f"drift on day {DRIFT}, labels 30 days later, promoted on day {promoted}")
    assert len(promoted) == 1
    assert promoted[0] > DRIFT
    assert watch.champion.line == "main"
    assert not watch.champion.frozen


@pytest.mark.parametrize("seed", range(20))
def test_in_a_world_that_stands_still_nothing_is_promoted(seed: int) -> None:
    """A change of models for nothing is risk for nothing; twenty worlds, not one promotion."""
    watch = lived(seed=seed, days=160).watch

    assert days_of(watch, "promoted") == []
    assert days_of(watch, "rolled_back") == []


@pytest.mark.parametrize("seed", range(3))
def test_a_line_that_is_fed_lies_is_never_promoted(seed: int) -> None:
    """Labels can be poisoned; evidence is of outcomes that the line did not make."""
    watch = lived(seed=seed, days=200, drift_day=DRIFT, lies_from_day=70).watch

    assert days_of(watch, "promoted") == []
    assert watch.champion.frozen is not None


def test_a_champion_that_is_fed_lies_falls_back_to_the_last_good_one() -> None:
    """What learns can be spoilt; the snapshot of before cannot."""
    watch = lived(seed=1, days=200, freeze_day=None, lies_from_day=100).watch

    assert len(days_of(watch, "rolled_back")) == 1
    assert days_of(watch, "promoted") == []
    assert watch.champion.frozen == watch.champion.served


def test_a_champion_that_follows_a_drift_does_not_fall_back() -> None:
    """The last good snapshot of the old world is no good in the new one."""
    watch = lived(seed=2, days=200, drift_day=DRIFT, freeze_day=None).watch

    assert days_of(watch, "rolled_back") == []
    assert watch.champion.line == "main"


def test_a_risk_model_is_never_promoted_without_two_people() -> None:
    """Who is declined is a matter of the bank's, however strong the evidence."""
    head = lived(seed=2, days=220, drift_day=DRIFT, is_risk=True)
    watch = head.watch
    contest = watch.champion.contests["main"]

    assert contest.is_won
    assert watch.verdict("main", head.lines["main"]).unmet == ("people",)
    assert days_of(watch, "promoted") == []

    watch.obey(an_order(), head.lines, scorer_of=Frozen)
    watch.serve(200 * DAY_MS, head.lines, canary=head.canary, scorer_of=Frozen)

    assert days_of(watch, "promoted") == [200]
    assert watch.champion.approved_by == ("li", "wang")
    assert watch.champion.served == watch.champion.frozen == head.model.to_data()


def a_snapshot(body: dict[str, object]) -> ModelSnapshot:
    return ModelSnapshot(
        name="drawn_30d",
        model_id="drawn_30d:0123456789abcdef",
        parent=None,
        sha256="0" * 64,
        schema_hash="0" * 16,
        learned=0,
        positives=0,
        calibrated=False,
        metrics={},
        body=body,
    )


def test_an_order_is_obeyed_once() -> None:
    """Examples come at least once, and so do orders: a second delivery must undo nothing."""
    head = lived(seed=3, days=70)
    order = an_order(order="rollback", line=None, approved_by=None)
    head.watch.obey(order, head.lines, scorer_of=Frozen)
    before = head.watch.to_data()

    head.watch.obey(order, head.lines, scorer_of=Frozen)

    assert head.watch.to_data() == before
    assert len(days_of(head.watch, "rolled_back")) == 1


def test_after_a_freeze_nothing_changes_by_itself_until_people_say_so() -> None:
    """In a crisis the model must be the one thing that stands still."""
    head = Head(Watch(FEATURES, lines=LINES))
    head.live(World.of(seed=2, days=60), freeze_day=None)
    freeze = an_order(order="freeze", line=None, approved_by=None, at_ms=60 * DAY_MS)
    head.watch.obey(freeze, head.lines, scorer_of=Frozen)
    frozen = head.watch.champion.frozen

    head.live(World.of(seed=2, days=220, drift_day=DRIFT), freeze_day=None)

    assert head.watch.champion.contests["main"].is_won
    assert head.watch.champion.served == frozen
    assert "automatic" in head.watch.verdict("main", head.lines["main"]).unmet


def test_an_order_that_cannot_be_obeyed_changes_nothing_and_says_why() -> None:
    """The person who ordered sleeps better with a refusal than with silence."""
    head = lived(seed=3, days=70)
    served = head.watch.champion.served

    head.watch.obey(an_order(line="rivers"), head.lines, scorer_of=Frozen)

    assert head.watch.champion.served == served
    assert head.watch.diary.totals == {"order_refused": 1}
    assert "no line 'rivers'; there are main" in head.watch.diary.events[-1].about


def test_a_line_whose_bits_differ_between_machines_is_not_obeyed_into_service() -> None:
    """A replay on another machine would decide otherwise, and nobody would know why."""
    head = lived(seed=3, days=70)
    shadow = Standing(progress=head.progress, same_bits=False, body=head.model.to_data)

    head.watch.obey(an_order(), {"main": shadow}, scorer_of=Frozen)

    assert head.watch.diary.totals == {"order_refused": 1}


def test_a_snapshot_that_jumps_does_not_serve_and_the_one_before_does() -> None:
    """One poisoned batch must not reach a single decision."""
    head = lived(seed=3, days=200, freeze_day=None)
    served = head.watch.champion.served
    for row in np.random.default_rng(0).normal(size=(3_000, len(FEATURES))).astype(np.float32):
        head.model.learn_row(row, True)

    body = head.watch.serve(201 * DAY_MS, head.lines, canary=head.canary, scorer_of=Frozen)

    assert body == served
    assert days_of(head.watch, "snapshot_refused") == [201]


def test_a_line_that_was_refused_serves_again_once_it_is_shown_to_be_better() -> None:
    """A world that jumped must not leave the old snapshot in service for ever."""
    head = lived(seed=3, days=200, freeze_day=None)
    served = head.watch.champion.served
    for row in np.random.default_rng(0).normal(size=(3_000, len(FEATURES))).astype(np.float32):
        head.model.learn_row(row, True)
    at_ms = 200 * DAY_MS
    assert served == head.watch.serve(at_ms, head.lines, canary=head.canary, scorer_of=Frozen)

    for i in range(1_000):
        scores = {"outcome": i % 10 > 0, "scores": {"main": 0.9}, "served": 0.1, "last_good": 0.1}
        head.watch.settled(Settled(opened_at_ms=at_ms, bins=None, **scores))
    body = head.watch.serve(at_ms, head.lines, canary=head.canary, scorer_of=Frozen)

    assert body == head.model.to_data()
    assert "shown to be better" in head.watch.diary.events[-1].about


def test_a_young_line_may_move_as_it_learns_but_must_score() -> None:
    """The first hundred positives move every score; that is learning, not an accident."""
    head = lived(seed=3, days=45, freeze_day=None)
    assert head.progress.positives < POSITIVES_NEEDED
    for row in np.random.default_rng(0).normal(size=(3_000, len(FEATURES))).astype(np.float32):
        head.model.learn_row(row, True)

    body = head.watch.serve(46 * DAY_MS, head.lines, canary=head.canary, scorer_of=Frozen)
    assert body == head.model.to_data()

    head.model._weights._state[:] = np.nan
    assert body == head.watch.serve(47 * DAY_MS, head.lines, canary=head.canary, scorer_of=Frozen)
    assert "no probability" in head.watch.diary.events[-1].about


def test_rows_of_the_champion_before_say_nothing_about_this_one() -> None:
    """Rows mature weeks after they were scored: those of the predecessor must not be counted."""
    head = lived(seed=3, days=70)
    at_ms = 70 * DAY_MS
    head.watch.champion.crown(at_ms, line=None, frozen=head.model.to_data())
    row = {"outcome": True, "scores": {"main": 0.9}, "served": 0.1, "last_good": 0.1, "bins": None}

    head.watch.settled(Settled(opened_at_ms=at_ms - 1, **row))
    assert head.watch.champion.contests["main"].rows == 0
    head.watch.settled(Settled(opened_at_ms=at_ms, **row))
    assert head.watch.champion.contests["main"].rows == 1


def test_stopped_and_resumed_the_watch_is_the_same() -> None:
    """A restart that forgets evidence would promote late, one that doubles it too early."""
    head = lived(seed=2, days=120, drift_day=DRIFT)

    data = json.loads(json.dumps(head.watch.to_data()))

    assert Watch.from_data(data, is_risk=False).to_data() == head.watch.to_data()


def test_an_order_carries_a_whole_snapshot_of_its_model_or_is_none() -> None:
    """A risk model that is promoted as a propensity would approve everyone."""
    with pytest.raises(ValueError, match="an order about dpd30_mob3 needs a snapshot of it"):
        an_order(model="dpd30_mob3", line=None, snapshot=a_snapshot({}))


@pytest.mark.parametrize("approved_by", [None, "li"])
def test_one_person_alone_promotes_nothing(approved_by: str | None) -> None:
    """Four eyes are two people, not one with two keys."""
    with pytest.raises(ValueError, match="a promotion needs two people"):
        an_order(approved_by=approved_by)


def test_a_risk_head_does_not_fall_back_by_itself_to_what_nobody_approved() -> None:
    """However much better it is: who is declined by what is two people's to say."""
    worse = {"challengers": {}, "outcome": True, "score": 0.1, "last_good": 0.9}
    for people, falls_back in (((), False), (("li", "wang"), True)):
        head = Head(Watch(FEATURES, lines=LINES, is_risk=True))
        champion = head.watch.champion
        champion.crown(0, line=None, frozen={"body": "old"}, approved_by=people)
        champion.serves(0, {"body": "old"})
        champion.crown(1, line=None, frozen={"body": "new"}, approved_by=("zhao", "qian"))
        champion.serves(1, {"body": "new"})
        for _ in range(200):
            champion.add(opened_at_ms=2, **worse)
        assert champion.last_good is not None
        assert champion.last_good.should_serve

        head.watch._change_by_itself(3, head.lines, head.canary, Frozen)

        assert (champion.frozen == {"body": "old"}) is falls_back
        assert champion.approved_by == (people or ("zhao", "qian"))
