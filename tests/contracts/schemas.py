"""The JSON Schema of every topic's value, and what a change of one would break.

A schema that was frozen is a promise to producers and consumers: what was valid stays valid, and a
field keeps its name, its type and its bounds. New optional fields and wider bounds are welcome;
anything else is a new topic version.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from contracts.alerts import RiskAlert
from contracts.channels import AppMessage, RmTask, SmsMessage
from contracts.conversions import LoanStateChanged
from contracts.dead_letters import DeadLetter
from contracts.decisions import Decision
from contracts.decode import adapter
from contracts.examples import ExampleMessage
from contracts.recorded import RecordedEvent
from contracts.snapshots import SnapshotRecord
from contracts.topics import SOURCES, Topic

FOLDER = "contracts/schemas"

_OURS: dict[str, Any] = {
    Topic.DECISIONS: Decision,
    Topic.CONVERSIONS: LoanStateChanged,
    Topic.RISK_ALERTS: RiskAlert,
    Topic.EXAMPLES: ExampleMessage,
    Topic.MODELS: SnapshotRecord,
    Topic.CHANNEL_APP: AppMessage,
    Topic.CHANNEL_SMS: SmsMessage,
    Topic.CHANNEL_RM_TASK: RmTask,
    "dead-letter-header.v1": DeadLetter,
    "recorded-line.v1": RecordedEvent,
}
_NO_SCHEMA = {
    Topic.JOURNAL: "the source's own bytes; the header is packed (contracts/journal.py)",
    Topic.DECIDE_STATE: "our own layout, read by nobody else",
    Topic.DEAD_LETTERS: "the original bytes; the header is dead-letter-header.v1",
}
"""Topics whose value is no contract of ours, and why."""


def schemas() -> dict[str, dict[str, Any]]:
    """Return name to JSON Schema, for every topic with a contract."""
    found = {topic.value: adapter(topic).json_schema() for topic in SOURCES}
    for name, contract in _OURS.items():
        found[str(name)] = TypeAdapter(contract).json_schema(mode="serialization")
    return found


def text_of(name: str) -> str:
    """Return a schema as its golden file holds it."""
    return json.dumps(schemas()[name], indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def uncovered() -> set[Topic]:
    """Return topics that have neither a schema nor a reason for none."""
    return {topic for topic in Topic if topic.value not in schemas() and topic not in _NO_SCHEMA}


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what a change of schema breaks, one sentence each; none means it is compatible.

    >>> was = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    >>> breaks(was, {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})
    ['a: type was integer, is string']
    """
    return list(_Comparison(old, new).of(old, new, ""))


class _Comparison:
    """Walks two schemas side by side, through their references."""

    def __init__(self, old_root: Mapping[str, Any], new_root: Mapping[str, Any]) -> None:
        self._old_root = old_root
        self._new_root = new_root
        self._under_way: set[tuple[str, str]] = set()

    def of(self, old: Any, new: Any, place: str) -> Iterator[str]:
        """Yield what breaks at `place` and below."""
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if all(pair):
            if pair in self._under_way:
                return
            self._under_way.add(pair)
        yield from self._resolved(
            _resolved(old, self._old_root), _resolved(new, self._new_root), place
        )
        self._under_way.discard(pair)

    def _resolved(self, old: Any, new: Any, place: str) -> Iterator[str]:
        where = place or "the value"
        if {"anyOf", "oneOf"} & (set(old) | set(new)):
            yield from self._union(old, new, place)
        elif old.get("type") != new.get("type"):
            yield f"{where}: type was {old.get('type')}, is {new.get('type')}"
        else:
            yield from _values(old, new, where)
            yield from _bounds(old, new, where)
            yield from self._fields(old, new, place)
            yield from self._items(old, new, place)

    def _fields(self, old: Any, new: Any, place: str) -> Iterator[str]:
        where = place or "the value"
        for name, schema in old.get("properties", {}).items():
            inner = f"{place}.{name}" if place else name
            if name in new.get("properties", {}):
                yield from self.of(schema, new["properties"][name], inner)
            else:
                yield f"{inner}: the field is gone"
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{where}: {name} is required now"
        if old.get("additionalProperties", True) and not new.get("additionalProperties", True):
            yield f"{where}: unknown fields are refused now"

    def _items(self, old: Any, new: Any, place: str) -> Iterator[str]:
        for before, after in zip(
            old.get("prefixItems", ()), new.get("prefixItems", ()), strict=False
        ):
            yield from self.of(before, after, f"{place}[]")
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
                yield from self.of(old[part], new[part], f"{place}[]")

    def _union(self, old: Any, new: Any, place: str) -> Iterator[str]:
        """Every old alternative must have a new one that takes all it took."""
        after = new.get("anyOf") or new.get("oneOf") or [new]
        for schema in old.get("anyOf") or old.get("oneOf") or [old]:
            problems = [list(self.of(schema, other, place)) for other in after]
            if all(problems):
                name = schema.get("$ref", schema.get("type", "alternative")).rpartition("/")[2]
                why = min(problems, key=len)[0]
                yield f"{place or 'the value'}: {name} is not taken any more ({why})"


def _values(old: Any, new: Any, where: str) -> Iterator[str]:
    before, after = _enumerated(old), _enumerated(new)
    if after is not None and before is None:
        yield f"{where}: only {sorted(map(str, after))} are taken now"
    if before is not None and after is not None and (lost := before - after):
        yield f"{where}: {sorted(map(str, lost))} is not taken any more"


def _enumerated(schema: Any) -> set[Any] | None:
    if "const" in schema:
        return {schema["const"]}
    return set(schema["enum"]) if "enum" in schema else None


_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def _bounds(old: Any, new: Any, where: str) -> Iterator[str]:
    for name in (*_LOWER, *_UPPER):
        before, after = old.get(name), new.get(name)
        tighter = after is not None and (
            before is None or (after > before if name in _LOWER else after < before)
        )
        if tighter:
            yield f"{where}: {name} was {before}, is {after}"
    if new.get("pattern") is not None and old.get("pattern") != new["pattern"]:
        yield f"{where}: pattern was {old.get('pattern')}, is {new['pattern']}"


def _resolved(schema: Any, root: Any) -> Any:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema
