"""Promises of what serves: risk waits for two people, and an order is obeyed once."""

from functools import cache
from typing import Any, get_args

import pytest

from contracts.model_names import ModelName
from contracts.model_orders import ModelOrder
from contracts.snapshots import ModelSnapshot, SnapshotRecord
from models import POLICIES, Learner, SnapshotError, load_scorer
from models.canonical import sha256_of
from models.heads import RiskServing
from tests.models.given import DAY_MS, a_history, a_row

RISK = tuple(name for name, policy in POLICIES.items() if policy.is_risk)
HISTORY = a_history(300, seed=4, labels=("drawn_30d", "dpd30_mob3"))


@cache
def checkpoint(risk_serving: RiskServing) -> tuple[dict[str, Any], str]:
    """Return a learner's state after loans that have matured."""
    learner = Learner(risk_serving=risk_serving)
    for example in HISTORY:
        learner.apply(example)
    learner.advance(learner.clock_ms + 200 * DAY_MS)
    return learner.to_checkpoint(), learner.state_sha256()


def a_learned(
    risk_serving: RiskServing = "approved", *, then: RiskServing | None = None
) -> Learner:
    """Return a learner of matured loans; it may be started again with another setting."""
    data, sha256 = checkpoint(risk_serving)
    return Learner.from_checkpoint(data, sha256=sha256, risk_serving=then or risk_serving)


def an_order(order: str = "promote", **changes: Any) -> ModelOrder:
    """Return two people's order to promote the main line of the first bucket."""
    fields: dict[str, Any] = {
        "order_id": "o-1", "order": order, "model": "dpd30_mob3", "asked_by": "li",
        "approved_by": "wu", "reason": "calibrated since May", "at_ms": 1_800_000_000_000,
    }  # fmt: skip
    if order == "promote":
        fields["line"] = "main"
    return ModelOrder(**(fields | changes))


def taken(learner: Learner) -> SnapshotRecord:
    """Return the next snapshot."""
    record = learner.snapshot(learner.clock_ms, examples_offset=0)
    assert record is not None
    return record


def named(snapshots: tuple[ModelSnapshot, ...]) -> dict[str, ModelSnapshot]:
    """Return snapshots by the name of their model."""
    return {snapshot.name: snapshot for snapshot in snapshots}


def test_a_risk_model_that_nobody_approved_does_not_serve() -> None:
    """A model that declines people is not let loose by a rule."""
    record = taken(a_learned())

    assert "drawn_30d" in named(record.snapshots)
    assert not set(RISK) & set(named(record.snapshots))


def test_people_see_what_they_are_asked_to_approve() -> None:
    """The candidate is a whole snapshot: hash, measures, body."""
    candidate = named(taken(a_learned()).candidates)["dpd30_mob3"]

    assert load_scorer(candidate).score(a_row()) > 0
    assert candidate.metrics["rows"] == 300.0


def test_two_people_let_a_risk_model_serve_frozen_and_their_names_go_with_it() -> None:
    """What was looked at is what serves, until two people say otherwise."""
    learner = a_learned()
    candidate = named(taken(learner).candidates)["dpd30_mob3"]
    learner.obey(an_order())
    assert learner.snapshot_due(learner.clock_ms)

    served = named(taken(learner).snapshots)["dpd30_mob3"]

    assert served.sha256 == candidate.sha256
    assert served.approved_by == ("li", "wu")


def test_an_order_that_comes_twice_is_obeyed_once() -> None:
    """Orders come at least once, like everything on a topic."""
    learner, other = a_learned(), a_learned()
    for one, times in ((learner, 1), (other, 3)):
        for _ in range(times):
            one.obey(an_order())

    assert other.heads.to_data() == learner.heads.to_data()


def test_an_order_is_kept_by_a_learner_that_is_killed_behind_it() -> None:
    """The checkpoint holds the result, so that a restart does not undo what people said."""
    learner = a_learned()
    learner.obey(an_order())
    resumed = Learner.from_checkpoint(learner.to_checkpoint(), sha256=learner.state_sha256())

    assert named(taken(resumed).snapshots)["dpd30_mob3"].approved_by == ("li", "wu")


def test_an_order_before_the_first_rows_waits_for_them() -> None:
    """A freeze that was asked for on the first day must not be forgotten on the second."""
    learner = Learner()
    learner.obey(an_order("freeze", model="drawn_30d"))
    for example in HISTORY:
        learner.apply(example)

    said = [event.kind for event in learner.head("drawn_30d").watch.diary.events]
    assert said[0] == "order_refused"  # nothing serves yet that could be frozen


def test_in_a_demonstration_risk_serves_as_it_learns_and_has_no_names() -> None:
    """Decisions then say that nobody approved it."""
    served = named(taken(a_learned("live")).snapshots)["dpd30_mob3"]

    assert served.approved_by == ()


@pytest.mark.parametrize(("before", "then"), [("live", "approved"), ("approved", "live")])
def test_the_setting_counts_from_the_next_start(before: RiskServing, then: RiskServing) -> None:
    """A demonstration that becomes a bank must not go on serving what nobody approved."""
    record = taken(a_learned(before, then=then))

    assert ("dpd30_mob3" in named(record.snapshots)) is (then == "live")


def test_what_two_people_approved_serves_whatever_the_setting() -> None:
    """A setting is not stronger than two people."""
    learner = a_learned()
    learner.obey(an_order())
    data, sha256 = learner.to_checkpoint(), learner.state_sha256()
    for setting in get_args(RiskServing):
        resumed = Learner.from_checkpoint(data, sha256=sha256, risk_serving=setting)
        assert named(taken(resumed).snapshots)["dpd30_mob3"].approved_by == ("li", "wu")


def test_what_is_only_measured_does_not_serve() -> None:
    """Retained flow and complaints move no decision, so their models do not travel."""
    learner = Learner()
    for example in a_history(300, seed=4, labels=("retained_flow_30d", "complaint_30d")):
        learner.apply(example)
    learner.advance(learner.clock_ms + 60 * DAY_MS)

    assert taken(learner).snapshots == ()
    assert learner.metrics("complaint_30d")["rows"] == 300.0


# What holds for every head.


HEADS = [head.name for head in a_learned().heads.all()]


def test_every_model_that_has_a_name_has_a_head() -> None:
    """A head that is left out here would be checked by nothing below."""
    assert set(HEADS) == set(get_args(ModelName)) - {"dpd30"}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_is_resumed_to_the_bit(name: str) -> None:
    """Weights, measures, bets, diary: what a head knows is in its data."""
    learner = a_learned()
    resumed = Learner.from_checkpoint(learner.to_checkpoint(), sha256=learner.state_sha256())
    for one in (learner, resumed):
        for example in a_history(60, seed=9, labels=tuple(POLICIES)):
            one.apply(example.model_copy(update={"partition": 5, "at_ms": example.at_ms + DAY_MS}))
    heads = [
        next(head for head in one.heads.all() if head.name == name) for one in (learner, resumed)
    ]

    assert heads[0].to_data() == heads[1].to_data()


@pytest.mark.parametrize("name", HEADS)
def test_asking_a_head_how_good_it_is_changes_nothing(name: str) -> None:
    """Reading is reading, also for models."""
    head = next(head for head in a_learned().heads.all() if head.name == name)
    before = head.to_data()
    head.metrics()
    _ = head.steps

    assert head.to_data() == before


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_row_without_numbers_or_with_infinite_ones_teaches_nothing(name: str) -> None:
    """One infinite value would be in every weight for ever."""
    learner = a_learned()
    before = learner.heads.to_data()["heads"]
    row = a_row()
    row[3] = float("inf")
    for hex_ in (row.astype("<f4").tobytes().hex(), "", None):
        opened = next(example for example in HISTORY if example.status == "opened")
        learner.apply(
            opened.model_copy(
                update={
                    "row_id": f"r-{hex_ and len(hex_)}", "row_hex": hex_, "partition": 9,
                    "label_names": (name,), "kind": POLICIES[name].row_kind,
                }
            )
        )  # fmt: skip

    assert learner.heads.to_data()["heads"] == before


# What one person alone may do.


@pytest.mark.parametrize("order", ["rollback", "freeze"])
def test_one_person_lets_no_risk_model_serve_that_never_did(order: str) -> None:
    """The way back is one person's at night; a candidate is no way back."""
    learner = a_learned()
    candidate = named(taken(learner).candidates)["dpd30_mob3"]

    learner.obey(an_order(order, snapshot=candidate, approved_by=None))

    assert "dpd30_mob3" not in named(taken(learner).snapshots)
    about = learner.head("dpd30_mob3").watch.diary.events[-1].about
    assert "never served" in about


@pytest.mark.parametrize("people", [None, "wu"])
def test_a_body_that_is_not_what_its_hash_says_never_serves(people: str | None) -> None:
    """Whoever can write to the topic must not be able to write a model."""
    learner = a_learned()
    candidate = named(taken(learner).candidates)["dpd30_mob3"]
    forged = candidate.model_copy(update={"body": candidate.body | {"bias": (9.0).hex()}})
    order = "rollback" if people is None else "promote"

    learner.obey(an_order(order, line=None, snapshot=forged, approved_by=people))

    assert "dpd30_mob3" not in named(taken(learner).snapshots)
    assert "its hash" in learner.head("dpd30_mob3").watch.diary.events[-1].about


def test_one_person_goes_back_to_what_two_approved_and_their_names_come_back_with_it() -> None:
    """Names belong to a body: those of the next one must not be on it."""
    learner = a_learned()
    learner.obey(an_order())
    first = named(taken(learner).snapshots)["dpd30_mob3"]
    for example in a_history(60, seed=9, labels=("dpd30_mob3",)):
        learner.apply(example.model_copy(update={"partition": 5}))
    learner.obey(an_order(order_id="o-2", asked_by="zhao", approved_by="qian"))
    second = named(taken(learner).snapshots)["dpd30_mob3"]
    assert (second.model_id != first.model_id, second.approved_by) == (True, ("zhao", "qian"))

    learner.obey(an_order("rollback", order_id="o-3", snapshot=first, approved_by=None))
    back = named(taken(learner).snapshots)["dpd30_mob3"]

    assert (back.model_id, back.approved_by) == (first.model_id, ("li", "wu"))


def test_an_order_does_not_make_rows_mature() -> None:
    """Behind a backlog it is given months after the rows that come next: they are still open."""
    learner = a_learned()
    before = learner.clock_ms

    learner.obey(an_order("freeze", at_ms=before + 400 * DAY_MS))

    assert learner.clock_ms == before
    assert learner.head("dpd30_mob3").watch.champion.since_ms in (None, before)


def test_the_same_body_is_sent_again_once_people_stand_behind_it() -> None:
    """Decisions would say "nobody approved it" for as long as the model serves."""
    learner = a_learned("live")
    first = named(taken(learner).snapshots)["dpd30_mob3"]

    learner.obey(an_order())
    again = named(taken(learner).snapshots)["dpd30_mob3"]

    assert (again.model_id, again.approved_by) == (first.model_id, ("li", "wu"))


@pytest.mark.parametrize(
    "changes",
    [
        {"bias": "inf"},
        {"calibration": {"slope": (-1.0).hex(), "shift": (0.0).hex()}},
        {"format": "linear-ftrl/0"},
    ],
)
def test_the_learner_lets_nothing_serve_that_decisions_would_refuse(
    changes: dict[str, Any],
) -> None:
    """They would go on with the one before, while the learner takes the new one for served."""
    learner = a_learned()
    candidate = named(taken(learner).candidates)["dpd30_mob3"]
    body = candidate.body | changes
    sha256 = sha256_of(body)
    ids = {"sha256": sha256, "model_id": f"dpd30_mob3:{sha256[:16]}"}
    broken = candidate.model_copy(update={"body": body} | ids)
    with pytest.raises(SnapshotError):
        load_scorer(broken)

    learner.obey(an_order(line=None, snapshot=broken))

    assert "dpd30_mob3" not in named(taken(learner).snapshots)
    assert learner.head("dpd30_mob3").watch.diary.totals["order_refused"] == 1
