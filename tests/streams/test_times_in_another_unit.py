"""Seconds for milliseconds: refused with the field and the unit named, never converted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.decode import SourceEvent, decode
from contracts.ids import partition_of
from contracts.topics import DAY_MS, Topic
from contracts.units import DURATIONS, time_fields
from streams.frontdoor import Accepted, Dead, admit
from streams.records import SourceRecord
from tests.contracts.classes import event_classes
from tests.streams.stand import a_payment

AT_MS = 1_790_000_000_000
KEY = "c-1"


def fate(value: bytes, *, topic: Topic = Topic.TRANSACTIONS, at_ms: int = AT_MS) -> Accepted | Dead:
    home = partition_of(KEY, 4)
    record = SourceRecord(
        topic=topic, partition=home, offset=0, appended_ms=at_ms, key=KEY.encode(), value=value
    )
    return admit(record, at_ms=at_ms, partitions=4)


@pytest.mark.parametrize(
    ("occurred", "unit"),
    [
        (AT_MS // 1_000, "seconds"),
        (AT_MS / 1_000 + 0.25, "seconds"),
        (AT_MS * 1_000, "microseconds"),
        (AT_MS * 1_000_000, "nanoseconds"),
    ],
)
def test_a_time_in_another_unit_is_refused_by_its_name(occurred: float, unit: str) -> None:
    """In 1970 it would be in no window, and nobody would ever ask why."""
    dead = fate(a_payment(1, KEY, occurred_at_ms=occurred))

    assert isinstance(dead, Dead)
    assert dead.reason == "unit_suspect"
    assert dead.detail == f"occurred_at_ms looks like epoch {unit}; send milliseconds"


def test_a_correction_that_names_its_time_in_seconds_is_refused() -> None:
    """It would correct nothing, and the wrong posting would stay."""
    value = a_payment(
        1,
        KEY,
        occurred_at_ms=AT_MS,
        corrects_event_id="e-0",
        corrects_occurred_at_ms=AT_MS // 1_000 - 60,
    )

    dead = fate(value)

    assert isinstance(dead, Dead)
    assert dead.detail == "corrects_occurred_at_ms looks like epoch seconds; send milliseconds"


def test_a_consent_that_ends_in_seconds_is_refused() -> None:
    """Read as milliseconds it had ended long ago: an allowed contact would be held back."""
    consent = {
        "event_type": "consent_granted",
        "event_id": "e-1",
        "occurred_at_ms": AT_MS,
        "customer_id": KEY,
        "purpose": "marketing_sms",
        "evidence_id": "v-1",
        "effective_at_ms": AT_MS // 1_000,
        "expires_at_ms": (AT_MS + 3_650 * DAY_MS) // 1_000,
    }

    dead = fate(json.dumps(consent).encode(), topic=Topic.CONSENTS)

    assert isinstance(dead, Dead)
    assert dead.detail == (
        "effective_at_ms looks like epoch seconds; expires_at_ms looks like epoch seconds; "
        "send milliseconds"
    )


@given(occurred_at_ms=st.integers(3 * 366 * DAY_MS, AT_MS))
def test_no_honest_time_since_1973_is_suspected(occurred_at_ms: int) -> None:
    """History is loaded too: a guard that refuses it is worse than none."""
    assert isinstance(fate(a_payment(1, KEY, occurred_at_ms=occurred_at_ms)), Accepted)


@given(at_ms=st.integers(0, 10**11 - 1), ratio=st.floats(0.0, 1.0))
def test_a_bank_whose_clock_stands_in_1970_is_left_alone(at_ms: int, ratio: float) -> None:
    """Tests count milliseconds from 0; nothing can be said of their times."""
    value = a_payment(1, KEY, occurred_at_ms=int(at_ms * ratio))

    assert isinstance(fate(value, at_ms=at_ms), Accepted)


@pytest.mark.parametrize("contract", event_classes(), ids=lambda contract: contract.__name__)
def test_every_time_of_every_contract_is_guarded(contract: type[SourceEvent]) -> None:
    """A new field must not slip past the guard: a point in time, or named a duration."""
    schema = contract.model_json_schema()["properties"]
    in_ms = {name for name in schema if name.endswith("_ms")}
    bounded = {name for name in in_ms if str(1 << 42) in json.dumps(schema[name])}

    assert set(time_fields(contract)) == bounded
    assert in_ms - bounded <= DURATIONS


def test_what_is_refused_is_what_would_have_been_let_in() -> None:
    """Control: the same event in milliseconds passes."""
    value = a_payment(1, KEY, occurred_at_ms=AT_MS)

    assert decode(Topic.TRANSACTIONS, value).occurred_at_ms == AT_MS
    assert isinstance(fate(value), Accepted)
