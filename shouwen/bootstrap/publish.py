"""History into a deployment: decisions off, then every event, and wait until it is in the journal.

On a recorded clock history is the first recording, and `ingest` goes on behind it. On a live clock
its events are late ones: they go to their topics as any source's would, with the time at which they
happened, and the bank knows them now.
"""

import time
from collections.abc import Callable, Iterable, Sequence

from contracts.control import DecisionsSwitched
from contracts.ids import partition_of
from contracts.recorded import RecordedLine
from contracts.topics import BANK_SOURCES, Topic
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

Tell = Callable[[int], None]


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
    _await_taken(settings, (Topic.CONTROL,))
    with KafkaPublisher(settings.kafka_bootstrap, topic_prefix=settings.topic_prefix) as publisher:
        count = _send(lines, publisher, partitions=settings.partitions, tell=tell)
    _await_taken(settings, BANK_SOURCES)
    return count


def _send(
    lines: Iterable[RecordedLine], publisher: Publisher, *, partitions: int, tell: Tell
) -> int:
    count = 0
    for line in lines:
        key = line.key or ""
        publisher.publish(
            line.topic,
            partition=partition_of(key, partitions),
            key=key.encode(),
            value=line.raw_value,
            headers=(),
        )
        count += 1
        tell(1)
    return count


def _await_taken(settings: Settings, topics: Sequence[Topic]) -> None:
    """Return when the journal has all that these topics hold now, in every partition."""
    waiting = {
        partition: {topic: _end(settings, topic, partition) for topic in topics}
        for partition in range(settings.partitions)
    }
    heard, taken_before = time.monotonic(), -1
    while waiting:
        taken = 0
        for partition, ends in list(waiting.items()):
            offsets = _taken(settings, partition)
            taken += sum(offsets.values())
            if all(offsets.get(topic, -1) >= end for topic, end in ends.items()):
                del waiting[partition]
        if taken != taken_before:
            heard, taken_before = time.monotonic(), taken
        elif time.monotonic() - heard > SILENT_SECONDS:
            raise StuckError(
                f"bootstrap needs `sequence` to take {', '.join(topics)} in; partitions "
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


def _end(settings: Settings, topic: Topic, partition: int) -> int:
    record = last_of(settings, topic, partition)
    return -1 if record is None else int(record.offset() or 0)
