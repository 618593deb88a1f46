"""The JSONL form of any source: one `{"topic", "key", "known_at_ms", "value"}` a line."""

import base64
import json
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field

from contracts.envelope import EpochMs, Ours
from contracts.topics import Topic


class RecordedEvent(Ours):
    """One recorded source record. `value` is the event as JSON, exactly as the topic carries it.

    `known_at_ms` is when the bank knew: it orders a recorded run, and nothing else does.
    `value_base64` stands in for `value` where the bytes are not JSON at all (a test of the front
    door needs such records), and `partition` where a producer chose the wrong partition; a bank's
    own recordings have neither.

    >>> RecordedEvent.model_validate_json(
    ...     '{"topic": "consents.v1", "key": "c-1", "known_at_ms": 5, "value": {"event_id": "e"}}'
    ... ).topic
    <Topic.CONSENTS: 'consents.v1'>
    """

    topic: Topic
    key: str | None = Field(default=None)
    known_at_ms: EpochMs
    value: Any = None
    value_base64: str | None = None
    partition: Annotated[int, Field(ge=0)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLine:
    """One recorded source record as the bytes to publish, good or bad.

    What is inside `raw_value` is the front door's affair, not the reader's: a value that no
    contract accepts is published as it came and ends in the dead letters. `raw_value` None is a
    record without a value. `partition` is set only where the recording asks for a wrong one.

    >>> event = RecordedEvent(topic=Topic.CONSENTS, key="c-1", known_at_ms=5, value={"a": "é"})
    >>> RecordedLine.of(event).raw_value.decode()
    '{"a":"é"}'
    """

    topic: Topic
    key: str | None
    known_at_ms: int
    raw_value: bytes | None
    partition: int | None = None

    @classmethod
    def of(cls, event: RecordedEvent) -> Self:
        """Return the bytes that the topic carries for `event`: compact JSON in UTF-8.

        Raises:
            ValueError: `value_base64` is not base64.
        """
        raw = (
            json.dumps(event.value, ensure_ascii=False, separators=(",", ":")).encode()
            if event.value_base64 is None
            else base64.b64decode(event.value_base64, validate=True)
        )
        return cls(
            topic=event.topic,
            key=event.key,
            known_at_ms=event.known_at_ms,
            raw_value=raw,
            partition=event.partition,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableLine:
    """A place in a recording that names no topic, key or time, so that it cannot be published.

    It is counted and shown, never dropped: `where` is `<file>:<line>`, `why` says what is missing
    without quoting the values, and `raw` is the line as it stands in the file.
    """

    where: str
    why: str
    raw: bytes
