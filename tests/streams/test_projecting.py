"""The view: what it shows, that it waits for Redis alone, and that it is built again when lost."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest
import redis
from prometheus_client import CollectorRegistry

from adapters.errors import ViewLostError
from adapters.local_valkey import LocalValkey
from adapters.metrics import Metrics
from adapters.redis_view import CARD, FEATURES, PLACE, RedisView, ViewPlace, ViewWrite
from contracts.conversions import LoanStateChanged
from contracts.decisions import Reason
from contracts.topics import Topic
from engine.codec import encode_subject
from engine.partition import PartitionFacts
from engine.subject import SubjectState
from features import NAMES, SCHEMA_HASH, LogEvent, look, permitted_use, update
from features.kinds import CODES
from streams.microbatch import RecordBatch
from streams.project import ProjectWork, ViewHealth
from streams.projection import FEATURES_LIVE_SECONDS
from streams.settings import StreamSettings
from streams.state_log import Mark, mark_key, part_key, subject_key
from tests.streams.fakes import a_batch, a_fetched
from tests.support.records import a_decision

DAY_MS = 86_400_000
START_MS = 1_790_000_000_000


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


def a_state(inflow_minor: int, *, at_ms: int = START_MS) -> SubjectState:
    posting = LogEvent(at_ms, CODES["salary"], 0, inflow_minor, inflow_minor, 0, 0, 0, at_ms)
    state = SubjectState()
    state.log = update(state.log, [posting], at_ms)
    return state


Written = tuple[bytes, bytes]


def a_transaction(seq: int, *, clock_ms: int = START_MS, **states: SubjectState) -> list[Written]:
    """What `decide` writes at once: subjects, the partition, and the mark that all of it stands."""
    facts = PartitionFacts(partition=0, seq=seq, clock_ms=clock_ms)
    return [
        *((subject_key(name), encode_subject(state)) for name, state in states.items()),
        (part_key("partition"), msgspec.json.encode(facts)),
        (mark_key("states"), Mark(seq=seq, journal_offset=seq, build="b").encode()),
    ]


class FlakyView:
    """A view in memory that is away for its first calls."""

    def __init__(self, *, away: int = 0) -> None:
        self.away = away
        self.hashes: dict[str, dict[str, str]] = {}
        self.lives: dict[str, int | None] = {}
        self.places: dict[int, ViewPlace] = {}

    def _answer(self) -> None:
        if self.away > 0:
            self.away -= 1
            raise redis.ConnectionError("nobody there")

    def place(self, partition: int) -> ViewPlace | None:
        self._answer()
        return self.places.get(partition)

    def begin(self, partition: int, place: ViewPlace) -> None:
        self._answer()
        self.places[partition] = place

    def write(
        self,
        writes: Sequence[ViewWrite],
        *,
        partition: int,
        owner: str,
        next_offsets: Mapping[str, int],
    ) -> None:
        self._answer()
        place = self.places.get(partition)
        if place is None or place.owner != owner:
            raise ViewLostError("another view")
        for write in writes:
            if write.lives_seconds is not None:
                self.hashes.pop(write.key, None)
            self.hashes.setdefault(write.key, {}).update(write.fields)
            self.lives[write.key] = write.lives_seconds
        self.places[partition] = replace(place, next_offsets={**place.next_offsets, **next_offsets})


@dataclass
class FakeSource:
    """A Kafka of which the group has read so far."""

    name: str = "k-1"
    read: dict[Topic, int] = field(default_factory=dict)

    def cluster(self) -> str:
        return self.name

    def committed(self, topic: Topic) -> int:
        return self.read.get(topic, 0)


class Rig:
    def __init__(
        self, view: FlakyView | RedisView, *, source: FakeSource | None = None, begun: bool = True
    ) -> None:
        self.pauses: list[float] = []
        self.seconds = 0.0
        self.health = ViewHealth()
        self.metrics = Metrics(CollectorRegistry())
        self.work = ProjectWork(
            0,
            settings=StreamSettings(bootstrap="none:1"),
            view=view,
            metrics=self.metrics,
            health=self.health,
            source=source or FakeSource(),
            pause_between=self._pause,
            monotonic=lambda: self.seconds,
        )
        self.well_while_away: list[bool] = []
        self.began_at = self.work.recover() if begun else {}

    def _pause(self, hurried: threading.Event, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.well_while_away.append(self.health.is_well)
        return hurried.is_set()

    def apply(self, *changes: bytes, first: int = 0) -> Mapping[Topic, int]:
        return self.work.apply([a_batch(changes, topic=Topic.CONVERSIONS, first=first)])

    def follow(self, records: Sequence[Written], *, first: int = 0) -> Mapping[Topic, int]:
        return self.work.apply([a_piece(records, first=first)])


def a_piece(records: Sequence[Written], *, first: int = 0) -> RecordBatch:
    """A batch of the changelog."""
    batch = a_batch([value for _, value in records], topic=Topic.DECIDE_STATE, first=first)
    batch.records = [
        a_fetched(first + i, value, key=key, topic=Topic.DECIDE_STATE.value)
        for i, (key, value) in enumerate(records)
    ]
    return batch


def shown(view: FlakyView, customer: str = "c-1") -> dict[str, str]:
    return view.hashes[f"{FEATURES}{customer}"]


def test_a_view_that_is_away_is_asked_again_and_the_worker_is_not_ready() -> None:
    """Redis restarts; nothing may be lost, and a probe must see that the view is old."""
    rig = Rig(view := FlakyView())
    view.away = 9

    done = rig.apply(a_change(1, "drawn_active"))

    assert done == {Topic.CONVERSIONS: 0}
    assert view.hashes[f"{CARD}c-1"]["loan_state"] == "drawn_active"
    assert rig.pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert not any(rig.well_while_away)
    assert rig.health.is_well


def test_a_partition_that_leaves_does_not_wait_for_the_view() -> None:
    """A rebalance that waited for Redis would stop partitions that are well."""
    rig = Rig(view := FlakyView())
    view.away = 1_000_000
    rig.work.hurry()

    assert rig.apply(a_change(1, "applying")) == {}, "not written, so not acknowledged"
    assert rig.work.pause() == rig.began_at, "and read again from where it was"


def test_writing_a_batch_again_changes_nothing() -> None:
    """After a crash decisions come again; the newest must stand in the end."""
    rig = Rig(view := FlakyView())
    batch = [a_change(1, "approved_undrawn"), a_change(2, "drawn_active")]
    rig.apply(*batch)
    once = {key: dict(fields) for key, fields in view.hashes.items()}

    rig.apply(*batch)

    assert view.hashes == once
    assert once[f"{CARD}c-1"]["drawn_minor"] == "1000"


def test_features_are_those_of_the_state_at_its_own_place_to_the_last_bit() -> None:
    """A channel that scores from the view must see what `decide` would have seen there."""
    rig = Rig(view := FlakyView())
    clock_ms = START_MS + 40_000

    done = rig.follow(a_transaction(17, clock_ms=clock_ms, **{"c-1": (state := a_state(3))}))

    row = dict(zip(NAMES, look(state, clock_ms).tolist(), strict=True))
    fields = shown(view)
    assert done == {Topic.DECIDE_STATE: 2}
    assert {name: float(fields[name]).hex() for name in row if permitted_use(name)} == {
        name: value.hex() for name, value in row.items() if permitted_use(name)
    }
    assert {name: fields[name] for name in ("as_of_ms", "partition", "seq", "schema")} == {
        "as_of_ms": str(clock_ms),
        "partition": "0",
        "seq": "17",
        "schema": SCHEMA_HASH,
    }
    assert view.lives[f"{FEATURES}c-1"] == FEATURES_LIVE_SECONDS


def test_what_may_be_used_for_nothing_is_not_in_the_view() -> None:
    """Family ties and medical bills are known to the log, and nobody may act on them."""
    rig = Rig(view := FlakyView())
    rig.follow(a_transaction(1, **{"c-1": a_state(3)}))

    forbidden = [name for name in NAMES if not permitted_use(name)]
    assert forbidden
    assert not set(forbidden) & shown(view).keys()


def test_a_state_is_shown_only_when_it_is_known_where_it_stands() -> None:
    """Half a transaction says nothing yet; it is not acknowledged either, and comes again."""
    rig = Rig(view := FlakyView())
    whole = a_transaction(1, **{"c-1": a_state(3)}, clock_ms=START_MS + 1)

    assert rig.follow(whole[:2]) == {}
    assert f"{FEATURES}c-1" not in view.hashes
    assert rig.work.pause()[Topic.DECIDE_STATE] == 0
    assert rig.follow(whole) == {Topic.DECIDE_STATE: 2}
    assert shown(view)["inflow_sum_minor_7d"] == "3.0"


def test_of_many_states_in_one_batch_the_newest_is_written() -> None:
    """A role that is behind catches up: it need not show what is past already."""
    rig = Rig(view := FlakyView())
    first = a_transaction(1, **{"c-1": a_state(3), "c-2": a_state(5)})
    second = a_transaction(9, clock_ms=START_MS + DAY_MS, **{"c-1": a_state(8)})

    rig.follow([*first, *second])

    assert (shown(view)["inflow_sum_minor_7d"], shown(view)["seq"]) == ("8.0", "9")
    assert (shown(view, "c-2")["inflow_sum_minor_7d"], shown(view, "c-2")["seq"]) == ("5.0", "1")


def test_a_mark_whose_partition_was_compacted_away_waits_for_the_next_pair() -> None:
    """The cleaner takes one of two records first; a wrong time beside a state would be a lie."""
    rig = Rig(view := FlakyView())
    subject, _, old_mark = a_transaction(1, **{"c-1": a_state(3)})

    rig.follow([subject, old_mark])
    assert f"{FEATURES}c-1" not in view.hashes
    rig.follow(a_transaction(6, clock_ms=START_MS + 7), first=2)

    assert (shown(view)["seq"], shown(view)["as_of_ms"]) == ("6", str(START_MS + 7))


def test_a_worker_that_comes_back_goes_on_where_the_view_is() -> None:
    """Not where the group's offsets are: those may be ahead of it."""
    view = FlakyView()
    rig = Rig(view)
    rig.apply(a_change(1, "applying"), a_change(2, "drawn_active"), first=40)

    again = Rig(view, source=FakeSource(read={Topic.CONVERSIONS: 900}))

    assert again.began_at[Topic.CONVERSIONS] == 42
    assert again.began_at[Topic.DECISIONS] == 0


@pytest.mark.parametrize("what", ["emptied", "another Kafka"])
def test_a_view_that_is_lost_or_another_one_is_built_from_the_beginning(what: str) -> None:
    """Valkey keeps nothing over a restart; cards and features must come back by themselves."""
    view = FlakyView()
    Rig(view).apply(a_change(1, "applying"), first=40)
    if what == "emptied":
        view.places.clear()
    source = FakeSource(name="k-2") if what == "another Kafka" else FakeSource()

    again = Rig(view, source=source)

    assert set(again.began_at.values()) == {0}
    assert again.began_at.keys() == {Topic.DECISIONS, Topic.CONVERSIONS, Topic.DECIDE_STATE}


def test_a_view_that_is_emptied_under_a_worker_ends_it() -> None:
    """It must not go on as if the old cards were still there; its next start builds them."""
    rig = Rig(view := FlakyView())
    rig.apply(a_change(1, "applying"))
    view.places.clear()

    with pytest.raises(ViewLostError):
        rig.apply(a_change(2, "drawn_active"), first=1)


def test_a_view_that_is_emptied_while_nothing_happens_is_noticed_within_a_second() -> None:
    """At night no card changes for hours; in the morning they must all be there."""
    rig = Rig(view := FlakyView())
    rig.apply(a_change(1, "applying"))
    view.places.clear()

    rig.work.idle()  # the second is not over
    rig.seconds += 1
    with pytest.raises(ViewLostError):
        rig.work.idle()


def test_a_view_that_is_away_while_nothing_happens_ends_nobody() -> None:
    """There is nothing to write; the probe says that the view is not there."""
    rig = Rig(view := FlakyView())
    view.away = 1
    rig.seconds += 1

    rig.work.idle()
    assert not rig.health.is_well
    rig.seconds += 1
    rig.follow([(mark_key("outputs"), b"{}")])
    assert rig.health.is_well


def test_a_view_that_was_away_at_the_start_is_begun_when_it_comes() -> None:
    """Until then nothing is acknowledged: nobody knows what the view has."""
    view = FlakyView(away=3)
    rig = Rig(view)

    assert not rig.health.is_well
    with pytest.raises(ViewLostError, match="is there now"):
        rig.apply(a_change(1, "applying"))
    assert len(rig.pauses) == 2


def test_features_of_another_catalogue_are_all_made_anew() -> None:
    """After an upgrade an idle customer's hash must not say what the old catalogue said."""
    view = FlakyView()
    Rig(view).apply(a_change(1, "applying"), first=7)
    view.places[0] = replace(view.places[0], schema="old", next_offsets={
        **view.places[0].next_offsets, Topic.DECIDE_STATE.value: 50
    })  # fmt: skip

    again = Rig(view)

    assert again.began_at[Topic.DECIDE_STATE] == 0
    assert again.began_at[Topic.CONVERSIONS] == 8


def test_a_view_that_is_built_again_counts_nothing_twice() -> None:
    """Old drawdowns that are read again would look like the best day that the bank ever had."""
    rig = Rig(FlakyView(), source=FakeSource(read={Topic.CONVERSIONS: 2}))

    rig.apply(*(a_change(number, "drawn_active") for number in range(3)))

    counted: Any = rig.metrics.conversions.labels(kind="first")
    assert counted._value.get() == 1


def test_reasons_that_were_tried_and_unusual_customers_are_counted() -> None:
    """The alarms on untrue reasons and on a wave of takeovers stand on these counts."""
    rig = Rig(FlakyView())
    known: dict[str, Any] = {
        "code": "age_unknown", "text_zh": "一", "text_en": "one", "source": "rule",
        "feature": "age_years", "value": None, "threshold": None, "direction": "missing",
        "contribution": 1, "disclosable": True,
    }  # fmt: skip
    marks = (True, True, False, None)
    reasons = tuple(Reason(**known, faithful=mark) for mark in marks)
    decisions = [
        a_decision(at_ms=1, reasons=reasons, anomaly="alert").model_dump_json().encode(),
        a_decision(at_ms=2).model_dump_json().encode(),
    ]

    rig.work.apply([a_batch(decisions, topic=Topic.DECISIONS)])

    counted = rig.metrics.registry.get_sample_value
    flips, grades = "shouwen_reason_flips_total", "shouwen_anomalies_total"
    assert counted(flips, {"result": "improved"}) == 2
    assert counted(flips, {"result": "unchanged"}) == 1
    assert counted(grades, {"grade": "alert"}) == 1
    assert counted(grades, {"grade": "normal"}) == 1


@pytest.mark.kafka
def test_the_view_is_in_redis_under_the_prefix(valkey: LocalValkey) -> None:
    """Channels look cards up by key; two deployments must not see each other."""
    view = RedisView(valkey.url, prefix="uat:")
    rig = Rig(view)
    rig.apply(a_change(5, "settled"))
    rig.follow(a_transaction(4, **{"c-1": a_state(3)}))

    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        assert client.hget(f"uat:{CARD}c-1", "loan_state") == "settled"
        assert client.hget(f"uat:{FEATURES}c-1", "inflow_sum_minor_7d") == "3.0"
        assert 0 < client.ttl(f"uat:{FEATURES}c-1") <= FEATURES_LIVE_SECONDS
        assert client.ttl(f"uat:{CARD}c-1") == -1
        assert client.hget(f"uat:{PLACE}0", "next:conversions.v1") == "1"
        client.delete(*client.keys("uat:*"))
        with pytest.raises(ViewLostError):
            rig.apply(a_change(6, "settled"), first=1)
        assert client.keys("uat:*") == [], "nothing is left on a view that is not whole"
    view.close()
