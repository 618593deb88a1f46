"""Where the recordings in a deployment end, read from the markers that `ingest` left in it."""

import time
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import KafkaError, KafkaException, Message

from contracts.slices import HEADER, SliceStamp
from contracts.topics import BANK_SOURCES, Topic
from shouwen.errors import ShouwenError
from shouwen.ingest import RecordedEnd
from shouwen.settings import Settings
from streams.changelog import header_of, last_record

_AT_ONCE = 8
_LEADER_SECONDS = 10.0
_ASK_AGAIN_SECONDS = 0.1
_NO_LEADER = KafkaError.NOT_LEADER_FOR_PARTITION


def recorded_end(settings: Settings) -> RecordedEnd | None:
    """Return the last slice in a recorded deployment; none where there is no recording yet.

    Raises:
        ShouwenError: the last recording was not published to its end, so that its last slice is
            not whole, and what would follow it would be taken for a part of it.
    """
    places = [
        (topic, partition)
        for topic in (Topic.CLOCK, *BANK_SOURCES)
        for partition in range(settings.partitions)
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda place: _last_stamp(settings, *place), places))
    if not any(found):
        return None
    last = {None if stamp is None else (stamp.slice_no, stamp.marker) for stamp in found}
    stamp = found[0]
    if stamp is None or last != {(stamp.slice_no, True)}:
        raise ShouwenError(
            "what follows a recording needs its last slice to be whole; the topics end in "
            f"different slices of it ({_shown(found)}). It was interrupted: choose another "
            "SHOUWEN_TOPIC_PREFIX and publish it again."
        )
    return RecordedEnd(slice_no=stamp.slice_no, end_ms=stamp.known_at_ms)


def last_of(settings: Settings, topic: Topic, partition: int) -> Message | None:
    """Return the last committed record of a topic-partition; none where there is no record.

    A partition that was created a moment ago has no leader yet; that is waited for.

    Raises:
        KafkaException: the broker refuses, or the leader is away for too long.
    """
    name = f"{settings.topic_prefix}{topic.value}"
    deadline = time.monotonic() + _LEADER_SECONDS
    while True:
        try:
            return last_record(settings.kafka_bootstrap, name, partition)
        except KafkaException as error:
            cause: KafkaError = error.args[0]
            if cause.code() != _NO_LEADER or time.monotonic() > deadline:
                raise
        time.sleep(_ASK_AGAIN_SECONDS)


def _last_stamp(settings: Settings, topic: Topic, partition: int) -> SliceStamp | None:
    record = last_of(settings, topic, partition)
    raw = None if record is None else header_of(record, HEADER)
    return None if raw is None else SliceStamp.unpack(raw)


def _shown(found: list[SliceStamp | None]) -> str:
    numbers = sorted({-1 if stamp is None else stamp.slice_no for stamp in found})
    return ", ".join("none" if number < 0 else str(number) for number in numbers)
