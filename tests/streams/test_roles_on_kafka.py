"""The roles on real Kafka: poison, recorded time, two workers, another build."""

import hashlib
import json
from collections import Counter

import pytest

from contracts.clock import Tick
from contracts.dead_letters import HEADER, DeadLetter
from contracts.ids import partition_of
from contracts.journal import Entry
from contracts.slices import HEADER as SLICE_HEADER
from contracts.slices import SliceStamp
from contracts.topics import SOURCES, Topic
from streams.changelog import header_of
from tests.streams.stand import Stand, a_payment, eventually, running
from tests.streams.test_frontdoor import POISON

pytestmark = pytest.mark.kafka


def test_every_poison_is_in_the_dead_letters_exactly_once_and_whole(stand: Stand) -> None:
    """The partition moves on, and somebody can look at the very bytes, also after kills."""
    sequence = stand.role("sequence")
    wanted: Counter[tuple[bytes | None, str, str]] = Counter()
    with running(sequence):
        for name, (record, reason) in sorted(POISON.items()):
            if record.topic is not Topic.TRANSACTIONS or name == "from the future":
                continue
            value = record.value or None  # Kafka's client sends no bytes as none at all
            partition = record.partition % stand.settings.partitions
            stand.send(record.topic, value, key=record.key or None, partition=partition)
            wanted[(record.key or None, in_short(value), reason)] += 1
        stand.pay(100)
        assert eventually(lambda: stand.events_in_journal() >= stand.sent)
        sequence.kill()
        sequence.start()
        stand.pay(50)
        assert eventually(lambda: stand.events_in_journal() >= stand.sent)
        assert sequence.stop() == 0

    found: Counter[tuple[bytes | None, str, str]] = Counter()
    places = set()
    for records in stand.read_all(Topic.DEAD_LETTERS):
        for record in records:
            letter = DeadLetter.model_validate_json(header_of(record, HEADER) or b"")
            found[(record.key(), in_short(record.value()), letter.reason)] += 1
            places.add((letter.source_partition, letter.source_offset))
    assert found == wanted
    assert len(places) == sum(wanted.values())
    assert stand.events_in_journal() == stand.sent == 150


def in_short(value: bytes | None) -> str:
    """A value's length and hash: 5 MB in an assertion's message help nobody."""
    return "none" if value is None else f"{len(value)}:{hashlib.sha256(value).hexdigest()[:12]}"


def test_poison_alone_is_not_buried_twice_by_a_restart(stand: Stand) -> None:
    """A batch without a single good record must be remembered too."""
    sequence = stand.role("sequence")
    for _ in range(5):
        stand.send(Topic.CONSENTS, b"{bad", key=b"c-1", partition=0)
    stand.flush()

    def buried() -> int:
        return sum(map(len, stand.read_all(Topic.DEAD_LETTERS)))

    with running(sequence):
        assert eventually(lambda: buried() == 5)
        for _ in range(2):
            sequence.kill()
            sequence.start()
            assert eventually(sequence.is_ready)
        stand.pay(20)
        assert eventually(lambda: stand.events_in_journal() == 20)
        assert sequence.stop() == 0
    assert buried() == 5


def publish_recording(stand: Stand, *, slices: int) -> list[tuple[int, int, Topic, str]]:
    """Send a recording; return (known_at, slice, topic, event id) of each event in its order."""
    sent: list[tuple[int, int, Topic, str]] = []
    partitions = stand.settings.partitions
    for number in range(slices):
        for step in range(12):
            known_at_ms = number * 1_000 + (step * 37) % 900
            customer, event_id = f"c-{step}", f"e-{number}-{step}"
            stamp = SliceStamp(slice_no=number, known_at_ms=known_at_ms)
            stand.send(
                Topic.TRANSACTIONS,
                a_payment(step, customer, event_id=event_id),
                key=customer.encode(),
                partition=partition_of(customer, partitions),
                headers=[(SLICE_HEADER, stamp.pack())],
            )
            sent.append((known_at_ms, number, Topic.TRANSACTIONS, event_id))
        for partition in range(partitions):
            end = SliceStamp(slice_no=number, known_at_ms=number * 1_000 + 999)
            stand.send(
                Topic.CLOCK,
                Tick(slice_no=number).model_dump_json().encode(),
                partition=partition,
                headers=[(SLICE_HEADER, end.pack())],
            )
            for topic in SOURCES:
                if topic is Topic.CONTROL and number:
                    continue
                marker = SliceStamp(
                    slice_no=number,
                    known_at_ms=end.known_at_ms,
                    marker=True,
                    await_control=number == 0,
                )
                stand.send(
                    topic, None, partition=partition, headers=[(SLICE_HEADER, marker.pack())]
                )
    stand.flush()
    return sent


def told(entries: list[Entry]) -> list[tuple[int, str]]:
    return [
        (entry.at_ms, json.loads(entry.value)["event_id"])
        for entry in entries
        if entry.topic is Topic.TRANSACTIONS
    ]


def test_a_recording_is_appended_in_its_own_order_through_kills(stand: Stand) -> None:
    """A backtest's journal must not tell when the worker died, nor how the fetches came."""
    sequence = stand.role("sequence", settings={"clock": "recorded", "max_batch": 5})
    sent = publish_recording(stand, slices=30)
    with running(sequence):
        assert eventually(lambda: stand.events_in_journal() > 20)
        sequence.kill()
        sequence.start()
        assert eventually(lambda: sum(map(len, stand.journals())) >= 30 * (12 + 4))
        assert sequence.stop() == 0

    homes = {f"e-{n}-{s}": partition_of(f"c-{s}", 4) for n in range(30) for s in range(12)}
    for partition, entries in enumerate(stand.journals()):
        ours = sorted(sent)
        assert told(entries) == [
            (known_at_ms, event_id)
            for known_at_ms, _, _, event_id in ours
            if homes[event_id] == partition
        ]
        assert [entry.seq for entry in entries] == list(range(len(entries)))
        ticks = [entry.at_ms for entry in entries if entry.topic is Topic.CLOCK]
        assert ticks == [number * 1_000 + 999 for number in range(30)]


def test_another_build_refuses_to_fold_what_this_one_published(stand: Stand) -> None:
    """Folding S..X with other code would make a state that never said what was said."""
    sequence = stand.role("sequence")
    rarely = {"state_interval_ms": 60_000, "soon_ms": 60_000}
    decide = stand.role("decide", settings=rarely)
    other = stand.role("decide", worker_id="2", settings=rarely | {"build": "other"})
    with running(sequence, decide):
        stand.pay(100)
        assert eventually(lambda: stand.decided() >= 100)
        decide.kill()
        with running(other):
            assert other.wait() == 70
            died = other.said("worker_died")[-1]
            assert died["error_type"] == "OtherBuildError"
            assert "needs build 'test'" in died["error"]
        decide.start()
        assert eventually(decide.is_ready)
        assert decide.stop() == 0
        other.start()
        assert eventually(other.is_ready), "a clean stop leaves S = X, and any build may go on"
        assert other.stop() == 0
        assert sequence.stop() == 0


def test_two_workers_share_the_partitions_of_all_topics(stand: Stand) -> None:
    """`sequence` needs the same partition of every source on one worker, also while others come."""
    first, second = stand.role("sequence", worker_id="1"), stand.role("sequence", worker_id="2")
    decide = stand.role("decide")
    with running(first, decide):
        stand.pay(50)
        assert eventually(first.is_ready)
        with running(second):
            assert eventually(second.is_ready)
            stand.pay(100)
            assert eventually(lambda: stand.events_in_journal() >= 150)
            assert second.stop() == 0
        stand.pay(50)
        assert eventually(lambda: stand.events_in_journal() >= 200)
        assert eventually(lambda: stand.decided() >= 200)
        assert first.stop() == 0
        assert decide.stop() == 0
    for entries in stand.journals():
        assert [entry.seq for entry in entries] == list(range(len(entries)))
    assert stand.events_in_journal() == stand.decided() == 200
