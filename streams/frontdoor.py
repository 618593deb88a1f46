"""The front door: a source record is let in or becomes a dead letter; it is never an exception."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import BaseModel

from contracts.dead_letters import DeadReason
from contracts.decode import ValidationError, decode, subject_of
from contracts.ids import partition_of
from contracts.topics import EVENT_SOURCES
from contracts.units import refused_unit, seconds_fields
from streams.records import SourceRecord

MAX_EVENT_BYTES = 256 << 10
"""Our own records (strategies, snapshots) may be larger: see `MAX_OWN_BYTES`."""

MAX_OWN_BYTES = 4 << 20
"""Half of what the broker takes. It bounds what it stores, which may be compressed; we write the
bytes as they are, with headers of ours, and a record that grew too large could never be written."""

MAX_KEY_BYTES = 64

MAX_AHEAD_MS = 5 * 60_000
"""How far ahead of the bank's clock a source's clock may be (docs/domain.md, "Envelope")."""

_FIELD_NAME = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A record that the journal may carry.

    `event` is the value as its contract reads it. `occurred_at_ms` is the source's word, none for
    our own records; `unknown_fields` counts what the producer sent and we do not know yet.
    """

    key: str
    value: bytes
    event: Any
    occurred_at_ms: int | None
    unknown_fields: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """Why a record stays outside. `detail` names fields, never values."""

    reason: DeadReason
    detail: str


def admit(  # noqa: PLR0911 - one way out per reason reads best
    record: SourceRecord, *, at_ms: int, partitions: int
) -> Accepted | Dead:
    """Return the record's fate at the time `at_ms` of its partition.

    Control and clock records are written to each partition by us, so their key says nothing.

    >>> from contracts.topics import Topic
    >>> poison = SourceRecord(
    ...     topic=Topic.CONSENTS, partition=0, offset=0, appended_ms=0, key=b"c-1", value=b"{"
    ... )
    >>> admit(poison, at_ms=0, partitions=4).reason
    'not_json'
    """
    if not record.value:
        return Dead(reason="empty", detail="the record has no value")
    is_event = record.topic in EVENT_SOURCES
    most = MAX_EVENT_BYTES if is_event else MAX_OWN_BYTES
    if len(record.value) > most:
        return Dead(
            reason="too_large", detail=f"{len(record.value)} bytes; it may have at most {most}"
        )
    if len(record.key or b"") > MAX_KEY_BYTES:
        return Dead(reason="too_large", detail=f"the key has more than {MAX_KEY_BYTES} bytes")
    if is_event and not record.key:
        return Dead(reason="null_key", detail="the record needs its subject as key")
    try:
        key = (record.key or b"").decode()
    except UnicodeDecodeError:
        return Dead(reason="not_utf8", detail="the key is not UTF-8")
    try:
        event = decode(record.topic, record.value)
    except ValidationError as error:
        return _unreadable(record.value, error)
    if is_event and (dead := _misplaced(record, event, key=key, partitions=partitions)):
        return dead
    if is_event and (dead := _mistimed(event, at_ms=at_ms)):
        return dead
    extra = event.model_extra if isinstance(event, BaseModel) else None
    if extra and not _is_strict_json(record.value):
        return Dead(reason="not_json", detail="NaN or Infinity in a field that we do not know")
    return Accepted(
        key=key,
        value=record.value,
        event=event,
        occurred_at_ms=event.occurred_at_ms if is_event else None,
        unknown_fields=len(extra or ()),
    )


def _misplaced(record: SourceRecord, event: Any, *, key: str, partitions: int) -> Dead | None:
    subject = subject_of(event)
    if subject is None:
        return Dead(reason="invalid", detail="the event names neither a customer nor a device")
    if key != subject:
        return Dead(reason="key_mismatch", detail="the key is not the subject of the event")
    if partition_of(key, partitions) != record.partition:
        return Dead(
            reason="wrong_partition",
            detail=f"the key belongs to partition {partition_of(key, partitions)}",
        )
    return None


def _mistimed(event: Any, *, at_ms: int) -> Dead | None:
    if fields := seconds_fields(event, at_ms=at_ms):
        return _suspect([(name, "seconds") for name in fields])
    if event.occurred_at_ms > at_ms + MAX_AHEAD_MS:
        return Dead(
            reason="from_the_future",
            detail=f"occurred_at_ms is {event.occurred_at_ms - at_ms} ms ahead of the bank's clock",
        )
    return None


def _unreadable(value: bytes, error: ValidationError) -> Dead:
    try:
        value.decode()
    except UnicodeDecodeError as not_text:
        return Dead(reason="not_utf8", detail=f"byte {not_text.start} is not UTF-8")
    problems = error.errors(include_url=False, include_context=False)
    kinds = {str(problem["type"]) for problem in problems}
    if "json_invalid" in kinds:
        return Dead(reason="not_json", detail="the value is not JSON")
    if "union_tag_invalid" in kinds:
        return Dead(reason="unknown_type", detail="event_type is none that this topic carries")
    if suspects := [
        (str(problem["loc"][-1]), unit)
        for problem in problems
        if problem["loc"] and (unit := refused_unit(str(problem["loc"][-1]), problem["input"]))
    ]:
        return _suspect(suspects)
    named = [f"{_place(problem['loc'])}: {problem['type']}" for problem in problems[:_NAMES_SHOWN]]
    more = len(problems) - len(named)
    return Dead(reason="invalid", detail="; ".join(named) + (f"; {more} more" if more else ""))


def _suspect(fields: Sequence[tuple[str, str]]) -> Dead:
    """Return what to tell a producer; the times themselves are never converted."""
    named = [f"{_place((name,))} looks like epoch {unit}" for name, unit in fields[:_NAMES_SHOWN]]
    return Dead(reason="unit_suspect", detail="; ".join(named) + "; send milliseconds")


def _place(location: tuple[int | str, ...]) -> str:
    """Return where an error is; a name that is none of ours could be personal and is hidden."""
    parts = [str(part) if isinstance(part, int) else part for part in location]
    known = (part if part.isdigit() or _FIELD_NAME.match(part) else "?" for part in parts)
    return ".".join(known) or "value"


def _is_strict_json(value: bytes) -> bool:
    try:
        json.loads(value, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
