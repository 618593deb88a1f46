"""The view: what it shows, that it waits for Redis alone, and that a rebuild gives the same."""

import threading
from collections.abc import Mapping, Sequence

import pytest
import redis
from prometheus_client import CollectorRegistry

from adapters.local_valkey import LocalValkey
from adapters.metrics import Metrics
from adapters.redis_view import CARD, RedisView, ViewWrite
from contracts.conversions import LoanStateChanged
from contracts.topics import Topic
from streams.project import ProjectWork, ViewHealth
from streams.settings import StreamSettings
from tests.streams.fakes import a_batch


def a_change(number: int, to_state: str) -> bytes:
    change = LoanStateChanged.model_validate(
        {
            "conversion_id": f"v-{number}",
            "subject_id": "c-1",
            "partition": 0,
            "seq": number,
            "at_ms": number,
            "occurred_at_ms": number,
            "from_state": "applying",
            "to_state": to_state,
            "conversion": "first" if to_state == "drawn_active" else None,
            "days_in_previous_state": 3,
            "loan_id": "l-1",
            "drawn_minor": 1_000 if to_state == "drawn_active" else None,
            "attributed_decision_ids": (),
            "flagged_decision_id": None,
            "flagged_at_ms": None,
            "risk_band_at_decision": None,
        }
    )
    return change.model_dump_json().encode()


class FlakyView:
    """A view that is away for its first writes."""

    def __init__(self, *, away: int) -> None:
        self.away = away
        self.cards: dict[str, dict[str, str]] = {}

    def write(self, writes: Sequence[ViewWrite]) -> None:
        if self.away > 0:
            self.away -= 1
            raise redis.ConnectionError("nobody there")
        for key, fields in writes:
            self.cards.setdefault(key, {}).update(fields)


class Rig:
    def __init__(self, view: FlakyView | RedisView) -> None:
        self.pauses: list[float] = []
        self.health = ViewHealth()
        self.metrics = Metrics(CollectorRegistry())
        self.work = ProjectWork(
            0,
            settings=StreamSettings(bootstrap="none:1"),
            view=view,
            metrics=self.metrics,
            health=self.health,
            pause_between=self._pause,
        )
        self.well_while_away: list[bool] = []

    def _pause(self, hurried: threading.Event, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.well_while_away.append(self.health.is_well)
        return hurried.is_set()

    def apply(self, *changes: bytes) -> Mapping[Topic, int]:
        return self.work.apply([a_batch(changes, topic=Topic.CONVERSIONS)])


def test_a_view_that_is_away_is_asked_again_and_the_worker_is_not_ready() -> None:
    """Redis restarts; nothing may be lost, and a probe must see that the view is old."""
    rig = Rig(view := FlakyView(away=9))

    done = rig.apply(a_change(1, "drawn_active"))

    assert done == {Topic.CONVERSIONS: 0}
    assert view.cards[f"{CARD}c-1"]["loan_state"] == "drawn_active"
    assert rig.pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert not any(rig.well_while_away)
    assert rig.health.is_well


def test_a_partition_that_leaves_does_not_wait_for_the_view() -> None:
    """A rebalance that waited for Redis would stop partitions that are well."""
    rig = Rig(FlakyView(away=1_000_000))
    rig.work.hurry()

    assert rig.apply(a_change(1, "applying")) == {}, "not written, so not acknowledged"


def test_writing_a_batch_again_changes_nothing() -> None:
    """After a crash decisions come again; the newest must stand in the end."""
    rig = Rig(view := FlakyView(away=0))
    batch = [a_change(1, "approved_undrawn"), a_change(2, "drawn_active")]
    rig.apply(*batch)
    once = {key: dict(fields) for key, fields in view.cards.items()}

    rig.apply(*batch)

    assert view.cards == once
    assert once[f"{CARD}c-1"]["drawn_minor"] == "1000"


@pytest.mark.kafka
def test_the_view_is_in_redis_under_the_prefix(valkey: LocalValkey) -> None:
    """Channels look cards up by key; two deployments must not see each other."""
    view = RedisView(valkey.url, prefix="uat:")
    Rig(view).apply(a_change(5, "settled"))
    view.close()

    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        assert client.hget(f"uat:{CARD}c-1", "loan_state") == "settled"
