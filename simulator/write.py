"""Recorded events to a JSONL file."""

import json
from collections.abc import Iterable
from typing import BinaryIO

from contracts.recorded import RecordedEvent


def write_jsonl(events: Iterable[RecordedEvent], file: BinaryIO) -> int:
    r"""Write one event a line, compact JSON in UTF-8, and return how many there were.

    >>> import io
    >>> from contracts.topics import Topic
    >>> file = io.BytesIO()
    >>> event = RecordedEvent(topic=Topic.CONSENTS, key="c-1", known_at_ms=5, value={"a": 1})
    >>> write_jsonl([event], file)
    1
    >>> file.getvalue()
    b'{"topic":"consents.v1","key":"c-1","known_at_ms":5,"value":{"a":1}}\n'
    """
    count = 0
    for event in events:
        record = {
            "topic": event.topic.value,
            "key": event.key,
            "known_at_ms": event.known_at_ms,
            "value": event.value,
        }
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        file.write(line.encode() + b"\n")
        count += 1
    return count
