"""The front door lets in what the contracts allow and names a reason for everything else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.decode import decode
from contracts.ids import partition_of
from contracts.slices import SliceStamp
from contracts.topics import EVENT_SOURCES, SOURCES, Topic
from streams.frontdoor import MAX_AHEAD_MS, MAX_EVENT_BYTES, Accepted, Dead, admit
from streams.records import SourceRecord
from tests.streams.stand import a_payment

PARTITIONS = 4
HOME = partition_of("c-1", PARTITIONS)
AT_MS = 1_000_000


def a_record(
    value: bytes | None,
    *,
    key: bytes | None = b"c-1",
    topic: Topic = Topic.TRANSACTIONS,
    partition: int = HOME,
    stamp: SliceStamp | None = None,
) -> SourceRecord:
    return SourceRecord(
        topic=topic,
        partition=partition,
        offset=0,
        appended_ms=AT_MS,
        key=key,
        value=value,
        stamp=stamp,
    )


def fate(record: SourceRecord) -> Accepted | Dead:
    return admit(record, at_ms=AT_MS, partitions=PARTITIONS)


GOOD = a_payment(1, "c-1")
POISON = {
    "no value": (a_record(None), "empty"),
    "empty value": (a_record(b""), "empty"),
    "no key": (a_record(GOOD, key=None), "null_key"),
    "empty key": (a_record(GOOD, key=b""), "null_key"),
    "a key of no text": (a_record(GOOD, key=b"\xff\xfe"), "not_utf8"),
    "too large": (a_record(a_payment(1, "c-1", more="x" * MAX_EVENT_BYTES)), "too_large"),
    "a strategy of 5 MB": (a_record(b" " * (5 << 20), topic=Topic.CONTROL), "too_large"),
    "a key without end": (a_record(GOOD, key=b"c" * 65), "too_large"),
    "5 MB": (a_record(b"[" * (5 << 20)), "too_large"),
    "bytes of no text": (a_record(b'{"event_id": "\xff"}'), "not_utf8"),
    "a cut surrogate": (
        a_record(a_payment(1, "c-1", mcc="x").replace(b'"x"', b'"\\ud800"')),
        "not_json",
    ),
    "half a document": (a_record(GOOD[:-1]), "not_json"),
    "not JSON": (a_record(b"<xml/>"), "not_json"),
    "NaN for money": (
        a_record(GOOD.replace(b'"amount_minor": 1', b'"amount_minor": NaN')),
        "invalid",
    ),
    "Infinity for money": (
        a_record(GOOD.replace(b'"amount_minor": 1', b'"amount_minor": Infinity')),
        "invalid",
    ),
    "NaN where nobody looks": (a_record(GOOD[:-1] + b', "mood": NaN}'), "not_json"),
    "deep nesting": (a_record(GOOD[:-1] + b', "deep": ' + b"[" * 5_000 + b"}"), "not_json"),
    "deep and closed": (
        a_record(GOOD[:-1] + b', "deep": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
        "not_json",
    ),
    "a list": (a_record(b"[]"), "invalid"),
    "a number": (a_record(b"1"), "invalid"),
    "no event type": (a_record(b"{}"), "invalid"),
    "an unknown type": (a_record(a_payment(1, "c-1", event_type="teleported")), "unknown_type"),
    "a number as text": (a_record(a_payment(1, "c-1", amount_minor="1")), "invalid"),
    "a fraction of a fen": (a_record(a_payment(1, "c-1", amount_minor=1.5)), "invalid"),
    "negative money": (a_record(a_payment(1, "c-1", amount_minor=-1)), "invalid"),
    "true for money": (a_record(a_payment(1, "c-1", amount_minor=True)), "invalid"),
    "an id with a space": (a_record(a_payment(1, "c-1", txn_id="a b")), "invalid"),
    "a missing field": (a_record(GOOD.replace(b"txn_id", b"txn_ix")), "invalid"),
    "somebody else's key": (a_record(GOOD, key=b"c-2"), "key_mismatch"),
    "another partition": (a_record(GOOD, partition=(HOME + 1) % PARTITIONS), "wrong_partition"),
    "from the future": (
        a_record(a_payment(1, "c-1", occurred_at_ms=AT_MS + MAX_AHEAD_MS + 1)),
        "from_the_future",
    ),
    "a control record that is none": (a_record(b"{}", topic=Topic.CONTROL, key=b"0"), "invalid"),
    "a tick with more in it": (
        a_record(b'{"surprise": 1}', topic=Topic.CLOCK, key=b"0"),
        "invalid",
    ),
}


@pytest.mark.parametrize("name", POISON)
def test_each_poison_is_dead_for_its_own_reason(name: str) -> None:
    """The reason tells the producer's people what to repair, so it must be the right one."""
    record, reason = POISON[name]

    dead = fate(record)

    assert isinstance(dead, Dead), dead
    assert dead.reason == reason, dead
    assert dead.detail


def test_a_good_event_is_let_in_as_it_came() -> None:
    """The journal carries the source's own bytes, not our rewriting of them."""
    assert fate(a_record(GOOD)) == Accepted(
        key="c-1",
        value=GOOD,
        event=decode(Topic.TRANSACTIONS, GOOD),
        occurred_at_ms=0,
        unknown_fields=0,
    )


def test_an_occurrence_five_minutes_ahead_is_still_let_in() -> None:
    """Clocks differ a little; the limit itself belongs to the good side."""
    value = a_payment(1, "c-1", occurred_at_ms=AT_MS + MAX_AHEAD_MS)

    assert isinstance(fate(a_record(value)), Accepted)


def test_unknown_fields_are_counted_and_let_in() -> None:
    """A producer that adds a field must not stop the bank."""
    accepted = fate(a_record(a_payment(1, "c-1", mood="good", weather={"rain": 1})))

    assert isinstance(accepted, Accepted)
    assert accepted.unknown_fields == 2


def test_a_tick_needs_no_subject() -> None:
    """Control and clock go to every partition, so their keys say nothing."""
    accepted = fate(a_record(b"{}", topic=Topic.CLOCK, key=None))

    assert isinstance(accepted, Accepted)
    assert accepted.occurred_at_ms is None


@pytest.mark.parametrize("secret", ["13800138000", "Wang Fang", "li@example.org"])
def test_no_value_of_the_record_is_told_in_the_story(secret: str) -> None:
    """A dead letter's header is read by many; what is in the record may be personal."""
    fields = [field for field in json.loads(GOOD) if field != "event_type"]
    for field in fields:
        dead = fate(a_record(a_payment(1, "c-1", **{field: secret})))
        if isinstance(dead, Dead):
            assert secret not in dead.detail
    named_so = fate(a_record(a_payment(1, "c-1", **{secret: [secret], "amount_minor": secret})))
    assert isinstance(named_so, Dead)
    assert secret not in named_so.detail


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    topic=st.sampled_from(SOURCES),
    key=st.none() | st.binary(max_size=20),
    value=st.none() | st.binary() | JSON.map(lambda v: json.dumps(v).encode()),
)
def test_no_bytes_at_all_are_an_exception(
    topic: Topic, key: bytes | None, value: bytes | None
) -> None:
    """An exception would stop the partition for everybody."""
    assert isinstance(fate(a_record(value, key=key, topic=topic)), Accepted | Dead)


@given(
    changes=st.dictionaries(st.sampled_from(sorted(json.loads(GOOD))), JSON, max_size=3),
    topic=st.sampled_from(EVENT_SOURCES),
)
def test_no_distorted_event_is_an_exception(changes: dict[str, object], topic: Topic) -> None:
    """Nearly right is where validators break."""
    assert isinstance(fate(a_record(a_payment(1, "c-1", **changes), topic=topic)), Accepted | Dead)
