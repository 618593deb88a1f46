"""The JSONL form of any source: one `{"topic", "key", "known_at_ms", "value"}` a line."""

from typing import Any

from pydantic import Field

from contracts.envelope import EpochMs, Ours
from contracts.topics import Topic


class RecordedEvent(Ours):
    """One recorded source record. `value` is the event as JSON, exactly as the topic carries it.

    `known_at_ms` is when the bank knew: it orders a recorded run, and nothing else does.

    >>> RecordedEvent.model_validate_json(
    ...     '{"topic": "consents.v1", "key": "c-1", "known_at_ms": 5, "value": {"event_id": "e"}}'
    ... ).topic
    <Topic.CONSENTS: 'consents.v1'>
    """

    topic: Topic
    key: str | None = Field(default=None)
    known_at_ms: EpochMs
    value: Any
