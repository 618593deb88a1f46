"""History into a deployment: decisions off, then every event, and wait until it is in the journal.

On a recorded clock history is the first recording, and `ingest` goes on behind it. On a live clock
its events are late ones: they go to their topics as any source's would, with the time at which they
happened, and the bank knows them now.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from contracts.control import DecisionsSwitched
from contracts.ids import partition_of
from contracts.recorded import RecordedLine
from contracts.topics import Topic
from shouwen.controls import broadcast
from shouwen.errors import ShouwenError, StuckError
from shouwen.ingest import IngestPlan, Publisher, ingest
from shouwen.recorded_end import last_of, recorded_end
from shouwen.settings import Settings
from shouwen.trial.publisher import KafkaPublisher
from streams.journal_tail import read_place

OFF = DecisionsSwitched(on=False, reason="shouwen bootstrap loads history", loads_history=True)
SILENT_SECONDS = 120.0
_LOOK_SECONDS = 0.5

_AT_ONCE = 8

Tell = Callable[[int], None]
Place = tuple[Topic, int]
"""A topic and a partition of it."""


def publish_recorded(
    lines: Sequence[RecordedLine], settings: Settings, *, slice_ms: int, tell: Tell
) -> int:
    """Publish history as the first recording of a deployment; return how many events.

    Raises:
        ShouwenError: the deployment holds a recording already.
    """
    if recorded_end(settings) is not None:
        raise ShouwenError(
            "history comes first; the deployment with SHOUWEN_TOPIC_PREFIX "
            f"{settings.topic_prefix!r} holds a recording already. Choose another prefix, or load "
            "what is later with `shouwen ingest`."
        )
    plan = IngestPlan(
        partitions=settings.partitions, slice_ms=slice_ms, learn_every_ms=0, control=(OFF,)
    )
    with KafkaPublisher(settings.kafka_bootstrap, topic_prefix=settings.topic_prefix) as publisher:
        done = ingest(
            lines, publisher, plan, after_slice=lambda _slice_no, _end_ms, count: tell(count)
        )
    return done.records


def publish_live(lines: Iterable[RecordedLine], settings: Settings, *, tell: Tell) -> int:
    """Switch decisions off, publish history, and return when all of it is in the journal.

    The switch has to be in the journal before the first event is sent: topics do not wait for each
    other. So `sequence` must run.

    Raises:
        StuckError: `sequence` takes nothing in.
    """
    broadcast(OFF, settings=settings)
    _await_taken(settings, [(Topic.CONTROL, partition) for partition in range(settings.partitions)])
    with KafkaPublisher(settings.kafka_bootstrap, topic_prefix=settings.topic_prefix) as publisher:
        sent = _send(lines, publisher, partitions=settings.partitions, tell=tell)
    _await_taken(settings, sorted(sent))
    return sent.total()


def _send(
    lines: Iterable[RecordedLine], publisher: Publisher, *, partitions: int, tell: Tell
) -> Counter[Place]:
    """Publish events to their topics; return how many went where."""
    sent: Counter[Place] = Counter()
    for line in lines:
        key = line.key or ""
        partition = partition_of(key, partitions)
        publisher.publish(
            line.topic,
            partition=partition,
            key=key.encode(),
            value=line.raw_value,
            headers=(),
        )
        sent[line.topic, partition] += 1
        tell(1)
    return sent


def _await_taken(settings: Settings, places: Sequence[Place]) -> None:
    """Return when the journal has all that these topic-partitions hold now."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ends = dict(zip(places, pool.map(lambda place: _end(settings, place), places), strict=True))
    waiting = {partition for _, partition in places}
    heard, taken_before = time.monotonic(), -1
    taken: dict[int, dict[Topic, int]] = {}
    while waiting:
        for partition in sorted(waiting):
            taken[partition] = _taken(settings, partition)
        waiting = {
            partition
            for (topic, partition), end in ends.items()
            if taken[partition].get(topic, -1) < end
        }
        taken_now = sum(sum(offsets.values()) for offsets in taken.values())
        if taken_now != taken_before:
            heard, taken_before = time.monotonic(), taken_now
        elif time.monotonic() - heard > SILENT_SECONDS:
            raise StuckError(
                "bootstrap needs `sequence` to take in what it sends; partitions "
                f"{sorted(waiting)} did not move for {SILENT_SECONDS:.0f} s. Start "
                "`shouwen worker sequence decide` and run this again: what came twice counts once."
            )
        if waiting:
            time.sleep(_LOOK_SECONDS)


def _taken(settings: Settings, partition: int) -> dict[Topic, int]:
    return dict(
        read_place(
            settings.kafka_bootstrap,
            journal=f"{settings.topic_prefix}{Topic.JOURNAL.value}",
            dead_letters=f"{settings.topic_prefix}{Topic.DEAD_LETTERS.value}",
            partition=partition,
        ).offsets
    )


def _end(settings: Settings, place: Place) -> int:
    record = last_of(settings, *place)
    return -1 if record is None else int(record.offset() or 0)
