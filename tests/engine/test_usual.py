"""A customer's profile in the state, and what an unusual day does to a decision."""

import json
from typing import Any

import msgspec

from contracts.control import SnapshotActivated
from contracts.decisions import Decision
from contracts.examples import Example
from contracts.topics import DAY_MS, Topic
from engine.codec import decode_subject, encode_subject
from engine.decide import digest_of
from engine.fold import fold
from engine.outputs import Output
from engine.subject import SubjectState
from engine.subjects import MemorySubjects
from models.profile import PROFILE_BYTES, dates_of
from tests.engine.given import NOON_MS, Journal, a_calculation, a_known_customer, a_partition
from tests.models.test_anomaly import a_snapshot

LIMITS: dict[str, tuple[float, float]] = {
    "normal": (8.5, 9.0),
    "watch": (1.0, 8.5),
    "alert": (0.5, 1.0),
}


def a_payment(number: int, *, at_ms: int, amount_minor: int, balance_minor: int) -> dict[str, Any]:
    """Return one payment out of the customer's account."""
    return {
        "event_type": "transaction_posted",
        "event_id": f"p-{number}",
        "occurred_at_ms": at_ms,
        "customer_id": "c-1",
        "txn_id": f"t-{number}",
        "account_id_hash": "a-1",
        "direction": "out",
        "amount_minor": amount_minor,
        "currency": "CNY",
        "balance_after_minor": balance_minor,
        "counterparty_id_hash": "x-1",
        "counterparty_kind": "merchant",
        "txn_channel": "pos",
        "purpose_class": "other",
    }


def a_quiet_life(*, days: int = 20, grade: str | None = "normal") -> Journal:
    """Return a journal of a customer who pays the same each day, with limits that grade so."""
    journal = a_known_customer()
    if grade is not None:
        pair = [limit.hex() for limit in LIMITS[grade]]
        snapshot = a_snapshot(overall=pair, segments={})
        control = SnapshotActivated(snapshot=snapshot, learned_until_ms=0)
        journal.add(Topic.CONTROL, control.model_dump_json().encode(), at_ms=NOON_MS, key="")
    for day in range(days):
        at_ms = NOON_MS + day * DAY_MS
        event = a_payment(day, at_ms=at_ms, amount_minor=5_000, balance_minor=5_000_000)
        journal.event(Topic.TRANSACTIONS, event, at_ms=at_ms)
    return journal


def an_emptied_account(journal: Journal, *, day: int = 20) -> None:
    """Append the day on which everything goes out, and a look at the loan calculator."""
    at_ms = NOON_MS + day * DAY_MS
    event = a_payment(900 + day, at_ms=at_ms, amount_minor=4_900_000, balance_minor=100_000)
    journal.event(Topic.TRANSACTIONS, event, at_ms=at_ms)
    calculation = a_calculation(f"calc-{day}", occurred_at_ms=at_ms + 1)
    journal.event(Topic.APP_EVENTS, calculation, at_ms=at_ms + 1)


def folded(journal: Journal) -> tuple[list[Output], SubjectState]:
    """Return what a journal causes, and the customer at its end."""
    subjects = MemorySubjects()
    outputs = fold(a_partition(), subjects, journal.entries)
    return outputs, subjects.get("c-1")


def decisions(outputs: list[Output]) -> list[Decision]:
    """Return the decisions among outputs."""
    return [
        Decision.model_validate_json(output.value)
        for output in outputs
        if output.topic is Topic.DECISIONS
    ]


def the_decision(grade: str | None) -> Decision:
    """Return the decision on the day on which the account was emptied."""
    journal = a_quiet_life(grade=grade)
    an_emptied_account(journal)
    return decisions(folded(journal)[0])[-1]


def test_a_date_with_events_is_a_date_of_the_profile() -> None:
    """Three events on one day are one day."""
    journal = a_quiet_life(days=12)
    for number in range(3):
        at_ms = NOON_MS + 11 * DAY_MS + number
        journal.event(
            Topic.TRANSACTIONS,
            a_payment(500 + number, at_ms=at_ms, amount_minor=9_999, balance_minor=1),
            at_ms=at_ms,
        )
    _, state = folded(journal)

    assert dates_of(state.profile) == 12
    assert len(state.profile) == PROFILE_BYTES


def test_what_is_unusual_is_in_the_decision_with_its_features() -> None:
    """Who must look at an alarm needs to see what it rests on."""
    decision = the_decision("alert")
    z = {name: float.fromhex(text) for name, text in decision.anomaly_z.items()}
    score = float.fromhex(decision.scores["anomaly"])

    assert decision.anomaly == "alert"
    assert len(z) == 3
    assert sum(abs(value) for value in z.values()) / 3 == score
    assert "balance_last_minor" in z
    assert z["balance_last_minor"] < -1.0
    assert ("anomaly", "champion") in {(used.name, used.role) for used in decision.models}


def test_who_is_unusual_is_never_approved_without_a_person() -> None:
    """An emptied account may be a thief's work: nothing is offered to him."""
    grades = {grade: the_decision(grade) for grade in LIMITS}

    assert {grade: decision.anomaly for grade, decision in grades.items()} == {
        grade: grade for grade in LIMITS
    }
    assert grades["alert"].risk_outcome != "approve"
    assert grades["alert"].features == grades["normal"].features


def test_without_a_model_every_anomaly_is_normal_and_says_so() -> None:
    """Missing is named, and nobody is punished for it."""
    decision = the_decision(None)

    assert decision.anomaly == "normal"
    assert "anomaly_model_missing" in decision.degradations
    assert "anomaly" not in {used.name for used in decision.models}


def test_a_young_profile_is_named() -> None:
    """A customer of five days has no habits yet."""
    journal = a_quiet_life(days=5, grade="alert")
    an_emptied_account(journal, day=5)
    decision = decisions(folded(journal)[0])[-1]

    assert decision.anomaly == "normal"
    assert decision.anomaly_z == {}
    assert "anomaly_profile_short" in decision.degradations


def test_the_profile_does_not_learn_from_an_alarm() -> None:
    """The second day of a thief is as unusual as the first."""
    profiles = {}
    for grade in ("normal", "alert"):
        journal = a_quiet_life(grade=grade)
        _, before = folded(journal)
        an_emptied_account(journal)
        _, after = folded(journal)
        profiles[grade] = dates_of(after.profile) - dates_of(before.profile)

    assert profiles == {"normal": 1, "alert": 0}


def test_rows_carry_how_unusual_their_customer_was() -> None:
    """The limits of the next snapshot are made of them."""
    opened = [
        Example.model_validate_json(output.value)
        for output in folded(a_quiet_life(days=20))[0]
        if output.topic is Topic.EXAMPLES and b'"opened"' in output.value
    ]
    known = [example for example in opened if example.anomaly_hex is not None]

    assert opened[0].anomaly_hex is None
    assert known
    for example in known:
        assert example.anomaly_z_hex is not None
        assert len(example.anomaly_z_hex) == 12 * 8


def test_a_state_from_before_profiles_has_none_and_learns_one() -> None:
    """An upgrade must neither refuse a customer nor make up a past."""
    _, state = folded(a_quiet_life(days=3))
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=list[msgspec.Raw])
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(fields[:-1]), type=SubjectState)

    assert old.profile == b""
    assert old.log == state.log
    assert decode_subject(encode_subject(state)).profile == state.profile != b""


def test_a_decision_of_before_has_the_digest_that_it_was_signed_with() -> None:
    """New fields say nothing where they are absent, so that old records still verify."""
    decision = the_decision(None)
    plain = decision.model_dump(mode="json")
    plain.pop("anomaly_z", None)
    for reason in plain["reasons"]:
        reason.pop("faithful", None)
    old = Decision.model_validate_json(json.dumps(plain))

    assert "anomaly_z" not in old.model_dump_json()
    assert "faithful" not in old.model_dump_json()
    assert digest_of(Decision.model_validate_json(old.model_dump_json())) == digest_of(old)
    assert digest_of(decision) == decision.digest
