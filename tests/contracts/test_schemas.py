"""What is on the wire is frozen: a producer who was right yesterday is right tomorrow."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.schemas import FOLDER, breaks, schemas, uncovered
from tests.freeze import ROOT

NAMES = sorted(schemas())
Schema = dict[str, Any]


def _frozen(name: str) -> Schema:
    schema: Schema = json.loads((ROOT / FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_still_takes_what_its_frozen_schema_took(name: str) -> None:
    """An incompatible change is a new topic version, never a surprise for a producer."""
    assert breaks(_frozen(name), schemas()[name]) == []


def test_every_topic_has_a_schema_or_a_reason() -> None:
    """A topic without a contract is a topic that anybody may break."""
    assert uncovered() == set()


def test_no_frozen_schema_is_left_behind() -> None:
    """A file for a topic that is gone would promise what nobody keeps."""
    assert sorted(path.stem for path in (ROOT / FOLDER).glob("*.json")) == NAMES


def _posted(schema: Schema) -> Schema:
    posted: Schema = schema["$defs"]["TransactionPosted"]
    return posted


def _drop_field(schema: Schema) -> None:
    del _posted(schema)["properties"]["amount_minor"]


def _retype(schema: Schema) -> None:
    _posted(schema)["properties"]["amount_minor"] = {"type": "string"}


def _require(schema: Schema) -> None:
    _posted(schema)["required"].append("mcc")


def _tighten(schema: Schema) -> None:
    _posted(schema)["properties"]["amount_minor"]["exclusiveMaximum"] = 10


def _drop_value(schema: Schema) -> None:
    _posted(schema)["properties"]["txn_channel"]["enum"].remove("qr")


def _drop_alternative(schema: Schema) -> None:
    schema["oneOf"] = [one for one in schema["oneOf"] if "Reversed" not in one["$ref"]]


def _refuse_null(schema: Schema) -> None:
    _posted(schema)["properties"]["mcc"] = {"type": "string"}


def _narrow_pattern(schema: Schema) -> None:
    _posted(schema)["properties"]["currency"]["pattern"] = "^CNY$"


def _close(schema: Schema) -> None:
    _posted(schema)["additionalProperties"] = False


@pytest.mark.parametrize(
    "change",
    [
        _drop_field,
        _retype,
        _require,
        _tighten,
        _drop_value,
        _drop_alternative,
        _refuse_null,
        _narrow_pattern,
        _close,
    ],
)
def test_each_way_to_break_a_producer_is_found(change: Callable[[Schema], None]) -> None:
    """A check that finds nothing would let everything pass."""
    old = schemas()["transactions.v1"]
    new = copy.deepcopy(old)
    change(new)

    assert breaks(old, new) != []


def test_a_new_optional_field_and_a_wider_bound_are_welcome() -> None:
    """Contracts must be able to grow."""
    old = schemas()["transactions.v1"]
    new = copy.deepcopy(old)
    _posted(new)["properties"]["memo_class"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    _posted(new)["properties"]["amount_minor"]["exclusiveMaximum"] = 1 << 40
    _posted(new)["properties"]["txn_channel"]["enum"].append("wallet")

    assert breaks(old, new) == []
